package production

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/pipelines"
)

// machine is machine code for the image of these tests.
func machine(o linkage.Object, needs ...string) []byte {
	o.Platform = "linux/amd64"
	for _, n := range needs {
		o.Needs = append(o.Needs, linkage.Need{Library: n})
	}
	return linkagetest.Write(linkagetest.Spec{Object: o})
}

// linking is an image whose program requires an addon of a package, which links to a
// library of another package.
func linking(more ...image.File) builder.Contents {
	c := contents("-- server.js --\nrequire('./node_modules/p/a.node')\n", "server.js")
	files := append([]image.File{
		{Path: "p/a.node", Data: machine(linkage.Object{RunPath: []string{"$ORIGIN/../absent", "$ORIGIN/../q/lib", "."}}, "libq.so.4", "libstdc++.so.6")},
		{Path: "q/lib/libq.so.4.2", Data: machine(linkage.Object{Name: "libq.so.4", RPath: []string{"${ORIGIN}/deep"}}, "libr.so", "libc.so.6")},
		{Path: "q/lib/libq.so.4", Link: "libq.so.4.2"},
		{Path: "q/lib/deep/libr.so", Data: machine(linkage.Object{Name: "libr.so"}, "libq.so.4")},
		{Path: "q/lib/libother.so", Data: machine(linkage.Object{})},
	}, more...)
	c.Members = append(c.Members, image.Files(files, "app/node_modules", "machine code", "machine"))
	return c
}

func TestALibraryThatAnAddonLinksToIsOnTheList(t *testing.T) {
	r := list(t, linking(), pipelines.Dynamism{}, nil)
	got := map[string]sources.Format{}
	for _, e := range r.List.Entries {
		if e.Format != sources.CommonJS {
			got[e.Path] = e.Format
		}
	}
	want := map[string]sources.Format{
		"/app/node_modules/p/a.node":           sources.Addon,
		"/app/node_modules/q/lib/libq.so.4.2":  sources.Library,
		"/app/node_modules/q/lib/deep/libr.so": sources.Library,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the list (-want +got):\n%s", diff)
	}
	absent := []string{
		"/app/libstdc++.so.6", "/app/node_modules/absent/libstdc++.so.6", "/app/node_modules/q/lib/deep/libc.so.6", "/app/node_modules/q/lib/libstdc++.so.6",
	}
	for _, dir := range []string{"/app", "/app/node_modules/absent", "/app/node_modules/q/lib", "/app/node_modules/q/lib/deep"} {
		for _, kind := range []string{"glibc-hwcaps", "tls", "haswell", "xeon_phi", "x86_64", "aarch64", "avx512_1", "atomics"} {
			absent = append(absent, dir+"/"+kind)
		}
	}
	slices.Sort(absent)
	held := map[string]guard.Linked{"/app/node_modules/p/a.node": {
		Load: []string{"/app/node_modules/q/lib/deep/libr.so", "/app/node_modules/q/lib/libq.so.4.2"}, Absent: absent,
	}}
	if diff := cmp.Diff(held, r.Libraries); diff != "" {
		t.Errorf("what is linked to (-want +got):\n%s", diff)
	}
	e, _ := r.List.Find("/app/node_modules/q/lib/deep/libr.so")
	if e == nil || e.SHA256 != cas.Sum(machine(linkage.Object{Name: "libr.so"}, "libq.so.4")) {
		t.Errorf("%+v", e)
	}
}

// Where an image has a folder for one kind of processor, it is the library that must not
// come to be in it, or in those below.
func TestALibraryForOneKindOfProcessorMustNotAppear(t *testing.T) {
	r := list(t, linking(image.File{Path: "q/lib/x86_64/readme", Data: []byte("x")}, image.File{Path: "q/lib/tls/readme", Data: []byte("x")}), pipelines.Dynamism{}, nil)
	got := r.Libraries["/app/node_modules/p/a.node"].Absent
	for path, want := range map[string]bool{
		"x86_64": false, "x86_64/libstdc++.so.6": true, "x86_64/x86_64/libstdc++.so.6": true, "x86_64/libc.so.6": false, "tls": false,
		"tls/libstdc++.so.6": true, "tls/haswell/avx512_1/x86_64/libstdc++.so.6": true, "tls/x86_64/x86_64/libstdc++.so.6": true, "tls/tls/libstdc++.so.6": false,
		"glibc-hwcaps": true, "glibc-hwcaps/x86-64-v3/libstdc++.so.6": false, "haswell": true,
	} {
		if slices.Contains(got, "/app/node_modules/q/lib/"+path) != want {
			t.Errorf("%s: want it absent: %v", path, want)
		}
	}
}

// The loader takes the first library for the image's machine, and so does the list.
func TestTheLibraryOnTheListIsTheOneThatTheLoaderTakes(t *testing.T) {
	foreign := linkagetest.Write(linkagetest.Spec{Object: linkage.Object{Platform: "linux/arm64"}})
	for _, c := range []struct {
		name, want string
		more       image.File
	}{
		{"nearer", "/app/node_modules/absent/libq.so.4", image.File{Path: "absent/libq.so.4", Data: machine(linkage.Object{Name: "libq.so.4"})}},
		{"nearer, and for another machine", "/app/node_modules/q/lib/libq.so.4.2", image.File{Path: "absent/libq.so.4", Data: foreign}},
		{"nearer, and no library", "/app/node_modules/q/lib/libq.so.4.2", image.File{Path: "absent/libq.so.4", Data: []byte("#!/bin/sh\n")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := list(t, linking(c.more), pipelines.Dynamism{}, nil)
			for _, p := range r.Libraries["/app/node_modules/p/a.node"].Load {
				if p == c.want {
					return
				}
			}
			t.Errorf("%s is not among %v", c.want, r.Libraries)
		})
	}
}

func TestAnAddonThatLinksToTheBaseAloneBringsNoLibrary(t *testing.T) {
	c := contents("-- server.js --\nrequire('./a.node')\n", "server.js")
	c.Members = append(c.Members, image.Files([]image.File{{Path: "a.node", Data: machine(linkage.Object{}, "libc.so.6")}}, "app", "machine code", "machine"))
	if r := list(t, c, pipelines.Dynamism{}, nil); r.Libraries != nil || len(r.List.Entries) != 2 {
		t.Errorf("%v, %v", r.Libraries, r.List.Entries)
	}
}

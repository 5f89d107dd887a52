package launch

import (
	"archive/tar"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
)

const loader = "/lib64/ld-linux-x86-64.so.2"

func needs(libraries ...string) []linkage.Need {
	var all []linkage.Need
	for _, l := range libraries {
		name, versions, _ := strings.Cut(l, " ")
		all = append(all, linkage.Need{Library: name, Versions: strings.Fields(versions)})
	}
	return all
}

func elf(o linkage.Object) []byte {
	o.Platform = "linux/amd64"
	return linkagetest.Write(linkagetest.Spec{Object: o})
}

// system is a base as of Debian packages and Node: /usr is merged, the loader is reached
// by links, and Node asks for libatomic.
func system(t *testing.T, store *cas.Store, without ...string) *Listing {
	t.Helper()
	all := []image.File{
		{Path: "lib64", Link: "usr/lib64"},
		{Path: "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", Mode: 0o755, Data: elf(linkage.Object{Name: "ld-linux-x86-64.so.2"})},
		{Path: "usr/lib/x86_64-linux-gnu/libatomic.so.1", Link: "libatomic.so.1.2.0"},
		{Path: "usr/lib/x86_64-linux-gnu/libatomic.so.1.2.0", Data: elf(linkage.Object{Name: "libatomic.so.1", Needs: needs("libc.so.6 GLIBC_2.14")})},
		{Path: "usr/lib/x86_64-linux-gnu/libc.so.6", Mode: 0o755, Data: elf(linkage.Object{Name: "libc.so.6", Defines: []string{"GLIBC_2.14", "GLIBC_2.36"}})},
		{Path: "usr/lib64/ld-linux-x86-64.so.2", Link: "../lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"},
		{Path: "usr/local/bin/node", Mode: 0o755, Data: elf(linkage.Object{Interpreter: loader, Needs: needs("libatomic.so.1", "libc.so.6 GLIBC_2.14")})},
	}
	var kept []image.File
	for _, f := range all {
		gone := false
		for _, w := range without {
			gone = gone || strings.HasPrefix(f.Path, w)
		}
		if !gone {
			kept = append(kept, f)
		}
	}
	l, err := OfMembers(t.Context(), store, []image.Member{image.Files(kept, "", "the base", "base")})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func newStore(t *testing.T) *cas.Store {
	t.Helper()
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// files are those of a txtar; one whose name ends in * may be run.
func files(text string) []image.File {
	var all []image.File
	for _, f := range txtar.Parse([]byte(text)).Files {
		name, runs := strings.CutSuffix(f.Name, "*")
		file := image.File{Path: name, Data: f.Data}
		if runs {
			file.Mode = 0o755
		}
		all = append(all, file)
	}
	return all
}

// shown are the problems of a start, each "CODE what / why / remedy".
func shown(problems diag.Problems) []string {
	all := []string{}
	for _, p := range problems {
		all = append(all, fmt.Sprintf("%s %s / %s / %s", p.Code, p.What, p.Why, p.Remedy))
	}
	return all
}

const app = `
-- package.json --
{"name":"shop","Scripts":{"cased":"node src/server.js"},"scripts":{"start":"node src/server.js --port 80","other":"node gone.js","shell":"a && b","number":5},"SCRIPTS":{}}
-- src/server.js --
-- src/api.ts --
-- lib/index.js --
-- tool.js* --
#!/usr/bin/env node
-- runs.js* --
#!/usr/local/bin/node
-- crlf.js* --
#!/usr/local/bin/node` + "\r" + `
-- text* --
hello
-- plain.js --
-- node_modules/preload/package.json --
{"name":"preload","exports":{"import":"./main.mjs"}}
-- node_modules/preload/main.mjs --
-- vars --
A=1
`

func check(t *testing.T, base *Listing, own []image.File, s Start) diag.Problems {
	t.Helper()
	root, err := rootfs.New(t.Context(), base.Nodes(), []image.Member{image.Files(own, "app", "the project", "project")})
	if err != nil {
		t.Fatal(err)
	}
	s.Image, s.Platform = "shop", "linux/amd64"
	if s.Workdir == "" {
		s.Workdir = "/app"
	}
	if s.User == "" {
		s.User = "65532:65532"
	}
	if s.Node == "" {
		s.Node = "22.20.0"
	}
	if s.Base.Name == "" {
		s.Base = Base{Name: "node", Packages: []string{"tzdata"}, Implied: true}
	}
	problems, err := Check(root, s)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func TestACommandIsHeldToTheImagesFiles(t *testing.T) {
	base := system(t, newStore(t))
	tests := []struct {
		command string
		want    string // of the first problem, "" where there is none
	}{
		{"node src/server.js", ""},
		{"node src/server", ""},
		{"node lib", ""},
		{"node ./lib/", ""},
		{"node /app/src/server.js --flag x", ""},
		{"node -- src/server.js", ""},
		{"/usr/local/bin/node src/server.js", ""},
		{"node", ""},
		{"node -", ""},
		{"node -e 1", ""},
		{"node --eval=1", ""},
		{"node --test", ""},
		{"node --version", ""},
		{"node --title x src/server.js", ""},
		{"node --max-old-space-size=100 src/server.js", ""},
		{"node --no_warnings --title x src/server.js", ""},
		{"node --env-file=vars src/server.js", ""},
		{"node --env-file-if-exists=.env src/server.js", ""},
		{"node -r ./lib -r fs --import preload --import node:fs src/server.js", ""},
		{"runs.js", `NB1155 image "shop" can't start: its command "runs.js" is not in it`},
		{"./runs.js", ""},
		{"/app/runs.js --flag", ""},

		{"node dist/server.js", `NB1176 image "shop" starts node with "dist/server.js", which is not in it: there is no /app/dist/server.js / node ends at once where that file is not there; neither its layers (modules, app) nor its base have it / if src/server.js is meant`},
		{"node dist/api.js", `NB1176 image "shop" starts node with "dist/api.js", which is not in it: there is no /app/dist/api.js / node ends at once where that file is not there; neither its layers (modules, app) nor its base have it / if src/api.ts is meant`},
		{"node .", `NB1176 image "shop" starts node with ".", which is not in it: there is no /app / node ends at once where that file is not there; that folder has no index.js`},
		{"node src", `NB1176 image "shop" starts node with "src"`},
		{"node --title src/server.js", ""}, // a title, and no file
		{"node --env-file .env src/server.js", "NB1176 image \"shop\" can't start: node is given --env-file=.env, and /app/.env is not in it / node ends at once where that file is not there / take `--env-file` out"},
		{"node -r ./gone.js src/server.js", `NB1176 image "shop" can't start: node is given -r ./gone.js, and that is not in it`},
		{"node --require=dotenv/config src/server.js", `NB1176 image "shop" can't start: node is given --require dotenv/config, and that is not in it`},
		{"node --import tsx src/server.js", `NB1176 image "shop" can't start: node is given --import tsx, and that is not in it`},
		{"node --import ./lib src/server.js", `NB1176 image "shop" can't start: node is given --import ./lib, and that is not in it / node loads it before its own file, and ends where it is not there: ERR_UNSUPPORTED_DIR_IMPORT`},
		{"node -r preload src/server.js", `NB1176 image "shop" can't start: node is given -r preload, and that is not in it`},
		{"node --run gone", "NB1176 image \"shop\" can't start: `node --run gone` runs a script that /app/package.json does not have"},
		{"node --run cased", "NB1176 image \"shop\" can't start: `node --run cased` runs a script that /app/package.json does not have"},
		{"node --run number", "NB1176 image \"shop\" can't start: `node --run number` runs a script that /app/package.json does not have"},
		{"node --run start", "NB1155 image \"shop\" can't start: `node --run start` starts /bin/sh, which is not in it"},

		{"npm start", `NB1155 image "shop" can't start: its command "npm" is not in it / it was looked for in /usr/local/bin, /bin; a base of Node and Debian packages has node and no package manager / name the program that it starts`},
		{"sh -c x", `NB1155 image "shop" can't start: its command "sh" is not in it`},
		{"nodd src/server.js", `NB1155 image "shop" can't start: its command "nodd" is not in it / it was looked for in /usr/local/bin, /bin / correct`},
		{"./tool.js", "NB1155 image \"shop\" can't start: /app/tool.js is a script for \"/usr/bin/env\", which is not in the image / Linux starts the interpreter that a script's first line names / let node run it: `cmd = [\"node\", \"/app/tool.js\"]`"},
		{"./crlf.js", `NB1155 image "shop" can't start: /app/crlf.js ends its first line with a carriage return`},
		{"./text", `NB1155 image "shop" can't start: /app/text is neither machine code nor a script`},
		{"./plain.js", "NB1155 image \"shop\" can't start: /app/plain.js may not be executed by the image's user 65532:65532 / its mode is 0644 / let node run it"},
		{"./lib", `NB1155 image "shop" can't start: the command "./lib" is a folder`},
		{"./gone", `NB1155 image "shop" can't start: its command "./gone" is not in it / it was looked for at /app/gone`},
	}
	for _, test := range tests {
		t.Run(test.command, func(t *testing.T) {
			got := shown(check(t, base, files(app), Start{Command: strings.Fields(test.command), Env: []string{"PATH=/usr/local/bin:/bin"}, Layers: []string{"modules", "app"}}))
			switch {
			case test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], test.want)):
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

func TestVariablesAndTheWorkingFolderCount(t *testing.T) {
	base := system(t, newStore(t))
	for _, test := range []struct {
		name  string
		start Start
		want  string
	}{
		{"a preload of NODE_OPTIONS", Start{Env: []string{`NODE_OPTIONS=--no-warnings --import "./gone.mjs"`}}, `NB1176 image "shop" can't start: node is given --import ./gone.mjs`},
		{"one that is there", Start{Env: []string{`NODE_OPTIONS=--require ./lib`}}, ""},
		{"a PATH without node", Start{Env: []string{"PATH=/opt/bin"}}, `NB1155 image "shop" can't start: its command "node" is not in it / it was looked for in /opt/bin`},
		{"no PATH", Start{Env: []string{"A=b"}}, ""},
		{"another folder", Start{Workdir: "/app/src"}, `NB1176 image "shop" starts node with "src/server.js", which is not in it: there is no /app/src/src/server.js`},
		{"a folder that is a file", Start{Workdir: "/app/src/server.js"}, `NB1155 image "shop" can't start: the working folder /app/src/server.js is a file`},
		{"a file on disk alone", Start{Command: []string{"node", "dist/main.js"}, Disk: func(at string) string { return strings.TrimPrefix(at, "/app/") }},
			`NB1176 image "shop" starts node with "dist/main.js", which is not in it: there is no /app/dist/main.js / node ends at once where that file is not there; the base has no such file either / dist/main.js is in the project's folder and not among the files that images take (git does not track it, or an ignore file names it): name it in a layer, as in ` + "`layer \"built\" { from = files(\"dist/**\") }`"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.start.Command == nil {
				test.start.Command = []string{"node", "src/server.js"}
			}
			got := shown(check(t, base, files(app), test.start))
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], test.want)) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
}

// What Node's header asks for is in the image, or the message says who brings it.
func TestLibrariesAreLookedForAsTheLoaderDoes(t *testing.T) {
	store := newStore(t)
	start := Start{Command: []string{"node", "src/server.js"}}
	const lib = "usr/lib/x86_64-linux-gnu/"
	for _, test := range []struct {
		name    string
		without string
		base    Base
		want    string
	}{
		{"all is there", "nothing", Base{}, ""},
		{"a library is not", lib + "libatomic.so.1.2.0", Base{}, "NB1152 image \"shop\" can't start: /usr/local/bin/node needs libatomic.so.1, which is not in it / the loader looks for that library before anything of /usr/local/bin/node runs, and node ends before its first line runs / run `nbuild pin`, which brings what Node itself asks for"},
		{"a library is not, on a base of a registry", lib + "libatomic", Base{Name: "x", Image: "registry.example.com/base:1"}, `NB1152 image "shop" can't start: /usr/local/bin/node needs libatomic.so.1, which is not in it / the loader looks for that library before anything of /usr/local/bin/node runs, and node ends before its first line runs / use another base image than registry.example.com/base:1, one that has it; in Debian the package libatomic1 brings it`},
		{"the loader is not", "usr/lib64", Base{}, `NB1152 image "shop" can't start: /usr/local/bin/node needs /lib64/ld-linux-x86-64.so.2`},
	} {
		t.Run(test.name, func(t *testing.T) {
			start.Base = test.base
			got := shown(check(t, system(t, store, test.without), files(app), start))
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) == 0 || !strings.HasPrefix(got[0], test.want)) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	own := func(o linkage.Object, more ...image.File) []image.File {
		o.Interpreter = loader
		return append(append(files("-- a.js --\n"), image.File{Path: "bin/tool", Mode: 0o755, Data: elf(o)}), more...)
	}
	inside := image.File{Path: "lib/libinner.so.1", Data: elf(linkage.Object{Name: "libinner.so.1", Needs: needs("libdeep.so.2")})}
	deep := image.File{Path: "lib/libdeep.so.2", Data: elf(linkage.Object{})}
	foreign := image.File{Path: "lib/libinner.so.1", Data: linkagetest.Program("linux/arm64")}
	for _, test := range []struct {
		name string
		own  []image.File
		env  string
		want string
	}{
		{"beside the program", own(linkage.Object{Needs: needs("libinner.so.1"), RPath: []string{"$ORIGIN/../lib"}}, deep, inside), "", ""},
		{"a RUNPATH is not for what is beneath", own(linkage.Object{Needs: needs("libinner.so.1"), RunPath: []string{"${ORIGIN}/../lib"}}, deep, inside), "", "NB1152 image \"shop\" can't start: /app/lib/libinner.so.1 needs libdeep.so.2, which is not in it / the loader looks for that library before anything of /app/lib/libinner.so.1 runs, and libinner.so.1 ends before its first line runs / add the package that brings it to the base: `base \"node\" { debian = { packages = [\"tzdata\", \"libdeep2\"] } }` in build.hcl, and run `nbuild pin`; the package's name follows"},
		{"by LD_LIBRARY_PATH", own(linkage.Object{Needs: needs("libinner.so.1")}, deep, inside), "LD_LIBRARY_PATH=/opt:/app/lib", ""},
		{"of another machine", own(linkage.Object{Needs: needs("libinner.so.1"), RPath: []string{"/app/lib"}}, foreign), "", `NB1152 image "shop" can't start: /app/bin/tool needs libinner.so.1`},
		{"a version that the library has", own(linkage.Object{Needs: needs("libc.so.6 GLIBC_2.36")}), "", ""},
		{"a version that is newer", own(linkage.Object{Needs: needs("libc.so.6 GLIBC_2.14 GLIBC_2.38")}), "", `NB1152 image "shop" can't start: /app/bin/tool needs libc.so.6 with GLIBC_2.38, which /usr/lib/x86_64-linux-gnu/libc.so.6 does not have / the library of the image is older`},
		{"of musl", own(linkage.Object{Needs: needs("libc.musl-x86_64.so.1")}), "", `NB1152 image "shop" can't start: /app/bin/tool needs libc.musl-x86_64.so.1, which is not in it`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := shown(check(t, system(t, store), test.own, Start{Command: []string{"/app/bin/tool"}, Env: []string{test.env}}))
			if test.want == "" && len(got) > 0 || test.want != "" && (len(got) == 0 || !strings.HasPrefix(got[0], test.want)) {
				t.Errorf("got  %q\nwant %q", got, test.want)
			}
		})
	}
	t.Run("a program of another machine", func(t *testing.T) {
		got := shown(check(t, system(t, store), []image.File{{Path: "tool", Mode: 0o755, Data: linkagetest.Program("linux/arm64")}}, Start{Command: []string{"./tool"}}))
		if len(got) != 1 || !strings.HasPrefix(got[0], `NB1155 image "shop" can't start: /app/tool is a program for linux/arm64, and the image is for linux/amd64`) {
			t.Errorf("%q", got)
		}
	})
}

// registry is an image of a registry, of layers with entries as "NAME", "NAME -> LINK",
// "NAME = HARD LINK", "NAME #!LINE" or "NAME elf".
func registry(t *testing.T, layers ...[]string) v1.Image {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, entries := range layers {
		var b bytes.Buffer
		archive := tar.NewWriter(&b)
		for _, e := range entries {
			name, rest, _ := strings.Cut(e, " ")
			h := &tar.Header{Name: name, Mode: 0o755, Typeflag: tar.TypeReg}
			data := []byte(rest)
			switch {
			case strings.HasPrefix(rest, "-> "):
				h.Typeflag, h.Linkname, data = tar.TypeSymlink, rest[3:], nil
			case strings.HasPrefix(rest, "= "):
				h.Typeflag, h.Linkname, data = tar.TypeLink, rest[2:], nil
			case rest == "elf":
				data = linkagetest.Program("linux/amd64")
			}
			h.Size = int64(len(data))
			if err := archive.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := archive.Write(data); err != nil {
				t.Fatal(err)
			}
		}
		archive.Close()
		var err error
		if img, err = mutate.AppendLayers(img, static.NewLayer(b.Bytes(), types.OCIUncompressedLayer)); err != nil {
			t.Fatal(err)
		}
	}
	return img
}

func TestABaseOfARegistryIsLookedInto(t *testing.T) {
	store := newStore(t)
	img := registry(t,
		[]string{"bin -> usr/bin", "usr/bin/sh elf", "usr/bin/env elf", "usr/bin/tini elf", "usr/local/bin/node elf", "usr/bin/gone elf", "opt/old/tool elf", "srv/app/main.js"},
		[]string{"usr/bin/.wh.gone", "usr/local/bin/nodejs = usr/local/bin/node", "usr/local/bin/npm #!/usr/bin/env node\n", "opt/old/.wh..wh..opq", "opt/old/new elf",
			"usr/local/bin/docker-entrypoint.sh #!/bin/sh\n"},
	)
	var first *Listing
	for range 2 { // the second time from the store
		l, err := OfImage(t.Context(), store, img)
		if err != nil {
			t.Fatal(err)
		}
		if first != nil {
			if diff := cmp.Diff(first.nodes, l.nodes, cmpopts.IgnoreUnexported(rootfs.Node{})); diff != "" {
				t.Error(diff)
			}
		}
		first = l
	}
	for command, want := range map[string]string{
		"node src/server.js":                         "",
		"nodejs src/server.js":                       "",
		"node /srv/app/main.js":                      "",
		"node gone.js":                               "NB1176",
		"docker-entrypoint.sh node src/server.js":    "",
		"docker-entrypoint.sh node gone.js":          "NB1176",
		"docker-entrypoint.sh gone.js":               "NB1176",
		"docker-entrypoint.sh --no-warnings gone.js": "NB1176",
		"tini -s -p SIGTERM -- node gone.js":         "NB1176",
		"tini -- node src/server.js":                 "",
		"env A=b -i node gone.js":                    "NB1176",
		"env -S node_gone.js":                        "NB1155",
		"./tool.js":                                  "",
		"npm start":                                  "",
		"npm run other":                              "NB1176",
		"npm run shell":                              "",
		"npm run gone":                               "NB1176",
		"npm install":                                "",
		"sh -c exec_node":                            "NB1155",
		"sh gone.sh":                                 "NB1176",
		"/bin/sh ./tool.js":                          "",
		"gone":                                       "NB1155",
		"/opt/old/tool":                              "NB1155",
		"/opt/old/new":                               "",
		"node --run start":                           "",
		"node --run gone":                            "NB1176",
	} {
		got := check(t, first, files(app), Start{Command: strings.Fields(command), Base: Base{Name: "x", Image: "registry.example.com/x"}})
		if len(got) > 1 || len(got) == 1 != (want != "") || len(got) == 1 && string(got[0].Code) != want {
			t.Errorf("%s: %q, want %s", command, shown(got), want)
		}
	}
	// A line of a shell is followed where it is words and nothing else.
	for line, want := range map[string]string{
		"node gone.js": "NB1176", "exec node gone.js": "NB1176", "PORT=80 node gone.js": "NB1176", "node src/server.js": "",
		"node gone.js && true": "", "node $FILE": "", "cd /srv": "",
	} {
		got := check(t, first, files(app), Start{Command: []string{"sh", "-c", line}, Base: Base{Name: "x", Image: "registry.example.com/x"}})
		if len(got) > 1 || len(got) == 1 != (want != "") || len(got) == 1 && string(got[0].Code) != want {
			t.Errorf("sh -c %q: %q, want %s", line, shown(got), want)
		}
	}
}

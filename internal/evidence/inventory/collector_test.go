package inventory

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// left is a package with a finding in its files, one by its manifest, and a package
// inside.
func left(version string) map[string]string {
	return map[string]string{
		"package.json":                  `{"name":"left","version":"` + version + `","scripts":{"install":"node x"},"bundleDependencies":["b"]}`,
		"index.js":                      "module.exports = function (a) {\n  return eval(a)\n}\n",
		"node_modules/b/package.json":   `{"name":"b","version":"1.0.0"}`,
		"node_modules/b/b.js":           "eval(b)\n",
		"node_modules/b/test/b.test.js": "// " + version + "\n",
	}
}

var integrity = "sha512-" + strings.Repeat("A", 86) + "=="

// keep stores an artefact of files, as vendoring does.
func keep(t *testing.T, store *cas.Store, name, version string, files map[string]string) snapshot.Artefact {
	t.Helper()
	var tgz bytes.Buffer
	zip := gzip.NewWriter(&tgz)
	archive := tar.NewWriter(zip)
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if err := archive.WriteHeader(&tar.Header{Name: "package/" + file, Mode: 0o644, Size: int64(len(files[file])), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(files[file])); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zip.Close()); err != nil {
		t.Fatal(err)
	}
	index, err := tarball.Index(bytes.NewReader(tgz.Bytes()), tarball.Options{})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := snapshot.EncodeIndex(index)
	if err != nil {
		t.Fatal(err)
	}
	named, err := store.PutBytes(t.Context(), doc)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := store.PutBytes(t.Context(), tgz.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	return snapshot.Artefact{
		Kind: snapshot.KindNPM, Name: name, Version: version, SHA256: digest, Size: int64(tgz.Len()),
		Integrity: integrity, Facts: map[string]string{"index": named.String()},
	}
}

func newStore(t *testing.T) *cas.Store {
	t.Helper()
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func kindsOf(p dynamism.Package) string {
	var all []string
	for _, c := range dynamism.Counts(p.Findings) {
		all = append(all, fmt.Sprintf("%s %d", c.Kind, c.Sites))
	}
	return strings.Join(all, ", ")
}

func TestASecondLookParsesNothing(t *testing.T) {
	store := newStore(t)
	a := keep(t, store, "left", "1.0.0", left("1.0.0"))
	cold := New(store, Options{Calls: true})
	first, err := cold.Artefact(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if len(first) != 2 || kindsOf(first[0]) != "install-script 1, eval 1" || kindsOf(first[1]) != "test-code 1, eval 1" || len(first[0].Calls) == 0 {
		t.Fatalf("found %+v", first)
	}
	if err := store.Remove(t.Context(), a.SHA256); err != nil { // not even the tarball is read
		t.Fatal(err)
	}
	warm := New(store, Options{Calls: true})
	second, err := warm.Artefact(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Error(diff)
	}
	if cold.Analysed() != 1 || warm.Analysed() != 0 {
		t.Errorf("analysed %d, then %d", cold.Analysed(), warm.Analysed())
	}
	without, err := New(store, Options{}).Artefact(t.Context(), a)
	if err != nil || without[0].Calls != nil || !cmp.Equal(without[0].Findings, first[0].Findings) {
		t.Errorf("findings alone: %v, %v", without, err)
	}
}

func TestALongRecordIsABlobAndOneThatWasPrunedIsMadeAgain(t *testing.T) {
	store := newStore(t)
	files := left("1.0.0")
	for i := range 2000 {
		files[fmt.Sprintf("lib/%04d-%s.js", i, strings.Repeat("x", 40))] = "eval(a)\n"
	}
	a := keep(t, store, "left", "1.0.0", files)
	c := New(store, Options{})
	first, err := c.Artefact(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	value, ok := store.Result(resultKind, key(cas.Sum(indexDocument(t, store, a))))
	if !ok || len(value) != 65 {
		t.Fatalf("the record is no blob: %d bytes", len(value))
	}
	blob, err := cas.ParseDigest(string(value[1:]))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Artefact(t.Context(), a); err != nil || c.Analysed() != 1 {
		t.Errorf("analysed %d times, %v", c.Analysed(), err)
	}
	if err := store.Remove(t.Context(), blob); err != nil {
		t.Fatal(err)
	}
	again, err := c.Artefact(t.Context(), a)
	if err != nil || c.Analysed() != 2 || !cmp.Equal(first, again) {
		t.Errorf("analysed %d times, %v", c.Analysed(), err)
	}
}

func indexDocument(t *testing.T, store *cas.Store, a snapshot.Artefact) []byte {
	t.Helper()
	named, _ := a.Index()
	doc, err := store.Read(t.Context(), named, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestDamagedRecordsCountAsAbsent(t *testing.T) {
	store := newStore(t)
	a := keep(t, store, "left", "1.0.0", left("1.0.0"))
	c := New(store, Options{})
	first, err := c.Artefact(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(filepath.Join(store.Dir(), "results"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.WriteFile(name, []byte("rubbish"), 0o644)
	})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.Artefact(t.Context(), a); err != nil || c.Analysed() != 2 || !cmp.Equal(first, again) {
		t.Errorf("analysed %d times, %v", c.Analysed(), err)
	}
}

func TestWhatIsNeitherKeptNorStoredIsNotFound(t *testing.T) {
	store := newStore(t)
	a := keep(t, store, "left", "1.0.0", left("1.0.0"))
	if err := store.Remove(t.Context(), a.SHA256); err != nil {
		t.Fatal(err)
	}
	if _, err := New(store, Options{}).Artefact(t.Context(), a); !errors.Is(err, cas.ErrNotFound) {
		t.Errorf("%v", err)
	}
}

func TestATreeHasEachPlaceOnceAndSharesCopies(t *testing.T) {
	store := newStore(t)
	lock, err := snapshot.New([]snapshot.Artefact{
		keep(t, store, "left", "1.0.0", left("1.0.0")), keep(t, store, "right", "2.0.0", map[string]string{"package.json": `{"name":"right","version":"2.0.0"}`, "a.js": "1"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	tree := treeOf(t, `{"name":"shop","lockfileVersion":3,"packages":{
		"":{"name":"shop","dependencies":{"left":"1.0.0","right":"2.0.0"}},
		"node_modules/left":{"version":"1.0.0","integrity":"INTEGRITY","bundleDependencies":["b"],"dependencies":{"b":"1"}},
		"node_modules/left/node_modules/b":{"version":"1.0.0","inBundle":true},
		"node_modules/right":{"version":"2.0.0","integrity":"INTEGRITY","dependencies":{"left":"1.0.0"}},
		"node_modules/right/node_modules/left":{"version":"1.0.0","integrity":"INTEGRITY","bundleDependencies":["b"],"dependencies":{"b":"1"}},
		"node_modules/right/node_modules/left/node_modules/b":{"version":"1.0.0","inBundle":true}}}`)
	for _, workers := range []int{1, 2, 8} {
		c := New(newStoreLike(t, store), Options{Workers: workers})
		found, err := c.Tree(t.Context(), tree, lock)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, p := range found {
			got = append(got, p.Path+" "+p.Purl+": "+kindsOf(p))
		}
		want := []string{
			"node_modules/left pkg:npm/left@1.0.0: install-script 1, eval 1",
			"node_modules/left/node_modules/b pkg:npm/b@1.0.0: test-code 1, eval 1",
			"node_modules/right pkg:npm/right@2.0.0: ",
			"node_modules/right/node_modules/left pkg:npm/left@1.0.0: install-script 1, eval 1",
			"node_modules/right/node_modules/left/node_modules/b pkg:npm/b@1.0.0: test-code 1, eval 1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if c.Analysed() != 2 {
			t.Errorf("%d artefacts were analysed, not 2", c.Analysed())
		}
	}
}

// What a tarball bundles is installed with it, whether the lockfile names it or not.
func TestATreeTellsWhatIsBundledAndNotNamed(t *testing.T) {
	store := newStore(t)
	files := left("1.0.0")
	files["node_modules/evil/package.json"] = `{"name":"evil","version":"6.6.6"}`
	files["node_modules/evil/index.js"] = "new Function(a)()\n"
	lock, err := snapshot.New([]snapshot.Artefact{keep(t, store, "left", "1.0.0", files)})
	if err != nil {
		t.Fatal(err)
	}
	tree := treeOf(t, `{"name":"shop","lockfileVersion":3,"packages":{
		"":{"name":"shop","dependencies":{"left":"1.0.0"}},
		"node_modules/left":{"version":"1.0.0","integrity":"INTEGRITY","bundleDependencies":["b"],"dependencies":{"b":"1"}},
		"node_modules/left/node_modules/b":{"version":"1.0.0","inBundle":true}}}`)
	found, err := New(store, Options{}).Tree(t.Context(), tree, lock)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range found {
		got = append(got, p.Path+" "+p.Purl+": "+kindsOf(p))
	}
	want := []string{
		"node_modules/left pkg:npm/left@1.0.0: install-script 1, eval 1",
		"node_modules/left/node_modules/evil pkg:npm/left@1.0.0#node_modules/evil: function-ctor 1",
		"node_modules/left/node_modules/b pkg:npm/b@1.0.0: test-code 1, eval 1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// newStoreLike copies the blobs of a store, without its results.
func newStoreLike(t *testing.T, from *cas.Store) *cas.Store {
	t.Helper()
	to := newStore(t)
	if err := os.CopyFS(filepath.Join(to.Dir(), "copy"), os.DirFS(filepath.Join(from.Dir(), "blobs"))); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.RemoveAll(filepath.Join(to.Dir(), "blobs")), os.Rename(filepath.Join(to.Dir(), "copy"), filepath.Join(to.Dir(), "blobs"))); err != nil {
		t.Fatal(err)
	}
	return to
}

func treeOf(t *testing.T, lockfile string) *locked.Tree {
	t.Helper()
	l, err := npm.ReadLockfile([]byte(strings.ReplaceAll(lockfile, "INTEGRITY", integrity)), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := locked.Plan(l, locked.Options{OS: "linux", CPU: "x64"})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func TestAFolderTellsWhatItsTarballTells(t *testing.T) {
	store := newStore(t)
	files := left("1.0.0")
	a := keep(t, store, "left", "1.0.0", files)
	packed, err := New(store, Options{}).Artefact(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, "node_modules", "left", filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("/", filepath.Join(dir, "node_modules", "left", "out")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	folders, err := Folders(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	found, err := New(store, Options{}).Folders(t.Context(), root, folders)
	if err != nil {
		t.Fatal(err)
	}
	for i := range packed {
		packed[i].Path = strings.TrimSuffix("node_modules/left/"+packed[i].Path, "/")
		packed[i].Purl = []string{"pkg:npm/left@1.0.0", "pkg:npm/b@1.0.0"}[i]
	}
	if diff := cmp.Diff(packed, found); diff != "" {
		t.Error(diff)
	}
}

func TestFoldersFindsEveryKindOfLayout(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{
		"index.js", "src/a.js", ".git/hooks/x.js", "node_modules/a/a.js", "node_modules/a/node_modules/b/b.js", "node_modules/@s/c/c.js",
		"node_modules/.bin/tool", "node_modules/.cache/x.js", "node_modules/.pnpm/d@1/node_modules/d/d.js", "packages/e/node_modules/f/f.js", "packages/e/e.js",
		"src/a-b.js", "node_modules/loose.js",
	} {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	got, err := Folders(t.Context(), root)
	if err != nil {
		t.Fatal(err)
	}
	want := []Folder{
		{"", []string{"index.js", "packages/e/e.js", "src/a-b.js", "src/a.js"}},
		{"node_modules/.pnpm/d@1/node_modules/d", []string{"d.js"}},
		{"node_modules/@s/c", []string{"c.js"}},
		{"node_modules/a", []string{"a.js"}},
		{"node_modules/a/node_modules/b", []string{"b.js"}},
		{"packages/e/node_modules/f", []string{"f.js"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

package replica

import (
	"archive/tar"
	"bytes"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

const base = "http://127.0.0.1:4873/"

// shelf is a store with packages in it.
type shelf struct {
	t     testing.TB
	store *cas.Store
	all   []snapshot.Artefact
	bytes map[string][]byte
}

func newShelf(t testing.TB) *shelf {
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &shelf{t: t, store: store, bytes: map[string][]byte{}}
}

// put adds a package of a manifest and other files, NAME=CONTENT.
func (s *shelf) put(name, version, manifest string, facts map[string]string, files ...string) {
	s.t.Helper()
	must := func(err error) {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	var b bytes.Buffer
	packed := gzip.NewWriter(&b)
	archive := tar.NewWriter(packed)
	for _, f := range append([]string{"package.json=" + manifest}, files...) {
		name, content, _ := strings.Cut(f, "=")
		must(archive.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o644, Size: int64(len(content))}))
		_, err := archive.Write([]byte(content))
		must(err)
	}
	must(archive.Close())
	must(packed.Close())
	digest, err := s.store.PutBytes(s.t.Context(), b.Bytes())
	must(err)
	index, err := tarball.Index(bytes.NewReader(b.Bytes()), tarball.Options{})
	must(err)
	text, err := snapshot.EncodeIndex(index)
	must(err)
	named, err := s.store.PutBytes(s.t.Context(), text)
	must(err)
	all := map[string]string{"index": named.String()}
	for k, v := range facts {
		all[k] = v
	}
	s.bytes[name+"@"+version] = b.Bytes()
	s.all = append(s.all, snapshot.Artefact{
		Kind: snapshot.KindNPM, Name: name, Version: version, SHA256: digest, Size: int64(b.Len()), Integrity: integrity(b.Bytes()), Facts: all,
	})
}

func integrity(b []byte) string {
	sum := sha512.Sum512(b)
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

func (s *shelf) lock() *snapshot.Lock {
	lock, err := snapshot.New(s.all)
	if err != nil {
		s.t.Fatal(err)
	}
	return lock
}

func (s *shelf) write() *Documents {
	s.t.Helper()
	d, err := Write(s.t.Context(), s.store, Of(s.lock()), base)
	if err != nil {
		s.t.Fatal(err)
	}
	return d
}

// get is the document at a path.
func (d *Documents) get(t testing.TB, path, accept string) string {
	t.Helper()
	a := d.Catalogue.Answer(catalogue.Request{Method: "GET", Target: path, Accept: accept})
	if a.Status != 200 || a.Entry == nil {
		t.Fatalf("%s: %d %s", path, a.Status, a.Text)
	}
	return string(d.Text[a.Entry.Offset:][:a.Entry.Size])
}

const install = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*"

// full is a shelf with the shapes that manifests have.
func full(t testing.TB) *shelf {
	s := newShelf(t)
	s.put("left", "1.0.0", `{"name":"left","version":"v1.0.0","description":"first","bin":"./cli.js","dependencies":{"@s/right":"^1.0.0","odd":1},"os":"linux","_id":"forged","dist":{"tarball":"http://192.0.2.1/x"},"readme":"long","deprecated":"forged","hasInstallScript":true}`,
		map[string]string{"published": "2024-01-01T00:00:00Z", "deprecated": "yes", "maintainers": "ann,bob"}, "cli.js=#!/usr/bin/env node")
	s.put("left", "1.10.0", `{"name":"left","version":"1.10.0","description":"<b>second</b>","bundledDependencies":["z","a"],"peerDependencies":{"p":"*"},"peerDependenciesMeta":{"p":{"optional":true}},"scripts":{"postinstall":"node x"},"engines":{"node":">=20"}}`,
		map[string]string{"published": "2024-03-01T00:00:00Z"}, "npm-shrinkwrap.json={}")
	s.put("left", "2.0.0-rc.1", `{"name":"left","version":"2.0.0-rc.1"}`, map[string]string{"published": "2024-02-01T00:00:00Z"})
	s.put("@s/right", "1.0.0+build.1", `{"name":"@s/right","version":"1.0.0+build.1","dependencies":[],"bundleDependencies":true}`, nil, "binding.gyp={}")
	return s
}

func TestDocumentsSayWhatIsPinnedAndNothingElse(t *testing.T) {
	s := full(t)
	d := s.write()
	var short struct {
		Name     string
		Modified string
		Tags     map[string]string `json:"dist-tags"`
		Versions map[string]map[string]json.RawMessage
	}
	text := d.get(t, "/left", install)
	if err := json.Unmarshal([]byte(text), &short); err != nil {
		t.Fatal(err, text)
	}
	if short.Name != "left" || short.Modified != "2024-03-01T00:00:00Z" || len(short.Versions) != 3 || short.Tags["latest"] != "1.10.0" || len(short.Tags) != 1 {
		t.Errorf("%+v", short)
	}
	want := map[string]string{
		"name": `"left"`, "version": `"1.0.0"`, "bin": `{"left":"cli.js"}`, "dependencies": `{"@s/right":"^1.0.0"}`, "os": `["linux"]`,
		"deprecated": `"deprecated by its maintainers when nbuild.lock was pinned; nbuild.lock does not say why"`,
	}
	got := map[string]string{}
	for k, v := range short.Versions["1.0.0"] {
		if k != "dist" {
			got[k] = string(v)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for path, members := range map[string][]string{
		"/left": {
			`"_id":"left"`, `"description":"\u003cb\u003esecond\u003c/b\u003e"`, `"time":{"1.0.0":"2024-01-01T00:00:00Z","1.10.0":"2024-03-01T00:00:00Z","2.0.0-rc.1":"2024-02-01T00:00:00Z","created":"2024-01-01T00:00:00Z","modified":"2024-03-01T00:00:00Z"}`,
			`"versions":{"1.0.0":{"_id":"left@1.0.0"`, `"_hasShrinkwrap":true`, `"hasInstallScript":true`, `"bundleDependencies":["a","z"]`,
			`"integrity":"` + integrity(s.bytes["left@1.10.0"]) + `"`, `"tarball":"` + base + `left/-/left-1.10.0.tgz"`,
		},
		"/left/latest":              {`{"_hasShrinkwrap":true,"_id":"left@1.10.0"`},
		"/left/1.0.0":               {`"_id":"left@1.0.0"`},
		"/-/package/left/dist-tags": {`{"latest":"1.10.0"}`},
		"/@s%2fright":               {`"name":"@s/right"`, `"tarball":"` + base + `@s/right/-/right-1.0.0+build.1.tgz"`, `"hasInstallScript":true`},
		"/@s/right":                 {`"latest":"1.0.0+build.1"`},
	} {
		text := d.get(t, path, "*/*")
		if !json.Valid([]byte(text)) {
			t.Errorf("%s is no JSON: %s", path, text)
		}
		for _, m := range members {
			if !strings.Contains(text, m) {
				t.Errorf("%s lacks %s:\n%s", path, m, text)
			}
		}
		for _, forged := range []string{"192.0.2.1", "forged", "readme", `"odd"`, "bundledDependencies", `"dependencies":[]`} {
			if strings.Contains(text, forged) {
				t.Errorf("%s has %s:\n%s", path, forged, text)
			}
		}
	}
	if text := d.get(t, "/@s%2Fright", install); strings.Contains(text, "modified") || strings.Contains(text, "dependencies") {
		t.Errorf("it says what is not known: %s", text)
	}
}

// Equal packages give equal bytes, whatever order they come in, whether anything was kept or
// not; and whatever differs gives others.
func TestDocumentsAreEqualWhereThePackagesAre(t *testing.T) {
	s, again := full(t), full(t)
	one := s.write()
	again.all[0], again.all[3] = again.all[3], again.all[0]
	for _, d := range []*Documents{again.write(), s.write()} {
		if !bytes.Equal(one.Text, d.Text) || !bytes.Equal(one.Catalogue.Format(), d.Catalogue.Format()) {
			t.Errorf("they differ:\n%s\n%s", one.Text, d.Text)
		}
	}
	seen := map[cas.Digest]bool{Key(Of(s.lock()), base): true}
	for _, of := range [][]snapshot.Artefact{s.all[1:], s.all[:3], nil} {
		key := Key(of, base)
		if seen[key] {
			t.Error("other packages have the same key")
		}
		seen[key] = true
	}
	if seen[Key(Of(s.lock()), "http://127.0.0.1:1/")] {
		t.Error("another address has the same key")
	}
}

// What no registry could have under a name is not served, and hides nothing that is.
func TestNamesThatNoRegistryHasAreLeftOut(t *testing.T) {
	s := newShelf(t)
	s.put("left", "1.0.0", `{"name":"left","version":"1.0.0"}`, nil)
	good := s.all[0]
	for _, bad := range [][2]string{{"left/1.0.0", "1.0.0"}, {"..", "1.0.0"}, {"a/b/c", "1.0.0"}, {"@/x", "1.0.0"}, {"@s/", "1.0.0"}, {"left", "../x"}, {"left", "latest"}, {"le%66t", "1.0.0"}, {"l?", "1.0.0"}} {
		a := good
		a.Name, a.Version = bad[0], bad[1]
		s.all = append(s.all, a)
	}
	of := Of(s.lock())
	if len(of) != 1 || of[0].Name != "left" || of[0].Version != "1.0.0" {
		t.Errorf("%v", of)
	}
	s.write()
}

func TestATarballThatIsDamagedOrGoneIsSaid(t *testing.T) {
	s := full(t)
	if err := s.store.Remove(t.Context(), s.all[0].SHA256); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(t.Context(), s.store, Of(s.lock()), base); err == nil || !strings.Contains(err.Error(), "left@1.0.0: ") {
		t.Error(err)
	}
}

// Whatever is asked, an answer names what the catalogue lists, and a catalogue is read as it was
// written.
func FuzzAnswer(f *testing.F) {
	for _, target := range []string{"/left", "/@s%2fright", "/left/-/left-1.0.0.tgz", "/..%2f", "http://h/left", "/%zz", "/-/v1/search?text=x", "/-/package/left/dist-tags", "//"} {
		f.Add("GET", target, "*/*")
	}
	d := full(f).write()
	f.Fuzz(func(t *testing.T, method, target, accept string) {
		a := d.Catalogue.Answer(catalogue.Request{Method: method, Target: target, Accept: accept})
		if a.Status == 0 || a.Type == "" || (a.Entry == nil) == (a.Text == "") || a.Entry != nil && (a.Status != 200 || method != "GET" && method != "HEAD") {
			t.Errorf("%q %q: %+v", method, target, a)
		}
		if a.Entry == nil && !json.Valid([]byte(a.Text)) {
			t.Errorf("%q: %s", target, a.Text)
		}
	})
}

func FuzzCatalogue(f *testing.F) {
	f.Add(string(full(f).write().Catalogue.Format()))
	f.Add("nbuild-replica 1\nfull 0 1 \"/a\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := catalogue.Parse(text)
		if err != nil {
			return
		}
		again, err := catalogue.Parse(string(c.Format()))
		if err != nil || !cmp.Equal(again.Entries, c.Entries) {
			t.Errorf("%v: %q", err, text)
		}
	})
}

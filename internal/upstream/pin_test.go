package upstream_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// fake is a registry of packages that are made up.
type fake struct {
	*httptest.Server
	mu       sync.Mutex
	tarballs map[string][]byte // by path
	asked    map[string]int
	docs     map[string]string // package documents, by path, in place of the usual one
	broken   bool              // answers 500
}

func newFake(t *testing.T) *fake {
	t.Helper()
	f := &fake{tarballs: map[string][]byte{}, asked: map[string]int{}}
	f.Server = httptest.NewServer(http.HandlerFunc(f.serve))
	t.Cleanup(f.Close)
	return f
}

func (f *fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked[r.URL.Path]++
	if f.broken {
		w.WriteHeader(500)
		return
	}
	if b, ok := f.tarballs[r.URL.Path]; ok {
		w.Write(b)
		return
	}
	if doc, ok := f.docs[r.URL.Path]; ok {
		io.WriteString(w, doc)
		return
	}
	if strings.HasSuffix(r.URL.Path, ".tgz") {
		w.WriteHeader(404)
		return
	}
	fmt.Fprintf(w, `{"name":%q,"maintainers":["m"],"time":{"1.0.0":"2026-01-02T03:04:05.000Z","2.0.0":"2026-11-20T00:00:00.000Z"},"versions":{"1.0.0":{"maintainers":[{"name":"m"},{"name":"ann"}],"dist":{"attestations":{"provenance":{"predicateType":"https://slsa.dev/provenance/v1"}}}},"2.0.0":{"deprecated":"d","maintainers":[{"name":"eve"}]}}}`, r.URL.Path[1:])
}

// publish makes a package whose tarball holds files beside its package.json.
func (f *fake) publish(t *testing.T, name, version string, files ...string) upstream.Package {
	t.Helper()
	return f.put(name, version, tgz(t, fmt.Sprintf(`{"name":%q,"version":%q}`, name, version), files...))
}

func (f *fake) put(name, version string, b []byte) upstream.Package {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.tarballs[path(name, version)] = b
	sum := sha512.Sum512(b)
	return upstream.Package{
		Name: name, Version: version, Integrity: "sha512-" + base64.StdEncoding.EncodeToString(sum[:]),
		Pos: diag.Pos{File: "package-lock.json", Line: 7},
	}
}

func path(name, version string) string {
	return "/" + name + "/-/" + name[strings.LastIndexByte(name, '/')+1:] + "-" + version + ".tgz"
}

func tgz(t *testing.T, manifest string, files ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	w := tar.NewWriter(zw)
	add := func(name, body string) {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	add("package/package.json", manifest)
	for _, name := range files {
		add("package/"+name, "of "+name)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (f *fake) total() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, k := range f.asked {
		n += k
	}
	return n
}

func (f *fake) client(t *testing.T, lines ...string) *registry.Client {
	t.Helper()
	dir := t.TempDir()
	text := strings.Join(append(lines, "registry="+f.URL), "\n")
	if err := os.WriteFile(filepath.Join(dir, ".npmrc"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	config, err := registry.LoadConfig(t.Context(), registry.Sources{Project: dir})
	if err != nil {
		t.Fatal(err)
	}
	c, err := registry.NewClient(config, registry.Options{Retry: retry.Policy{Sleep: func(context.Context, time.Duration) error { return nil }}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func open(t *testing.T) *cas.Store {
	t.Helper()
	s, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func codes(err error) []diag.Code {
	var out []diag.Code
	for _, p := range diag.All(err) {
		out = append(out, p.Code)
	}
	return out
}

func TestPinMakesArtefactsThatVendorBrings(t *testing.T) {
	f := newFake(t)
	scoped := newFake(t)
	packages := []upstream.Package{f.publish(t, "b", "2.0.0", "x.js"), f.publish(t, "b", "1.0.0"), scoped.publish(t, "@acme/a", "1.0.0"), f.publish(t, "b", "1.0.0")}
	store := open(t)
	client := f.client(t, "@acme:registry="+scoped.URL)
	var events []event.Event
	var mu sync.Mutex
	sink := event.Func(func(e event.Event) { mu.Lock(); events = append(events, e); mu.Unlock() })
	artefacts, err := upstream.PinNPM(t.Context(), packages, upstream.PinOptions{Store: store, Client: client, Events: sink})
	if err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, a := range artefacts {
		ids = append(ids, a.ID()+" "+a.Facts["published"]+" "+a.Facts["registry"])
	}
	want := []string{"npm @acme/a@1.0.0 2026-01-02T03:04:05Z @acme", "npm b@1.0.0 2026-01-02T03:04:05Z ", "npm b@2.0.0 2026-11-20T00:00:00Z "}
	if diff := cmp.Diff(want, ids); diff != "" {
		t.Error(diff)
	}
	if len(events) != 4 || events[3].Done != 3 || events[3].Total != 3 {
		t.Errorf("events %v", events)
	}
	if n := f.asked["/b"]; n != 1 {
		t.Errorf("the registry was asked %d times about b", n)
	}
	signals := []snapshot.Signals{artefacts[1].Signals(), artefacts[2].Signals()}
	wantSignals := []snapshot.Signals{
		{Provenance: "https://slsa.dev/provenance/v1", Maintainers: []string{"ann", "m"}},
		{Provenance: snapshot.NoProvenance, Maintainers: []string{"eve"}, Deprecated: true},
	}
	if diff := cmp.Diff(wantSignals, signals); diff != "" {
		t.Error(diff)
	}

	lock, err := snapshot.New(artefacts)
	if err != nil {
		t.Fatal(err)
	}
	if err := upstream.Check(lock, packages, "nbuild.lock"); err != nil {
		t.Error(err)
	}
	elsewhere := open(t)
	o := upstream.BringOptions{Store: elsewhere, Client: client}
	if err := upstream.Bring(t.Context(), lock, o); err != nil {
		t.Fatal(err)
	}
	before := f.total()
	o.Offline, o.Client = true, nil
	if err := upstream.Bring(t.Context(), lock, o); err != nil || f.total() != before {
		t.Errorf("a second run: %v, %d requests", err, f.total()-before)
	}
	for _, a := range artefacts {
		index, _ := a.Index()
		for _, d := range []cas.Digest{a.SHA256, index} {
			if _, err := elsewhere.Read(t.Context(), d, bounds.Tarball); err != nil {
				t.Errorf("%s: %v", a.ID(), err)
			}
		}
	}
}

func TestPinGoesOnWhereItStopped(t *testing.T) {
	f := newFake(t)
	a, b := f.publish(t, "a", "1.0.0"), f.publish(t, "b", "1.0.0")
	o := upstream.PinOptions{Store: open(t), Client: f.client(t)}
	first, err := upstream.PinNPM(t.Context(), []upstream.Package{a}, o)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := upstream.PinNPM(t.Context(), []upstream.Package{a, b}, o); err != nil {
		t.Fatal(err)
	}
	if n := f.asked[path("a", "1.0.0")]; n != 1 {
		t.Errorf("a was fetched %d times", n)
	}
	lock, err := snapshot.New(first)
	if err != nil {
		t.Fatal(err)
	}
	f.broken = true
	again, err := upstream.PinNPM(t.Context(), []upstream.Package{a}, upstream.PinOptions{Store: open(t), Client: f.client(t), Previous: lock})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
	o.Previous, o.Update = lock, []string{"a"}
	if _, err := upstream.PinNPM(t.Context(), []upstream.Package{a}, o); err == nil {
		t.Error("--update did not ask the registry")
	}
}

func TestPinKeepsNothingOfATarballThatLies(t *testing.T) {
	f := newFake(t)
	a := f.publish(t, "a", "1.0.0")
	f.tarballs[path("a", "1.0.0")] = tgz(t, `{"name":"a","version":"1.0.0"}`, "evil.js")
	dir := t.TempDir()
	store, err := cas.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	_, err = upstream.PinNPM(t.Context(), []upstream.Package{a}, upstream.PinOptions{Store: store, Client: f.client(t)})
	if diff := cmp.Diff([]diag.Code{registry.CodeLying}, codes(err)); diff != "" {
		t.Fatal(diff)
	}
	if p := diag.All(err)[0]; p.Pos.Line != 7 || !strings.Contains(p.What, "a@1.0.0") {
		t.Errorf("the problem is not at its line or names no package: %v", p)
	}
	requireEmpty(t, dir)
}

// requireEmpty fails where a store has a blob, finished or not.
func requireEmpty(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if info, _ := d.Info(); info.Size() > 50 {
				t.Errorf("%s was kept", p)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestPinReportsAllProblemsInOrder(t *testing.T) {
	f := newFake(t)
	missing := upstream.Package{Name: "d", Version: "1.0.0", Integrity: f.publish(t, "x", "1.0.0").Integrity}
	confused := f.put("c", "1.0.0", tgz(t, `{"name":"other","version":"1.0.0"}`))
	hostile := f.publish(t, "b", "1.0.0", "../../x")
	weak := upstream.Package{Name: "a", Version: "1.0.0", Integrity: "sha512-cut"}
	malformed := f.put("e", "1.0.0", []byte("no tarball"))
	_, err := upstream.PinNPM(t.Context(), []upstream.Package{missing, malformed, confused, hostile, weak}, upstream.PinOptions{Store: open(t), Client: f.client(t)})
	want := []diag.Code{registry.CodeIntegrity, "NB1141", upstream.CodeOtherPackage, registry.CodeNotFound, "NB1142"}
	if diff := cmp.Diff(want, codes(err)); diff != "" {
		t.Error(diff)
	}
}

func TestCooldown(t *testing.T) {
	f := newFake(t)
	old, young, dateless := f.publish(t, "a", "1.0.0"), f.publish(t, "a", "2.0.0"), f.publish(t, "a", "3.0.0")
	now := time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tests := []struct {
		name     string
		packages []upstream.Package
		cooldown time.Duration
		want     []diag.Code
	}{
		{"old enough", []upstream.Package{old}, 72 * time.Hour, nil},
		{"too young", []upstream.Package{old, young}, 72 * time.Hour, []diag.Code{upstream.CodeCooldown}},
		{"just old enough", []upstream.Package{young}, 48 * time.Hour, nil},
		{"no date", []upstream.Package{dateless}, time.Hour, []diag.Code{upstream.CodeNoTime}},
		{"no cooldown", []upstream.Package{young, dateless}, 0, nil},
	}
	store := open(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := upstream.PinNPM(t.Context(), tt.packages, upstream.PinOptions{Store: store, Client: f.client(t), Cooldown: tt.cooldown, Now: now})
			if diff := cmp.Diff(tt.want, codes(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCheckTellsEveryDifference(t *testing.T) {
	f := newFake(t)
	a, b, c := f.publish(t, "a", "1.0.0"), f.publish(t, "b", "1.0.0"), f.publish(t, "c", "1.0.0")
	artefacts, err := upstream.PinNPM(t.Context(), []upstream.Package{a, b}, upstream.PinOptions{Store: open(t), Client: f.client(t)})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.New(artefacts)
	if err != nil {
		t.Fatal(err)
	}
	a.Integrity = c.Integrity
	err = upstream.Check(lock, []upstream.Package{a, c}, "nbuild.lock")
	if diff := cmp.Diff([]diag.Code{upstream.CodeIntegrity, upstream.CodeUnpinned, upstream.CodeExtra}, codes(err)); diff != "" {
		t.Error(diff)
	}
}

func TestOneVersionHasOneIntegrity(t *testing.T) {
	f := newFake(t)
	a, b := f.publish(t, "a", "1.0.0"), f.publish(t, "b", "1.0.0")
	b.Name = "a"
	_, err := upstream.PinNPM(t.Context(), []upstream.Package{a, b}, upstream.PinOptions{Store: open(t), Client: f.client(t)})
	if diff := cmp.Diff([]diag.Code{upstream.CodeIntegrity}, codes(err)); diff != "" {
		t.Error(diff)
	}
}

func TestVendorRefuses(t *testing.T) {
	f := newFake(t)
	a, b := f.publish(t, "a", "1.0.0"), f.publish(t, "b", "1.0.0", "b.js")
	artefacts, err := upstream.PinNPM(t.Context(), []upstream.Package{a, b}, upstream.PinOptions{Store: open(t), Client: f.client(t)})
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		change func(*snapshot.Artefact)
		o      upstream.BringOptions
		want   diag.Code
	}{
		{"offline", func(*snapshot.Artefact) {}, upstream.BringOptions{Offline: true}, upstream.CodeOffline},
		{"another SHA-256", func(x *snapshot.Artefact) { x.SHA256[0]++ }, upstream.BringOptions{}, upstream.CodeOther},
		{"another size", func(x *snapshot.Artefact) { x.Size++ }, upstream.BringOptions{}, upstream.CodeOther},
		{"another integrity", func(x *snapshot.Artefact) { x.Integrity = b.Integrity }, upstream.BringOptions{}, registry.CodeLying},
		{"another index", func(x *snapshot.Artefact) { x.Facts["index"] = artefacts[1].Facts["index"] }, upstream.BringOptions{}, upstream.CodeIndex},
		{"a kind that nothing brings", func(x *snapshot.Artefact) { x.Kind, x.Facts = snapshot.KindPatch, nil }, upstream.BringOptions{}, upstream.CodeNoFetcher},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			changed := artefacts[0]
			changed.Facts = map[string]string{}
			for k, v := range artefacts[0].Facts {
				changed.Facts[k] = v
			}
			tt.change(&changed)
			lock, err := snapshot.New([]snapshot.Artefact{changed})
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			store, err := cas.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			o := tt.o
			o.Store, o.Client = store, f.client(t)
			err = upstream.Bring(t.Context(), lock, o)
			if diff := cmp.Diff([]diag.Code{tt.want}, codes(err)); diff != "" {
				t.Error(diff)
			}
			if tt.want != upstream.CodeIndex { // whose tarball is the right one
				requireEmpty(t, dir)
			}
		})
	}
}

func TestVendorMendsADamagedStore(t *testing.T) {
	f := newFake(t)
	store := open(t)
	artefacts, err := upstream.PinNPM(t.Context(), []upstream.Package{f.publish(t, "a", "1.0.0")}, upstream.PinOptions{Store: store, Client: f.client(t)})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.New(artefacts)
	if err != nil {
		t.Fatal(err)
	}
	// What a kill between blob and index leaves: the blob alone.
	elsewhere := open(t)
	b, err := store.Read(t.Context(), artefacts[0].SHA256, bounds.Tarball)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := elsewhere.PutBytes(t.Context(), b); err != nil {
		t.Fatal(err)
	}
	f.broken = true
	if err := upstream.Bring(t.Context(), lock, upstream.BringOptions{Store: elsewhere, Client: f.client(t)}); err != nil {
		t.Errorf("the index was not made from the blob: %v", err)
	}
}

package pin_test

import (
	"bytes"
	"context"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

func codes(err error) []diag.Code {
	var all []diag.Code
	for _, p := range diag.All(err) {
		all = append(all, p.Code)
	}
	return all
}

func wantCode(t *testing.T, err error, want ...diag.Code) {
	t.Helper()
	if diff := cmp.Diff(want, codes(err)); diff != "" {
		t.Errorf("%v\n%s", err, diff)
	}
}

func pinAll(t *testing.T, w *rehearsal.World, o pin.Options) *pin.Pinned {
	t.Helper()
	p, err := pin.Run(t.Context(), w.Host, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// withFile is a world whose project also fetches a file, from npm's registry.
func withFile(t *testing.T) *rehearsal.World {
	t.Helper()
	w := rehearsal.New(t)
	w.PublishTarball(rehearsal.Package{Name: "geo", Version: "1"}, []byte("where things are"))
	w.Write("build.hcl", w.BuildFile("fetch \"geo\" {\n  url = \"http://"+w.NPM.Address+"/geo/-/geo-1.tgz\"\n}\n"))
	return w
}

func TestPinThenVendorElsewhere(t *testing.T) {
	w := withFile(t)
	first := pinAll(t, w, pin.Options{})
	want := []string{"base plain (linux/amd64)", "base plain (linux/arm64)", "fetch geo", "npm left@1.0.0", "npm right@2.0.0", "npm tester@3.0.0"}
	if diff := cmp.Diff(want, first.Added); diff != "" {
		t.Error(diff)
	}
	text := w.Read("nbuild.lock")
	if strings.Contains(text, "127.0.0.1") {
		t.Errorf("an address stands in nbuild.lock:\n%s", text)
	}
	w.NPM.Asked()
	w.OCI.Asked()
	again := pinAll(t, w, pin.Options{})
	if len(again.Added)+len(again.Removed)+len(again.Changed) > 0 || again.Digest != first.Digest || w.Read("nbuild.lock") != text {
		t.Errorf("a second pin changed %+v", again)
	}
	if asked := append(w.NPM.Asked(), w.OCI.Asked()...); len(asked) > 0 {
		t.Errorf("a second pin asked for %v", asked)
	}
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{Check: true}); err != nil {
		t.Error(err)
	}

	w.ForgetStore()
	v, err := pin.Vendor(t.Context(), w.Host)
	if err != nil || v.Artefacts != len(want) || v.Digest != first.Digest {
		t.Fatalf("%+v, %v", v, err)
	}
	w.Host.Offline = true
	if _, err := pin.Vendor(t.Context(), w.Host); err != nil {
		t.Errorf("what was brought is not there: %v", err)
	}
}

func TestPinOfTwoStoresIsOneLock(t *testing.T) {
	w := withFile(t)
	first := pinAll(t, w, pin.Options{})
	if err := os.Remove(w.Path("nbuild.lock")); err != nil {
		t.Fatal(err)
	}
	w.ForgetStore()
	if again := pinAll(t, w, pin.Options{}); again.Digest != first.Digest {
		t.Errorf("%s, then %s", first.Digest, again.Digest)
	}
}

func TestPinTakesWhatTheProjectLost(t *testing.T) {
	w := withFile(t)
	pinAll(t, w, pin.Options{})
	w.Write("build.hcl", w.BuildFile(""))
	w.Lockfile(w.Publish(rehearsal.Package{Name: "left", Version: "1.1.0"}))
	_, err := pin.Run(t.Context(), w.Host, pin.Options{Check: true})
	if diag.Exit(err) != 11 {
		t.Errorf("--check: %v", err)
	}
	got := pinAll(t, w, pin.Options{})
	if diff := cmp.Diff([]string{"npm left@1.1.0"}, got.Added); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"fetch geo", "npm left@1.0.0", "npm right@2.0.0", "npm tester@3.0.0"}, got.Removed); diff != "" {
		t.Error(diff)
	}
}

func TestUpdateOfABaseFollowsItsTag(t *testing.T) {
	w := rehearsal.New(t)
	pinAll(t, w, pin.Options{})
	w.PushBase("next")
	if got := pinAll(t, w, pin.Options{}); len(got.Changed) > 0 {
		t.Errorf("a moved tag changed the pin: %v", got.Changed)
	}
	got := pinAll(t, w, pin.Options{Update: []string{"plain"}})
	if diff := cmp.Diff([]string{"base plain (linux/amd64)", "base plain (linux/arm64)"}, got.Changed); diff != "" {
		t.Error(diff)
	}
}

// TestBadRegistriesLeaveNothing has npm's registry misbehave in each way, at pin
// and at vendor.
func TestBadRegistriesLeaveNothing(t *testing.T) {
	answers := []struct {
		name string
		say  func(w http.ResponseWriter, good []byte)
		want diag.Code
	}{
		{"lying", func(w http.ResponseWriter, _ []byte) { _, _ = w.Write([]byte("evil")) }, registry.CodeLying},
		{"truncated", func(w http.ResponseWriter, good []byte) { _, _ = w.Write(good[:20]) }, registry.CodeLying},
		{"longer", func(w http.ResponseWriter, good []byte) { _, _ = w.Write(append(bytes.Clone(good), 'x')) }, registry.CodeLying},
		{"refusing", func(w http.ResponseWriter, _ []byte) { w.WriteHeader(403) }, registry.CodeDenied},
		{"empty", func(http.ResponseWriter, []byte) {}, registry.CodeLying},
	}
	for _, a := range answers {
		for _, operation := range []string{"pin", "vendor"} {
			t.Run(operation+" from one that is "+a.name, func(t *testing.T) {
				w := rehearsal.New(t)
				if operation == "vendor" {
					pinAll(t, w, pin.Options{})
					w.ForgetStore()
				}
				w.NPM.Change(func(rw http.ResponseWriter, r *http.Request, inside http.Handler) {
					if r.URL.Path != "/left/-/left-1.0.0.tgz" {
						inside.ServeHTTP(rw, r)
						return
					}
					good := &recorded{}
					inside.ServeHTTP(good, r)
					a.say(rw, good.Bytes())
				})
				err := operate(t.Context(), w, operation)
				wantCode(t, err, a.want)
				if p := diag.All(err); len(p) > 0 && !strings.Contains(p[0].What, "left@1.0.0") {
					t.Errorf("the package is not named: %s", p[0].What)
				}
				if operation == "pin" {
					if _, err := os.Stat(w.Path("nbuild.lock")); err == nil {
						t.Error("nbuild.lock was written")
					}
				}
				w.NPM.Change(nil)
				if err := operate(t.Context(), w, operation); err != nil {
					t.Errorf("the next try: %v", err)
				}
			})
		}
	}
}

func operate(ctx context.Context, w *rehearsal.World, operation string) error {
	if operation == "vendor" {
		_, err := pin.Vendor(ctx, w.Host)
		return err
	}
	_, err := pin.Run(ctx, w.Host, pin.Options{})
	return err
}

// recorded keeps what a handler answers.
type recorded struct {
	bytes.Buffer
	header http.Header
}

func (r *recorded) Header() http.Header {
	if r.header == nil {
		r.header = http.Header{}
	}
	return r.header
}

func (r *recorded) WriteHeader(int) {}

func TestAHangingRegistryIsLeftWhenThePersonGivesUp(t *testing.T) {
	for _, operation := range []string{"pin", "vendor"} {
		t.Run(operation, func(t *testing.T) {
			w := rehearsal.New(t)
			if operation == "vendor" {
				pinAll(t, w, pin.Options{})
				w.ForgetStore()
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			w.NPM.Change(func(rw http.ResponseWriter, r *http.Request, _ http.Handler) {
				rw.Header().Set("Content-Length", "1000")
				_, _ = rw.Write([]byte("half"))
				rw.(http.Flusher).Flush()
				cancel()
				<-r.Context().Done()
			})
			if err := operate(ctx, w, operation); err == nil {
				t.Error("it went through")
			}
			if n := blobs(t, w); operation == "vendor" && n > 0 {
				t.Errorf("%d blobs were kept of nothing whole", n)
			}
		})
	}
}

func blobs(t *testing.T, w *rehearsal.World) int {
	t.Helper()
	n := 0
	err := filepath.WalkDir(filepath.Join(w.Host.StoreDir, "blobs"), func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestABadBaseRegistryIsTold(t *testing.T) {
	tests := []struct {
		name string
		say  http.HandlerFunc
		want diag.Code
	}{
		{"another manifest", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
			_, _ = w.Write([]byte(`{"schemaVersion":2,"manifests":[]}`))
		}, oci.CodeMismatch},
		{"none", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, oci.CodeMissing},
		{"no right", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(403) }, oci.CodeDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := rehearsal.New(t)
			pinAll(t, w, pin.Options{})
			w.ForgetStore()
			w.OCI.Change(func(rw http.ResponseWriter, r *http.Request, inside http.Handler) {
				if strings.Contains(r.URL.Path, "/manifests/") {
					tt.say(rw, r)
					return
				}
				inside.ServeHTTP(rw, r)
			})
			_, err := pin.Vendor(t.Context(), w.Host)
			for _, c := range codes(err) {
				if c != tt.want {
					t.Errorf("%v", err)
				}
			}
			if len(codes(err)) == 0 {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestVendorWithoutTheNetworkNamesABase(t *testing.T) {
	w := rehearsal.New(t)
	pinAll(t, w, pin.Options{})
	lock, err := snapshot.Parse([]byte(w.Read("nbuild.lock")), "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	base, _ := lock.Find(snapshot.KindBase, "plain", "", "linux/amd64")
	if err := w.Store().Remove(t.Context(), base.SHA256); err != nil {
		t.Fatal(err)
	}
	w.Host.Offline = true
	_, err = pin.Vendor(t.Context(), w.Host)
	wantCode(t, err, upstream.CodeOffline)
	w.Host.Offline = false
	if _, err := pin.Vendor(t.Context(), w.Host); err != nil {
		t.Error(err)
	}
}

func TestPinRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(w *rehearsal.World)
		want   []diag.Code
	}{
		{"without the network", func(w *rehearsal.World) { w.Host.Offline = true }, []diag.Code{pin.CodeOffline}},
		{"an integrity that is none", func(w *rehearsal.World) {
			w.Lockfile(rehearsal.Package{Name: "left", Version: "1.0.0", Integrity: "sha512-cut"})
		}, []diag.Code{npm.CodeNoIntegrity}},
		{"a tarball that leaves its root", func(w *rehearsal.World) {
			w.Lockfile(w.Publish(rehearsal.Package{Name: "left", Version: "1.0.0", Files: map[string]string{"../../x": "1"}}))
		}, []diag.Code{"NB1141"}},
		{"no lockfile", func(w *rehearsal.World) {
			if err := os.Remove(w.Path("package-lock.json")); err != nil {
				w.T.Fatal(err)
			}
		}, []diag.Code{project.CodeNoLockfile}},
		{"a version inside the cooldown", func(w *rehearsal.World) {
			w.Write("build.hcl", w.BuildFile("snapshot {\n  cooldown = \"72h\"\n}\n"))
			w.Host.Now = func() time.Time { return time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC) }
		}, []diag.Code{upstream.CodeCooldown, upstream.CodeCooldown, upstream.CodeCooldown}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := rehearsal.New(t)
			tt.change(w)
			_, err := pin.Run(t.Context(), w.Host, pin.Options{})
			wantCode(t, err, tt.want...)
			if _, err := os.Stat(w.Path("nbuild.lock")); err == nil {
				t.Error("nbuild.lock was written")
			}
		})
	}
}

func TestAFetchedFileThatChangedIsNotTaken(t *testing.T) {
	w := withFile(t)
	pinAll(t, w, pin.Options{})
	w.ForgetStore()
	w.PublishTarball(rehearsal.Package{Name: "geo", Version: "1"}, []byte("somewhere else  "))
	_, err := pin.Vendor(t.Context(), w.Host)
	wantCode(t, err, upstream.CodeOther)
	if _, ok := w.Store().Stat(cas.Sum([]byte("somewhere else  "))); ok {
		t.Error("it was kept")
	}
}

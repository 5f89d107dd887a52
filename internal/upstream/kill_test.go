package upstream_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// TestKilledRunsGoOn kills -9 a pin and a vendor in the middle of a tarball, runs
// the same again in the same store, and compares with a run that nobody killed.
func TestKilledRunsGoOn(t *testing.T) {
	f := newFake(t)
	packages := []upstream.Package{f.publish(t, "a", "1.0.0"), f.publish(t, "b", "1.0.0"), f.publish(t, "c", "1.0.0")}
	whole, err := upstream.PinNPM(t.Context(), packages, upstream.PinOptions{Store: open(t), Client: f.client(t)})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.New(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, operation := range []string{"pin", "vendor"} {
		t.Run(operation, func(t *testing.T) {
			dir := t.TempDir()
			half := make(chan struct{})
			hanging := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != path("b", "1.0.0") {
					f.serve(w, r)
					return
				}
				w.Write(f.tarballs[r.URL.Path][:40])
				w.(http.Flusher).Flush()
				close(half)
				<-r.Context().Done()
			}))
			defer hanging.Close()
			lockFile := filepath.Join(t.TempDir(), "nbuild.lock")
			if err := os.WriteFile(lockFile, lock.Format(), 0o600); err != nil {
				t.Fatal(err)
			}
			child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
			child.Env = append(os.Environ(), "PIN_CHILD="+operation, "PIN_STORE="+dir, "PIN_LOCK="+lockFile, "npm_config_registry="+hanging.URL)
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			<-half
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			_ = child.Wait() // it was killed

			store, err := cas.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := store.Stat(whole[0].SHA256); !ok {
				t.Fatal("what came before the kill is lost")
			}
			if _, ok := store.Stat(whole[1].SHA256); ok {
				t.Fatal("half a tarball is in the store")
			}
			before := f.asked[path("a", "1.0.0")]
			if operation == "vendor" {
				err = upstream.Bring(t.Context(), lock, upstream.BringOptions{Store: store, Client: f.client(t)})
			} else {
				var again []snapshot.Artefact
				again, err = upstream.PinNPM(t.Context(), packages, upstream.PinOptions{Store: store, Client: f.client(t)})
				if diff := cmp.Diff(whole, again); diff != "" {
					t.Error(diff)
				}
			}
			if err != nil {
				t.Fatal(err)
			}
			if f.asked[path("a", "1.0.0")] != before {
				t.Error("what was there was fetched again")
			}
			if err := upstream.Bring(t.Context(), lock, upstream.BringOptions{Store: store, Offline: true}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestChild is the process that TestKilledRunsGoOn kills.
func TestChild(t *testing.T) {
	operation := os.Getenv("PIN_CHILD")
	if operation == "" {
		t.Skip("runs only as a child of TestKilledRunsGoOn")
	}
	ctx := context.Background()
	src, err := os.ReadFile(os.Getenv("PIN_LOCK"))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.Parse(src, "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	store, err := cas.Open(os.Getenv("PIN_STORE"))
	if err != nil {
		t.Fatal(err)
	}
	config, err := registry.LoadConfig(ctx, registry.Sources{Env: os.Environ()})
	if err != nil {
		t.Fatal(err)
	}
	client, err := registry.NewClient(config, registry.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if operation == "vendor" {
		t.Fatal(upstream.Bring(ctx, lock, upstream.BringOptions{Store: store, Client: client, Workers: 1}))
	}
	var packages []upstream.Package
	for a := range lock.All() {
		packages = append(packages, upstream.Package{Name: a.Name, Version: a.Version, Integrity: a.Integrity})
	}
	_, err = upstream.PinNPM(ctx, packages, upstream.PinOptions{Store: store, Client: client, Workers: 1})
	t.Fatal(err)
}

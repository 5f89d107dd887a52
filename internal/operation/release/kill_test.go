package release_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/operation/release"
	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/operation/verify"
	"github.com/nbuild/nbuild/internal/rehearsal"
)

// errand is what a child process is to do.
type errand struct {
	Operation, Dir, StoreDir, To, Key string
	Environ                           []string
	Trust                             trust.Options
}

// host is the child's, equal to the World's.
func (e errand) host() machine.Host {
	return machine.Host{
		Dir: e.Dir, File: "build.hcl", StoreDir: e.StoreDir, Environ: e.Environ, Events: event.Discard, Version: "0.0.0",
		Now: func() time.Time { return rehearsal.Now },
	}
}

// digest runs the errand in this process.
func (e errand) digest(t *testing.T) (string, error) {
	if e.Operation == "build" {
		r, err := build.Run(t.Context(), e.host(), build.Options{To: e.To})
		if err != nil {
			return "", err
		}
		return r.Images[0].Digest, nil
	}
	r, err := release.Run(t.Context(), e.host(), release.Options{
		To: e.To, Key: e.Key, Trust: e.Trust, Environment: "production", Password: rehearsal.NoPassword,
	})
	if err != nil {
		return "", err
	}
	return r.Images[0].Digest, nil
}

// TestChild is the process that TestKilledRunsAreFinishedByTheNext kills.
func TestChild(t *testing.T) {
	text := os.Getenv("RELEASE_ERRAND")
	if text == "" {
		t.Skip("runs only as a child")
	}
	var e errand
	if err := json.Unmarshal([]byte(text), &e); err != nil {
		t.Fatal(err)
	}
	if _, err := e.digest(t); err != nil {
		t.Fatal(err)
	}
}

// TestKilledRunsAreFinishedByTheNext kills -9 a build and a release that begin with
// an empty store, after a number of requests of theirs, and runs the same again.
func TestKilledRunsAreFinishedByTheNext(t *testing.T) {
	first := pinnedWorld(t)
	key := first.Key("ci")
	for _, operation := range []string{"build", "release"} {
		want, requests := "", 0
		run := func(t *testing.T, place string, after int) {
			w := pinnedWorld(t)
			e := errand{Operation: operation, Dir: w.Host.Dir, Environ: w.Host.Environ, Key: key, Trust: w.Trust(key)}
			w.ForgetStore()
			e.StoreDir = w.Host.StoreDir
			if place == "layout" {
				e.To = "oci:out"
			}
			if after > 0 {
				kill(t, w, e, after)
			}
			w.NPM.Asked()
			w.OCI.Asked()
			got, err := e.digest(t)
			if err != nil {
				t.Fatal(err)
			}
			if requests == 0 {
				want, requests = got, len(w.NPM.Asked())+len(w.OCI.Asked())
			}
			if got != want {
				t.Errorf("%s, not %s", got, want)
			}
			if place == "registry" && w.Resolve("shop/app:stable") != want {
				t.Errorf("the tag points at %s", w.Resolve("shop/app:stable"))
			}
			if operation == "release" {
				requireAccepted(t, w, e)
			}
		}
		t.Run(operation+" whole", func(t *testing.T) { run(t, "registry", 0) })
		for _, part := range []int{2, 5, 7} {
			t.Run(fmt.Sprintf("%s killed after %d/8", operation, part), func(t *testing.T) { run(t, "registry", max(1, requests*part/8)) })
		}
		t.Run(operation+" to a layout", func(t *testing.T) { run(t, "layout", 4) })
	}
}

// kill starts the errand in a process of its own and kills it at its nth request.
func kill(t *testing.T, w *rehearsal.World, e errand, n int) {
	t.Helper()
	text, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
	child.Env = append(os.Environ(), "RELEASE_ERRAND="+string(text))
	var mu sync.Mutex
	seen := 0
	started := make(chan struct{})
	count := func(rw http.ResponseWriter, r *http.Request, inside http.Handler) {
		<-started
		mu.Lock()
		seen++
		late := seen >= n
		if seen == n {
			_ = child.Process.Kill()
		}
		mu.Unlock()
		if !late {
			inside.ServeHTTP(rw, r)
		}
	}
	w.NPM.Change(count)
	w.OCI.Change(count)
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("the child was not killed: %v after %d requests", err, seen)
	}
	w.NPM.Change(nil)
	w.OCI.Change(nil)
}

func pinnedWorld(t *testing.T) *rehearsal.World {
	t.Helper()
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	return w
}

// requireAccepted verifies what the errand released.
func requireAccepted(t *testing.T, w *rehearsal.World, e errand) {
	t.Helper()
	ref := w.OCI.Address + "/shop/app:stable"
	if e.To != "" {
		ref = e.To + ":stable"
	}
	v, err := verify.Run(t.Context(), w.Host, verify.Options{Reference: ref, Trust: e.Trust, Environment: "production"})
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Err(); err != nil {
		t.Error(err)
	}
}

func TestReleasesAtOnceShareOneLayout(t *testing.T) {
	w := pinnedWorld(t)
	key := w.Key("ci")
	out := t.TempDir()
	e := errand{Operation: "release", Dir: w.Host.Dir, StoreDir: w.Host.StoreDir, Environ: w.Host.Environ, Key: key, Trust: w.Trust(key), To: "oci:" + out + "/oci"}
	digests := make([]string, 4)
	errs := make([]error, len(digests))
	var wg sync.WaitGroup
	for i := range digests {
		wg.Go(func() { digests[i], errs[i] = e.digest(t) })
	}
	wg.Wait()
	for i := range digests {
		if errs[i] != nil || digests[i] != digests[0] {
			t.Errorf("%s, %v", digests[i], errs[i])
		}
	}
	requireAccepted(t, w, e)
}

func TestAReleaseWithNothingChangedSignsNothing(t *testing.T) {
	w := pinnedWorld(t)
	key := w.Key("ci")
	o := release.Options{Key: key, Trust: w.Trust(key), Environment: "production", Password: rehearsal.NoPassword}
	first, err := release.Run(t.Context(), w.Host, o)
	if err != nil {
		t.Fatal(err)
	}
	if first.Images[0].Signed != 3 || first.Images[0].Counter != 1 {
		t.Errorf("%+v", first.Images[0])
	}
	for _, name := range []string{"warm", "cold", "another day"} {
		switch name {
		case "cold":
			w.ForgetStore()
		case "another day":
			w.Host.Now = func() time.Time { return rehearsal.Now.AddDate(0, 0, 1) }
		}
		again, err := release.Run(t.Context(), w.Host, o)
		if err != nil {
			t.Fatal(err)
		}
		if i := again.Images[0]; i.Signed != 0 || i.Counter != 1 || i.Digest != first.Images[0].Digest {
			t.Errorf("%s: %+v", name, i)
		}
	}
	w.Write("server.js", "other\n")
	next, err := release.Run(t.Context(), w.Host, o)
	if err != nil {
		t.Fatal(err)
	}
	if i := next.Images[0]; i.Counter != 2 || i.Signed != 3 {
		t.Errorf("%+v", i)
	}
}

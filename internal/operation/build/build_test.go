package build_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
	"github.com/nbuild/nbuild/pipelines"
)

// pinned is a world whose project is pinned.
func pinned(t *testing.T) *rehearsal.World {
	t.Helper()
	w := rehearsal.New(t)
	repin(t, w)
	return w
}

func repin(t *testing.T, w *rehearsal.World) {
	t.Helper()
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
}

func run(t *testing.T, w *rehearsal.World, to string) string {
	t.Helper()
	r, err := build.Run(t.Context(), w.Host, build.Options{To: to})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Images) != 1 || !strings.HasSuffix(r.Images[0].Ref, "@"+r.Images[0].Digest) {
		t.Fatalf("%+v", r)
	}
	return r.Images[0].Digest
}

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
	for _, p := range diag.All(err) {
		if p.Remedy == "" {
			t.Errorf("%s has no remedy", p.Code)
		}
	}
}

func TestEveryPlaceGetsTheSameImage(t *testing.T) {
	w := pinned(t)
	digest := run(t, w, "oci:out")
	if got := run(t, w, ""); got != digest {
		t.Errorf("the registry got %s, the layout %s", got, digest)
	}
	if got := w.Resolve("shop/app:stable"); got != digest {
		t.Errorf("the tag points at %q", got)
	}
	index, err := layout.ImageIndexFromPath(w.Path("out"))
	if err != nil {
		t.Fatal(err)
	}
	// The base's layer is no tar, so its bytes are looked at and not its files.
	if err := validate.Index(index, validate.Fast); err != nil {
		t.Error(err)
	}
	_, err = build.Run(t.Context(), w.Host, build.Options{To: "docker-archive:shop.tar"})
	wantCode(t, err, build.CodeTarget)
	w.Write("build.hcl", strings.Replace(w.Read("build.hcl"), `"linux/amd64", "linux/arm64"`, `"linux/amd64"`, 1))
	repin(t, w)
	if _, err := build.Run(t.Context(), w.Host, build.Options{To: "docker-archive:shop.tar"}); err != nil {
		t.Error(err)
	}
}

// TestOneProjectGivesOneDigest builds one project in every way that must not
// matter.
func TestOneProjectGivesOneDigest(t *testing.T) {
	w := pinned(t)
	want := run(t, w, "oci:out")
	tests := []struct {
		name string
		set  func(t *testing.T)
	}{
		{"a warm store", func(*testing.T) {}},
		{"another folder", func(*testing.T) { w.Move() }},
		{"another umask", func(t *testing.T) {
			old := unix.Umask(0o077)
			t.Cleanup(func() { unix.Umask(old) })
			w.Move()
			w.ForgetStore()
		}},
		{"one processor", func(t *testing.T) {
			old := runtime.GOMAXPROCS(1)
			t.Cleanup(func() { runtime.GOMAXPROCS(old) })
			w.ForgetStore()
		}},
		{"many processors", func(t *testing.T) {
			old := runtime.GOMAXPROCS(8)
			t.Cleanup(func() { runtime.GOMAXPROCS(old) })
			w.ForgetStore()
		}},
		{"another user's environment", func(*testing.T) {
			w.Host.Environ = append(w.Host.Environ, "LANG=tr_TR.UTF-8", "USER=eve", "HOSTNAME=elsewhere")
			w.Host.Home = "/nonexistent"
			w.ForgetStore()
		}},
		{"another day", func(*testing.T) {
			w.Host.Now = func() time.Time { return rehearsal.Now.AddDate(1, 0, 0) }
			w.ForgetStore()
		}},
		{"offline", func(t *testing.T) {
			w.Host.Offline = true
			t.Cleanup(func() { w.Host.Offline = false })
		}},
		{"modes and times of files", func(t *testing.T) {
			old := time.Unix(1, 0)
			for _, name := range []string{"server.js", "package.json"} {
				if err := os.Chmod(w.Path(name), 0o600); err != nil {
					t.Fatal(err)
				}
				if err := os.Chtimes(w.Path(name), old, old); err != nil {
					t.Fatal(err)
				}
			}
		}},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			tt.set(t)
			if got := run(t, w, fmt.Sprintf("oci:%s/%d", t.TempDir(), i)); got != want {
				t.Errorf("%s, not %s", got, want)
			}
		})
	}
	t.Run("another time zone and locale", func(t *testing.T) { // of a whole process
		w.ForgetStore()
		out := t.TempDir() + "/out"
		child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$")
		child.Env = append(os.Environ(), "TZ=Pacific/Kiritimati", "LC_ALL=tr_TR.UTF-8",
			"BUILD_DIR="+w.Host.Dir, "BUILD_STORE="+w.Host.StoreDir, "BUILD_TO="+out, w.Host.Environ[0])
		if text, err := child.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, text)
		}
		if got, err := os.ReadFile(out + "/digest"); err != nil || string(got) != want {
			t.Errorf("%s, not %s, %v", got, want, err)
		}
	})
	t.Run("another world", func(t *testing.T) { // other ports, so other addresses
		if got := run(t, pinned(t), "oci:out"); got != want {
			t.Errorf("%s, not %s: an address is in the image", got, want)
		}
	})
	t.Run("another file", func(t *testing.T) {
		w.Write("server.js", "other\n")
		if got := run(t, w, "oci:out"); got == want {
			t.Error("what must matter does not")
		}
	})
}

// TestChild is the process that TestOneProjectGivesOneDigest starts.
func TestChild(t *testing.T) {
	if os.Getenv("BUILD_DIR") == "" {
		t.Skip("runs only as a child")
	}
	host := machine.Host{
		Dir: os.Getenv("BUILD_DIR"), File: "build.hcl", StoreDir: os.Getenv("BUILD_STORE"), Environ: os.Environ(),
		Events: event.Discard, Version: "0.0.0", Now: func() time.Time { return rehearsal.Now },
	}
	to := os.Getenv("BUILD_TO")
	r, err := build.Run(t.Context(), host, build.Options{To: "oci:" + to})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to+"/digest", []byte(r.Images[0].Digest), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestABuildReadsTheProjectAndTheStoreAlone(t *testing.T) {
	w := pinned(t)
	w.NPM.Asked()
	w.OCI.Asked()
	run(t, w, "oci:out")
	if asked := append(w.NPM.Asked(), w.OCI.Asked()...); len(asked) > 0 {
		t.Errorf("asked %v", asked)
	}
}

func TestBuildRefusesWhatTheLockDoesNotSay(t *testing.T) {
	tests := []struct {
		name   string
		change func(t *testing.T, w *rehearsal.World)
		want   []diag.Code
	}{
		{"no nbuild.lock", func(t *testing.T, w *rehearsal.World) {
			if err := os.Remove(w.Path("nbuild.lock")); err != nil {
				t.Fatal(err)
			}
		}, []diag.Code{pipelines.CodeUnpinned}},
		{"a package more in the lockfile", func(_ *testing.T, w *rehearsal.World) {
			w.Lockfile(w.Publish(rehearsal.Package{Name: "new", Version: "1.0.0"}))
		}, []diag.Code{upstream.CodeUnpinned, upstream.CodeExtra, upstream.CodeExtra, upstream.CodeExtra}},
		{"other bytes than the lockfile", func(t *testing.T, w *rehearsal.World) {
			other := w.Publish(rehearsal.Package{Name: "left", Version: "1.0.0", Files: map[string]string{"evil.js": "1"}})
			edit(t, w, func(a *snapshot.Artefact) {
				if a.Name == "left" {
					a.Integrity = other.Integrity
				}
			})
		}, []diag.Code{upstream.CodeIntegrity}},
		{"an unknown key", func(_ *testing.T, w *rehearsal.World) {
			w.Write("nbuild.lock", strings.Replace(w.Read("nbuild.lock"), " published=", " publisher=", 1))
		}, []diag.Code{snapshot.CodeLockSyntax}},
		{"a base for one platform only", func(t *testing.T, w *rehearsal.World) {
			drop(t, w, func(a snapshot.Artefact) bool {
				return a.Kind == snapshot.KindBase && a.Platform == "linux/arm64"
			})
		}, []diag.Code{"NB1187"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := pinned(t)
			tt.change(t, w)
			_, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:out"})
			wantCode(t, err, tt.want...)
			if _, err := os.Stat(w.Path("out")); err == nil {
				t.Error("something was written")
			}
		})
	}
}

// artefacts reads the world's nbuild.lock.
func artefacts(t *testing.T, w *rehearsal.World) []snapshot.Artefact {
	t.Helper()
	l, err := snapshot.Parse([]byte(w.Read("nbuild.lock")), "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(l.All())
}

func edit(t *testing.T, w *rehearsal.World, change func(*snapshot.Artefact)) {
	t.Helper()
	all := artefacts(t, w)
	for i := range all {
		change(&all[i])
	}
	l, err := snapshot.New(all)
	if err != nil {
		t.Fatal(err)
	}
	w.Write("nbuild.lock", string(l.Format()))
}

func drop(t *testing.T, w *rehearsal.World, which func(snapshot.Artefact) bool) {
	t.Helper()
	l, err := snapshot.New(slices.DeleteFunc(artefacts(t, w), which))
	if err != nil {
		t.Fatal(err)
	}
	w.Write("nbuild.lock", string(l.Format()))
}

func find(t *testing.T, w *rehearsal.World, kind snapshot.Kind, name string) snapshot.Artefact {
	t.Helper()
	for _, a := range artefacts(t, w) {
		if a.Kind == kind && a.Name == name {
			return a
		}
	}
	t.Fatalf("no %s %s is pinned", kind, name)
	return snapshot.Artefact{}
}

func TestWrongDigestsInTheLockBringNothing(t *testing.T) {
	w := pinned(t)
	edit(t, w, func(a *snapshot.Artefact) {
		if a.Name == "left" {
			a.SHA256[0]++
		}
	})
	_, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:out"})
	wantCode(t, err, upstream.CodeOther)
}

func TestVendorOfflineTellsAllThatIsMissing(t *testing.T) {
	w := pinned(t)
	w.ForgetStore()
	w.Host.Offline = true
	_, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:out"})
	ps := diag.All(err)
	if len(ps) == 0 || diag.Exit(err) != 11 {
		t.Fatal(err)
	}
	text, _ := json.Marshal(ps)
	for _, name := range []string{"left", "right", "tester"} {
		if !strings.Contains(string(text), name) {
			t.Errorf("%s is not reported: %s", name, text)
		}
	}
}

// TestADamagedBlobStopsABuildWithItsRemedy damages, one by one, everything that a
// cold and a warm build read, and follows the remedy.
func TestADamagedBlobStopsABuildWithItsRemedy(t *testing.T) {
	w := pinned(t)
	want := run(t, w, "oci:first")
	store := w.Store()
	var blobs []cas.Digest
	err := eachBlob(w.Host.StoreDir, func(d cas.Digest) { blobs = append(blobs, d) })
	if err != nil || len(blobs) < 10 {
		t.Fatalf("%d blobs, %v", len(blobs), err)
	}
	stopped := 0
	for i, d := range blobs {
		good, err := store.Read(t.Context(), d, 1<<20)
		if err != nil {
			t.Fatal(err)
		}
		if len(good) == 0 {
			continue
		}
		w.Damage(d)
		for _, to := range []string{fmt.Sprintf("oci:out%d", i), ""} {
			r, err := build.Run(t.Context(), w.Host, build.Options{To: to})
			switch ps := diag.All(err); {
			case err == nil && r.Images[0].Digest != want:
				t.Errorf("%s damaged: another image, %s", d, r.Images[0].Digest)
			case err != nil && (len(ps) == 0 || ps[0].Code != cas.CodeCorrupt || !strings.Contains(ps[0].Remedy, "nbuild cache verify --repair")):
				t.Errorf("%s damaged, to %q: %v", d, to, err)
			case err != nil:
				stopped++
			}
		}
		if _, err := store.PutBytes(t.Context(), good); err != nil {
			t.Fatal(err)
		}
	}
	if stopped == 0 {
		t.Error("no damage was noticed")
	}
}

func TestADamagedTarballStopsAColdBuild(t *testing.T) {
	w := pinned(t)
	w.Damage(find(t, w, snapshot.KindNPM, "left").SHA256)
	_, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:out"})
	wantCode(t, err, cas.CodeCorrupt)
	if diag.Exit(err) != 11 {
		t.Errorf("exit %d", diag.Exit(err))
	}
}

func TestARegistryThatFailsMovesNoTag(t *testing.T) {
	w := pinned(t)
	before := run(t, w, "")
	w.Write("server.js", "changed\n")
	w.OCI.Change(func(rw http.ResponseWriter, r *http.Request, inside http.Handler) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/sha256:") {
			http.Error(rw, "no", http.StatusForbidden)
			return
		}
		inside.ServeHTTP(rw, r)
	})
	_, err := build.Run(t.Context(), w.Host, build.Options{})
	if len(diag.All(err)) == 0 {
		t.Errorf("%v", err)
	}
	w.OCI.Change(nil)
	if got := w.Resolve("shop/app:stable"); got != before {
		t.Errorf("the tag moved to %s", got)
	}
}

func TestPlaceRefuses(t *testing.T) {
	w := rehearsal.New(t)
	block := &pipelines.Image{Name: "shop", Repository: w.OCI.Address + "/shop/app"}
	tests := []struct {
		name, to string
		count    int
		bare     bool
		want     []diag.Code
	}{
		{"its own repository", "", 1, false, nil},
		{"no repository", "", 1, true, []diag.Code{build.CodeTarget}},
		{"a digest", "oci:out@sha256:" + strings.Repeat("a", 64), 1, false, []diag.Code{build.CodeTarget}},
		{"two images in one repository", w.OCI.Address + "/x", 2, false, []diag.Code{build.CodeTarget}},
		{"two images in one layout", "oci:out", 2, false, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := *block
			if tt.bare {
				b.Repository = ""
			}
			_, err := build.Place(w.Host, &b, tt.to, tt.count)
			wantCode(t, err, tt.want...)
		})
	}
}

func TestBuildRefusesAnImageThatIsNotThere(t *testing.T) {
	w := pinned(t)
	_, err := build.Run(t.Context(), w.Host, build.Options{Only: []string{"shp"}, To: "oci:out"})
	wantCode(t, err, build.CodeNoImage)
	if remedy := diag.All(err)[0].Remedy; !strings.Contains(remedy, "`nbuild build shop`") {
		t.Error(remedy)
	}
	w.Write("build.hcl", "nbuild = \"1\"\nproject \"shop\" {}\n")
	_, err = build.Run(t.Context(), w.Host, build.Options{To: "oci:out"})
	wantCode(t, err, build.CodeNoImage)
}

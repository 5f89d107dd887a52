package oci

import (
	"errors"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
)

// openIn returns the files below a folder that this process has open.
func openIn(t *testing.T, dir string) (names []string) {
	t.Helper()
	all, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("this machine does not say which files are open")
	}
	for _, fd := range all {
		if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, dir) {
			names = append(names, to)
		}
	}
	return names
}

// A layout is a folder that others use as well: whatever is done with it, and however it
// ends, no file of it stays open.
func TestNoFileOfALayoutStaysOpen(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close what is forgotten
	whole := layout(t)
	fill(t, whole)
	for _, damaged := range []string{"", indexName, markerName, blobDir + "/" + digestOf(t, image(t, "first", "amd64")).Hex, blobDir + "/" + hash([]byte("first")).Hex} {
		for _, step := range steps {
			l := &Layout{filepath.Join(t.TempDir(), "out")}
			if err := os.CopyFS(l.dir, os.DirFS(whole.dir)); err != nil {
				t.Fatal(err)
			}
			if damaged != "" {
				if err := os.WriteFile(filepath.Join(l.dir, damaged), []byte("[]"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if err := step.do(t.Context(), &testing.T{}, l); damaged == "" && err != nil {
				t.Errorf("%s: %v", step.name, err)
			}
			if open := openIn(t, l.dir); len(open) > 0 {
				t.Errorf("%s, with %q damaged: %q are open", step.name, damaged, open)
			}
		}
	}
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{}`), 0o600); err != nil {
		t.Fatal(err)
	}
	repo, err := name.NewRepository("registry.example.com/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Credentials(file).Resolve(repo); err != nil || len(openIn(t, filepath.Dir(file))) > 0 {
		t.Errorf("the file of credentials is open, %v", err)
	}
}

// The files of a layout are for everybody to read and for their owner to change.
func TestALayoutIsReadableByAll(t *testing.T) {
	mask := unix.Umask(0)
	unix.Umask(mask)
	l := layout(t)
	fill(t, l)
	err := filepath.WalkDir(l.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		want := fs.FileMode(0o644 &^ mask)
		if d.IsDir() {
			want = fs.FileMode(0o755 &^ mask)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, not %o", path, info.Mode().Perm(), want)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// A connection is used again or closed, whatever a registry answers: an answer that nobody
// wants holds none.
func TestNoConnectionIsHeldByAnAnswer(t *testing.T) {
	var held atomic.Int32
	var status atomic.Int32
	inner := registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if code := status.Load(); code == 200 { // an answer that does not end
			for {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1<<16)); err != nil {
					return
				}
			}
		} else if code != 0 {
			w.WriteHeader(int(code))
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<10))
			return
		}
		inner.ServeHTTP(w, r)
	}))
	srv.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		switch s {
		case http.StateNew:
			held.Add(1)
		case http.StateClosed:
			held.Add(-1)
		}
	}
	srv.Start()
	defer srv.Close()
	ref, err := Parse(strings.TrimPrefix(srv.URL, "http://") + "/shop/app")
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenRegistry(ref, Options{})
	if err != nil {
		t.Fatal(err)
	}
	fill(t, r)
	desc, err := r.Resolve(t.Context(), "stable")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range []int32{0, 200, 404, 418} {
		status.Store(code)
		for range 20 {
			_, err := r.Resolve(t.Context(), "stable")
			if (err == nil) != (code == 0) {
				t.Errorf("%d: %v", code, err)
			}
			_, _ = r.Manifest(t.Context(), desc.Digest)
			if body, err := r.Blob(t.Context(), v1.Descriptor{MediaType: types.OCILayer, Digest: hash([]byte("first")), Size: 5}); err == nil {
				_, _ = io.Copy(io.Discard, body)
				body.Close()
			}
		}
	}
	for wait := 0; held.Load() > 10; wait++ { // the server learns of an end a little later
		if wait == 1000 {
			t.Fatalf("%d connections are held after 240 requests", held.Load())
		}
		time.Sleep(10 * time.Millisecond)
	}
}

var errBroken = errors.New("broken")

// broken is an image that breaks at its n-th question.
type broken struct {
	v1.Image
	left *int
}

func (b broken) fails() bool { *b.left--; return *b.left == 0 }

func (b broken) RawManifest() ([]byte, error) {
	if b.fails() {
		return nil, errBroken
	}
	return b.Image.RawManifest()
}

func (b broken) RawConfigFile() ([]byte, error) {
	if b.fails() {
		return nil, errBroken
	}
	return b.Image.RawConfigFile()
}

func (b broken) ConfigName() (v1.Hash, error) {
	if b.fails() {
		return v1.Hash{}, errBroken
	}
	return b.Image.ConfigName()
}

func (b broken) Layers() ([]v1.Layer, error) {
	if b.fails() {
		return nil, errBroken
	}
	all, err := b.Image.Layers()
	for i, l := range all {
		all[i] = brokenLayer{l, b}
	}
	return all, err
}

func (b broken) LayerByDigest(h v1.Hash) (v1.Layer, error) {
	if b.fails() {
		return nil, errBroken
	}
	l, err := b.Image.LayerByDigest(h)
	return brokenLayer{l, b}, err
}

type brokenLayer struct {
	v1.Layer
	of broken
}

func (l brokenLayer) Size() (int64, error) {
	if l.of.fails() {
		return 0, errBroken
	}
	return l.Layer.Size()
}

func (l brokenLayer) Digest() (v1.Hash, error) {
	if l.of.fails() {
		return v1.Hash{}, errBroken
	}
	return l.Layer.Digest()
}

func (l brokenLayer) Compressed() (io.ReadCloser, error) {
	if l.of.fails() {
		return nil, errBroken
	}
	return l.Layer.Compressed()
}

// An image that can't be read is stored nowhere, whatever of it breaks: no store lists its
// manifest, and no archive of it ends well.
func TestAnImageThatBreaksIsNotStored(t *testing.T) {
	whole := image(t, "a", "amd64")
	digest := digestOf(t, whole)
	subject := image(t, "subject", "amd64")
	tries := map[string]func(s Store, img v1.Image) error{
		"pushed": func(s Store, img v1.Image) error { _, err := s.PushImage(t.Context(), img); return err },
		"listed": func(s Store, img v1.Image) error { return s.pushReferrer(t.Context(), img) },
	}
	for what, do := range tries {
		for n := 1; n < 40; n++ {
			broke := 0
			for where, s := range places(t) {
				if _, err := s.PushImage(t.Context(), subject); err != nil {
					t.Fatal(err)
				}
				left := n
				err := do(s, broken{whole, &left})
				if left > 0 {
					if err != nil {
						t.Errorf("%s in the %s, unbroken: %v", what, where, err)
					}
					continue
				}
				broke++
				_, there := s.Manifest(t.Context(), digest)
				if err == nil && there != nil || err != nil && (!errors.Is(err, errBroken) && !strings.Contains(err.Error(), errBroken.Error()) || there == nil) {
					t.Errorf("%s in the %s, broken at question %d: %v; it is there: %t", what, where, n, err, there == nil)
				}
			}
			if broke == 0 {
				break
			}
		}
	}
	for n := 1; ; n++ {
		left := n
		err := WriteArchive(t.Context(), io.Discard, broken{whole, &left}, nil, time.Unix(0, 0))
		if left > 0 {
			break
		}
		if err == nil {
			t.Errorf("an archive that broke at question %d is whole", n)
		}
	}
}

// What is whole is not written again, in a layout and in a store of blobs; where a store
// can't be written to, a base is not pulled.
func TestWhatIsWholeIsNotWrittenAgain(t *testing.T) {
	l := layout(t)
	fill(t, l)
	info := func() map[string]fs.FileInfo {
		all := map[string]fs.FileInfo{}
		for path := range files(t, l.dir) {
			one, err := os.Stat(filepath.Join(l.dir, path))
			if err != nil {
				t.Fatal(err)
			}
			all[path] = one
		}
		return all
	}
	before := info()
	fill(t, l)
	for path, after := range info() {
		if !os.SameFile(before[path], after) {
			t.Errorf("%s was written again", path)
		}
	}
	digest := digestOf(t, image(t, "first", "amd64"))
	for _, inTheWay := range []string{"tmp", "blobs"} {
		store, err := cas.Open(filepath.Join(t.TempDir(), "store"))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.RemoveAll(filepath.Join(store.Dir(), inTheWay)), os.WriteFile(filepath.Join(store.Dir(), inTheWay), nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		if base, err := PullBase(t.Context(), l, digest, "linux/amd64", store, event.Discard); err == nil {
			t.Errorf("with %s in the way: %+v", inTheWay, base)
		}
	}
}

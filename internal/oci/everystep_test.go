package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
)

// steps are what is done with a place, each after the ones before it, in a place that has
// the image of stepped and what is attached to it.
var steps = []struct {
	name string
	do   func(ctx context.Context, t *testing.T, s Store) error
}{
	{"an image is pushed", func(ctx context.Context, t *testing.T, s Store) error {
		_, err := s.PushImage(ctx, image(t, "another", "amd64"))
		return err
	}},
	{"an index is pushed", func(ctx context.Context, t *testing.T, s Store) error {
		_, err := s.PushIndex(ctx, index(t, map[string]v1.Image{"amd64": image(t, "x", "amd64"), "arm64": image(t, "y", "arm64")}, "amd64", "arm64"))
		return err
	}},
	{"a tag is moved", func(ctx context.Context, t *testing.T, s Store) error {
		return s.Tag(ctx, digestOf(t, image(t, "second", "arm64")), "stable")
	}},
	{"a tag is resolved", func(ctx context.Context, t *testing.T, s Store) error {
		_, err := s.Resolve(ctx, "stable")
		return err
	}},
	{"a bundle is attached", func(ctx context.Context, t *testing.T, s Store) error {
		_, attached, err := Attach(ctx, s, digestOf(t, image(t, "first", "amd64")), []byte("new"), release, "")
		if attached != (err == nil) {
			t.Errorf("attached: %t, %v", attached, err)
		}
		return err
	}},
	{"a BOM is attached", func(ctx context.Context, t *testing.T, s Store) error {
		_, attached, err := AttachBOM(ctx, s, digestOf(t, image(t, "first", "amd64")), []byte(`{"bomFormat":"CycloneDX","version":2}`))
		if attached != (err == nil) {
			t.Errorf("attached: %t, %v", attached, err)
		}
		return err
	}},
	{"a release is recorded", func(ctx context.Context, t *testing.T, s Store) error {
		recorded, err := Record(ctx, s, "production", "registry.example.com/shop/app", []byte("new"), release, "")
		if recorded != (err == nil) {
			t.Errorf("recorded: %t, %v", recorded, err)
		}
		return err
	}},
	{"the ledger is listed", func(ctx context.Context, t *testing.T, s Store) error {
		list, _, err := ListLedger(ctx, s, "production", "registry.example.com/shop/app")
		if err == nil && len(list) == 0 {
			t.Error("no release is listed, without an error")
		}
		return err
	}},
	{"bundles are listed", func(ctx context.Context, t *testing.T, s Store) error {
		list, _, err := ListBundles(ctx, s, digestOf(t, image(t, "first", "amd64")))
		if err == nil && len(list) == 0 {
			t.Error("no bundle is listed, without an error")
		}
		return err
	}},
	{"bundles are read", func(ctx context.Context, t *testing.T, s Store) error {
		got, err := bundlesOf(ctx, s, digestOf(t, image(t, "first", "amd64")), nil)
		return allRead(t, got, err)
	}},
	{"BOMs are read", func(ctx context.Context, t *testing.T, s Store) error {
		got, err := bomsOf(ctx, s, digestOf(t, image(t, "first", "amd64")))
		return allRead(t, got, err)
	}},
	{"a base is pulled", func(ctx context.Context, t *testing.T, s Store) error {
		store, err := cas.Open(filepath.Join(t.TempDir(), "store"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = PullBase(ctx, s, digestOf(t, stepped(t)), "linux/arm64", store, event.Discard)
		if _, there := store.Stat(casOf(t, digestOf(t, image(t, "second", "arm64")))); err != nil && there {
			t.Error("the manifest of what is not whole is in the store")
		}
		return err
	}},
	{"an image is read", func(ctx context.Context, t *testing.T, s Store) error {
		idx, err := Index(ctx, s, digestOf(t, stepped(t)))
		if err != nil {
			return err
		}
		img, err := idx.Image(digestOf(t, image(t, "first", "amd64")))
		if err != nil {
			return err
		}
		layers, err := img.Layers()
		if err != nil {
			return err
		}
		rc, err := layers[0].Compressed()
		if err != nil {
			return err
		}
		defer rc.Close()
		_, err = io.Copy(io.Discard, rc)
		return err
	}},
}

// allRead is the first error of what was read, and fails where there is none and less than
// there was.
func allRead(t *testing.T, got attachments, err error) error {
	if err == nil && len(got.Unread) > 0 {
		err = got.Unread[0].Err
	}
	if err == nil && len(got.Bundles) != 1 {
		t.Errorf("%d were read, without an error", len(got.Bundles))
	}
	return err
}

// stepped is the index that the places of these tests have.
func stepped(t *testing.T) v1.ImageIndex {
	return index(t, map[string]v1.Image{"amd64": image(t, "first", "amd64"), "arm64": image(t, "second", "arm64")}, "amd64", "arm64")
}

func fill(t *testing.T, s Store) {
	t.Helper()
	ctx := t.Context()
	_, err := s.PushIndex(ctx, stepped(t))
	first := digestOf(t, image(t, "first", "amd64"))
	if err == nil {
		err = s.Tag(ctx, first, "stable")
	}
	if err == nil {
		_, _, err = Attach(ctx, s, first, []byte("one"), release, "")
	}
	if err == nil {
		_, _, err = AttachBOM(ctx, s, first, []byte(`{"bomFormat":"CycloneDX"}`))
	}
	if err == nil {
		_, err = Record(ctx, s, "production", "registry.example.com/shop/app", []byte("one"), release, "")
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Whichever of the requests of a step a registry refuses, the step says so. It does not go
// on as if it had heard something else.
func TestARefusalIsReportedAtEveryStep(t *testing.T) {
	for _, api := range []bool{true, false} {
		for _, step := range steps {
			t.Run(fmt.Sprintf("%s, referrers API %t", step.name, api), func(t *testing.T) {
				t.Parallel()
				refusals := 0
				for n := 1; ; n++ { // the n-th request is refused, until there are no more
					var mu sync.Mutex
					asked, refused := 0, ""
					l := &lie{answer: func(w http.ResponseWriter, r *http.Request, h http.Handler) {
						mu.Lock()
						asked++
						mine := asked == n
						if mine {
							refused = r.Method + " " + r.URL.Path
						}
						mu.Unlock()
						if mine {
							w.WriteHeader(http.StatusTeapot)
							return
						}
						h.ServeHTTP(w, r)
					}}
					s := serve(t, api, l.wrap)
					fill(t, s)
					l.armed.Store(true)
					err := step.do(t.Context(), t, s)
					if refused == "" {
						if err != nil {
							t.Errorf("with nothing refused: %v", err)
						}
						break
					}
					refusals++
					// Whether a blob is there is asked to save work: without an answer it is sent.
					if err == nil && !strings.HasPrefix(refused, "HEAD ") {
						t.Errorf("request %d, %s, was refused, and nothing is said of it", n, refused)
					}
					if err != nil && !strings.Contains(err.Error(), "418") {
						t.Errorf("request %d, %s, was refused, and something else is said: %v", n, refused, err)
					}
				}
				if refusals == 0 {
					t.Error("nothing was asked")
				}
			})
		}
	}
}

// Whatever of a layout is gone, cut or another thing: a step that needs it says so, and one
// that does not is the same as before. None ends well with less than there was.
func TestDamageIsReportedAtEveryStep(t *testing.T) {
	damages := map[string]func(path string) error{
		"gone":          func(string) error { return nil },
		"empty":         func(path string) error { return os.WriteFile(path, nil, 0o644) },
		"another thing": func(path string) error { return os.WriteFile(path, []byte("{}"), 0o644) },
		"a folder":      func(path string) error { return os.Mkdir(path, 0o755) },
	}
	whole := layout(t)
	fill(t, whole)
	var paths []string
	for path := range files(t, whole.dir) {
		if base := filepath.Base(path); base != markerName && base != indexName {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	needed := map[string]int{}
	scratch := t.TempDir()
	for n, step := range steps {
		for what, damage := range damages {
			for at, path := range slices.Concat(paths, []string{""}) { // the last time nothing is damaged
				l := &Layout{filepath.Join(scratch, fmt.Sprint(n, what, at))}
				if err := os.MkdirAll(filepath.Join(l.dir, blobDir), 0o755); err != nil {
					t.Fatal(err)
				}
				for _, p := range slices.Concat(paths, []string{"/" + indexName, "/" + markerName}) {
					to, err := filepath.Join(l.dir, p), error(nil)
					if p == path {
						err = damage(to)
					} else {
						err = os.Link(filepath.Join(whole.dir, p), to) // a writer puts another file in its place
					}
					if err != nil {
						t.Fatal(err)
					}
				}
				switch err := step.do(t.Context(), t, l); {
				case err != nil && path == "":
					t.Errorf("%s, in a whole layout: %v", step.name, err)
				case err != nil && what == "another thing" && !errors.Is(err, ErrMismatch):
					t.Errorf("%s, with %s another thing: %v", step.name, path, err)
				case err != nil:
					needed[step.name]++
				}
				if err := os.RemoveAll(l.dir); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for _, reads := range []string{"a tag is moved", "a tag is resolved", "a bundle is attached", "bundles are read", "BOMs are read", "a base is pulled", "an image is read"} {
		if needed[reads] < len(damages) {
			t.Errorf("%s: of everything that can be damaged only %d had to be whole", reads, needed[reads])
		}
	}
}

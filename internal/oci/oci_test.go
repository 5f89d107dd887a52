package oci

import (
	"bytes"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

const (
	provenance = "https://slsa.dev/provenance/v1"
	release    = "https://nbuild.example.com/release/v1"
)

// image makes an image for a platform whose one layer holds text; it is not a tar,
// which nothing here looks at.
func image(t *testing.T, text, arch string) v1.Image {
	t.Helper()
	img := mutate.MediaType(empty.Image, types.OCIManifestSchema1)
	img = mutate.ConfigMediaType(img, types.OCIConfigJSON)
	img, err := mutate.Append(img, mutate.Addendum{Layer: static.NewLayer([]byte(text), types.OCIUncompressedLayer)})
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	cfg = cfg.DeepCopy()
	cfg.OS, cfg.Architecture = "linux", arch
	if img, err = mutate.ConfigFile(img, cfg); err != nil {
		t.Fatal(err)
	}
	return img
}

func index(t *testing.T, images map[string]v1.Image, order ...string) v1.ImageIndex {
	t.Helper()
	idx := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range order {
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{
			Add: images[arch], Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	return idx
}

func digestOf(t *testing.T, d interface{ Digest() (v1.Hash, error) }) v1.Hash {
	t.Helper()
	h, err := d.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// serve starts a registry and returns its repository "shop/app"; wrap may change
// what it answers.
func serve(t *testing.T, referrers bool, wrap func(http.Handler) http.Handler) *Registry {
	t.Helper()
	return serveWithin(t, pace.Limits{}, referrers, wrap)
}

// serveWithin is serve for a client that waits no longer than these limits.
func serveWithin(t *testing.T, limits pace.Limits, referrers bool, wrap func(http.Handler) http.Handler) *Registry {
	t.Helper()
	var h http.Handler = registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0)))
	if wrap != nil {
		h = wrap(h)
	}
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	ref, err := Parse(strings.TrimPrefix(srv.URL, "http://") + "/shop/app")
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenRegistry(ref, Options{Retry: retry.Policy{Backoff: time.Millisecond}, Transport: &pace.Transport{
		Inner: http.DefaultTransport.(*http.Transport).Clone(), Limits: limits,
	}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// places is every kind of Store.
func places(t *testing.T) map[string]Store {
	t.Helper()
	layout, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	return map[string]Store{
		"layout":                         layout,
		"registry with referrers API":    serve(t, true, nil),
		"registry with the fallback tag": serve(t, false, nil),
	}
}

func code(err error) diag.Code {
	if ps := diag.All(err); len(ps) > 0 {
		return ps[0].Code
	}
	return ""
}

func TestPushThenTagThenReadInEveryStore(t *testing.T) {
	ctx := t.Context()
	images := map[string]v1.Image{"amd64": image(t, "a", "amd64"), "arm64": image(t, "b", "arm64")}
	idx := index(t, images, "amd64", "arm64")
	for name, s := range places(t) {
		t.Run(name, func(t *testing.T) {
			if _, err := s.Resolve(ctx, "v1"); !errors.Is(err, ErrNotFound) {
				t.Fatalf("a tag that is not there gave %v", err)
			}
			desc, err := s.PushIndex(ctx, idx)
			if err != nil {
				t.Fatal(err)
			}
			if want := digestOf(t, idx); desc.Digest != want {
				t.Errorf("pushed %s, want %s", desc.Digest, want)
			}
			if _, err := s.Resolve(ctx, "v1"); !errors.Is(err, ErrNotFound) {
				t.Errorf("the push moved a tag: %v", err)
			}
			if err := s.Tag(ctx, desc.Digest, "v1"); err != nil {
				t.Fatal(err)
			}
			got, err := s.Resolve(ctx, "v1")
			if err != nil || got.Digest != desc.Digest {
				t.Fatalf("tag gives %s, %v", got.Digest, err)
			}
			back, err := Index(ctx, s, got.Digest)
			if err != nil {
				t.Fatal(err)
			}
			if digestOf(t, back) != desc.Digest {
				t.Error("the index that was read has another digest")
			}
			for arch, img := range images {
				h, err := Select(ctx, s, got.Digest, "linux/"+arch)
				if err != nil || h != digestOf(t, img) {
					t.Errorf("linux/%s is %s, %v", arch, h, err)
				}
				one, err := Image(ctx, s, h)
				if err != nil {
					t.Fatal(err)
				}
				if err := validate.Image(one, validate.Fast); err != nil {
					t.Error(err)
				}
			}
			if _, err := Select(ctx, s, got.Digest, "linux/s390x"); code(err) != CodePlatform {
				t.Errorf("a missing platform gave %v", err)
			}
			if err := s.Tag(ctx, hash([]byte("none")), "v2"); !errors.Is(err, ErrNotFound) {
				t.Errorf("a tag was put on nothing: %v", err)
			}
		})
	}
}

func TestAttachListsEqualBundlesOnceInEveryStore(t *testing.T) {
	ctx := t.Context()
	img := image(t, "a", "amd64")
	for name, s := range places(t) {
		t.Run(name, func(t *testing.T) {
			desc, err := s.PushImage(ctx, img)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := bundlesOf(ctx, s, desc.Digest, nil); err != nil || len(got.Bundles)+len(got.Unread) != 0 {
				t.Fatalf("before anything is attached: %v, %v", got, err)
			}
			for i, want := range []bool{true, false} {
				if _, attached, err := Attach(ctx, s, desc.Digest, []byte(`{"one":1}`), provenance, ""); err != nil || attached != want {
					t.Fatalf("time %d: attached %v, %v", i+1, attached, err)
				}
			}
			if _, _, err := Attach(ctx, s, desc.Digest, []byte(`{"two":2}`), release, ""); err != nil {
				t.Fatal(err)
			}
			got, err := bundlesOf(ctx, s, desc.Digest, []string{release, provenance})
			if err != nil {
				t.Fatal(err)
			}
			var texts []string
			for _, b := range got.Bundles {
				texts = append(texts, b.PredicateType+" "+string(b.Content))
			}
			slices.Sort(texts)
			want := []string{release + ` {"two":2}`, provenance + ` {"one":1}`}
			if diff := cmp.Diff(want, texts); diff != "" || len(got.Unread) > 0 {
				t.Errorf("bundles, unread %v (-want +got):\n%s", got.Unread, diff)
			}
			if only, err := bundlesOf(ctx, s, desc.Digest, []string{release}); err != nil || len(only.Bundles) != 1 {
				t.Errorf("by one predicate type: %v, %v", only, err)
			}
			if _, _, err := Attach(ctx, s, hash([]byte("none")), []byte("{}"), release, ""); !errors.Is(err, ErrNotFound) {
				t.Errorf("attached to nothing: %v", err)
			}
			if got, err := s.Resolve(ctx, "sha256-"+desc.Digest.Hex); name != "registry with the fallback tag" && err == nil {
				t.Errorf("a fallback tag %v was written where it is not needed", got.Digest)
			}
		})
	}
}

// An unsigned BOM is distinguished from what was signed, in every store: who asks for
// bundles never sees it, however many there are.
func TestAnUnsignedBOMIsNoBundle(t *testing.T) {
	if mayBeBundle(v1.Descriptor{ArtifactType: BOMType}) {
		t.Error("a flood of unsigned BOMs takes the place of bundles")
	}
	ctx := t.Context()
	img := image(t, "a", "amd64")
	for name, s := range places(t) {
		t.Run(name, func(t *testing.T) {
			desc, err := s.PushImage(ctx, img)
			if err != nil {
				t.Fatal(err)
			}
			for i, want := range []bool{true, false} {
				if _, attached, err := AttachBOM(ctx, s, desc.Digest, []byte(`{"bomFormat":"CycloneDX"}`)); err != nil || attached != want {
					t.Fatalf("time %d: attached %v, %v", i+1, attached, err)
				}
			}
			if _, _, err := Attach(ctx, s, desc.Digest, []byte(`{"signed":1}`), "https://cyclonedx.org/bom", ""); err != nil {
				t.Fatal(err)
			}
			got, err := bundlesOf(ctx, s, desc.Digest, nil)
			if err != nil || len(got.Unread) > 0 || len(got.Bundles) != 1 || string(got.Bundles[0].Content) != `{"signed":1}` {
				t.Errorf("bundles: %+v, %v", got, err)
			}
			docs, err := bomsOf(ctx, s, desc.Digest)
			if err != nil || len(docs.Bundles) != 1 || string(docs.Bundles[0].Content) != `{"bomFormat":"CycloneDX"}` {
				t.Errorf("unsigned: %+v, %v", docs, err)
			}
			if _, _, err := AttachBOM(ctx, s, desc.Digest, []byte(`{"bomFormat":"CycloneDX","version":2}`)); err != nil {
				t.Fatal(err)
			}
			want := 2
			if name == "layout" { // which forgets the one before
				want = 1
			}
			if docs, err := bomsOf(ctx, s, desc.Digest); err != nil || len(docs.Bundles) != want {
				t.Errorf("after a second document: %+v, %v", docs, err)
			}
			if got, err := bundlesOf(ctx, s, desc.Digest, nil); err != nil || len(got.Bundles) != 1 {
				t.Errorf("the signed one: %+v, %v", got, err)
			}
		})
	}
}

func TestBundlesTellsAHitBound(t *testing.T) {
	ctx := t.Context()
	s, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	desc, err := s.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	big := bytes.Repeat([]byte(" "), 2<<20)
	if _, _, err := Attach(ctx, s, desc.Digest, big, release, ""); !errors.Is(err, ErrBound) {
		t.Errorf("a large judgement was attached: %v", err)
	}
	if _, _, err := Attach(ctx, s, desc.Digest, big, "https://cyclonedx.org/bom", ""); err != nil {
		t.Errorf("a large BOM was refused: %v", err)
	}
	evil, err := referrerOf(desc, big, release, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.pushReferrer(ctx, evil); err != nil {
		t.Fatal(err)
	}
	got, err := bundlesOf(ctx, s, desc.Digest, []string{release})
	if err != nil || len(got.Bundles) != 0 || len(got.Unread) != 1 || !got.Unread[0].Junk {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestPullBaseWorksOfflineAfterwards(t *testing.T) {
	ctx := t.Context()
	images := map[string]v1.Image{"amd64": image(t, "a", "amd64"), "arm64": image(t, "b", "arm64")}
	idx := index(t, images, "amd64", "arm64")
	for name, s := range places(t) {
		t.Run(name, func(t *testing.T) {
			desc, err := s.PushIndex(ctx, idx)
			if err != nil {
				t.Fatal(err)
			}
			store, err := cas.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			got, err := PullBase(ctx, s, desc.Digest, "linux/arm64", store, event.Discard)
			if err != nil {
				t.Fatal(err)
			}
			img, err := Image(ctx, FromCAS(store), Hash(got.Manifest))
			if err != nil {
				t.Fatal(err)
			}
			if digestOf(t, img) != digestOf(t, images["arm64"]) {
				t.Error("another image came out of the store")
			}
			if err := validate.Image(img, validate.Fast); err != nil {
				t.Error(err)
			}
			if _, err := Image(ctx, FromCAS(store), digestOf(t, images["amd64"])); code(err) != CodeMissing {
				t.Errorf("an image that was not pulled gave %v", err)
			}
		})
	}
}

func TestLayoutIsTheSameWhateverTheOrderOfPushes(t *testing.T) {
	ctx := t.Context()
	a, b := image(t, "a", "amd64"), image(t, "b", "amd64")
	var states []map[string]string
	for _, order := range [][]v1.Image{{a, b, a}, {b, a}} {
		dir := filepath.Join(t.TempDir(), "out")
		l, err := OpenLayout(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, img := range order {
			if _, err := l.PushImage(ctx, img); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Tag(ctx, digestOf(t, a), "v1"); err != nil {
			t.Fatal(err)
		}
		states = append(states, files(t, dir))
	}
	if diff := cmp.Diff(states[0], states[1]); diff != "" {
		t.Error(diff)
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		all[strings.TrimPrefix(path, dir)] = string(raw)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTagKeepsWhatItNamedBefore(t *testing.T) {
	ctx := t.Context()
	l, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := image(t, "a", "amd64"), image(t, "b", "amd64")
	for _, img := range []v1.Image{a, b} {
		if _, err := l.PushImage(ctx, img); err != nil {
			t.Fatal(err)
		}
		if err := l.Tag(ctx, digestOf(t, img), "stable"); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := l.Resolve(ctx, "stable"); err != nil || got.Digest != digestOf(t, b) {
		t.Errorf("stable is %s, %v", got.Digest, err)
	}
	if _, err := Image(ctx, l, digestOf(t, a)); err != nil {
		t.Errorf("the image before it went: %v", err)
	}
	if got, err := l.Resolve(ctx, ""); err != nil || got.Digest != digestOf(t, b) {
		t.Errorf("of one image with a tag and one without, no tag means %s, %v", got.Digest, err)
	}
	if err := l.Tag(ctx, digestOf(t, a), "old"); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Resolve(ctx, ""); code(err) != CodeMissing || !strings.Contains(err.Error(), "2 images") {
		t.Errorf("two images with tags gave %v", err)
	}
	if _, err := l.Resolve(ctx, "stabel"); !strings.Contains(diag.All(err)[0].Remedy, ":stable") {
		t.Errorf("the nearest tag is not named: %v", diag.All(err)[0].Remedy)
	}
}

func TestManyWritersShareOneLayout(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "out")
	subject := image(t, "subject", "amd64")
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			l, err := OpenLayout(dir)
			if err == nil {
				_, err = l.PushImage(ctx, subject)
			}
			if err == nil {
				_, _, err = Attach(ctx, l, digestOf(t, subject), []byte(strings.Repeat("x", i+1)), release, "")
			}
			errs[i] = err
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	l, err := OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	got, err := bundlesOf(ctx, l, digestOf(t, subject), nil)
	if err != nil || len(got.Bundles) != len(errs) {
		t.Errorf("%d bundles of %d, %v", len(got.Bundles), len(errs), err)
	}
}

func TestALayoutIsHealedAndLeftoversGo(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "out")
	l, err := OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	img := image(t, "content", "amd64")
	desc, err := l.PushImage(ctx, img)
	if err != nil {
		t.Fatal(err)
	}
	whole := files(t, dir)
	manifest, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	blob := filepath.Join(dir, blobDir, manifest.Layers[0].Digest.Hex)
	if err := os.WriteFile(blob, []byte("CONTENT"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, tempPrefix+"1-1"), []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	back, err := Image(ctx, l, desc.Digest)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := back.Layers()
	if err != nil {
		t.Fatal(err)
	}
	rc, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	if _, err := io.ReadAll(rc); !errors.Is(err, ErrMismatch) {
		t.Errorf("a spoilt blob was read as good: %v", err)
	}
	if _, err := l.PushImage(ctx, img); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(whole, files(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestLayoutRefusesAFolderOfOtherThings(t *testing.T) {
	dir := t.TempDir()
	if _, err := OpenLayout(dir); err != nil {
		t.Errorf("an empty folder was refused: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenLayout(dir); code(err) != CodeLayout {
		t.Errorf("got %v", err)
	}
}

func TestLayoutFollowsNoLink(t *testing.T) {
	ctx := t.Context()
	dir := filepath.Join(t.TempDir(), "out")
	l, err := OpenLayout(dir)
	if err != nil {
		t.Fatal(err)
	}
	desc, err := l.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, blobDir, desc.Digest.Hex)
	elsewhere := filepath.Join(t.TempDir(), "copy")
	if err := os.Rename(name, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, name); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Manifest(ctx, desc.Digest); code(err) != CodeLayout {
		t.Errorf("got %v", err)
	}
}

func TestImageRefusesForeignLayers(t *testing.T) {
	raw := []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
	 "config":{"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":"` + hash([]byte("{}")).String() + `"},
	 "layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar+gzip","size":2,"digest":"` + hash([]byte("{}")).String() + `","urls":["https://evil.example.com/x"]}]}`)
	m, err := describe(raw, hash(raw))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := imageManifest(m); code(err) != CodeForeign {
		t.Errorf("got %v", err)
	}
}

func TestArchiveIsDeterministic(t *testing.T) {
	img := image(t, "a", "amd64")
	date := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	var a, b bytes.Buffer
	if err := WriteArchive(t.Context(), &a, img, []string{"x.example.com/b:1", "x.example.com/a:1"}, date); err != nil {
		t.Fatal(err)
	}
	if err := WriteArchive(t.Context(), &b, img, []string{"x.example.com/a:1", "x.example.com/b:1"}, date.Local()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Error("two archives of one image differ")
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	if err := WriteArchiveFile(t.Context(), path, img, []string{"x.example.com/a:1"}, date); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".tmp-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
}

func TestWritersOfOneFallbackTagLoseNothing(t *testing.T) {
	ctx := t.Context()
	r := serve(t, false, nil)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, _, errs[i] = Attach(ctx, r, desc.Digest, []byte(strings.Repeat("x", i+1)), release, "") })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if got, err := bundlesOf(ctx, r, desc.Digest, nil); err != nil || len(got.Bundles) != len(errs) {
		t.Errorf("%d bundles of %d, %v", len(got.Bundles), len(errs), err)
	}
}

package oci

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// lie passes requests on until it is armed; then lies about the paths it knows.
type lie struct {
	armed  atomic.Bool
	path   string
	answer func(http.ResponseWriter, *http.Request, http.Handler)
}

func (l *lie) wrap(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if l.armed.Load() && strings.Contains(r.URL.Path, l.path) {
			l.answer(w, r, h)
			return
		}
		h.ServeHTTP(w, r)
	})
}

func TestALyingRegistryIsToldFromAnAbsentOne(t *testing.T) {
	status := func(code int) func(http.ResponseWriter, *http.Request, http.Handler) {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			http.Error(w, `{"errors":[{"code":"DENIED","message":"token s3cret"}]}`, code)
		}
	}
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	for name, c := range map[string]struct {
		path   string
		answer func(http.ResponseWriter, *http.Request, http.Handler)
		want   diag.Code
	}{
		"500":      {"/manifests/", status(500), CodeUnreachable},
		"429":      {"/manifests/", status(429), CodeUnreachable},
		"401":      {"/manifests/", status(401), CodeDenied},
		"403":      {"/manifests/", status(403), CodeDenied},
		"404":      {"/manifests/", status(404), CodeMissing},
		"blob 404": {"/blobs/", status(404), CodeMissing},
		"hangs":    {"/manifests/", func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { waitFor(r, hang) }, CodeUnreachable},
		"hangs within": {"/blobs/", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			_, _ = w.Write([]byte("l"))
			flush(w)
			waitFor(r, hang)
		}, CodeUnreachable},
		"cuts": {"/blobs/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			_, _ = w.Write([]byte("l"))
			flush(w)
			panic(http.ErrAbortHandler)
		}, CodeUnreachable},
		"short blob": {"/blobs/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { flush(w); _, _ = w.Write([]byte("l")) }, CodeMismatch},
		"wrong length": {"/blobs/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Length", "3")
			_, _ = w.Write([]byte("lay"))
		}, CodeMismatch},
		"other bytes": {"/blobs/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			flush(w)
			_, _ = io.WriteString(w, strings.Repeat("x", 1<<12))
		}, CodeMismatch},
		"another manifest": {"/manifests/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			_, _ = io.WriteString(w, `{"schemaVersion":2,"manifests":[]}`)
		}, CodeMismatch},
		"endless manifest": {"/manifests/", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { endless(w) }, CodeBound},
		"redirect to itself": {"/blobs/", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, r.URL.Path, http.StatusTemporaryRedirect)
		}, CodeUnreachable},
		"redirect, plain": {"/blobs/", func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, "http://registry.example.com/x?token=s3cret", http.StatusTemporaryRedirect)
		}, CodeInsecure},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			l := &lie{path: c.path, answer: c.answer}
			limits := pace.Limits{}
			if strings.HasPrefix(name, "hangs") { // the others answer, however busy the machine is
				limits = pace.Limits{Answer: 300 * time.Millisecond, Stall: 300 * time.Millisecond}
			}
			r := serveWithin(t, limits, true, l.wrap)
			desc, err := r.PushImage(ctx, image(t, "layer", "amd64"))
			if err != nil {
				t.Fatal(err)
			}
			store, err := cas.Open(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			l.armed.Store(true)
			_, err = PullBase(ctx, r, desc.Digest, "linux/amd64", store, event.Discard)
			if code(err) != c.want {
				t.Fatalf("got %s, want %s: %v", code(err), c.want, err)
			}
			for _, p := range diag.All(err) {
				if strings.Contains(p.Text(), "s3cret") {
					t.Errorf("a secret is in the message:\n%s", p.Text())
				}
				if p.Remedy == "" {
					t.Error("no remedy")
				}
			}
			if _, ok := store.Stat(casOf(t, desc.Digest)); ok {
				t.Error("the manifest of a half image is in the store")
			}
		})
	}
}

func waitFor(r *http.Request, c chan struct{}) {
	select {
	case <-r.Context().Done():
	case <-c:
	}
}

func flush(w http.ResponseWriter) { w.(http.Flusher).Flush() }

func endless(w http.ResponseWriter) {
	chunk := []byte(strings.Repeat(" ", 1<<16))
	for {
		if _, err := w.Write(chunk); err != nil {
			return
		}
	}
}

func casOf(t *testing.T, h v1.Hash) cas.Digest {
	t.Helper()
	d, err := casDigest(h)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAFailedListIsNoEmptyList(t *testing.T) {
	ctx := t.Context()
	l := &lie{path: "/referrers/", answer: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(503) }}
	r := serve(t, true, l.wrap)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	l.armed.Store(true)
	if _, err := bundlesOf(ctx, r, desc.Digest, nil); code(err) != CodeUnreachable {
		t.Errorf("got %v", err)
	}
}

func TestABundleThatCannotBeReadIsTold(t *testing.T) {
	ctx := t.Context()
	l := &lie{answer: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(503) }}
	r := serve(t, true, l.wrap)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two"} {
		if _, _, err := Attach(ctx, r, desc.Digest, []byte(text), release, ""); err != nil {
			t.Fatal(err)
		}
	}
	l.path = "/blobs/" + hash([]byte("one")).String()
	l.armed.Store(true)
	got, err := bundlesOf(ctx, r, desc.Digest, []string{release})
	if err != nil || len(got.Bundles) != 1 || len(got.Unread) != 1 || errors.Is(got.Unread[0].Err, ErrBound) || got.Unread[0].Junk || code(got.Unread[0].Err) != CodeUnreachable {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestAReferrerOfAnotherImageDoesNotCount(t *testing.T) {
	ctx := t.Context()
	var foreign v1.Hash
	l := &lie{path: "/referrers/"}
	l.answer = func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		_ = json.NewEncoder(w).Encode(v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex, Manifests: []v1.Descriptor{{
			MediaType: types.OCIManifestSchema1, Digest: foreign, Size: 1, ArtifactType: BundleType,
		}}})
	}
	r := serve(t, true, l.wrap)
	good, err := r.PushImage(ctx, image(t, "good", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	evil, err := r.PushImage(ctx, image(t, "evil", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if foreign, _, err = Attach(ctx, r, good.Digest, []byte("x"), release, ""); err != nil {
		t.Fatal(err)
	}
	l.armed.Store(true)
	got, err := bundlesOf(ctx, r, evil.Digest, nil)
	if err != nil || len(got.Bundles) != 0 || len(got.Unread) != 1 {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestEveryPageOfReferrersIsRead(t *testing.T) {
	ctx := t.Context()
	l := &lie{path: "/referrers/"}
	l.answer = func(w http.ResponseWriter, q *http.Request, h http.Handler) {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, q)
		var idx v1.IndexManifest
		_ = json.Unmarshal(rec.Body.Bytes(), &idx)
		idx.Manifests = sorted(idx.Manifests)
		if q.URL.Query().Get("last") == "" {
			w.Header().Set("Link", "<"+q.URL.Path+`?last=1>; rel="next"`)
			idx.Manifests = idx.Manifests[:1]
		} else {
			idx.Manifests = idx.Manifests[1:]
		}
		w.Header().Set("Content-Type", string(types.OCIImageIndex))
		_ = json.NewEncoder(w).Encode(idx)
	}
	r := serve(t, true, l.wrap)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"one", "two", "three"} {
		if _, _, err := Attach(ctx, r, desc.Digest, []byte(text), release, ""); err != nil {
			t.Fatal(err)
		}
	}
	l.armed.Store(true)
	if got, err := bundlesOf(ctx, r, desc.Digest, nil); err != nil || len(got.Bundles) != 3 {
		t.Errorf("%d bundles, %v", len(got.Bundles), err)
	}
}

func TestPlainHTTPIsForTheLoopbackOnly(t *testing.T) {
	g := &guard{http.DefaultTransport}
	for _, u := range []string{"http://registry.example.com/v2/", "http://10.0.0.1/v2/", "http://x.localhost/v2/"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, u, nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := g.RoundTrip(req)
		if err == nil {
			resp.Body.Close()
		}
		if code(err) != CodeInsecure {
			t.Errorf("%s: %v", u, err)
		}
	}
}

func TestRedirectsFromOutsideDoNotReachThisMachine(t *testing.T) {
	from := func(host, to string) error {
		a, _ := http.NewRequest(http.MethodGet, "https://"+host+"/", nil)
		b, _ := http.NewRequest(http.MethodGet, "https://"+to+"/", nil)
		return followRedirect(b, []*http.Request{a})
	}
	for _, to := range []string{"127.0.0.1", "localhost", "[::1]", "169.254.169.254", "0.0.0.0"} {
		if from("registry.example.com", to) == nil {
			t.Errorf("followed to %s", to)
		}
	}
	for _, ok := range [][2]string{{"registry.example.com", "blobs.example.com"}, {"127.0.0.1", "127.0.0.1"}} {
		if err := from(ok[0], ok[1]); err != nil {
			t.Errorf("%v: %v", ok, err)
		}
	}
}

func TestCredentialsGoToTheirRegistryAndIntoNoError(t *testing.T) {
	var asked atomic.Value
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			w.WriteHeader(401)
			return
		}
		asked.Store(r.Header.Get("Authorization"))
		if r.URL.Path == "/v2/" {
			return
		}
		http.Error(w, "hunter2", http.StatusForbidden)
	}))
	defer srv.Close()
	host := strings.TrimPrefix(srv.URL, "http://")
	login := base64.StdEncoding.EncodeToString([]byte("user:hunter2"))
	file := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(file, []byte(`{"auths":{"`+host+`":{"auth":"`+login+`"}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	ref, err := Parse(host + "/shop/app")
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenRegistry(ref, Options{Keychain: Credentials(filepath.Join(t.TempDir(), "none.json"), file), Retry: retry.Policy{Backoff: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), "latest")
	if code(err) != CodeDenied {
		t.Fatalf("got %v", err)
	}
	if asked.Load() != "Basic "+login {
		t.Errorf("the registry was sent %v", asked.Load())
	}
	if text := diag.All(err)[0].Text(); strings.Contains(text, "hunter2") || strings.Contains(text, login) {
		t.Errorf("a credential is in the message:\n%s", text)
	}

	if err := os.WriteFile(file, []byte(`{"auths":{"x":{"auth":"hunter2`), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err = OpenRegistry(ref, Options{Keychain: Credentials(file)})
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Resolve(t.Context(), "latest")
	if code(err) != CodeCredentials || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v", err)
	}
}

func TestIndexCyclesAndDepthAreBounded(t *testing.T) {
	ctx := t.Context()
	var idx v1.ImageIndex = index(t, map[string]v1.Image{"amd64": image(t, "a", "amd64")}, "amd64")
	s, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		idx = nest(t, idx)
	}
	if _, err := s.PushIndex(ctx, idx); code(err) != CodeShape {
		t.Errorf("a deep index was pushed: %v", err)
	}
	r := serve(t, true, nil)
	desc, err := r.PushIndex(ctx, idx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Select(ctx, r, desc.Digest, "linux/amd64"); code(err) != CodeShape {
		t.Errorf("a deep index was followed: %v", err)
	}
}

func nest(t *testing.T, idx v1.ImageIndex) v1.ImageIndex {
	t.Helper()
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), mutate.IndexAddendum{Add: idx})
}

// A registry that takes a referrer and never lists it would leave the image without what
// was signed for it.
func TestAReferrerThatIsNeverListedIsNotAttached(t *testing.T) {
	ctx := t.Context()
	l := &lie{path: "/referrers/", answer: func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		_, _ = io.WriteString(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`)
	}}
	r := serve(t, true, l.wrap)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	l.armed.Store(true)
	if _, _, err := Attach(ctx, r, desc.Digest, []byte("one"), "https://example.com/type", ""); code(err) != CodeAttach {
		t.Errorf("got %v", err)
	}
}

package oci

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/retry"
)

// world answers for hosts by name, and keeps which were asked.
type world struct {
	answer func(w http.ResponseWriter, r *http.Request)
	mu     sync.Mutex
	hosts  []string
}

func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	w.hosts = append(w.hosts, r.URL.Hostname())
	w.mu.Unlock()
	rec := httptest.NewRecorder()
	w.answer(rec, r)
	resp := rec.Result()
	resp.Request = r
	return resp, nil
}

func (w *world) open(t *testing.T, address string) *Registry {
	t.Helper()
	ref, err := Parse(address + "/shop/app")
	if err != nil {
		t.Fatal(err)
	}
	r, err := OpenRegistry(ref, Options{Transport: w, Keychain: Credentials(), Retry: retry.Policy{Backoff: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// The registry client holds a registry to the rules of redirects: not only the function
// that knows them. Nothing here asks the network, so a request that gets through is seen.
func TestARegistryOutsideSendsNobodyToThisMachine(t *testing.T) {
	blob := v1.Descriptor{MediaType: types.OCILayer, Size: 2, Digest: hash([]byte("{}"))}
	inner := []string{"127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[fe80::1]", "0.0.0.0"}
	asks := map[string]func(t *testing.T, r *Registry) error{
		"a manifest": func(t *testing.T, r *Registry) error { _, err := r.Manifest(t.Context(), blob.Digest); return err },
		"a tag":      func(t *testing.T, r *Registry) error { _, err := r.Resolve(t.Context(), "stable"); return err },
		"a list":     func(t *testing.T, r *Registry) error { _, err := r.Referrers(t.Context(), blob.Digest); return err },
		"a blob": func(t *testing.T, r *Registry) error {
			body, err := r.Blob(t.Context(), blob)
			if err == nil {
				_, err = io.ReadAll(body)
				body.Close()
			}
			return err
		},
		"a push": func(t *testing.T, r *Registry) error {
			_, err := r.PushImage(t.Context(), image(t, "a", "amd64"))
			return err
		},
	}
	for what, ask := range asks {
		for _, to := range inner {
			w := &world{}
			w.answer = func(rw http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/v2/" || r.URL.Hostname() != "registry.example.com":
					fmt.Fprint(rw, "{}")
				case r.Method == http.MethodPost: // an upload begins, and goes on elsewhere
					rw.Header().Set("Location", "https://"+to+"/upload")
					rw.WriteHeader(http.StatusAccepted)
				default:
					http.Redirect(rw, r, "https://"+to+r.URL.Path, http.StatusTemporaryRedirect)
				}
			}
			err := ask(t, w.open(t, "registry.example.com"))
			if err == nil {
				t.Errorf("%s, sent to %s: no error", what, to)
			}
			if i := slices.IndexFunc(w.hosts, func(h string) bool { return h != "registry.example.com" }); i >= 0 {
				t.Errorf("%s, sent to %s: %s was asked", what, to, w.hosts[i])
			}
		}
	}
}

// A token server's address is the registry's word too.
func TestARegistryOutsideNamesNoTokenServerOnThisMachine(t *testing.T) {
	w := &world{}
	w.answer = func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Hostname() != "registry.example.com" {
			fmt.Fprint(rw, `{"token":"x"}`)
			return
		}
		rw.Header().Set("WWW-Authenticate", `Bearer realm="http://127.0.0.1:1/token",service="x"`)
		rw.WriteHeader(http.StatusUnauthorized)
	}
	if _, err := w.open(t, "registry.example.com").Resolve(t.Context(), "stable"); err == nil {
		t.Error("no error")
	}
	if slices.Contains(w.hosts, "127.0.0.1") {
		t.Error("a token server on this machine was asked")
	}
}

// A registry may keep its blobs elsewhere, and one on this machine may keep them there.
func TestRedirectsOfBlobsAreFollowedABoundedNumberOfTimes(t *testing.T) {
	blob := v1.Descriptor{MediaType: types.OCILayer, Size: 2, Digest: hash([]byte("{}"))}
	for _, test := range []struct {
		from, to string
		hops     int
		ok       bool
	}{
		{"registry.example.com", "blobs.example.com", 1, true},
		{"registry.example.com", "blobs.example.com", 5, true},
		{"registry.example.com", "blobs.example.com", 7, false},
		{"127.0.0.1:5000", "localhost", 1, true},
	} {
		w, hops := &world{}, 0
		w.answer = func(rw http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/v2/" && hops < test.hops {
				hops++
				scheme := "https://"
				if strings.HasPrefix(test.from, "127.") {
					scheme = "http://"
				}
				http.Redirect(rw, r, fmt.Sprintf("%s%s/v2/x/blobs/%d", scheme, test.to, hops), http.StatusTemporaryRedirect)
				return
			}
			fmt.Fprint(rw, "{}")
		}
		body, err := w.open(t, test.from).Blob(t.Context(), blob)
		if err == nil {
			var got []byte
			if got, err = io.ReadAll(body); err == nil && string(got) != "{}" {
				t.Errorf("%v: %q", test, got)
			}
			body.Close()
		}
		if (err == nil) != test.ok {
			t.Errorf("%v: %v", test, err)
		}
	}
}

package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// What is sent again by itself is what changes nothing the second time.
func TestOnlyWhatChangesNothingIsSentAgain(t *testing.T) {
	digest := hash([]byte("x")).String()
	for ask, want := range map[string]bool{
		"GET /v2/shop/app/manifests/stable": true, "HEAD /v2/shop/app/blobs/" + digest: true,
		"POST /v2/shop/app/blobs/uploads/": true, "POST /v2/shop/app/blobs/uploads/1234": false,
		"PATCH /v2/shop/app/blobs/uploads/1234": false, "PUT /v2/shop/app/blobs/uploads/1234": false,
		"PUT /v2/shop/app/manifests/" + digest: true, "PUT /v2/shop/app/manifests/stable": false, "PUT /v2/shop/app/manifests/sha256-abc": false,
		"DELETE /v2/shop/app/manifests/" + digest: false,
	} {
		method, path, _ := strings.Cut(ask, " ")
		if got := alone(&http.Request{Method: method, URL: &url.URL{Path: path}}); got != want {
			t.Errorf("%s: %t", ask, got)
		}
	}
}

// This machine, and what is reached without a router.
func TestWhatIsOnThisMachine(t *testing.T) {
	for host, want := range map[string][2]bool{ // loopback, local
		"localhost": {true, true}, "127.0.0.1": {true, true}, "127.9.9.9": {true, true}, "::1": {true, true},
		"169.254.169.254": {false, true}, "fe80::1": {false, true}, "0.0.0.0": {false, true}, "::": {false, true},
		"10.0.0.1": {false, false}, "registry.example.com": {false, false}, "localhost.example.com": {false, false}, "": {false, false},
	} {
		if loopback(host) != want[0] || local(host) != want[1] {
			t.Errorf("%s: %t, %t", host, loopback(host), local(host))
		}
	}
}

// large answers anything with a body of a size.
type large int64

func (l large) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{Request: r, Body: io.NopCloser(io.LimitReader(zeros{}, int64(l)))}, nil
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return len(p), nil }

// Each answer has the bound of what it is: a manifest that of manifests, a list that of
// lists; what is held to a descriptor, or comes from another place, that of a layer.
func TestEachAnswerHasItsBound(t *testing.T) {
	for path, limit := range map[string]int64{
		"/v2/": bounds.Manifest, "/v2/shop/app/manifests/stable": bounds.Manifest, "/v2/shop/app/referrers/sha256:x": bounds.ReferrerList,
		"/v2/shop/app/blobs/sha256:x": bounds.Layer, "/elsewhere": bounds.Layer,
	} {
		for _, size := range []int64{limit, limit + 1} {
			if limit == bounds.Layer { // which would take long
				size = bounds.ReferrerList + 1
			}
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://registry.example.com"+path, nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := (&guard{large(size)}).RoundTrip(req)
			if err != nil {
				t.Fatal(err)
			}
			n, err := io.Copy(io.Discard, resp.Body)
			resp.Body.Close()
			if over := size > limit; errors.Is(err, ErrBound) != over || over && n > limit || !over && (err != nil || n != size) {
				t.Errorf("%s, of %d bytes: %d, %v", path, size, n, err)
			}
			if body, ok := resp.Body.(*boundedBody); !ok || body.limit != limit {
				t.Errorf("%s: the bound is %d, want %d", path, body.limit, limit)
			}
		}
	}
}

// What went wrong is reported by its kind, and what a server says of itself, or an address
// with a token in it, is in no message.
func TestWhatWentWrongIsReportedByItsKind(t *testing.T) {
	problem := &diag.Problem{Code: CodeShape, What: "x"}
	if err := classify("x", nil); err != nil {
		t.Errorf("nothing went wrong, and it says %v", err)
	}
	for name, test := range map[string]struct {
		err  error
		want diag.Code
	}{
		"a problem":           {fmt.Errorf("reading: %w", problem), CodeShape},
		"not found":           {fmt.Errorf("x: %w", ErrNotFound), CodeMissing},
		"other bytes":         {fmt.Errorf("x: %w", ErrMismatch), CodeMismatch},
		"too large":           {fmt.Errorf("x: %w", ErrBound), CodeBound},
		"too slow":            {fmt.Errorf("x: %w", &pace.Slow{}), CodeUnreachable},
		"401":                 {&transport.Error{StatusCode: 401}, CodeDenied},
		"403":                 {&retry.Status{Code: 403}, CodeDenied},
		"404":                 {&transport.Error{StatusCode: 404}, CodeMissing},
		"500":                 {&retry.Status{Code: 500}, CodeUnreachable},
		"418":                 {&transport.Error{StatusCode: 418, Errors: []transport.Diagnostic{{Message: "token s3cret"}}}, CodeUnreachable},
		"no connection":       {&url.Error{Op: "Get", URL: "https://user:s3cret@registry.example.com", Err: errors.New("refused")}, CodeUnreachable},
		"an address in words": {errors.New("asking https://x.example.com?token=s3cret"), CodeUnreachable},
		"many words":          {errors.New(strings.Repeat("s3cret ", 100)), CodeUnreachable},
	} {
		err := classify("the registry", test.err)
		ps := diag.All(err)
		if len(ps) != 1 || ps[0].Code != test.want {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if text := ps[0].Text(); strings.Contains(text, "s3cret") || test.want != CodeShape && ps[0].Remedy == "" {
			t.Errorf("%s: %s", name, text)
		}
		if test.want == CodeMissing && !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: it is not known by ErrNotFound: %v", name, err)
		}
	}
	if err := classify("x", context.Canceled); err != context.Canceled {
		t.Errorf("an end that was asked for: %v", err)
	}
	for err, want := range map[error]string{
		errors.New("refused"):                                     "refused",
		errors.New(strings.Repeat("x", 300)):                      strings.Repeat("x", 300),
		errors.New(strings.Repeat("x", 301)):                      "the connection failed",
		&url.Error{Op: "Get", URL: "x", Err: errors.New("reset")}: "reset",
		&transport.Error{StatusCode: 500}:                         "it answered 500 Internal Server Error",
	} {
		if got := reason(err).Error(); got != want {
			t.Errorf("%v: %q", err, got)
		}
	}
}

// Credentials are those of the first file that is there: the repository's own before the
// registry's, and of nobody else.
func TestTheNearestCredentialsAreTaken(t *testing.T) {
	write := func(text string) string {
		path := filepath.Join(t.TempDir(), "config.json")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	login := func(user string) string { return fmt.Sprintf(`{"username":%q,"password":"p"}`, user) }
	file := write(`{"auths":{"registry.example.com":` + login("all") + `,"registry.example.com/shop/app":` + login("own") + `,"https://index.docker.io/v1/":` + login("hub") + `}}`)
	later := write(`{"auths":{"other.example.com":` + login("later") + `}}`)
	who := func(k authn.Keychain, repo string) (string, error) {
		target, err := name.NewRepository(repo)
		if err != nil {
			t.Fatal(err)
		}
		auth, err := k.Resolve(target)
		if err != nil {
			return "", err
		}
		cfg, err := auth.Authorization()
		return cfg.Username, err
	}
	none := filepath.Join(t.TempDir(), "none")
	for repo, want := range map[string]string{
		"registry.example.com/shop/app": "own", "registry.example.com/shop/other": "all", "other.example.com/shop/app": "", "index.docker.io/library/node": "hub",
	} {
		if got, err := who(Credentials(none, file, later), repo); got != want || err != nil {
			t.Errorf("%s: %q, %v", repo, got, err)
		}
	}
	if got, err := who(Credentials(none), "registry.example.com/a"); got != "" || err != nil {
		t.Errorf("no file: %q, %v", got, err)
	}
	padded := func(n int) string {
		return `{"auths":{"registry.example.com":` + login("all") + `}}` + strings.Repeat(" ", n)
	}
	size := len(padded(0))
	if got, err := who(Credentials(write(padded(bounds.DockerConfig-size))), "registry.example.com/a"); got != "all" || err != nil {
		t.Errorf("as large as may be: %q, %v", got, err)
	}
	for why, path := range map[string]string{
		"larger": write(padded(bounds.DockerConfig - size + 1)), "a folder": t.TempDir(), "no JSON": write(`{"auths":`), "below a file": filepath.Join(file, "config.json"),
		"no helper": write(`{"credHelpers":{"registry.example.com":"there-is-no-such-helper"}}`),
	} {
		got, err := who(Credentials(path, file), "registry.example.com/a")
		if code(err) != CodeCredentials || got != "" {
			t.Errorf("%s: %q, %v", why, got, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	target, err := name.NewRepository("registry.example.com/a")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Credentials(file).(*keychain).ResolveContext(ended, target); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
}

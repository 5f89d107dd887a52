package upstream

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/retry"
)

// A server outside must not make the builder ask what only the builder can reach.
func TestARedirectFromOutsideDoesNotReachThisMachineOrItsNetwork(t *testing.T) {
	for _, to := range []string{
		"http://127.0.0.1:1/latest/meta-data", "https://localhost/", "https://10.0.0.1/", "https://192.168.1.1/", "https://172.16.0.1/",
		"https://169.254.169.254/latest/meta-data", "https://[::1]/", "https://[fd00::1]/", "https://[fe80::1]/", "https://0.0.0.0/", "https://[::ffff:127.0.0.1]/",
	} {
		var asked []string
		client := NewFiles(roundTrip(func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.String())
			w := httptest.NewRecorder()
			if len(asked) == 1 {
				http.Redirect(w, r, to, http.StatusFound)
			}
			return w.Result(), nil
		}), retry.Policy{})
		err := client.Get(t.Context(), "geoip", "https://files.example.com/x", func() (io.Writer, error) { return io.Discard, nil })
		if len(diag.All(err)) != 1 || len(asked) != 1 {
			t.Errorf("%s: asked %q, %v", to, asked, err)
		}
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestPin(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/ok", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("the file")) })
	mux.HandleFunc("/gone", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(404) })
	mux.HandleFunc("/cut", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "100")
		w.Write([]byte("the fi"))
	})
	mux.HandleFunc("/huge", func(w http.ResponseWriter, r *http.Request) { w.Header().Set("Content-Length", "99999999999") })
	mux.HandleFunc("/near", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://files.example.com/x?token=s3cret", http.StatusFound)
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	server := httptest.NewServer(mux)
	defer server.Close()
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	client := NewFiles(server.Client().Transport, retry.Policy{Backoff: time.Millisecond})
	tests := map[string]struct {
		address string
		code    diag.Code
	}{
		"a file":                {server.URL + "/ok", ""},
		"a redirect":            {server.URL + "/near", ""},
		"missing":               {server.URL + "/gone", CodeFailed},
		"cut short":             {server.URL + "/cut", CodeFailed},
		"too large":             {server.URL + "/huge", CodeFailed},
		"redirect to http":      {server.URL + "/away?token=s3cret", CodeFailed},
		"redirects in a circle": {server.URL + "/round", CodeFailed},
		"nobody there":          {"http://127.0.0.1:1/x?token=s3cret", CodeFailed},
		"plain http":            {"http://files.example.com/x", CodeFailed},
		"a file URL":            {"file:///etc/passwd", CodeFailed},
		"a password":            {"https://me:s3cret@files.example.com/x", CodeFailed},
		"no URL":                {"%zz?s3cret", CodeFailed},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a, err := client.Pin(t.Context(), store, "geoip", tt.address)
			if tt.code == "" {
				if err != nil || a.SHA256 != cas.Sum([]byte("the file")) || a.Size != 8 || a.Name != "geoip" {
					t.Errorf("Pin = %+v, %v", a, err)
				}
				return
			}
			ps := diag.All(err)
			if len(ps) != 1 || ps[0].Code != tt.code {
				t.Fatalf("Pin: %v, want %s", err, tt.code)
			}
			if strings.Contains(ps[0].Text(), "s3cret") {
				t.Errorf("a secret is in the message:\n%s", ps[0].Text())
			}
		})
	}
	if u, err := store.Usage(t.Context()); err != nil || u.Blobs != 1 {
		t.Errorf("the store holds %+v, %v; only the whole file may be kept", u, err)
	}
}

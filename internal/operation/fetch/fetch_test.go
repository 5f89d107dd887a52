package fetch

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

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
	client := New(server.Client().Transport)
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
		"plain http":            {"http://files.example.com/x", CodeAddress},
		"a file URL":            {"file:///etc/passwd", CodeAddress},
		"a password":            {"https://me:s3cret@files.example.com/x", CodeAddress},
		"no URL":                {"%zz?s3cret", CodeAddress},
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

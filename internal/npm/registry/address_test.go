package registry

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
)

// What a lockfile says comes from an address is asked of that server alone, and its
// failures are reported as its own.
func TestAnAddressIsAskedOfItsServerAlone(t *testing.T) {
	registry := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("the registry was asked") })
	status := http.StatusOK
	var asked *http.Request
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked = r
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	address := strings.Replace(server.URL, "http://", "http://me:secret@", 1) + "/x.tgz?token=secret#secret"
	c := client(t, registry.URL)
	for _, test := range []struct {
		name, resolved string
		status         int
		code           diag.Code
	}{
		{"there", address, 200, ""},
		{"not there", address, 404, CodeNotFound},
		{"gone for good", address, 410, CodeNotFound},
		{"denied", address, 401, CodeDenied},
		{"forbidden", address, 403, CodeDenied},
		{"failing", address, 500, CodeAddress},
		{"no server", gone.URL + "/x.tgz?token=secret", 0, CodeAddress},
		{"no address", "", 0, CodeNotFound},
	} {
		t.Run(test.name, func(t *testing.T) {
			asked, status = nil, test.status
			r := request
			r.URL, r.Resolved = true, test.resolved
			got, err := fetch(c, r)
			if test.code == "" {
				if err != nil || got != body {
					t.Errorf("%q, %v", got, err)
				}
				if asked.URL.RawQuery != "token=secret" || asked.Header.Get("Authorization") != "" {
					t.Errorf("asked for %s with %v", asked.URL, asked.Header)
				}
				return
			}
			ps := diag.All(err)
			if len(ps) != 1 || ps[0].Code != test.code {
				t.Fatalf("%v, want %s", err, test.code)
			}
			if said := ps[0].What + ps[0].Why + ps[0].Remedy; strings.Contains(said, "secret") || ps[0].Remedy == "" {
				t.Errorf("it says %q", said)
			}
		})
	}
}

package registry

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

const body = "the bytes of a tarball"

// client makes one for a registry at address, with more lines of .npmrc, that
// never waits between tries.
func client(t *testing.T, address string, lines ...string) *Client {
	t.Helper()
	return clientWithin(t, pace.Limits{}, address, lines...)
}

// clientWithin is client for one that waits no longer than these limits.
func clientWithin(t *testing.T, limits pace.Limits, address string, lines ...string) *Client {
	t.Helper()
	config, err := load(t, strings.Join(append(lines, "registry="+address), "\n"), "", "")
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewClient(config, Options{
		Pace:  limits,
		Retry: retry.Policy{Sleep: func(context.Context, time.Duration) error { return nil }},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func fetch(c *Client, r Request) (string, error) {
	var b bytes.Buffer
	err := c.Tarball(context.Background(), r, func() (io.Writer, error) { b.Reset(); return &b, nil })
	return b.String(), err
}

// integrity is the SHA-512 of a body as SRI has it.
func integrity(body string) string {
	sum := sha512.Sum512([]byte(body))
	return "sha512-" + base64.StdEncoding.EncodeToString(sum[:])
}

var request = Request{Name: "@s/a", Version: "1.0.0", Integrity: integrity(body)}

func TestTarballFails(t *testing.T) {
	tests := []struct {
		name  string
		serve http.HandlerFunc
		want  diag.Code
		tries int32 // that the registry sees
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, CodeFailing, 3},
		{"429", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(429) }, CodeFailing, 3},
		{"401", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(401) }, CodeDenied, 1},
		{"404 here and of its document", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, CodeNotFound, 2},
		{"lying", func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "other bytes") }, CodeLying, 1},
		{"empty", func(http.ResponseWriter, *http.Request) {}, CodeLying, 1},
		{"longer than it is", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, body)
		}, CodeCut, 3},
		{"shorter than it is", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "5")
			io.WriteString(w, body[:5])
		}, CodeLying, 1},
		{"hanging before the header", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, CodeUnreachable, 3},
		{"hanging in the body", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "22")
			io.WriteString(w, body[:3])
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, CodeUnreachable, 3},
		{"redirect without end", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }, CodeRedirect, 5},
		{"redirect to a file", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(302)
		}, CodeRedirect, 1},
		{"unknown encoding", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "br")
			io.WriteString(w, body)
		}, CodePackument, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var tries atomic.Int32
			s := serve(t, func(w http.ResponseWriter, r *http.Request) { tries.Add(1); tt.serve(w, r) })
			limits := pace.Limits{}
			if strings.HasPrefix(tt.name, "hanging") { // the others answer, however busy the machine is
				limits = pace.Limits{Answer: 300 * time.Millisecond, Stall: 300 * time.Millisecond}
			}
			_, err := fetch(clientWithin(t, limits, s.URL), request)
			ps := diag.All(err)
			if len(ps) != 1 || ps[0].Code != tt.want || ps[0].Remedy == "" {
				t.Fatalf("got %v, want %s", err, tt.want)
			}
			if n := tries.Load(); n != tt.tries {
				t.Errorf("%d tries, want %d", n, tt.tries)
			}
		})
	}
}

func TestTarballWithoutServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "http://" + l.Addr().String()
	l.Close()
	if _, err := fetch(client(t, address), request); diag.All(err)[0].Code != CodeUnreachable {
		t.Errorf("got %v", err)
	}
}

func TestTarballTriesAgain(t *testing.T) {
	var n atomic.Int32
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/@s/a/-/a-1.0.0.tgz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		switch n.Add(1) {
		case 1:
			w.WriteHeader(503)
		case 2:
			w.Header().Set("Content-Length", "22")
			io.WriteString(w, "half ")
		default:
			io.WriteString(w, body)
		}
	})
	got, err := fetch(client(t, s.URL), request)
	if err != nil || got != body {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTarballIsFoundWhereTheDocumentSays(t *testing.T) {
	var s *httptest.Server
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.EscapedPath() {
		case "/@s%2fa":
			fmt.Fprintf(w, `{"name":"@s/a","versions":{"1.0.0":{"dist":{"tarball":"%s/download/a"}}}}`, s.URL)
		case "/download/a":
			io.WriteString(w, body)
		default:
			w.WriteHeader(404)
		}
	})
	got, err := fetch(client(t, s.URL), request)
	if err != nil || got != body {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestTarballPrefersTheBoundRegistryToTheLockfilesAddress(t *testing.T) {
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("the other host was asked for %s", r.URL)
	})
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) })
	r := request
	r.Resolved = other.URL + "/@s/a/-/a-1.0.0.tgz"
	if _, err := fetch(client(t, s.URL), r); err != nil {
		t.Error(err)
	}
}

func TestCredentialsDoNotFollowARedirectToAnotherHost(t *testing.T) {
	var leaked atomic.Bool
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(leaked.Load() || r.Header.Get("Authorization") != "")
		io.WriteString(w, body)
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-token" {
			t.Errorf("the registry got %q", r.Header.Get("Authorization"))
		}
		http.Redirect(w, r, other.URL+"/x?sig=secret-signature", http.StatusFound)
	})
	token := func(u string) string { return strings.TrimPrefix(u, "http:") + "/:_authToken=secret-token" }
	c := client(t, s.URL, token(s.URL), token(other.URL))
	if _, err := fetch(c, request); err != nil {
		t.Fatal(err)
	}
	if leaked.Load() {
		t.Error("the credential went along")
	}
}

func TestErrorsShowNoCredential(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(403) })
	address := strings.Replace(s.URL, "http://", "http://user:secret-password@", 1)
	c := client(t, address, strings.TrimPrefix(s.URL, "http:")+"/:_authToken=secret-token")
	r := request
	r.Resolved = s.URL + "/a.tgz?token=secret-query"
	_, denied := fetch(c, r)
	s.Close()
	_, gone := fetch(c, r)
	for _, err := range []error{denied, gone} {
		for _, p := range diag.All(err) {
			if strings.Contains(p.Text()+p.Error(), "secret") {
				t.Error(p.Text())
			}
		}
	}
	if denied == nil || gone == nil {
		t.Error("no error")
	}
}

func TestTarballNeedsAnIntegrity(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("asked without an integrity") })
	_, err := fetch(client(t, s.URL), Request{Name: "a", Version: "1.0.0", Integrity: "md5-x"})
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeIntegrity {
		t.Errorf("got %v", err)
	}
}

func TestNamesAndVersionsAreNoPaths(t *testing.T) {
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { t.Errorf("asked for %s", r.URL) })
	c := client(t, s.URL)
	for _, r := range []Request{{Name: "../a"}, {Name: "@s/../a"}, {Name: "a/b"}, {Name: "@/a"}, {Name: "a?b"}, {Name: "a", Version: "../1"}, {Name: ".a"}} {
		r.Integrity = request.Integrity
		if _, err := fetch(c, r); err == nil {
			t.Errorf("%q %q was taken", r.Name, r.Version)
		}
	}
}

func TestCertificates(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, body) }))
	t.Cleanup(s.Close)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, cert, 0o600); err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(cert))
	if err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string]string{"cafile": "cafile=" + file, "ca": "ca=" + string(quoted), "strict-ssl": "strict-ssl=false"} {
		t.Run(name, func(t *testing.T) {
			if _, err := fetch(client(t, s.URL, line), request); err != nil {
				t.Error(err)
			}
		})
	}
	t.Run("unknown authority", func(t *testing.T) {
		_, err := fetch(client(t, s.URL), request)
		if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeCertificate {
			t.Errorf("got %v", err)
		}
	})
}

const document = `{"_id":"a","name":"a","dist-tags":{"latest":"2.0.0"},"maintainers":[{"name":"z"},{"name":"b"},"c <c@example.com>"],
"readme":"tricky \" \\ } ] \u007d","time":{"created":"2020-01-02T03:04:05.678Z","1.0.0":"2020-01-02T03:04:06.000Z","2.0.0":7},
"versions":{"1.0.0":{"name":"a","scripts":{"install":"x"},"deprecated":"old","_npmUser":{"name":"b"},"dist":{"integrity":"sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==","shasum":"0000000000000000000000000000000000000000","tarball":"https://r.example.com/a.tgz","attestations":{"url":"u","provenance":{"predicateType":"https://slsa.dev/provenance/v1"}}},"maintainers":[{"name":"z","email":"z@example.com"},"c <c@example.com>",{"name":"b"}]},
"2.0.0":{"deprecated":false,"dist":{"shasum":"0000000000000000000000000000000000000000"}},"3.0.0":{"x":[[{}],"]"]}},"n":-1.5e3,"t":true}`

func TestPackument(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") == "gzip" {
			w.Header().Set("Content-Encoding", "gzip")
			zw := gzip.NewWriter(w)
			defer zw.Close()
			io.WriteString(zw, document)
		}
	})
	got, err := client(t, s.URL).Packument(context.Background(), "a", []string{"1.0.0", "2.0.0", "9.9.9"})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2020, 1, 2, 3, 4, 5, 678e6, time.UTC)
	want := &Packument{
		Name: "a", Known: []string{"1.0.0", "2.0.0", "3.0.0"},
		Versions: map[string]Version{
			"1.0.0": {Integrity: "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA== sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=", Tarball: "https://r.example.com/a.tgz", Published: at.Truncate(time.Second).Add(time.Second),
				Deprecated: true, Maintainers: []string{"b", "c", "z"}, Provenance: "https://slsa.dev/provenance/v1"},
			"2.0.0": {Integrity: "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=", Maintainers: []string{}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestPackumentsAreReadByTheirExactKeys has keys in another case beside those that npm
// reads, and values of other types, which say nothing.
func TestPackumentsAreReadByTheirExactKeys(t *testing.T) {
	const sum = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
	for name, test := range map[string]struct {
		version string
		want    Version
	}{
		"another case":     {`{"Deprecated":"x","Maintainers":["m"],"Dist":{"integrity":"` + sum + `"},"dist":{"Integrity":"` + sum + `","TARBALL":"t","Attestations":{"provenance":{"predicateType":"p"}}}}`, Version{}},
		"another case in":  {`{"maintainers":[{"Name":"m"}],"dist":{"tarball":"t","attestations":{"Provenance":{"predicateType":"p"},"provenance":{"PredicateType":"p"}}}}`, Version{Tarball: "t"}},
		"the last of two":  {`{"deprecated":"x","deprecated":"","dist":{"tarball":"a","integrity":"` + sum + `"},"dist":{"tarball":"b"}}`, Version{Tarball: "b"}},
		"other types":      {`{"deprecated":1,"maintainers":{"name":"m"},"dist":{"tarball":["t"],"integrity":7,"shasum":{},"attestations":[]}}`, Version{}},
		"no dist":          {`{"deprecated":true,"dist":"x"}`, Version{Deprecated: true}},
		"half a character": {`{"maintainers":["m\ud800"]}`, Version{Maintainers: []string{"m\ufffd"}}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := parsePackument(strings.NewReader(`{"name":"a","versions":{"1.0.0":`+test.version+`}}`), []string{"1.0.0"})
			if err != nil {
				t.Fatal(err)
			}
			if test.want.Maintainers == nil {
				test.want.Maintainers = []string{}
			}
			if diff := cmp.Diff(test.want, p.Versions["1.0.0"]); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPackumentRefuses(t *testing.T) {
	tests := []struct {
		name, text string
		want       diag.Code
	}{
		{"no JSON", "<html>", CodePackument},
		{"another package", `{"name":"b"}`, CodePackument},
		{"cut", document[:300], CodeCut},
		{"too deep", `{"x":` + strings.Repeat("[", 100), CodePackument},
		{"huge version", `{"versions":{"1.0.0":"` + strings.Repeat("x", maxVersion) + `"}}`, CodeLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, tt.text) })
			_, err := client(t, s.URL).Packument(context.Background(), "a", []string{"1.0.0"})
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// oneByte gives a byte a read, so that every window boundary is met.
type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

// FuzzPackument: what a window shows makes no difference, and what encoding/json
// takes for a document is read with the same names.
func FuzzPackument(f *testing.F) {
	f.Add([]byte(document))
	f.Add([]byte(`{"name":"a\u0062","versions":{"1.0.0":{}}}`))
	f.Fuzz(func(t *testing.T, src []byte) {
		wanted := []string{"1.0.0", "2.0.0"}
		p, err := parsePackument(bytes.NewReader(src), wanted)
		q, err2 := parsePackument(oneByte{bytes.NewReader(src)}, wanted)
		if (err == nil) != (err2 == nil) {
			t.Fatalf("whole: %v, in bytes: %v", err, err2)
		}
		if err == nil {
			if diff := cmp.Diff(p, q); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

package main

import (
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"
)

// oddNPM names a registry in .npmrc that does one thing wrong: it is "denied", "failing",
// cuts its answers short ("cut"), answers with a "page", sends "elsewhere", or has a
// certificate that nobody vouches for ("untrusted"): odd-npm HOW.
func oddNPM(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: odd-npm denied|failing|cut|page|elsewhere|untrusted")
	}
	var answer http.HandlerFunc
	switch args[0] {
	case "denied":
		answer = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) }
	case "failing":
		answer = func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	case "cut":
		answer = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"name": "le`)
		}
	case "page":
		answer = func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "<!DOCTYPE html>\n<title>Sign in</title>")
		}
	case "elsewhere":
		answer = func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", "ftp://files.example.com"+r.URL.Path)
			w.WriteHeader(http.StatusFound)
		}
	case "untrusted":
		answer = http.NotFound
	default:
		ts.Fatalf("no registry is %q", args[0])
	}
	server := httptest.NewUnstartedServer(answer)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if args[0] == "untrusted" {
		server.StartTLS()
	} else {
		server.Start()
	}
	ts.Defer(server.Close)
	ts.Setenv("ODD", strings.TrimPrefix(strings.TrimPrefix(server.URL, "https://"), "http://"))
	ts.Check(os.WriteFile(ts.MkAbs(".npmrc"), []byte("registry="+server.URL+"/\n"), 0o600))
}

// oddOCI serves what $REGISTRY does, but for one thing, and names itself in $ODDOCI: the
// lists of what is attached to images are empty ("hiding"), or manifests are redirected to a
// server that is asked without TLS ("elsewhere"): odd-oci HOW.
func oddOCI(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "hiding" && args[0] != "elsewhere" {
		ts.Fatalf("usage: odd-oci hiding|elsewhere")
	}
	to, err := url.Parse("http://" + ts.Getenv("REGISTRY"))
	ts.Check(err)
	proxy := httputil.NewSingleHostReverseProxy(to)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case args[0] == "hiding" && strings.Contains(r.URL.Path, "/referrers/"):
			w.Header().Set("Content-Type", string(types.OCIImageIndex))
			_, _ = io.WriteString(w, otherManifest)
		case args[0] == "elsewhere" && strings.Contains(r.URL.Path, "/manifests/"):
			http.Redirect(w, r, "http://files.example.com"+r.URL.Path, http.StatusTemporaryRedirect)
		default:
			proxy.ServeHTTP(w, r)
		}
	}))
	ts.Defer(server.Close)
	ts.Setenv("ODDOCI", strings.TrimPrefix(server.URL, "http://"))
}

// lost attaches a statement to an image whose bundle is not there: lost IMAGE TYPE.
func lost(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lost IMAGE TYPE")
	}
	a := pusherOf(ts, args[0])
	_ = a.blob([]byte("{}"))
	gone, err := v1.NewHash(digestOf([]byte("lost")))
	ts.Check(err)
	a.manifest(v1.Descriptor{MediaType: bundleType, Digest: gone, Size: 4}, map[string]string{
		"dev.sigstore.bundle.content": "dsse-envelope", "dev.sigstore.bundle.predicateType": args[1],
	})
}

// pushRaw pushes an image as it is written down: its configuration, and a manifest in
// which @DIGEST@ and @SIZE@ stand for that: push-raw IMAGE:TAG MANIFEST CONFIG.
func pushRaw(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: push-raw IMAGE:TAG MANIFEST CONFIG")
	}
	tag, err := name.NewTag(args[0])
	ts.Check(err)
	a := attacker{ts: ts, at: "http://" + tag.Context().RegistryStr() + "/v2/" + tag.Context().RepositoryStr() + "/"}
	config := a.blob([]byte(ts.ReadFile(args[2])))
	manifest := strings.NewReplacer("@DIGEST@", config.Digest.String(), "@SIZE@", strconv.FormatInt(config.Size, 10)).Replace(ts.ReadFile(args[1]))
	a.do(http.MethodPut, "manifests/"+tag.TagStr(), string(types.OCIManifestSchema1), []byte(manifest))
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/rogpeppe/go-internal/testscript"
)

// faultKinds are what goes wrong with a request: it is refused for now, the connection
// is reset before or after it had its effect, or the answer ends in its middle.
var faultKinds = []string{"503", "reset", "lost", "half"}

// faulty is a registry of images that does something wrong with one request, or with
// one and all after it. It begins empty, but for a base, as often as is asked.
type faulty struct {
	api bool // it has the referrers API

	mu      sync.Mutex
	inner   http.Handler
	kind    string
	at      int  // the request that fails, from 1; 0 for none
	forever bool // and all after it
	seen    []string
	moves   string // how the move of a tag ends: see tagMoves
}

func (f *faulty) empty() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inner = registry.New(registry.WithReferrersSupport(f.api), registry.Logger(log.New(io.Discard, "", 0)))
	f.at, f.seen = 0, nil
}

func (f *faulty) arm(kind string, at int, forever bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.kind, f.at, f.forever, f.seen = kind, at, forever, nil
}

// requests are those since it was armed.
func (f *faulty) requests() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.seen)
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.seen = append(f.seen, r.Method+" "+r.URL.Path)
	fails := f.at > 0 && (len(f.seen) == f.at || f.forever && len(f.seen) > f.at)
	kind, inner := f.kind, f.inner
	if repository, _, ok := strings.Cut(r.URL.Path, "/manifests/sha256:"); ok && r.Method == http.MethodPut && strings.HasPrefix(f.moves, "under ") && attaches(r) {
		other := httptest.NewRequest(http.MethodPut, repository+"/manifests/"+strings.TrimPrefix(f.moves, "under "), strings.NewReader(otherManifest))
		other.Header.Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		inner.ServeHTTP(httptest.NewRecorder(), other)
		f.moves = ""
	} else if _, tag, ok := strings.Cut(r.URL.Path, "/manifests/"); ok && r.Method == http.MethodPut && f.moves != "" && !strings.Contains(tag, ":") {
		fails, kind = true, f.moves
		f.at, f.forever = len(f.seen), kind == "silent" // nothing is said any more
	}
	f.mu.Unlock()
	switch {
	case !fails:
		inner.ServeHTTP(w, r)
	case kind == "503":
		w.WriteHeader(http.StatusServiceUnavailable)
	case kind == "denied":
		w.WriteHeader(http.StatusForbidden)
	case kind == "elsewhere":
		other := httptest.NewRequest(http.MethodPut, r.URL.Path, strings.NewReader(otherManifest))
		other.Header.Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		inner.ServeHTTP(httptest.NewRecorder(), other)
		drop(w)
	case kind == "reset" || kind == "silent" && r.Method != http.MethodPut:
		drop(w)
	default:
		answer := httptest.NewRecorder()
		inner.ServeHTTP(answer, r)
		if kind == "half" {
			body := answer.Body.Bytes()
			if len(body) == 0 {
				body = make([]byte, 64)
			}
			for name, values := range answer.Header() {
				w.Header()[name] = values
			}
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(answer.Code)
			_, _ = w.Write(body[:len(body)/2])
			w.(http.Flusher).Flush()
		}
		drop(w)
	}
}

// attaches reports whether a request pushes what is attached to an image.
func attaches(r *http.Request) bool {
	body, err := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	return err == nil && bytes.Contains(body, []byte(`"subject"`))
}

// otherManifest is what somebody else moves a tag to.
const otherManifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`

// tagMoves says how every move of a tag ends from now on: it is "denied", somebody
// moves the tag "elsewhere" and the answer is lost, or the tag moves and the registry is
// "silent" from then on; "under TAG" has somebody move that tag once something is
// attached; "" for well: tag-moves [HOW].
func tagMoves(ts *testscript.TestScript, neg bool, args []string) {
	f := ts.Value(faultyKey{}).(*faulty)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.moves, f.at, f.forever = strings.Join(args, " "), 0, false
}

// drop resets a connection.
func drop(w http.ResponseWriter) {
	conn, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the other side sees the connection closed
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	conn.Close()
}

// faultyRegistry serves images from a registry that every-fault and no-way-on disturb,
// and names itself in $REGISTRY: faulty-registry [no-api].
func faultyRegistry(ts *testscript.TestScript, neg bool, args []string) {
	f := ts.Value(faultyKey{}).(*faulty)
	f.api = !slices.Contains(args, "no-api")
	server := httptest.NewServer(f)
	ts.Defer(server.Close)
	ts.Setenv("REGISTRY", strings.TrimPrefix(server.URL, "http://"))
	f.begin(ts)
}

type faultyKey struct{}

// begin empties the registry, and the store of the command.
func (f *faulty) begin(ts *testscript.TestScript) {
	f.empty()
	baseImage(ts, ts.Getenv("REGISTRY")+"/base/node:1")
	store, err := os.MkdirTemp(ts.Getenv("WORK"), "store-")
	ts.Check(err)
	ts.Setenv("NBUILD_STORE", filepath.Join(store, "store"))
}

// allFaults has each request fail in each way, which takes minutes, in place of each in
// one way.
var allFaults = flag.Bool("faults", false, "have every request of the fault scripts fail in every way")

// kindsAt are the ways in which a request fails.
func kindsAt(at int) []string {
	if *allFaults {
		return faultKinds
	}
	return []string{faultKinds[at%len(faultKinds)]}
}

// everyFault runs a command as often as it makes requests, each time with an empty
// registry and store, with a fault at another request. All of them must succeed, make
// the image that is made without a fault, move the tag to it, and attach each statement
// once: every-fault IMAGE:TAG COMMAND ARGS….
func everyFault(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: every-fault IMAGE:TAG COMMAND ARGS…")
	}
	f := ts.Value(faultyKey{}).(*faulty)
	f.begin(ts)
	f.arm("", 0, false)
	ts.Check(ts.Exec(args[1], args[2:]...))
	want, runs := f.holds(ts, args[0]), 0
	for at, more := 1, true; more; at++ {
		for _, kind := range kindsAt(at) {
			f.begin(ts)
			f.arm(kind, at, false)
			err := ts.Exec(args[1], args[2:]...)
			asked := f.requests()
			f.arm("", 0, false)
			if more = len(asked) >= at; !more {
				break
			}
			if err != nil {
				ts.Fatalf("%s at request %d, %s: %v", kind, at, asked[at-1], err)
			}
			if got := f.holds(ts, args[0]); got != want {
				ts.Fatalf("%s at request %d, %s: the registry holds %s, want %s", kind, at, asked[at-1], got, want)
			}
			runs++
		}
	}
	ts.Logf("%d faults, one at a time", runs)
}

// noWayOn runs a command as often as it makes requests, or for every third of them, and
// each time the registry does not recover from the fault. All of them must fail with the
// exit code and with one error, or a verdict, whose words fit a pattern and that has a
// remedy, and no tag may be at an image that lacks a statement: no-way-on CODE PATTERN IMAGE:TAG COMMAND ARGS….
func noWayOn(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: no-way-on CODE PATTERN IMAGE:TAG COMMAND ARGS…")
	}
	words, err := regexp.Compile(args[1])
	ts.Check(err)
	f := ts.Value(faultyKey{}).(*faulty)
	f.begin(ts)
	f.arm("", 0, false)
	ts.Check(ts.Exec(args[3], args[4:]...))
	want, step := f.holds(ts, args[2]), 3
	if *allFaults {
		step = 1
	}
	for at, more := 1, true; more; at += step {
		for _, kind := range kindsAt(at) {
			f.begin(ts)
			f.arm(kind, at, true)
			err := ts.Exec(args[3], args[4:]...)
			asked := f.requests()
			f.arm("", 0, false)
			if more = len(asked) >= at; !more {
				break
			}
			got, said := f.holds(ts, args[2]), ts.ReadFile("stderr")
			if err == nil && kind == "half" && got == want {
				continue // what was cut off was not needed
			}
			if code := exitText(err); code != args[0] || !words.MatchString(said) {
				ts.Fatalf("%s from request %d on, %s: exit code %s, want %s and %s\n%s", kind, at, asked[at-1], code, args[0], args[1], said)
			}
			if got != "nothing" && got != want {
				ts.Fatalf("%s from request %d on, %s: the registry holds %s, want nothing or %s", kind, at, asked[at-1], got, want)
			}
			if n := strings.Count(said, "error["); n > 1 || n == 0 && !strings.Contains(said, "for production: undecided") || !strings.Contains(said, "fix: ") {
				ts.Fatalf("%s from request %d on, %s: not one error with what to do, but\n%s", kind, at, asked[at-1], said)
			}
		}
	}
}

// holds describes what a tag points at, "nothing" where there is no tag: the digest, and
// the types of what is attached, each as often as it is. It asks the registry behind the faults.
func (f *faulty) holds(ts *testscript.TestScript, image string) string {
	name, tag, _ := strings.Cut(image, ":")
	get := func(path string) (*httptest.ResponseRecorder, bool) {
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://127.0.0.1/v2/"+name+"/"+path, nil)
		ts.Check(err)
		w := httptest.NewRecorder()
		f.inner.ServeHTTP(w, r)
		return w, w.Code == http.StatusOK
	}
	w, ok := get("manifests/" + tag)
	if !ok {
		return "nothing"
	}
	digest, _, err := v1.SHA256(bytes.NewReader(w.Body.Bytes()))
	ts.Check(err)
	w, ok = get("referrers/" + digest.String())
	if !ok {
		w, ok = get("manifests/" + digest.Algorithm + "-" + digest.Hex)
	}
	var index v1.IndexManifest
	if ok {
		ts.Check(json.Unmarshal(w.Body.Bytes(), &index))
	}
	var types []string
	for _, m := range index.Manifests {
		types = append(types, m.ArtifactType+" "+m.Annotations["dev.sigstore.bundle.predicateType"])
	}
	slices.Sort(types)
	return fmt.Sprintf("%s with %q", digest, types)
}

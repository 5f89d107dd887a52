package oci

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/diag"
)

// A tag is what others deploy: it is moved from where it was, and over nothing that
// somebody put there meanwhile, whatever becomes of the answer.
func TestATagIsMovedFromWhereItWas(t *testing.T) {
	type answer func(w http.ResponseWriter, r *http.Request, h http.Handler, n int)
	status := func(code int) answer {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler, _ int) { w.WriteHeader(code) }
	}
	only := func(first answer) answer { // the first time, and after it as it should be
		return func(w http.ResponseWriter, r *http.Request, h http.Handler, n int) {
			if n == 1 {
				first(w, r, h, n)
			} else {
				h.ServeHTTP(w, r)
			}
		}
	}
	other := image(t, "other", "amd64")
	raw, err := other.RawManifest()
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := func(w http.ResponseWriter, r *http.Request, h http.Handler, _ int) {
		theirs := r.Clone(r.Context())
		theirs.Body, theirs.ContentLength = io.NopCloser(bytes.NewReader(raw)), int64(len(raw))
		h.ServeHTTP(httptest.NewRecorder(), theirs)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	for name, test := range map[string]struct {
		answer answer
		want   diag.Code
		puts   int32
		at     string // where the tag is afterwards
	}{
		"as it should be":  {only(func(w http.ResponseWriter, r *http.Request, h http.Handler, _ int) { h.ServeHTTP(w, r) }), "", 1, "new"},
		"it never arrived": {only(status(503)), "", 2, "new"},
		"twice it never arrived": {func(w http.ResponseWriter, r *http.Request, h http.Handler, n int) {
			only(status(503))(w, r, h, max(n-1, 1))
		}, "", 3, "new"},
		"it never arrives": {status(503), CodeUnreachable, 3, "old"},
		"the answer was lost": {func(_ http.ResponseWriter, r *http.Request, h http.Handler, _ int) {
			h.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}, "", 1, "new"},
		"somebody moved it":          {elsewhere, CodeMoved, 1, "other"},
		"it is said and not done":    {status(201), CodeMoved, 1, "old"},
		"it is refused with 400":     {status(400), CodeDenied, 1, "old"},
		"... with 401":               {status(401), CodeDenied, 1, "old"},
		"... with 403":               {status(403), CodeDenied, 1, "old"},
		"... with 405":               {status(405), CodeDenied, 1, "old"},
		"... with 409":               {status(409), CodeDenied, 1, "old"},
		"... with 412":               {status(412), CodeDenied, 1, "old"},
		"an answer that is no right": {status(418), CodeUnreachable, 1, "old"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			var puts atomic.Int32
			l := &lie{path: "/manifests/stable"}
			l.answer = func(w http.ResponseWriter, r *http.Request, h http.Handler) {
				if r.Method != http.MethodPut {
					h.ServeHTTP(w, r)
					return
				}
				test.answer(w, r, h, int(puts.Add(1)))
			}
			r := serve(t, true, l.wrap)
			images := map[string]v1.Image{"old": image(t, "old", "amd64"), "new": image(t, "new", "amd64"), "other": other}
			for _, img := range images {
				if _, err := r.PushImage(ctx, img); err != nil {
					t.Fatal(err)
				}
			}
			if err := r.Tag(ctx, digestOf(t, images["old"]), "stable"); err != nil {
				t.Fatal(err)
			}
			l.armed.Store(true)
			err := r.Tag(ctx, digestOf(t, images["new"]), "stable")
			if code(err) != test.want || puts.Load() != test.puts {
				t.Errorf("after %d requests: %v", puts.Load(), err)
			}
			for _, p := range diag.All(err) {
				if test.want != CodeUnreachable && !strings.Contains(p.What, "stable") || p.Remedy == "" {
					t.Errorf("%s: %s", p.What, p.Remedy)
				}
			}
			l.armed.Store(false)
			if now, err := r.Resolve(ctx, "stable"); err != nil || now.Digest != digestOf(t, images[test.at]) {
				t.Errorf("it points at %s, %v", now.Digest, err)
			}
		})
	}
}

// Where neither the answer to a move nor the tag can be had, what became of it is unknown,
// and nothing says otherwise.
func TestATagThatCannotBeLookedAtIsUnknown(t *testing.T) {
	ctx := t.Context()
	var lost atomic.Bool
	l := &lie{path: "/manifests/stable", answer: func(w http.ResponseWriter, r *http.Request, h http.Handler) {
		if r.Method == http.MethodPut {
			lost.Store(true)
		}
		if lost.Load() {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		h.ServeHTTP(w, r)
	}}
	r := serve(t, true, l.wrap)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	l.armed.Store(true)
	err = r.Tag(ctx, desc.Digest, "stable")
	if code(err) != CodeUnreachable || !strings.Contains(err.Error(), "whether tag stable") {
		t.Errorf("%v", err)
	}
}

// A tag that is where it should be is not written again: it may be one that nobody may
// move. A name that is no tag is not asked for.
func TestATagThatIsRightIsLeftAlone(t *testing.T) {
	ctx := t.Context()
	var asked atomic.Int32
	l := &lie{answer: func(w http.ResponseWriter, r *http.Request, h http.Handler) {
		asked.Add(1)
		if r.Method == http.MethodPut {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	}}
	r := serve(t, true, l.wrap)
	desc, err := r.PushImage(ctx, image(t, "a", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Tag(ctx, desc.Digest, "stable"); err != nil {
		t.Fatal(err)
	}
	l.armed.Store(true)
	if err := r.Tag(ctx, desc.Digest, "stable"); err != nil {
		t.Errorf("it was written again: %v", err)
	}
	asked.Store(0)
	for _, bad := range []string{"", "a b", "-a", ".a", "a/b", strings.Repeat("a", 129), "a:b"} {
		if err := r.Tag(ctx, desc.Digest, bad); code(err) != CodeReference {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if asked.Load() != 0 {
		t.Errorf("%d requests were made", asked.Load())
	}
	l.armed.Store(false)
	if err := r.Tag(ctx, desc.Digest, strings.Repeat("a", 128)); err != nil {
		t.Error(err)
	}
}

package upstream_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// TestVendorTellsHowARegistryFails brings three packages from a registry that gives
// one of them in a bad way: that one is named, nothing of it is kept, and the
// others are there.
func TestVendorTellsHowARegistryFails(t *testing.T) {
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	whole, err := snapshot.Parse([]byte(w.Read("nbuild.lock")), "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.New(slices.Collect(whole.Of(snapshot.KindNPM)))
	if err != nil {
		t.Fatal(err)
	}
	left, _ := lock.Find(snapshot.KindNPM, "left", "1.0.0", "")
	tests := []struct {
		name string
		say  http.HandlerFunc
		want diag.Code
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }, registry.CodeFailing},
		{"404", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(404) }, registry.CodeNotFound},
		{"lying", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("evil")) }, registry.CodeLying},
		{"cut", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte("half"))
		}, registry.CodeCut},
		{"hanging before the header", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, registry.CodeUnreachable},
		{"hanging in the body", func(w http.ResponseWriter, r *http.Request) {
			_, _ = w.Write([]byte("half"))
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		}, registry.CodeUnreachable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w.ForgetStore()
			store := w.Store()
			w.NPM.Change(func(rw http.ResponseWriter, r *http.Request, inside http.Handler) {
				if r.URL.Path == "/left/-/left-1.0.0.tgz" {
					tt.say(rw, r)
					return
				}
				inside.ServeHTTP(rw, r)
			})
			config, err := registry.LoadConfig(t.Context(), registry.Sources{Project: w.Host.Dir})
			if err != nil {
				t.Fatal(err)
			}
			client, err := registry.NewClient(config, registry.Options{
				Pace: pace.Limits{Answer: time.Second, Stall: time.Second}, Retry: retry.Policy{Tries: 1},
			})
			if err != nil {
				t.Fatal(err)
			}
			defer client.Close()
			o := upstream.BringOptions{Store: store, Client: client}
			err = upstream.Bring(t.Context(), lock, o)
			var got []diag.Code
			for _, p := range diag.All(err) {
				got = append(got, p.Code)
				if p.Remedy == "" {
					t.Errorf("%s has no remedy", p.Code)
				}
			}
			if diff := cmp.Diff([]diag.Code{tt.want}, got); diff != "" {
				t.Errorf("%v\n%s", err, diff)
			}
			if _, ok := store.Stat(left.SHA256); ok {
				t.Error("it was kept")
			}
			w.NPM.Change(nil)
			if err := upstream.Bring(t.Context(), lock, o); err != nil {
				t.Errorf("the next try: %v", err)
			}
		})
	}
}

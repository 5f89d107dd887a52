package upstream

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
)

func TestEachDoesAllUntilOneSaysStop(t *testing.T) {
	var n atomic.Int32
	Each(100, 7, func(int) bool { n.Add(1); return true })
	if n.Load() != 100 {
		t.Errorf("%d of 100 done", n.Load())
	}
	n.Store(0)
	Each(100, 1, func(i int) bool { n.Add(1); return i < 4 })
	if n.Load() != 5 {
		t.Errorf("%d done, want 5", n.Load())
	}
	Each(0, 4, func(int) bool { t.Error("called for nothing"); return true })
}

func TestJoinReportsInPlanOrder(t *testing.T) {
	a, b := &diag.Problem{What: "a"}, &diag.Problem{What: "b"}
	plumbing := errors.New("disk full")
	tests := []struct {
		name string
		errs []error
		want string
	}{
		{"nothing", []error{nil, nil}, ""},
		{"problems in order", []error{nil, a, nil, b}, "a\nb"},
		{"plumbing hides them", []error{a, plumbing}, "disk full"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			if err := Join(t.Context(), tt.errs); err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := Join(ctx, []error{a}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
}

// text is a Fetcher of a kind without an index.
type text string

func (s text) Fetch(_ context.Context, _ snapshot.Artefact, w io.Writer) error {
	_, err := io.WriteString(w, string(s))
	return err
}

func (text) Index(io.Reader) ([]byte, error) { return nil, errors.New("no index is named") }

func TestRunUsesTheFetcherOfAKind(t *testing.T) {
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.New([]snapshot.Artefact{{Kind: snapshot.KindFetch, Name: "data", SHA256: cas.Sum([]byte("good")), Size: 4}})
	if err != nil {
		t.Fatal(err)
	}
	o := BringOptions{Store: store, Fetchers: map[snapshot.Kind]Fetcher{snapshot.KindFetch: text("evil")}}
	if p := diag.All(Bring(t.Context(), lock, o)); len(p) != 1 || p[0].Code != CodeOther {
		t.Errorf("got %v, want %s", p, CodeOther)
	}
	o.Fetchers[snapshot.KindFetch] = text("good")
	if err := Bring(t.Context(), lock, o); err != nil {
		t.Error(err)
	}
}

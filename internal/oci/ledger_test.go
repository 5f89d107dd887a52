package oci

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/bounds"
)

// What was released is found by the names of the environment and the repository alone, in
// every store, and is listed once.
func TestALedgerIsFoundByItsNames(t *testing.T) {
	ctx := t.Context()
	const repo = "registry.example.com/shop/app"
	for name, s := range places(t) {
		t.Run(name, func(t *testing.T) {
			if _, err := s.PushImage(ctx, image(t, "a", "amd64")); err != nil {
				t.Fatal(err)
			}
			if list, cut, err := ListLedger(ctx, s, "production", repo); err != nil || cut != nil || len(list) != 0 {
				t.Errorf("before the first release: %v, %v, %v", list, cut, err)
			}
			for i, want := range []bool{true, false} {
				if recorded, err := Record(ctx, s, "production", repo, []byte("one"), release, "seal"); err != nil || recorded != want {
					t.Fatalf("time %d: %t, %v", i+1, recorded, err)
				}
			}
			list, cut, err := ListLedger(ctx, s, "production", repo)
			if err != nil || cut != nil || len(list) != 1 || list[0].PredicateType != release || list[0].Seal != "seal" {
				t.Errorf("%+v, %v, %v", list, cut, err)
			}
			if recorded, err := Record(ctx, s, "production", repo, []byte("two"), release, ""); err != nil || !recorded {
				t.Errorf("a second release: %t, %v", recorded, err)
			}
			if list, _, err := ListLedger(ctx, s, "production", repo); err != nil || len(list) != 2 {
				t.Errorf("%+v, %v", list, err)
			}
			for _, other := range [][2]string{{"staging", repo}, {"production", repo + "2"}, {repo, "production"}} {
				if list, _, err := ListLedger(ctx, s, other[0], other[1]); err != nil || len(list) != 0 {
					t.Errorf("in the ledger of %v: %v, %v", other, list, err)
				}
			}
			large := []byte(strings.Repeat("x", int(bounds.BundleOf(release))))
			if _, err := Record(ctx, s, "staging", repo, large, release, ""); err != nil {
				t.Errorf("as large as may be: %v", err)
			}
			if recorded, err := Record(ctx, s, "staging", repo, append(large, 'x'), release, ""); !errors.Is(err, ErrBound) || recorded {
				t.Errorf("larger: %t, %v", recorded, err)
			}
		})
	}
}

// The tag of a ledger is there for collectors of garbage. A registry that lets nobody
// have it, or shows another thing under it, still keeps the ledger; one that does not
// answer is reported.
func TestALedgerNeedsNoTag(t *testing.T) {
	ctx := t.Context()
	for status, ok := range map[int]bool{http.StatusForbidden: true, http.StatusConflict: true, http.StatusCreated: true, http.StatusServiceUnavailable: false} {
		l := &lie{path: "/manifests/nbuild-releases-"}
		l.answer = func(w http.ResponseWriter, r *http.Request, h http.Handler) {
			if r.Method == http.MethodPut {
				w.WriteHeader(status)
				return
			}
			h.ServeHTTP(w, r)
		}
		r := serve(t, true, l.wrap)
		l.armed.Store(true)
		recorded, err := Record(ctx, r, "production", "registry.example.com/shop/app", []byte("one"), release, "")
		if recorded != ok || (err == nil) != ok {
			t.Errorf("%d: %t, %v", status, recorded, err)
		}
		list, _, err := ListLedger(ctx, r, "production", "registry.example.com/shop/app")
		if err != nil || (len(list) == 1) != ok {
			t.Errorf("%d: %v, %v", status, list, err)
		}
	}
}

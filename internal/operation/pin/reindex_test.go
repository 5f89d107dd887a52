package pin_test

import (
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// older makes nbuild.lock one that an earlier nbuild wrote: its file indexes of npm's
// packages have version 1. It returns how many those are.
func older(t *testing.T, w *rehearsal.World) int {
	t.Helper()
	text, n := w.Read("nbuild.lock"), 0
	lock, err := snapshot.Parse([]byte(text), "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	for a := range lock.All() {
		d, ok := a.Index()
		if !ok || a.Kind != snapshot.KindNPM && a.Kind != snapshot.KindNode {
			continue
		}
		doc, err := w.Store().Read(t.Context(), d, bounds.FileIndex)
		if err != nil {
			t.Fatal(err)
		}
		old, err := w.Store().PutBytes(t.Context(), []byte(strings.Replace(string(doc), "nbuild-index 2", "nbuild-index 1", 1)))
		if err != nil {
			t.Fatal(err)
		}
		text = strings.ReplaceAll(text, d.String(), old.String())
		n++
	}
	w.Write("nbuild.lock", text)
	return n
}

func TestPinMakesOlderIndexesAnew(t *testing.T) {
	w := rehearsal.New(t)
	pinAll(t, w, pin.Options{})
	now := w.Read("nbuild.lock")
	n := older(t, w)
	if n < 3 {
		t.Fatalf("%d indexes", n)
	}
	p, err := project.Open(t.Context(), w.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	lock, err := p.Lock()
	if err != nil {
		t.Fatal(err)
	}
	wantCode(t, pin.VendorProject(t.Context(), w.Host, p, lock), upstream.CodeIndex)
	changed := pinAll(t, w, pin.Options{}).Changed
	if w.Read("nbuild.lock") != now || len(changed) != n {
		t.Errorf("changed %q of %d, nbuild.lock is\n%s", changed, n, w.Read("nbuild.lock"))
	}
}

// TestPinMakesIndexesAnewAfterVendorRefused is the way of a machine that has nothing
// but an older nbuild.lock.
func TestPinMakesIndexesAnewAfterVendorRefused(t *testing.T) {
	w := rehearsal.New(t)
	pinAll(t, w, pin.Options{})
	now := w.Read("nbuild.lock")
	older(t, w)
	w.ForgetStore()
	_, err := pin.Vendor(t.Context(), w.Host)
	wantCode(t, err, upstream.CodeIndex)
	pinAll(t, w, pin.Options{})
	if w.Read("nbuild.lock") != now {
		t.Errorf("nbuild.lock is\n%s", w.Read("nbuild.lock"))
	}
	if _, err := pin.Vendor(t.Context(), w.Host); err != nil {
		t.Error(err)
	}
}

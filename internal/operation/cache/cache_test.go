package cache_test

import (
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/cache"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// TestTheRemedyOfADamagedStoreWorks does what the problem of a damaged blob says:
// cache verify --repair, then vendor; and builds the same image as before.
func TestTheRemedyOfADamagedStoreWorks(t *testing.T) {
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	good, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:one"})
	if err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.Parse([]byte(w.Read("nbuild.lock")), "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	var damaged []cas.Digest
	for a := range lock.All() {
		damaged = append(damaged, a.SHA256)
		if index, ok := a.Index(); ok {
			damaged = append(damaged, index)
		}
	}
	w.Damage(damaged...)
	r, err := cache.Verify(t.Context(), w.Host, false)
	if len(diag.All(err)) != len(damaged) || diag.Exit(err) != 11 || len(r.Corrupt) != len(damaged) {
		t.Fatalf("%d damaged, reported: %v", len(damaged), err)
	}
	if r, err = cache.Verify(t.Context(), w.Host, true); err != nil || len(r.Corrupt) != len(damaged) {
		t.Fatalf("%+v, %v", r, err)
	}
	if _, err := pin.Vendor(t.Context(), w.Host); err != nil {
		t.Fatal(err)
	}
	again, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:two"})
	if err != nil || again.Images[0].Digest != good.Images[0].Digest {
		t.Errorf("%v", err)
	}
	if _, err := cache.Verify(t.Context(), w.Host, false); err != nil {
		t.Error(err)
	}
}

func TestWhatPruneTakesIsBroughtAgain(t *testing.T) {
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	good, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:one"})
	if err != nil {
		t.Fatal(err)
	}
	w.Host.Now = func() time.Time { return rehearsal.Now.AddDate(1, 0, 0) }
	before, err := cache.Show(t.Context(), w.Host)
	if err != nil {
		t.Fatal(err)
	}
	r, err := cache.Prune(t.Context(), w.Host, 0)
	if err != nil || r.PrunedBlobs != before.Blobs || r.Blobs != 0 {
		t.Fatalf("%+v of %+v, %v", r, before, err)
	}
	again, err := build.Run(t.Context(), w.Host, build.Options{To: "oci:two"})
	if err != nil || again.Images[0].Digest != good.Images[0].Digest {
		t.Errorf("%v", err)
	}
}

package attest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// crowded is a registry that anyone can push to. It counts what it is asked for.
type crowded struct {
	items   []Item
	bundles map[cas.Digest][]byte

	mu            sync.Mutex
	located, read int
	bytes         int64
	late          bool // the list leaves seals and types out
}

func (c *crowded) add(raw []byte, t predicate.Type, seal string) {
	if c.bundles == nil {
		c.bundles = map[cas.Digest][]byte{}
	}
	sum := cas.Sum(raw)
	c.bundles[sum] = raw
	c.items = append(c.items, Item{Name: sum.String(), Type: t, Seal: seal, Cost: 1000, Size: int64(len(raw)), Bundle: sum})
}

func (c *crowded) List(context.Context, cas.Digest) (Listing, error) {
	var out Listing
	for _, i := range c.items {
		if i.Bundle, i.Size = (cas.Digest{}), 0; c.late {
			i.Type, i.Seal = "", ""
		}
		out.Items = append(out.Items, i)
	}
	return out, nil
}

func (c *crowded) Locate(_ context.Context, _ cas.Digest, item Item) (Item, bool, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.located++
	at := slices.IndexFunc(c.items, func(i Item) bool { return i.Name == item.Name })
	return c.items[at], true, nil
}

func (c *crowded) Read(_ context.Context, item Item) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read++
	c.bytes += item.Size
	if item.Bundle.IsZero() {
		return nil, fmt.Errorf("read before it was located")
	}
	return slices.Clone(c.bundles[item.Bundle]), nil
}

// crowd is the whole evidence, sealed or not, and junk of every wanted type.
func (w *world) crowd(junk, size int, sealed bool) *crowded {
	w.t.Helper()
	c := new(crowded)
	stranger := newTestSigner(w.t, ECDSAP256)
	for n, t := range []predicate.Type{predicate.TypeProvenance, predicate.TypeBOM, predicate.TypeRelease, predicate.TypeReview} {
		for i := range junk {
			statement, err := predicate.NewStatement(about, t, map[string]any{"n": fmt.Sprintf("%0*d", size, i*10+n)})
			raw := w.sign(stranger, statement, err)
			forged := ""
			if i%2 == 0 && n < 2 {
				forged = w.seal(stranger, statement, raw)
			}
			c.add(raw, t, forged)
		}
	}
	for name, raw := range w.whole() {
		signer := map[string]Signer{"review-1": w.one, "review-2": w.two}[name]
		if signer == nil {
			signer = w.ci
		}
		b, err := ParseBundle(raw)
		if err != nil {
			w.t.Fatal(err)
		}
		statement, err := b.Open(signer.Key())
		if err != nil {
			w.t.Fatal(err)
		}
		seal := ""
		if sealed {
			seal = w.seal(signer, statement, raw)
		}
		c.add(raw, statement.Type, seal)
	}
	slices.SortFunc(c.items, func(a, b Item) int { return cmp.Compare(a.Name, b.Name) })
	return c
}

func (w *world) seal(s Signer, statement *predicate.Statement, raw []byte) string {
	w.t.Helper()
	seal, err := SealBundle(context.Background(), s, statement, raw)
	if err != nil {
		w.t.Fatal(err)
	}
	return seal
}

// What a member sealed is read before anything else, whatever claims what it claims, and
// nothing else is read once all is met.
func TestJunkNeverHidesWhatMembersSealed(t *testing.T) {
	w := newWorld(t)
	c := w.crowd(bounds.Referrers/16, 3, true)
	flood := c.items[0]
	for i := range 4 * bounds.Referrers { // more than is ever looked behind, with copied seals
		flood.Name = cas.Sum(fmt.Append(nil, i)).String()
		c.items = append(c.items, flood)
	}
	v := Verify(context.Background(), w.trust(), "production", image, c, Options{})
	if v.Decision() != Accept {
		t.Fatal(v.Err())
	}
	if c.located != 0 || c.read > 8 {
		t.Errorf("%d manifests and %d bundles were read", c.located, c.read)
	}
}

// A registry may leave annotations out of its lists. The seals are found behind them.
func TestASealBehindTheListIsFound(t *testing.T) {
	w := newWorld(t)
	c := w.crowd(20, 3, true)
	c.late = true
	v := Verify(context.Background(), w.trust(), "production", image, c, Options{})
	if v.Decision() != Accept || c.read > 8 {
		t.Errorf("%d bundles were read: %v", c.read, v.Err())
	}
}

// What nobody sealed is read the smallest first, each type within its share.
func TestJunkIsReadBySizeAndByType(t *testing.T) {
	w := newWorld(t)
	small := w.crowd(100, 3, false)
	if v := Verify(context.Background(), w.trust(), "production", image, small, Options{}); v.Decision() != Accept {
		t.Error(v.Err())
	}
	large := w.crowd(3, 700_000, false)
	if v := Verify(context.Background(), w.trust(), "production", image, large, Options{}); v.Decision() != Accept || large.bytes > 1<<20 {
		t.Errorf("%d bytes were read: %v", large.bytes, v.Err())
	}
	many := w.crowd(0, 0, false)
	release := slices.IndexFunc(many.items, func(i Item) bool { return i.Type == predicate.TypeRelease })
	for i := range bounds.Referrers + 1 { // of one type; the others have their own count
		junk := many.items[release] // what it names is no BOM, whatever it claims
		junk.Name, junk.Type, junk.Cost = fmt.Sprintf("%064d", i), predicate.TypeBOM, 10
		many.items = append(many.items, junk)
	}
	v := Verify(context.Background(), w.trust(), "production", image, many, Options{})
	if got := open(v); got[CheckSBOM] != Unknown || got[CheckRelease] != "" || got[CheckProvenance] != "" {
		t.Errorf("%v", got)
	}
}

// One member's key, stolen, seals a thousand statements: the others' are read in turn.
func TestNoMembersOwnStatementsHideAnothers(t *testing.T) {
	w := newWorld(t)
	c := w.crowd(0, 0, true)
	for i := range 1000 {
		s, err := reviewOf(func(r *predicate.Review) {
			r.Notes, r.Issued = fmt.Sprint(i), predicate.At(now.Add(-time.Duration(i)*time.Second))
		})
		raw := w.sign(w.one, s, err)
		c.add(raw, predicate.TypeReview, w.seal(w.one, s, raw))
	}
	if v := Verify(context.Background(), w.trust(), "production", image, c, Options{}); v.Decision() != Accept || c.read > 20 {
		t.Errorf("%d bundles were read: %v", c.read, v.Err())
	}
}

// A release that was renewed any number of times is judged by its last.
func TestRenewedReleasesStandByTheLast(t *testing.T) {
	w := newWorld(t)
	c := w.crowd(0, 0, true)
	for i := range 300 {
		s, err := releaseOf(func(r *predicate.Release) { r.Counter = 44 + int64(i) })
		raw := w.sign(w.ci, s, err)
		c.add(raw, predicate.TypeRelease, w.seal(w.ci, s, raw))
	}
	v := Verify(context.Background(), w.trust(), "production", image, c, Options{})
	if v.Decision() != Accept || c.read > 8 {
		t.Fatalf("%d bundles were read: %v", c.read, v.Err())
	}
	for _, check := range v.Checks() {
		if check.ID == CheckReleaseFloor && check.Have != "release 343" {
			t.Error(check.Have)
		}
	}
}

// A seal is of one bundle about one image by one key: nothing of it can be changed.
func TestNoFlippedByteOfASealHolds(t *testing.T) {
	w := newWorld(t)
	s, err := releaseOf(nil)
	raw := w.sign(w.ci, s, err)
	seal, keys := w.seal(w.ci, s, raw), w.policy().keys()
	if got, err := openSeal(seal, keys); err != nil || got.Bundle != cas.Sum(raw) || got.Counter != 43 || got.Environment != "production" {
		t.Fatal(got, err)
	}
	for i := range len(seal) {
		changed := []byte(seal)
		changed[i] ^= 1
		if got, err := openSeal(string(changed), keys); err == nil {
			t.Fatalf("byte %d: %+v", i, got)
		}
	}
	if _, err := openSeal(w.seal(newTestSigner(t, Ed25519), s, raw), keys); err == nil {
		t.Error("a stranger's seal holds")
	}
}

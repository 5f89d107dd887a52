package attest

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// sealed signs a seal that says whatever is asked for.
func (w *world) sealed(s Signer, seal Seal) string {
	w.t.Helper()
	seal.Key = s.Key().Fingerprint()
	raw, err := strictjson.Marshal(seal)
	if err != nil {
		w.t.Fatal(err)
	}
	sig, err := s.Sign(context.Background(), pae(sealType, raw))
	if err != nil {
		w.t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(raw) + "." + base64.StdEncoding.EncodeToString(sig)
}

// without is the crowd less what it has of a type.
func (c *crowded) without(t predicate.Type) *crowded {
	c.items = slices.DeleteFunc(c.items, func(i Item) bool { return i.Type == t })
	return c
}

// unread is why the verdict says that evidence was left unread, "" where it says nothing.
func unread(v *Verdict) string {
	if _, rest, ok := strings.Cut(said(v, CheckEvidence), "could not be read"); ok {
		return rest
	}
	return ""
}

// What is read of the bundles about one image is bounded: in bytes, of what members sealed
// and of the rest by its type, and in the size of each. What is left out makes nothing
// undecided but what it claims to be.
func TestWhatIsReadIsBounded(t *testing.T) {
	largest := bounds.BundleOf(string(predicate.TypeBOM))
	share := int64(bounds.Unsealed) / 5 // four types are wanted, and what claims none has one
	claim := func(c *crowded, n int, of predicate.Type, size int64) {
		for i := range n {
			sum := cas.Sum(fmt.Append(nil, "junk", i, size))
			c.items = append(c.items, Item{Name: sum.String(), Type: of, Cost: 1, Size: size, Bundle: sum})
		}
	}
	for name, test := range map[string]struct {
		crowd func(w *world, c *crowded)
		drop  predicate.Type // of the whole evidence
		bytes int64          // that are read at most
		open  map[CheckID]Result
		left  bool // something is left unread
	}{
		"a member's key seals more than is read": {func(w *world, c *crowded) {
			for i := range 20 {
				sum := cas.Sum(fmt.Append(nil, "sealed", i))
				c.items = append(c.items, Item{Name: sum.String(), Type: predicate.TypeBOM, Size: largest, Bundle: sum, Seal: w.sealed(w.ci, Seal{
					Subject: image.Digest, Type: predicate.TypeBOM, Bundle: sum, Size: largest,
				})})
			}
		}, predicate.TypeBOM, bounds.Sealed, map[CheckID]Result{CheckSBOM: Unknown, CheckEvidence: Unknown}, true},
		"junk of one type is more than its share": {func(_ *world, c *crowded) { claim(c, 5, predicate.TypeBOM, largest) }, predicate.TypeBOM,
			share + 1<<20, map[CheckID]Result{CheckSBOM: Unknown, CheckEvidence: Unknown}, true},
		"junk of one type within its share": {func(_ *world, c *crowded) { claim(c, 3, predicate.TypeBOM, largest) }, predicate.TypeBOM,
			share + 1<<20, map[CheckID]Result{CheckSBOM: Fail}, false},
		"junk that claims nothing is more than its share": {func(_ *world, c *crowded) { claim(c, 5, "", largest) }, predicate.TypeBOM,
			share + 1<<20, map[CheckID]Result{CheckSBOM: Unknown, CheckEvidence: Unknown}, true},
		"junk of one type, and what it claims is met": {func(_ *world, c *crowded) { claim(c, 5, predicate.TypeBOM, largest) }, "", 1 << 20, nil, false},
		"a bundle as large as its type may be": {func(_ *world, c *crowded) { claim(c, 1, predicate.TypeReview, bounds.Bundle) }, predicate.TypeReview,
			2 << 20, map[CheckID]Result{CheckReview: Fail}, false},
		"a larger one": {func(_ *world, c *crowded) { claim(c, 1, predicate.TypeReview, bounds.Bundle+1) }, predicate.TypeReview,
			1 << 20, map[CheckID]Result{CheckReview: Unknown, CheckEvidence: Unknown}, true},
		"a larger one than any may be": {func(_ *world, c *crowded) { claim(c, 1, "", largest+1) }, predicate.TypeReview,
			1 << 20, map[CheckID]Result{CheckReview: Unknown, CheckEvidence: Unknown}, true},
		"a type that nothing asks for": {func(_ *world, c *crowded) { claim(c, 9, "https://example.com/x", largest) }, predicate.TypeReview,
			1 << 20, map[CheckID]Result{CheckReview: Fail}, false},
		"a manifest as large as may be": {func(_ *world, c *crowded) {
			c.items = append(c.items, Item{Name: "m", Type: predicate.TypeReview, Cost: bounds.ReferrerEntry, Size: 1, Bundle: cas.Sum(nil)})
		}, predicate.TypeReview, 1 << 20, map[CheckID]Result{CheckReview: Fail}, false},
		"a larger manifest": {func(_ *world, c *crowded) {
			c.items = append(c.items, Item{Name: "m", Type: predicate.TypeReview, Cost: bounds.ReferrerEntry + 1, Size: 1, Bundle: cas.Sum(nil)})
		}, predicate.TypeReview, 1 << 20, map[CheckID]Result{CheckReview: Unknown, CheckEvidence: Unknown}, true},
		"as many of a type as are looked into": {func(_ *world, c *crowded) { claim(c, bounds.Referrers, predicate.TypeReview, 1) }, predicate.TypeReview,
			1 << 20, map[CheckID]Result{CheckReview: Fail}, false},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c := w.crowd(0, 0, true).without(test.drop)
			if name == "as many of a type as are looked into" {
				for i := range bounds.Referrers { // each another bundle
					sum := cas.Sum(fmt.Append(nil, i))
					c.items = append(c.items, Item{Name: sum.String(), Type: predicate.TypeReview, Cost: 1, Size: 1, Bundle: sum})
				}
			} else {
				test.crowd(w, c)
			}
			v := Verify(context.Background(), w.trust(), "production", image, c, Options{})
			got := open(v)
			if want := test.open; len(got) != len(want) || slices.ContainsFunc([]CheckID{CheckSBOM, CheckReview, CheckEvidence}, func(id CheckID) bool { return got[id] != want[id] }) {
				t.Errorf("%v: %v", got, v.Err())
			}
			if c.bytes > test.bytes {
				t.Errorf("%d bytes were read, over %d", c.bytes, test.bytes)
			}
			if (unread(v) != "") != test.left {
				t.Errorf("left unread: %q", unread(v))
			}
		})
	}
}

// What a member sealed for another place, or may not say now, stands behind what counts,
// and is read with the rest to say why it does not.
func TestASealThatCannotCountStandsBehind(t *testing.T) {
	for name, test := range map[string]struct {
		signer func(w *world) Signer
		change func(r *predicate.Release)
		why    string
	}{
		"another environment": {func(w *world) Signer { return w.ci }, func(r *predicate.Release) { r.Environment = "staging" }, `released it to "staging"`},
		"another repository":  {func(w *world) Signer { return w.ci }, func(r *predicate.Release) { r.Repository += "2" }, "released it from"},
		"another team":        {func(w *world) Signer { return w.one }, nil, "is not in team platform"},
	} {
		w := newWorld(t)
		c := w.crowd(0, 0, true)
		s, err := releaseOf(func(r *predicate.Release) {
			r.Counter = 99
			if test.change != nil {
				test.change(r)
			}
		})
		raw := w.sign(test.signer(w), s, err)
		c.add(raw, predicate.TypeRelease, w.seal(test.signer(w), s, raw))
		v := Verify(context.Background(), w.trust(), "production", image, c, Options{})
		if v.Decision() != Accept || c.located != 0 || c.read != 5 {
			t.Errorf("%s: %d manifests and %d bundles were read: %v", name, c.located, c.read, v.Err())
		}
		c = w.crowd(0, 0, true).without(predicate.TypeRelease)
		c.add(raw, predicate.TypeRelease, w.seal(test.signer(w), s, raw))
		v = Verify(context.Background(), w.trust(), "production", image, c, Options{})
		if open(v)[CheckRelease] != Fail || !strings.Contains(said(v, CheckRelease), test.why) {
			t.Errorf("%s: %s", name, said(v, CheckRelease))
		}
	}
}

// A seal is short, of a key that is known, about an image and a bundle of a size that one
// of its type may have.
func TestASealSaysWhatABundleMayBe(t *testing.T) {
	w := newWorld(t)
	keys := w.policy().keys()
	whole := Seal{Subject: image.Digest, Type: predicate.TypeReview, Bundle: cas.Sum(nil), Size: bounds.Bundle}
	for name, test := range map[string]struct {
		change func(s *Seal)
		signer Signer
		ok     bool
	}{
		"as it is":              {func(*Seal) {}, w.ci, true},
		"the smallest":          {func(s *Seal) { s.Size = 1 }, w.ci, true},
		"of no size":            {func(s *Seal) { s.Size = 0 }, w.ci, false},
		"of a size below":       {func(s *Seal) { s.Size = -1 }, w.ci, false},
		"larger than its type":  {func(s *Seal) { s.Size++ }, w.ci, false},
		"as large as a BOM is":  {func(s *Seal) { s.Type, s.Size = predicate.TypeBOM, bounds.BundleOf(string(predicate.TypeBOM)) }, w.ci, true},
		"about no image":        {func(s *Seal) { s.Subject = cas.Digest{} }, w.ci, false},
		"of no bundle":          {func(s *Seal) { s.Bundle = cas.Digest{} }, w.ci, false},
		"a key that is unknown": {func(*Seal) {}, newTestSigner(t, Ed25519), false},
		"a long one":            {func(s *Seal) { s.Repository = strings.Repeat("a", bounds.Seal/2) }, w.ci, true},
		"too long a one":        {func(s *Seal) { s.Repository = strings.Repeat("a", bounds.Seal) }, w.ci, false},
	} {
		s := whole
		test.change(&s)
		got, err := openSeal(w.sealed(test.signer, s), keys)
		if (err == nil) != test.ok || err != nil && !errors.Is(err, ErrSeal) || err == nil && (got.Size != s.Size || got.Key != test.signer.Key().Fingerprint()) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	good := w.sealed(w.ci, whole)
	for name, text := range map[string]string{"nothing": "", "no signature": strings.Split(good, ".")[0], "two": good + "." + good, "another's": strings.Split(good, ".")[0] + "." + strings.Split(w.sealed(w.one, whole), ".")[1], "a space before": " " + good, "more behind it": strings.Replace(good, ".", "!.", 1), "more behind the signature": good + "!", "no JSON": "eA==." + strings.Split(good, ".")[1]} {
		if got, err := openSeal(text, keys); !errors.Is(err, ErrSeal) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// A verdict that has no time left is undecided and says so, whatever was to be asked next;
// what was read before counts.
func TestAVerdictEndsWithItsTime(t *testing.T) {
	w := newWorld(t)
	for name, ends := range map[string]string{"the list": "list", "a manifest": "locate", "a bundle": "read"} {
		ctx, cancel := context.WithCancelCause(t.Context())
		s := slow{Evidence: evidenceOf(w.whole()), at: ends, end: func() { cancel(ErrTime) }}
		v := Verify(ctx, w.trust(), "production", image, s, Options{})
		if v.Decision() != Undecided || open(v)[CheckEvidence] != Unknown {
			t.Errorf("%s: %s, %v", name, v.Decision(), open(v))
		}
		for _, c := range v.Checks() {
			if c.ID == CheckEvidence && (!strings.Contains(c.Remedy, "--timeout") || !strings.Contains(c.Have, ErrTime.Error())) {
				t.Errorf("%s: %s: %s", name, c.Have, c.Remedy)
			}
		}
	}
}

// slow is a source during which the time is up.
type slow struct {
	Evidence
	at  string
	end func()
}

func (s slow) List(ctx context.Context, d cas.Digest) (Listing, error) {
	if s.at == "list" {
		s.end()
		return Listing{}, context.Canceled
	}
	return s.Evidence.List(ctx, d)
}

func (s slow) Locate(ctx context.Context, d cas.Digest, i Item) (Item, bool, error) {
	if s.at == "locate" {
		s.end()
		return i, false, context.Canceled
	}
	return s.Evidence.Locate(ctx, d, i)
}

func (s slow) Read(ctx context.Context, i Item) ([]byte, error) {
	if s.at == "read" {
		s.end()
		return nil, context.Canceled
	}
	return s.Evidence.Read(ctx, i)
}

// What a list names that turns out to be no bundle is not attached, and an image with
// nothing else is one that nothing is signed for.
func TestWhatIsNoBundleIsNotAttached(t *testing.T) {
	w := newWorld(t)
	v := Verify(context.Background(), w.trust(), "production", image, bundleless{}, Options{})
	if !v.Unsigned() || v.Decision() != Reject || !strings.HasPrefix(said(v, CheckEvidence), "0 attached, 0 verified") {
		t.Errorf("%s: %s", v.Decision(), said(v, CheckEvidence))
	}
	v = Verify(context.Background(), w.trust(), "production", image, Evidence{Bundles: [][]byte{[]byte("{}")}}, Options{})
	if v.Unsigned() || v.Decision() != Reject || !strings.HasPrefix(said(v, CheckEvidence), "1 attached, 0 verified") {
		t.Errorf("%s: %s", v.Decision(), said(v, CheckEvidence))
	}
	cut := Listed{Source: bundleless{}, Listing: Listing{Cut: errors.New("there is more")}}
	if v = Verify(context.Background(), w.trust(), "production", image, cut, Options{}); v.Unsigned() || v.Decision() != Undecided {
		t.Errorf("a list that is cut: %s", v.Decision())
	}
}

// bundleless lists something that is no bundle.
type bundleless struct{ Evidence }

func (bundleless) List(context.Context, cas.Digest) (Listing, error) {
	return Listing{Items: []Item{{Name: "x"}, {Name: "y"}}}, nil
}

func (bundleless) Locate(_ context.Context, _ cas.Digest, i Item) (Item, bool, error) {
	return i, false, nil
}

package attest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// The counters that count run from the trust file's minimum for a span, and never beyond
// what a number can hold. What the trust file says nothing of begins at one.
func TestCountersRunFromTheMinimumForASpan(t *testing.T) {
	if CounterSpan != 1_000_000 { // as the docs of trust.hcl have it: another span opens or closes releases
		t.Errorf("the span is %d", CounterSpan)
	}
	trust := newWorld(t).trust()
	for name, test := range map[string]struct {
		trust                   Trust
		environment, repository string
		lowest, highest         int64
	}{
		"with a minimum":                      {trust, "production", repository, 41, 41 + CounterSpan},
		"of another repository":               {trust, "production", repository + "2", 1, 1 + CounterSpan},
		"of an environment that is not there": {trust, "staging", repository, 1, CounterSpan},
		"near the last":                       {newWorld(t).edit(`storefront" = 41`, fmt.Sprintf(`storefront" = %d`, predicate.LastCounter-5)).trust(), "production", repository, predicate.LastCounter - 5, predicate.LastCounter},
		"under another name of the place":     {newWorld(t).edit(`"registry.example.com/shop/storefront" = 41`, `"docker.io/app" = 7`).trust(), "production", "index.docker.io/library/app", 7, 7 + CounterSpan},
	} {
		if lowest, highest := test.trust.Counters(test.environment, test.repository); lowest != test.lowest || highest != test.highest {
			t.Errorf("%s: %d to %d", name, lowest, highest)
		}
	}
}

// sealed is an item of a list with a release that a key signed and sealed.
func (w *world) sealedRelease(s Signer, change func(*predicate.Release)) (Item, []byte) {
	w.t.Helper()
	statement, err := releaseOf(change)
	raw := w.sign(s, statement, err)
	return Item{Name: cas.Sum(raw).String(), Seal: w.seal(s, statement, raw)}, raw
}

func counters(list []Released) []int64 {
	all := []int64{}
	for _, r := range list {
		all = append(all, r.Counter)
	}
	slices.Sort(all)
	return all
}

// What was released is reported from what those signed who may release there now: the team
// that the environment asks, or any where it asks none. Sealed and unsealed statements
// are held to the same.
func TestReleasesAreOfThoseWhoMayRelease(t *testing.T) {
	counter := func(n int64) func(*predicate.Release) { return func(r *predicate.Release) { r.Counter = n } }
	in := func(environment string) func(*predicate.Release) {
		return func(r *predicate.Release) { r.Environment = environment }
	}
	revoked := "  revoke \"ci\" {\n    effective = \"2026-12-01T00:00:00Z\"\n    reason    = \"x\"\n  }\n  environment"
	for name, test := range map[string]struct {
		edit        [2]string
		environment string
		repository  string
		signer      func(w *world) Signer
		change      func(*predicate.Release)
		want        []int64
	}{
		"the team":                       {want: []int64{43}},
		"the highest that counts":        {change: counter(41 + CounterSpan), want: []int64{41 + CounterSpan}},
		"one over it":                    {change: counter(42 + CounterSpan)},
		"below the minimum":              {change: counter(1), want: []int64{1}}, // it was released all the same
		"a stranger":                     {signer: func(w *world) Signer { return newTestSigner(w.t, ECDSAP256) }},
		"another team":                   {signer: func(w *world) Signer { return w.one }},
		"a root":                         {signer: func(w *world) Signer { return w.roots }},
		"to another environment":         {change: in("staging")},
		"asked for another environment":  {environment: "staging"},
		"any team, where none is asked":  {environment: "staging", change: in("staging"), signer: func(w *world) Signer { return w.one }, want: []int64{43}},
		"from another repository":        {repository: repository + "2"},
		"from the same by another name":  {repository: "index.docker.io/library/app", change: func(r *predicate.Release) { r.Repository = "docker.io/app" }, want: []int64{43}},
		"a member who was revoked":       {edit: [2]string{"  environment", revoked}},
		"a key that counts no longer":    {edit: [2]string{`until = "2027-01-01T00:00:00Z"`, `until = "2026-11-01T00:00:00Z"`}},
		"a key that does not count yet":  {edit: [2]string{`from  = "2026-01-01T00:00:00Z"`, `from  = "2026-12-01T00:00:00Z"`}},
		"no team is asked for a release": {edit: [2]string{"    require \"release\" {\n      team    = team.platform\n      max_age = \"720h\"\n    }\n", ""}, signer: func(w *world) Signer { return w.one }, want: []int64{43}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			if test.edit[0] != "" {
				w.edit(test.edit[0], test.edit[1])
			}
			if name == "no team is asked for a release" {
				w.edit("    minimum_release = { \"registry.example.com/shop/storefront\" = 41 }\n", "")
			}
			environment, place, signer := "production", repository, w.ci
			if test.environment != "" {
				environment = test.environment
			}
			if test.repository != "" {
				place = test.repository
			}
			if test.signer != nil {
				signer = test.signer(w)
			}
			item, raw := w.sealedRelease(signer, test.change)
			want := append([]int64{}, test.want...)
			got := w.trust().Releases(environment, place, []Item{{Name: "no seal"}, {Name: "junk", Seal: "x.y"}, item})
			if diff := cmp.Diff(want, counters(got)); diff != "" {
				t.Errorf("sealed: %s", diff)
			}
			for _, r := range got {
				if r.Subject != image.Digest || r.Key != signer.Key().Fingerprint() || r.Bundle.Bundle != cas.Sum(raw) || r.Bundle.Size != int64(len(raw)) || r.Bundle.Type != predicate.TypeRelease {
					t.Errorf("%+v", r)
				}
			}
			c := new(crowded)
			c.add(raw, predicate.TypeRelease, "")
			c.add([]byte("{}"), predicate.TypeRelease, "")
			loose, err := UnsealedReleases(t.Context(), w.trust(), environment, place, image.Digest, c)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, counters(loose)); diff != "" {
				t.Errorf("unsealed: %s", diff)
			}
			for _, r := range loose {
				if r.Subject != image.Digest || r.Key != signer.Key().Fingerprint() || r.Bundle.Bundle != cas.Sum(raw) {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// A seal of something else than a release is none, whatever it says beside it; and what
// was sealed behind a list that left the seal out is found with the unsealed.
func TestOnlyReleasesAreReleases(t *testing.T) {
	w := newWorld(t)
	s, err := reviewOf(nil)
	raw := w.sign(w.ci, s, err)
	if got := w.trust().Releases("production", repository, []Item{{Name: "a review", Seal: w.seal(w.ci, s, raw)}}); len(got) > 0 {
		t.Errorf("a review is one: %+v", got)
	}
	item, raw := w.sealedRelease(w.ci, nil)
	c := &crowded{late: true}
	c.add(raw, predicate.TypeRelease, item.Seal)
	got, err := UnsealedReleases(t.Context(), w.trust(), "production", repository, image.Digest, c)
	if err != nil || len(got) != 1 {
		t.Errorf("behind the list: %+v, %v", got, err)
	}
	c.late = false // the list has its seal: it is Releases' then
	if got, err = UnsealedReleases(t.Context(), w.trust(), "production", repository, image.Digest, c); err != nil || len(got) != 0 || c.read > 1 {
		t.Errorf("sealed: %+v, %v", got, err)
	}
	if _, err := UnsealedReleases(t.Context(), w.trust(), "production", repository, image.Digest, brokenSource{}); err == nil {
		t.Error("a list that can't be had is empty")
	}
	unread := Evidence{Bundles: [][]byte{raw}, Unread: []Unread{{"x", predicate.TypeRelease, errors.New("gone")}}}
	if got, err := UnsealedReleases(t.Context(), w.trust(), "production", repository, image.Digest, unread); err == nil || len(got) != 1 {
		t.Errorf("one that can't be read: %+v, %v", got, err)
	}
}

// A run goes on with the release that its key signed for that image, and with no other's.
func TestAReleaseIsContinuedByItsOwnKey(t *testing.T) {
	w := newWorld(t)
	item, raw := w.sealedRelease(w.ci, nil)
	c := new(crowded)
	c.add(raw, predicate.TypeRelease, item.Seal)
	of := Released{Subject: image.Digest, Counter: 43, Key: w.ci.Key().Fingerprint(), Bundle: c.items[0]}
	if r, err := OwnRelease(t.Context(), w.ci.Key(), of, c); err != nil || r.Counter != 43 || r.Environment != "production" {
		t.Errorf("%+v, %v", r, err)
	}
	if r, err := OwnRelease(t.Context(), w.one.Key(), of, c); !errors.Is(err, ErrSignature) {
		t.Errorf("another key's: %+v, %v", r, err)
	}
	other := of
	other.Subject = cas.Sum([]byte("other"))
	if r, err := OwnRelease(t.Context(), w.ci.Key(), other, c); !errors.Is(err, ErrBundle) {
		t.Errorf("of another image: %+v, %v", r, err)
	}
	absent := of
	absent.Bundle.Bundle = cas.Sum([]byte("absent"))
	if r, err := OwnRelease(t.Context(), w.ci.Key(), absent, c); !errors.Is(err, ErrBundle) {
		t.Errorf("no bundle: %+v, %v", r, err)
	}
	gone := of
	gone.Bundle.Bundle = cas.Digest{}
	if r, err := OwnRelease(t.Context(), w.ci.Key(), gone, c); err == nil {
		t.Errorf("what can't be read: %+v", r)
	}
	s, err := reviewOf(nil)
	review := w.sign(w.ci, s, err)
	c.add(review, predicate.TypeReview, "")
	of.Bundle = c.items[1]
	if r, err := OwnRelease(t.Context(), w.ci.Key(), of, c); err == nil {
		t.Errorf("a review: %+v", r)
	}
}

// A statement is sealed already where this key sealed these very bytes about that image.
func TestAStatementIsSealedOnceByAKey(t *testing.T) {
	w := newWorld(t)
	statement, err := releaseOf(nil)
	raw := w.sign(w.ci, statement, err)
	another, err := releaseOf(func(r *predicate.Release) { r.Counter = 44 })
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := *statement
	elsewhere.Subject.Digest = cas.Sum([]byte("other"))
	list := []Item{{Seal: "junk"}, {}, {Seal: w.seal(w.ci, statement, raw)}}
	for name, test := range map[string]struct {
		key  Signer
		s    *predicate.Statement
		list []Item
		want bool
	}{
		"it is":               {w.ci, statement, list, true},
		"another key did":     {w.one, statement, list, false},
		"another statement":   {w.ci, another, list, false},
		"about another image": {w.ci, &elsewhere, list, false},
		"nothing is there":    {w.ci, statement, nil, false},
		"a seal of another":   {w.ci, statement, []Item{{Seal: w.seal(w.ci, another, raw)}}, false},
	} {
		if got, err := SealedAlready(test.key.Key(), test.s, test.list); err != nil || got != test.want {
			t.Errorf("%s: %t, %v", name, got, err)
		}
	}
}

// A seal says of a release and of a review when it was issued, so that the newest is known
// before anything is read; of other statements nothing does.
func TestASealSaysWhenItWasIssued(t *testing.T) {
	w := newWorld(t)
	for name, test := range map[string]struct {
		make func() (*predicate.Statement, error)
		want predicate.Time
	}{
		"a release": {func() (*predicate.Statement, error) { return releaseOf(nil) }, predicate.At(now.Add(-time.Hour))},
		"a review":  {func() (*predicate.Statement, error) { return reviewOf(nil) }, predicate.At(now.Add(-time.Hour))},
		"a BOM":     {bom, predicate.Time{}}, "provenance": {provenance, predicate.Time{}},
	} {
		s, err := test.make()
		raw := w.sign(w.ci, s, err)
		got, err := openSeal(w.seal(w.ci, s, raw), w.policy().keys())
		if err != nil || !got.Issued.Equal(test.want.Time) || got.Type != s.Type || (got.Counter != 0) != (name == "a release") {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

// The newest that a member sealed comes first: by counter, then by time, then what costs
// less to read; and equal ones in one order.
func TestTheNewestSealComesFirst(t *testing.T) {
	at := func(hours int) predicate.Time { return predicate.At(now.AddDate(0, 0, hours)) }
	want := []Seal{
		{Counter: 9, Issued: at(1), Size: 9}, {Counter: 8, Issued: at(3), Size: 9}, {Counter: 8, Issued: at(2), Size: 1}, {Counter: 8, Issued: at(2), Size: 2, Bundle: cas.Digest{1}},
		{Counter: 8, Issued: at(2), Size: 2, Bundle: cas.Digest{2}}, {Counter: 7, Issued: at(9), Size: 1},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Seal.before)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// A judgement of releases asks with the context that it is given.
func TestReleasesAreNotReadAfterTheContext(t *testing.T) {
	w := newWorld(t)
	_, raw := w.sealedRelease(w.ci, nil)
	c := new(crowded)
	c.add(raw, predicate.TypeRelease, "")
	ended, cancel := context.WithCancelCause(t.Context())
	cancel(ErrTime)
	if got, err := UnsealedReleases(ended, w.trust(), "production", repository, image.Digest, c); !errors.Is(err, ErrTime) || len(got) != 0 || c.read+c.located != 0 {
		t.Errorf("%+v, %v", got, err)
	}
}

package attest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/predicate"
)

// judged is the verdict of production on the image of this package's tests.
func (w *world) judged(ev map[string][]byte) *Verdict {
	return Verify(context.Background(), w.trust(), "production", image, evidenceOf(ev), Options{})
}

// said is what a verdict has in a check.
func said(v *Verdict, id CheckID) string {
	for _, c := range v.Checks() {
		if c.ID == id {
			return c.Have
		}
	}
	return ""
}

// "ci" stands in two teams with a key in each. What a key may say is what its team may
// say: one that was given to a member for reviews releases nothing.
func TestAKeyOfAnotherTeamOfTheSameMemberDoesNotCount(t *testing.T) {
	w := newWorld(t)
	w.edit(`member "signer-3"`, `member "ci"`)
	ev := w.whole()
	s, err := releaseOf(nil)
	ev["release"] = w.sign(w.three, s, err)
	v := w.judged(ev)
	if open(v)[CheckRelease] != Fail || !strings.Contains(said(v, CheckRelease), "ci signed with a key of another team") {
		t.Errorf("%v: %s", open(v), said(v, CheckRelease))
	}
	// As a reviewer that very key counts, and the member is one of the two.
	ev = w.whole()
	r, err := reviewOf(nil)
	ev["review-2"] = w.sign(w.three, r, err)
	if v := w.judged(ev); v.Decision() != Accept {
		t.Error(v.Err())
	}
	// The key of the releases does not review.
	ev["review-2"] = w.sign(w.ci, r, nil)
	if v := w.judged(ev); open(v)[CheckReview] != Fail {
		t.Errorf("a key for releases reviewed: %v", open(v))
	}
}

// A member that is bound to builders speaks for these, whether or not the environment
// says which builders it takes.
func TestABoundMemberSpeaksForItsBuildersAlone(t *testing.T) {
	const other = "https://laptop.example.com"
	for name, test := range map[string]struct {
		require, member, builder string
		want                     Result
	}{
		"the requirement names none, its own":                      {"", builderID, builderID, Pass},
		"the requirement names none, another":                      {"", builderID, other, Fail},
		"both name it":                                             {builderID, builderID, builderID, Pass},
		"the requirement takes it, the member is not bound":        {other, builderID, other, Fail},
		"the member is bound to it, the requirement takes another": {other, builderID, builderID, Fail},
		"nobody names any":                                         {"", "", other, Pass},
		"the requirement takes it, the member has no bond":         {other, "", other, Fail},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			line := func(id string) string {
				if id == "" {
					return ""
				}
				return `builders = ["` + id + `"]`
			}
			w.text = strings.Replace(w.text, `builders = ["`+builderID+`"]`+"\n      key", line(test.member)+"\n      key", 1)
			w.text = strings.Replace(w.text, `team     = team.platform`+"\n"+`      builders = ["`+builderID+`"]`, "team = team.platform\n      "+line(test.require), 1)
			ev := w.whole()
			s, err := predicate.NewProvenance(predicate.Build{BuilderID: test.builder}).Statement(about)
			ev["provenance"] = w.sign(w.ci, s, err)
			v := w.judged(ev)
			got := Pass
			if r, isOpen := open(v)[CheckProvenance]; isOpen {
				got = r
			}
			if got != test.want {
				t.Errorf("%s, want %s: %s", got, test.want, said(v, CheckProvenance))
			}
		})
	}
}

// A chain of roots leads through versions of one file. Another file that the same root
// signed, such as another shop's, hands its root to nobody here; and a version follows a
// lower one, not itself.
func TestARootChainLeadsThroughOneFileUpwards(t *testing.T) {
	a, b := newTestSigner(t, ECDSAP256), newTestSigner(t, Ed25519)
	parse := func(text string) *Policy {
		p, err := ParsePolicy([]byte(text), "trust.hcl", nil)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first, same, last := rooted(t, "42", "1", a, b), rooted(t, "43", "1", a, b), rooted(t, "43", "1", b)
	elsewhere := parse(strings.Replace(string(first.source), `trust "shop"`, `trust "stall"`, 1))
	for name, test := range map[string]struct {
		earlier *Policy
		want    bool
	}{
		"an earlier version":            {first, true},
		"an earlier version of another": {elsewhere, false},
		"an equal version":              {same, false},
	} {
		trust := CheckPolicy(last, TrustOptions{
			Now: now, Roots: rootsOf(0, a), Signature: signedBy(t, last, b),
			Earlier: []SignedPolicy{{test.earlier, signedBy(t, test.earlier, a, b)}},
		})
		if trust.Usable() != test.want {
			t.Errorf("%s: usable %t: %+v", name, trust.Usable(), trust.Checks())
		}
	}
}

// Nothing beside the signed bytes may vary: a key id or a hint names the key that
// signed, by its fingerprint in one of two spellings, or nothing.
func TestAKeyIDThatNamesAnotherKeyIsRefused(t *testing.T) {
	s, other := newTestSigner(t, ECDSAP256), newTestSigner(t, ECDSAP256)
	edit := func(change func(envelope, signature, material map[string]any)) *Bundle {
		var b map[string]any
		if err := json.Unmarshal(sample(t, s), &b); err != nil {
			t.Fatal(err)
		}
		envelope := b["dsseEnvelope"].(map[string]any)
		change(envelope, envelope["signatures"].([]any)[0].(map[string]any), b["verificationMaterial"].(map[string]any)["publicKey"].(map[string]any))
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := ParseBundle(raw)
		if err != nil {
			t.Fatal(err)
		}
		return parsed
	}
	hexOf := func(s Signer) string { f := s.Key().Fingerprint(); return hex.EncodeToString(f[:]) }
	for name, test := range map[string]struct {
		keyID, hint string
		opens       bool
	}{
		"none":                         {"", s.Key().Hint(), true},
		"no hint either":               {"", "", true},
		"its own, as a hint":           {s.Key().Hint(), s.Key().Hint(), true},
		"its own, in hexadecimal":      {hexOf(s), s.Key().Hint(), true},
		"another key's":                {other.Key().Hint(), s.Key().Hint(), false},
		"another's in hexadecimal":     {hexOf(other), s.Key().Hint(), false},
		"a text":                       {"production", s.Key().Hint(), false},
		"a hint that is another key's": {"", other.Key().Hint(), false},
		"a hint in hexadecimal":        {"", hexOf(s), false},
	} {
		b := edit(func(_, signature, material map[string]any) {
			signature["keyid"], material["hint"] = test.keyID, test.hint
		})
		_, err := b.Open(s.Key())
		if opens := err == nil; opens != test.opens || err != nil && !errors.Is(err, ErrSignature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := edit(func(_, _, _ map[string]any) {}).Open(other.Key()); !errors.Is(err, ErrSignature) {
		t.Errorf("another key opened it: %v", err)
	}
}

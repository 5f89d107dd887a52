package attest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

// rooted is a trust file with these root keys and this threshold.
func rooted(t testing.TB, version, threshold string, roots ...Signer) *Policy {
	w := newWorld(t)
	var keys strings.Builder
	for i, r := range roots {
		keys.WriteString("    key \"root-" + string(rune('a'+i)) + "\" { pem = \"" + pemOf(t, r) + "\" }\n")
	}
	w.text = strings.Replace(w.text, "version = 42", "version = "+version, 1)
	w.edit("    threshold = 1\n    key \"root-1\" { pem = \""+pemOf(t, w.roots)+"\" }\n", "    threshold = "+threshold+"\n"+keys.String())
	return w.policy()
}

func signedBy(t testing.TB, p *Policy, signers ...Signer) []byte {
	t.Helper()
	var sig []byte
	for _, s := range signers {
		var err error
		if sig, err = SignPolicy(context.Background(), s, p.source, sig); err != nil {
			t.Fatal(err)
		}
	}
	return sig
}

func rootsOf(threshold int, signers ...Signer) Roots {
	r := Roots{Threshold: threshold}
	for _, s := range signers {
		r.Fingerprints = append(r.Fingerprints, s.Key().Fingerprint())
	}
	return r
}

func TestTrustNeedsAPathFromTheOperatorsRoot(t *testing.T) {
	a, b, c, d := newTestSigner(t, ECDSAP256), newTestSigner(t, Ed25519), newTestSigner(t, ECDSAP256), newTestSigner(t, Ed25519)
	two := rooted(t, "42", "2", a, b, c)
	lowered := rooted(t, "43", "1", a)
	rotated := rooted(t, "43", "2", c, d)
	again := rooted(t, "44", "1", d)
	other := rooted(t, "42", "1", a)
	tests := map[string]struct {
		policy *Policy
		opt    TrustOptions
		want   bool
	}{
		"both named keys":                    {two, TrustOptions{Roots: rootsOf(0, a, b), Signature: signedBy(t, two, a, b)}, true},
		"two of three, by the operator":      {two, TrustOptions{Roots: rootsOf(2, a, b, c), Signature: signedBy(t, two, a, c)}, true},
		"two of three, without his word":     {two, TrustOptions{Roots: rootsOf(0, a, b, c), Signature: signedBy(t, two, a, c)}, false},
		"one of two":                         {two, TrustOptions{Roots: rootsOf(0, a, b), Signature: signedBy(t, two, a)}, false},
		"one twice":                          {two, TrustOptions{Roots: rootsOf(2, a, b), Signature: signedBy(t, two, a, a)}, false},
		"a stolen key lowers the threshold":  {lowered, TrustOptions{Roots: rootsOf(2, a, b, c), Signature: signedBy(t, lowered, a)}, false},
		"the operator's, not the file's own": {two, TrustOptions{Roots: rootsOf(0, a), Signature: signedBy(t, two, a)}, false},
		"a stranger's file":                  {other, TrustOptions{Roots: rootsOf(0, b), Signature: signedBy(t, other, a)}, false},
		"no signature":                       {two, TrustOptions{Roots: rootsOf(0, a, b)}, false},
		"no root":                            {two, TrustOptions{Signature: signedBy(t, two, a, b)}, false},
		"a signature over other bytes":       {two, TrustOptions{Roots: rootsOf(0, a), Signature: signedBy(t, other, a)}, false},
		"in the checkout":                    {two, TrustOptions{Roots: rootsOf(0, a, b), Signature: signedBy(t, two, a, b), InCheckout: true}, false},
		"expired":                            {two, TrustOptions{Roots: rootsOf(0, a, b), Signature: signedBy(t, two, a, b), Now: now.AddDate(1, 0, 0)}, false},
		"rotated": {rotated, TrustOptions{
			Roots: rootsOf(2, a, b, c), Signature: signedBy(t, rotated, b, c, d), Earlier: []SignedPolicy{{two, signedBy(t, two, a, b)}},
		}, true},
		"rotated, only the new root signed": {rotated, TrustOptions{
			Roots: rootsOf(2, a, b, c), Signature: signedBy(t, rotated, c, d), Earlier: []SignedPolicy{{two, signedBy(t, two, a, b)}},
		}, false},
		"rotated, only the old root signed": {rotated, TrustOptions{
			Roots: rootsOf(2, a, b, c), Signature: signedBy(t, rotated, a, b), Earlier: []SignedPolicy{{two, signedBy(t, two, a, b)}},
		}, false},
		"rotated twice": {again, TrustOptions{
			Roots: rootsOf(2, a, b, c), Signature: signedBy(t, again, c, d),
			Earlier: []SignedPolicy{{two, signedBy(t, two, a, b)}, {rotated, signedBy(t, rotated, b, c, d)}},
		}, true},
		"rotated twice, a link is missing": {again, TrustOptions{
			Roots: rootsOf(2, a, b, c), Signature: signedBy(t, again, c, d), Earlier: []SignedPolicy{{two, signedBy(t, two, a, b)}},
		}, false},
		"a later version as an earlier one": {two, TrustOptions{
			Roots: rootsOf(1, c), Signature: signedBy(t, two, a, b), Earlier: []SignedPolicy{{rotated, signedBy(t, rotated, c, d)}},
		}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if test.opt.Now.IsZero() {
				test.opt.Now = now
			}
			trust := CheckPolicy(test.policy, test.opt)
			if trust.Usable() != test.want {
				t.Errorf("usable: %v\n%+v", trust.Usable(), trust.Checks())
			}
			w := newWorld(t)
			v := Verify(context.Background(), trust, "production", image, evidenceOf(w.whole()), Options{})
			if !test.want && (v.Decision() != Undecided || v.Remedy() == "") {
				t.Errorf("%s, remedy %q", v.Decision(), v.Remedy())
			}
		})
	}
}

func TestVerdictSaysThatTrustIsUnsigned(t *testing.T) {
	w := newWorld(t)
	trust := CheckPolicy(w.policy(), TrustOptions{Now: now, Unsigned: true, InCheckout: true})
	v := Verify(context.Background(), trust, "production", image, evidenceOf(w.whole()), Options{})
	if c := v.Checks()[0]; v.Decision() != Accept || c.ID != CheckTrustUnsigned || !strings.Contains(c.Have, "checkout") {
		t.Errorf("%+v", c)
	}
}

func TestNoFlippedByteOfASignatureFileIsAccepted(t *testing.T) {
	a := newTestSigner(t, Ed25519)
	p := rooted(t, "42", "1", a)
	whole := signedBy(t, p, a)
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		trust := CheckPolicy(p, TrustOptions{Now: now, Roots: rootsOf(0, a), Signature: changed})
		if trust.Usable() {
			t.Fatalf("byte %d: %q", i, changed[max(0, i-20):min(len(changed), i+20)])
		}
	}
}

func TestSigningATrustFileAgainChangesNothing(t *testing.T) {
	a, b := newTestSigner(t, ECDSAP256), newTestSigner(t, Ed25519)
	p := rooted(t, "42", "2", a, b)
	if !bytes.Equal(signedBy(t, p, a, b), signedBy(t, p, b, a, b)) {
		t.Error("the order of signers shows")
	}
	other := rooted(t, "43", "2", a, b)
	sig, err := SignPolicy(context.Background(), a, other.source, signedBy(t, p, a, b))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(sig, signedBy(t, other, a)) {
		t.Error("signatures over the old bytes were kept")
	}
	if _, err := SignPolicy(context.Background(), a, p.source, []byte("{}")); diag.Exit(err) != 3 {
		t.Errorf("%v", err)
	}
}

func TestParseRoots(t *testing.T) {
	one := strings.Repeat("ab", 32)
	digest, err := cas.ParseDigest(one)
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]Roots{
		"":                          {},
		one:                         {Fingerprints: []cas.Digest{digest}},
		"sha256:" + one + " " + one: {Fingerprints: []cas.Digest{digest}},
		one + " threshold=1":        {1, []cas.Digest{digest}},
	}
	for in, want := range good {
		got, err := ParseRoots(strings.Fields(in))
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", in, diff)
		}
	}
	for _, in := range []string{"x", strings.ToUpper(one), "threshold=1", "threshold=0 " + one, "threshold=2 " + one, "threshold=x " + one, one + " threshold=1 threshold=1"} {
		if _, err := ParseRoots(strings.Fields(in)); diag.Exit(err) != 3 {
			t.Errorf("%q: %v", in, err)
		}
	}
}

func TestWindowsAreHalfOpen(t *testing.T) {
	w := newWorld(t)
	for at, want := range map[time.Time]Decision{
		now.Add(-time.Minute): Accept, w.policy().Expires: Undecided, w.policy().Expires.Add(-time.Second): Reject,
	} {
		trust := CheckPolicy(w.policy(), TrustOptions{Now: at, Unsigned: true})
		v := Verify(context.Background(), trust, "production", image, evidenceOf(w.whole()), Options{})
		if v.Decision() != want {
			t.Errorf("at %s: %s, want %s", at, v.Decision(), want)
		}
	}
}

func FuzzSignatureFile(f *testing.F) {
	a := demoSigner(f)
	p := rooted(f, "42", "1", a)
	f.Add(signedBy(f, p, a))
	f.Add([]byte(`{"payload":"","payloadType":"application/vnd.nbuild.trust.v1+hcl","signatures":[]}`))
	whole := signedBy(f, p, a)
	f.Fuzz(func(t *testing.T, raw []byte) {
		trust := CheckPolicy(p, TrustOptions{Now: now, Roots: rootsOf(0, a), Signature: raw})
		if trust.Usable() && !bytes.Equal(raw, whole) && !bytes.Contains(raw, whole[:64]) {
			t.Errorf("%q", raw)
		}
	})
}

package attest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

// Roots is what the operator trusts at first: Threshold of the keys with these
// fingerprints. It never comes from the trust file or from the project.
type Roots struct {
	Threshold    int // 0: all of them
	Fingerprints []cas.Digest
}

// ParseRoots reads what the operator named: fingerprints, and at most one
// "threshold=N". Without it every named key must have signed, because a threshold
// that the file itself names could be lowered by whoever stole one key.
func ParseRoots(values []string) (Roots, error) {
	var roots Roots
	bad := func(v, why string) (Roots, error) {
		return Roots{}, &diag.Problem{
			Code: CodeRoot, What: fmt.Sprintf("%q is no root", diag.Clean(v)), Why: why,
			Remedy: "name the SHA-256 fingerprint that `nbuild keygen` printed, and threshold=N where fewer than all must sign",
		}
	}
	for _, v := range values {
		if n, ok := strings.CutPrefix(v, "threshold="); ok {
			t, err := strconv.Atoi(n)
			if err != nil || t < 1 || roots.Threshold != 0 {
				return bad(v, "a threshold is one whole number from 1")
			}
			roots.Threshold = t
			continue
		}
		d, err := cas.ParseDigest(strings.TrimPrefix(v, "sha256:"))
		if err != nil {
			return bad(v, "a root is named by 64 lower-case hexadecimal digits")
		}
		if !slices.Contains(roots.Fingerprints, d) {
			roots.Fingerprints = append(roots.Fingerprints, d)
		}
	}
	if roots.Threshold > len(roots.Fingerprints) {
		return bad("threshold="+strconv.Itoa(roots.Threshold), fmt.Sprintf("only %d keys are named", len(roots.Fingerprints)))
	}
	return roots, nil
}

// need returns how many of the keys must sign.
func (r Roots) need() int {
	if r.Threshold == 0 {
		return len(r.Fingerprints)
	}
	return r.Threshold
}

// SignedPolicy is a trust file with the bytes of its signature file.
type SignedPolicy struct {
	Policy    *Policy
	Signature []byte
}

// TrustOptions are what the operator says about a trust file.
type TrustOptions struct {
	Now        time.Time      // required
	Roots      Roots          // the operator's
	Signature  []byte         // of the trust file, nil where there is none
	Earlier    []SignedPolicy // earlier versions, oldest first, where the root changed since Roots
	Unsigned   bool           // take the file as it is; the verdict says so
	InCheckout bool           // the file lies in the checkout that is being judged
}

// Trust is the answer to whether a policy may be trusted. It is made by
// CheckPolicy and by nothing else; Verify refuses the zero Trust.
type Trust struct {
	policy *Policy
	checks []Check
	now    time.Time
}

// Checks returns the checks of the trust file alone, as `trust check` shows them.
func (t Trust) Checks() []Check { return slices.Clone(t.checks) }

// Usable reports whether every check of the trust file passed.
func (t Trust) Usable() bool {
	return t.policy != nil && !slices.ContainsFunc(t.checks, func(c Check) bool { return c.Result != Pass })
}

// CheckPolicy judges a trust file: a path of signatures from the operator's root,
// its place, its expiry. What does not pass is Unknown, not Fail: a trust file that
// is not to be trusted says nothing against an image, nor for it.
func CheckPolicy(p *Policy, opt TrustOptions) Trust {
	t := Trust{policy: p, now: opt.Now}
	add := func(id CheckID, ok bool, need, have, remedy string) {
		c := Check{ID: id, Result: Unknown, Need: need, Have: have, Evidence: []string{}, Remedy: remedy}
		if ok {
			c.Result, c.Remedy = Pass, ""
		}
		t.checks = append(t.checks, c)
	}
	if opt.Unsigned {
		have := fmt.Sprintf("%s, sha256:%s, taken unsigned as --trust-unsigned says", diag.Clean(p.File), p.digest)
		if opt.InCheckout {
			have += ", from the checkout that is being judged"
		}
		add(CheckTrustUnsigned, true, "the operator's word, in place of a signature", have, "")
	} else {
		have, ok, remedy := rootPath(p, opt)
		add(CheckTrustRoot, ok, fmt.Sprintf("signatures of %d of the operator's %d root keys, and of %d of the file's own",
			opt.Roots.need(), len(opt.Roots.Fingerprints), p.Root.Threshold), have, remedy)
		add(CheckTrustLocation, !opt.InCheckout, "a trust file from outside of what is being judged", place(opt.InCheckout),
			"keep "+diag.Clean(p.File)+" in another repository; to try it out, `--trust-unsigned`")
	}
	add(CheckTrustExpires, opt.Now.Before(p.Expires), "a trust file in force at "+stamp(opt.Now), "it expires at "+stamp(p.Expires),
		fmt.Sprintf("set version = %d and a later expires in %s, and sign it: `nbuild trust sign --key KEY %s`", p.Version+1, diag.Clean(p.File), diag.Word(p.File)))
	return t
}

func place(inside bool) string {
	if inside {
		return "it lies in the checkout"
	}
	return "it lies elsewhere"
}

// rootPath looks for a path from the operator's root to the policy: a version that
// the operator's keys signed, and from there each next version signed by the root
// of the one before and by its own.
func rootPath(p *Policy, opt TrustOptions) (have string, ok bool, remedy string) {
	sign := "have it signed: `nbuild trust sign --key KEY " + diag.Word(p.File) + "`, and name the roots with --root; to try it out, `--trust-unsigned`"
	if len(opt.Roots.Fingerprints) == 0 {
		return "the operator names no root", false, "name the root keys with --root FINGERPRINT; to try it out, `--trust-unsigned`"
	}
	if opt.Signature == nil {
		return "the file is not signed", false, sign
	}
	trusted, reached, last := opt.Roots, false, int64(0)
	others := false // whether the file's own roots vouch for it, and are not the operator's
	known := map[cas.Digest]Key{}
	chain := append(slices.Clone(opt.Earlier), SignedPolicy{p, opt.Signature})
	for _, link := range chain {
		reached = false
		e, err := parseEnvelope(link.Signature)
		if err != nil {
			have = "the signature file can't be read"
			continue
		}
		var own []cas.Digest
		for _, k := range link.Policy.Root.Keys {
			known[k.Key.Fingerprint()] = k.Key
			own = append(own, k.Key.Fingerprint())
		}
		signers := e.signers(link.Policy.source, known)
		before, after := count(signers, trusted.Fingerprints), count(signers, own)
		have = fmt.Sprintf("signatures of %d of the trusted root keys and of %d of the file's own", before, after)
		others = after >= link.Policy.Root.Threshold && before < trusted.need()
		switch {
		case string(e.Payload) != string(link.Policy.source):
			have = "the signatures are over other bytes"
		case link.Policy.Name != p.Name || link.Policy.Version <= last:
			have = "an earlier version is of another file or not earlier"
		case before >= trusted.need() && after >= link.Policy.Root.Threshold:
			trusted = Roots{link.Policy.Root.Threshold, own}
			last, reached = link.Policy.Version, true
		}
	}
	if others && !reached {
		have += ", which are others than those that are trusted"
		return have, false, "where the root changed since, name each version before, the oldest first: `--trust-earlier FILE`; where it did not, " + sign
	}
	return have, reached, sign
}

func count(have map[cas.Digest]bool, want []cas.Digest) int {
	n := 0
	for _, d := range want {
		if have[d] {
			n++
		}
	}
	return n
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

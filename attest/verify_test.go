package attest

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestVerifyAcceptsWhatTheTeamsSigned(t *testing.T) {
	w := newWorld(t)
	v := Verify(context.Background(), w.trust(), "production", image, evidenceOf(w.whole()), Options{})
	if v.Decision() != Accept || v.Err() != nil {
		t.Errorf("%s: %v", v.Decision(), v.Err())
	}
}

// TestVerifyRejects is an attack a case: the evidence, the policy or the image is
// changed in one way, and exactly the checks named here must stop it.
func TestVerifyRejects(t *testing.T) {
	type change func(w *world, ev map[string][]byte) Subject
	evidenceChange := func(f func(w *world, ev map[string][]byte)) change {
		return func(w *world, ev map[string][]byte) Subject { f(w, ev); return image }
	}
	policyChange := func(from, to string) change {
		return func(w *world, _ map[string][]byte) Subject { w.edit(from, to); return image }
	}
	release := func(f func(*predicate.Release)) change {
		return evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := releaseOf(f)
			ev["release"] = w.sign(w.ci, s, err)
		})
	}
	review := func(f func(*predicate.Review)) change {
		return evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := reviewOf(f)
			ev["review-2"] = w.sign(w.two, s, err)
		})
	}
	tests := map[string]struct {
		change change
		want   map[CheckID]Result
		exit   int
	}{
		"a digest that moved": {func(*world, map[string][]byte) Subject {
			s := image
			s.Digest = cas.Sum([]byte("other"))
			return s
		}, map[CheckID]Result{CheckProvenance: Fail, CheckSBOM: Fail, CheckRelease: Fail, CheckReview: Fail, CheckReleaseFloor: Fail}, 20},
		"a repository that is not covered": {func(*world, map[string][]byte) Subject {
			s := image
			s.Repository = "registry.example.com/other/storefront"
			return s
		}, map[CheckID]Result{CheckImage: Fail, CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a repository whose name begins alike": {func(*world, map[string][]byte) Subject {
			s := image
			s.Repository = "registry.example.com/shop-evil/storefront"
			return s
		}, map[CheckID]Result{CheckImage: Fail, CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"another repository of the environment": {func(*world, map[string][]byte) Subject {
			s := image
			s.Repository = "registry.example.com/shop/admin"
			return s
		}, map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"nothing signed": {evidenceChange(func(_ *world, ev map[string][]byte) { clear(ev) }),
			map[CheckID]Result{CheckProvenance: Fail, CheckSBOM: Fail, CheckRelease: Fail, CheckReview: Fail, CheckReleaseFloor: Fail}, 21},
		"one member twice": {evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := reviewOf(func(r *predicate.Review) { r.Notes = "once more" })
			ev["review-2"] = w.sign(w.one, s, err)
		}), map[CheckID]Result{CheckReview: Fail}, 20},
		"the same bundle twice": {evidenceChange(func(_ *world, ev map[string][]byte) { ev["review-2"] = ev["review-1"] }),
			map[CheckID]Result{CheckReview: Fail}, 20},
		"a stranger's key": {evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := releaseOf(nil)
			ev["release"] = w.sign(newTestSigner(w.t, ECDSAP256), s, err)
		}), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a root key": {evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := releaseOf(nil)
			ev["release"] = w.sign(w.roots, s, err)
		}), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a member of another team": {evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := releaseOf(nil)
			ev["release"] = w.sign(w.one, s, err)
		}), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"another predicate under the type": {evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := bom()
			if err == nil {
				s.Type = predicate.TypeRelease
			}
			ev["release"] = w.sign(w.ci, s, err)
		}), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"only other predicates": {evidenceChange(func(_ *world, ev map[string][]byte) { ev["release"] = ev["sbom"] }),
			map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"another builder": {evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := predicate.NewProvenance(predicate.Build{BuilderID: "https://evil.example.com"}).Statement(about)
			ev["provenance"] = w.sign(w.ci, s, err)
		}), map[CheckID]Result{CheckProvenance: Fail}, 20},
		"a builder that the member is not bound to": {policyChange(`builders = ["`+builderID+`"]
      key`, `builders = ["https://ci.example.com/other"]
      key`), map[CheckID]Result{CheckProvenance: Fail}, 20},
		"a key that expired":               {policyChange(`until = "2027-01-01T00:00:00Z"`, `until = "2026-11-23T20:00:00Z"`), map[CheckID]Result{CheckProvenance: Fail, CheckSBOM: Fail, CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a key that is to come":            {policyChange(`from  = "2026-01-01T00:00:00Z"`, `from  = "2026-11-23T20:00:01Z"`), map[CheckID]Result{CheckProvenance: Fail, CheckSBOM: Fail, CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a revoked member":                 {policyChange(`  environment`, "  revoke \"signer-2\" {\n    effective = \"2026-12-01T00:00:00Z\"\n    reason    = \"laptop stolen\"\n  }\n  environment"), map[CheckID]Result{CheckReview: Fail}, 20},
		"a trust file that expired":        {policyChange(`expires = "2027-03-01T00:00:00Z"`, `expires = "2026-11-23T20:00:00Z"`), map[CheckID]Result{CheckTrustExpires: Unknown}, 22},
		"a rollback below the floor":       {policyChange(`storefront" = 41`, `storefront" = 44`), map[CheckID]Result{CheckReleaseFloor: Fail}, 20},
		"no floor at all":                  {policyChange(`minimum_release = { "registry.example.com/shop/storefront" = 41 }`, ``), map[CheckID]Result{CheckReleaseFloor: Unknown}, 22},
		"a floor of another image":         {policyChange(`shop/storefront" = 41`, `shop/admin" = 41`), map[CheckID]Result{CheckReleaseFloor: Unknown}, 22},
		"a release of another environment": {release(func(r *predicate.Release) { r.Environment = "staging" }), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a release of another repository":  {release(func(r *predicate.Release) { r.Repository += "2" }), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a release too old":                {release(func(r *predicate.Release) { r.Issued = predicate.At(now.Add(-721 * time.Hour)) }), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a release that expired":           {release(func(r *predicate.Release) { r.Expires = predicate.At(now) }), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a release from the future":        {release(func(r *predicate.Release) { r.Issued = predicate.At(now.Add(time.Hour)) }), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
		"a review that refuses":            {review(func(r *predicate.Review) { r.Decision = predicate.Refuse }), map[CheckID]Result{CheckReview: Fail}, 20},
		"a review that expired":            {review(func(r *predicate.Review) { r.Expires = predicate.At(now.Add(-time.Minute)) }), map[CheckID]Result{CheckReview: Fail}, 20},
		"a review of a package": {review(func(r *predicate.Review) {
			r.Diff, r.Package = nil, &predicate.ReviewedPackage{PURL: "pkg:npm/qs@6.11.0", Integrity: "sha512-…"}
		}), map[CheckID]Result{CheckReview: Fail}, 20},
		"a bundle that is too large": {evidenceChange(func(w *world, ev map[string][]byte) {
			s, err := releaseOf(func(r *predicate.Release) { r.Baseline = string(bytes.Repeat([]byte("x"), bounds.Bundle)) })
			ev["release"] = w.sign(w.ci, s, err)
		}), map[CheckID]Result{CheckRelease: Fail, CheckReleaseFloor: Fail}, 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ev := w.whole()
			subject := test.change(w, ev)
			v := Verify(context.Background(), w.trust(), "production", subject, evidenceOf(ev), Options{})
			if diff := cmp.Diff(test.want, open(v)); diff != "" {
				t.Errorf("open checks (-want +got):\n%s\n%v", diff, v.Err())
			}
			if got := diag.Exit(v.Err()); got != test.exit {
				t.Errorf("exit %d, want %d", got, test.exit)
			}
			codes := map[int]diag.Code{20: CodeRejected, 21: CodeUnsigned, 22: CodeUndecided}
			if ps := diag.All(v.Err()); test.exit != 0 && (len(ps) != 1 || ps[0].Code != codes[test.exit]) {
				t.Errorf("want %s: %v", codes[test.exit], v.Err())
			}
			if v.Remedy() == "" {
				t.Error("a denial without a remedy")
			}
		})
	}
}

func TestVerifyRefusesUnknownEnvironment(t *testing.T) {
	w := newWorld(t)
	v := Verify(context.Background(), w.trust(), "prodution", image, evidenceOf(w.whole()), Options{})
	if v.Decision() != Reject || v.Remedy() != `did you mean "production"?` {
		t.Errorf("%s, %q", v.Decision(), v.Remedy())
	}
}

func TestVerifyRefusesTheZeroTrust(t *testing.T) {
	w := newWorld(t)
	v := Verify(context.Background(), Trust{}, "production", image, evidenceOf(w.whole()), Options{})
	if v.Decision() != Undecided || (&Verdict{}).Decision() != Undecided {
		t.Errorf("%s", v.Decision())
	}
}

func TestVerifyIsUndecidedWhereEvidenceMayBeMissing(t *testing.T) {
	tests := map[string]struct {
		drop   string
		unread []Unread
		err    error
		want   Decision
	}{
		"all there, one more unread":      {"", []Unread{{"x", "", errors.New("500")}}, nil, Accept},
		"one missing, one unread":         {"review-2", []Unread{{"x", "", errors.New("500")}}, nil, Undecided},
		"one missing, all read":           {"review-2", nil, nil, Reject},
		"nothing could be listed":         {"all", nil, errors.New("connection refused"), Undecided},
		"nothing there, but one unread":   {"all", []Unread{{"x", "", errors.New("bound")}}, nil, Undecided},
		"nothing there, and all was read": {"all", nil, nil, Reject},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			ev := w.whole()
			if delete(ev, test.drop); test.drop == "all" {
				clear(ev)
			}
			e := evidenceOf(ev)
			e.Unread = test.unread
			v := Verify(context.Background(), w.trust(), "production", image, faulty{e, test.err}, Options{})
			if v.Decision() != test.want {
				t.Errorf("%s, want %s: %v", v.Decision(), test.want, v.Err())
			}
		})
	}
}

// faulty is a source whose listing fails with err.
type faulty struct {
	Evidence
	err error
}

func (f faulty) List(ctx context.Context, subject cas.Digest) (Listing, error) {
	if f.err != nil {
		return Listing{}, f.err
	}
	return f.Evidence.List(ctx, subject)
}

func TestVerifyReadsNoMoreThanTheBound(t *testing.T) {
	w := newWorld(t)
	var e Evidence
	for i := range bounds.Referrers {
		e.Bundles = append(e.Bundles, []byte{byte(i)})
	}
	e.Bundles = append(e.Bundles, evidenceOf(w.whole()).Bundles...)
	v := Verify(context.Background(), w.trust(), "production", image, e, Options{})
	if v.Decision() != Undecided {
		t.Errorf("%s", v.Decision())
	}
}

func TestVerifyJudgesNoCertificate(t *testing.T) {
	w := newWorld(t)
	ev := w.whole()
	keyless := keylessBundle(t, ev["release"])
	delete(ev, "release")
	ev["more"] = keyless
	v := Verify(context.Background(), w.trust(), "production", image, evidenceOf(ev), Options{})
	want := map[CheckID]Result{CheckRelease: Unknown, CheckReleaseFloor: Unknown}
	if diff := cmp.Diff(want, open(v)); diff != "" || v.Decision() != Undecided {
		t.Errorf("%s (-want +got):\n%s", v.Decision(), diff)
	}
}

func TestLayoutTakesItsRepositoryFromTheSignedRelease(t *testing.T) {
	w := newWorld(t)
	layout := Subject{Reference: "oci:out", Digest: image.Digest}
	v := Verify(context.Background(), w.trust(), "production", layout, evidenceOf(w.whole()), Options{})
	if v.Decision() != Accept {
		t.Fatalf("%s: %v", v.Decision(), v.Err())
	}
	ev := w.whole()
	s, err := releaseOf(func(r *predicate.Release) { r.Repository = "registry.example.com/elsewhere/storefront" })
	ev["release"] = w.sign(w.ci, s, err)
	v = Verify(context.Background(), w.trust(), "production", layout, evidenceOf(ev), Options{})
	if open(v)[CheckImage] != Fail {
		t.Errorf("a layout released for elsewhere: %v", open(v))
	}
}

func TestStateRefusesReplayOfAnEarlierRelease(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	state, err := OpenState(filepath.Join(t.TempDir(), "state"))
	if err != nil {
		t.Fatal(err)
	}
	judge := func(counter int64, name string) *Verdict {
		subject := image
		subject.Digest = cas.Sum([]byte(name))
		old := about
		about.Digest = subject.Digest
		defer func() { about = old }()
		s, err := releaseOf(func(r *predicate.Release) { r.Counter = counter })
		ev := map[string][]byte{"release": w.sign(w.ci, s, err)}
		p, err := provenance()
		ev["provenance"] = w.sign(w.ci, p, err)
		b, err := bom()
		ev["sbom"] = w.sign(w.ci, b, err)
		for i, key := range []Signer{w.one, w.two} {
			r, err := reviewOf(func(r *predicate.Review) { r.Diff.To = subject.Digest })
			ev[[]string{"review-1", "review-2"}[i]] = w.sign(key, r, err)
		}
		return Verify(ctx, w.trust(), "production", subject, evidenceOf(ev), Options{State: state})
	}
	steps := []struct {
		counter int64
		name    string
		want    Decision
	}{
		{43, "a", Accept}, {43, "a", Accept}, {44, "b", Accept}, {43, "a", Reject}, {44, "c", Reject}, {44, "b", Accept}, {45, "a", Accept},
	}
	for i, s := range steps {
		if v := judge(s.counter, s.name); v.Decision() != s.want {
			t.Errorf("step %d: %s, want %s: %v", i, v.Decision(), s.want, v.Err())
		}
	}
}

func TestStateRefusesAnOlderTrustFile(t *testing.T) {
	ctx := context.Background()
	w := newWorld(t)
	state, err := OpenState(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	judge := func() *Verdict {
		return Verify(ctx, w.trust(), "production", image, evidenceOf(w.whole()), Options{State: state})
	}
	if v := judge(); v.Decision() != Accept {
		t.Fatal(v.Err())
	}
	w.edit("version = 42", "version = 41")
	if v := judge(); open(v)[CheckTrustVersion] != Unknown {
		t.Errorf("an older one: %v", open(v))
	}
	w.edit("version = 41", "version = 42").edit("threshold = 2", "threshold = 1")
	if v := judge(); open(v)[CheckTrustVersion] != Unknown {
		t.Errorf("another one of the same version: %v", open(v))
	}
	w.edit("version = 42", "version = 43")
	if v := judge(); v.Decision() != Accept {
		t.Error(v.Err())
	}
}

func TestDamagedStateIsUndecided(t *testing.T) {
	w := newWorld(t)
	dir := t.TempDir()
	state, err := OpenState(dir)
	if err != nil {
		t.Fatal(err)
	}
	judge := func() *Verdict {
		return Verify(context.Background(), w.trust(), "production", image, evidenceOf(w.whole()), Options{State: state})
	}
	if v := judge(); v.Decision() != Accept {
		t.Fatal(v.Err())
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) != 2 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		whole := readFile(t, f)
		if err := os.WriteFile(f, whole[:len(whole)/2], 0o644); err != nil {
			t.Fatal(err)
		}
		if v := judge(); v.Decision() != Undecided {
			t.Errorf("%s", v.Decision())
		}
		if err := os.WriteFile(f, whole, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestReleaseMembersMustAgree(t *testing.T) {
	w := newWorld(t).edit(`require "release" {
      team    = team.platform`, `require "release" {
      threshold = 2
      team    = team.appsec`)
	sign := func(key Signer, counter int64) []byte {
		s, err := releaseOf(func(r *predicate.Release) { r.Counter = counter })
		return w.sign(key, s, err)
	}
	ev := w.whole()
	ev["release"], ev["more"] = sign(w.one, 50), sign(w.two, 43)
	v := Verify(context.Background(), w.trust(), "production", image, evidenceOf(ev), Options{})
	if open(v)[CheckRelease] != Fail {
		t.Errorf("two counters by one member each: %v", open(v))
	}
	ev["more-2"] = sign(w.three, 43)
	v = Verify(context.Background(), w.trust(), "production", image, evidenceOf(ev), Options{})
	if v.Decision() != Accept {
		t.Error(v.Err())
	}
	for _, c := range v.Checks() {
		if c.ID == CheckReleaseFloor && c.Have != "release 43" {
			t.Errorf("one member raised the release: %s", c.Have)
		}
	}
}

func TestVerdictsAreFrozen(t *testing.T) {
	p, err := ParsePolicy(readFile(t, "../testdata/trust/demo.hcl"), "testdata/trust/demo.hcl", nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ParseSigner(readFile(t, "../testdata/keys/demo.key"), "demo.key", nil)
	if err != nil {
		t.Fatal(err)
	}
	var e Evidence
	prov, err := predicate.NewProvenance(predicate.Build{BuilderID: "https://nbuild.dev/builder/local"}).Statement(about)
	if err != nil {
		t.Fatal(err)
	}
	b, err := bom()
	if err != nil {
		t.Fatal(err)
	}
	r, err := releaseOf(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*predicate.Statement{prov, b, r} {
		raw, err := Sign(context.Background(), key, s)
		if err != nil {
			t.Fatal(err)
		}
		e.Bundles = append(e.Bundles, raw)
	}
	trust := CheckPolicy(p, TrustOptions{Now: now, Unsigned: true})
	layout := Subject{Reference: "oci:out", Digest: image.Digest}
	verdicts := map[string]*Verdict{
		"accept":    Verify(context.Background(), trust, "production", layout, e, Options{}),
		"reject":    Verify(context.Background(), trust, "production", layout, Evidence{Bundles: e.Bundles[:2]}, Options{}),
		"unsigned":  Verify(context.Background(), trust, "production", layout, Evidence{}, Options{}),
		"undecided": Verify(context.Background(), CheckPolicy(p, TrustOptions{Now: now}), "production", layout, e, Options{}),
	}
	for name, v := range verdicts {
		var text, js bytes.Buffer
		if err := v.WriteText(&text); err != nil {
			t.Fatal(err)
		}
		if err := v.WriteJSON(&js); err != nil {
			t.Fatal(err)
		}
		for ext, got := range map[string]string{".txt": text.String(), ".json": js.String()} {
			path := filepath.Join("testdata", "verdict-"+name+ext)
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(readFile(t, path)), got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", path, diff)
			}
		}
	}
	vsa := verdicts["accept"].VSA("https://nbuild.dev/verify")
	if vsa.VerificationResult != predicate.Passed || len(vsa.InputAttestations) != 3 {
		t.Errorf("%+v", vsa)
	}
	if got := verdicts["unsigned"].VSA("x").VerificationResult; got != predicate.Failed {
		t.Error(got)
	}
}

func TestChecksAreDocumented(t *testing.T) {
	page := string(readFile(t, "../docs/verdict-checks.md"))
	for _, c := range Checks {
		if !bytes.Contains([]byte(page), []byte("| `"+string(c.ID)+"` | "+c.Doc+" |")) {
			t.Errorf("docs/verdict-checks.md lacks: | `%s` | %s |", c.ID, c.Doc)
		}
	}
}

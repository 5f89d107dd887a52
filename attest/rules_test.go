package attest

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
)

// A bundle counts in the one form that it has, also where its signature holds: what stands
// beside the signed bytes is nobody's word.
func TestABundleOfAnotherFormDoesNotCount(t *testing.T) {
	for name, change := range map[string]func(b map[string]any){
		"as it is":            func(map[string]any) {},
		"another media type":  func(b map[string]any) { b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2" },
		"no media type":       func(b map[string]any) { delete(b, "mediaType") },
		"a key more":          func(b map[string]any) { b["more"] = 1 },
		"a key more in it":    func(b map[string]any) { b["dsseEnvelope"].(map[string]any)["more"] = "x" },
		"material of no kind": func(b map[string]any) { b["verificationMaterial"].(map[string]any)["tlogEntries"] = "x" },
	} {
		w := newWorld(t)
		ev := w.whole()
		var b map[string]any
		if err := json.Unmarshal(ev["release"], &b); err != nil {
			t.Fatal(err)
		}
		change(b)
		raw, err := json.Marshal(b)
		if err != nil {
			t.Fatal(err)
		}
		ev["release"] = raw
		v := w.judged(ev)
		if accepted := v.Decision() == Accept; accepted != (name == "as it is") {
			t.Errorf("%s: %s, %v", name, v.Decision(), open(v))
		}
		if name != "as it is" && !strings.Contains(said(v, CheckEvidence), ErrBundle.Error()) {
			t.Errorf("%s: nothing is said of it: %s", name, said(v, CheckEvidence))
		}
	}
}

// A payload is base64 in one spelling: with the padding that it needs, no line ends, and
// nothing between or behind.
func TestAPayloadIsEncodedInOneWay(t *testing.T) {
	s := newTestSigner(t, ECDSAP256)
	whole := string(sample(t, s))
	var b struct {
		Envelope struct {
			Payload string `json:"payload"`
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal([]byte(whole), &b); err != nil {
		t.Fatal(err)
	}
	payload := b.Envelope.Payload
	for name, other := range map[string]string{
		"a line end": payload[:8] + `\n` + payload[8:], "a carriage return": payload[:8] + `\r` + payload[8:], "a line end last": payload + `\n`,
		"a space": payload[:8] + " " + payload[8:], "more padding": payload + "=", "padding within": payload[:6] + "==" + payload[8:], "more behind": payload + "AAAA==", "cut": payload[:len(payload)-1],
		"of another alphabet": strings.NewReplacer("+", "-", "/", "_").Replace(payload[:len(payload)-4] + "+/+/"),
	} {
		text := strings.Replace(whole, payload, other, 1)
		if parsed, err := ParseBundle([]byte(text)); err == nil {
			if _, err := parsed.Open(s.Key()); err == nil {
				t.Errorf("%s: it opens", name)
			}
		}
	}
	for size := range 100 { // over the pieces in which it is decoded, and every length of padding
		n := 24<<10 - 50 + size
		text := []byte(strings.Repeat("x", n))
		encoded := []byte(base64.StdEncoding.EncodeToString(text))
		raw := make([]byte, len(encoded)+1)
		copy(raw, encoded)
		message, got, err := decodePayload(raw, raw[:len(encoded)])
		if err != nil || !bytes.Equal(got, text) || !bytes.Equal(message, pae(predicate.PayloadType, text)) {
			t.Fatalf("of %d bytes: %d, %v", n, len(got), err)
		}
	}
}

// What a requirement that is met could still be met by is not looked behind.
func TestWhatIsMetIsNotLookedBehind(t *testing.T) {
	w := newWorld(t)
	c := w.crowd(0, 0, true).without(predicate.TypeReview)
	for i := range 50 {
		for _, of := range []predicate.Type{predicate.TypeRelease, predicate.TypeReview} {
			sum := cas.Sum(fmt.Append(nil, i, of))
			c.items = append(c.items, Item{Name: sum.String(), Type: of, Cost: 1, Size: 1, Bundle: sum})
		}
	}
	v := Verify(context.Background(), w.trust(), "production", image, c, Options{})
	if c.located != 50 || c.read != 3+50 || open(v)[CheckReview] != Fail || open(v)[CheckRelease] != "" {
		t.Errorf("%d manifests and %d bundles were read: %v", c.located, c.read, open(v))
	}
}

// What a trust file has to say, and what it can't say: each is refused, with its line.
func TestATrustFileSaysAllThatItMust(t *testing.T) {
	w := newWorld(t)
	key := w.text[strings.Index(w.text, `    key "root-1"`):strings.Index(w.text, "  team")]
	key = key[:strings.LastIndex(key, "  }")]
	ci := w.text[strings.Index(w.text, `    member "ci"`):strings.Index(w.text, `    member "spare"`)]
	appsec := w.text[strings.Index(w.text, `  team "appsec"`):strings.Index(w.text, "  environment")]
	revoke := "  revoke \"ci\" {\n    effective = \"2026-12-01T00:00:00Z\"\n    reason    = \"x\"\n  }\n  environment"
	minimum := `minimum_release = { "registry.example.com/shop/storefront" = 41 }`
	for name, test := range map[string]struct {
		from, to string
		ok       bool
	}{
		"as it is":                         {"version = 42", "version = 43", true},
		"no version":                       {"  version = 42\n", "", false},
		"version zero":                     {"version = 42", "version = 0", false},
		"version one":                      {"version = 42", "version = 1", true},
		"no expiry":                        {`  expires = "2027-03-01T00:00:00Z"` + "\n", "", false},
		"no root":                          {w.text[strings.Index(w.text, "  root {"):strings.Index(w.text, `  team "platform"`)], "", false},
		"no threshold of roots":            {"    threshold = 1\n", "", false},
		"a threshold of no root":           {"    threshold = 1\n", "    threshold = 0\n", false},
		"more than there are":              {"    threshold = 1\n", "    threshold = 2\n", false},
		"no root key":                      {key, "", false},
		"a root key twice":                 {key, key + strings.Replace(key, "root-1", "root-2", 1), false},
		"a team of nobody":                 {appsec, "  team \"appsec\" {\n  }\n", false},
		"a member without a key":           {ci[strings.Index(ci, "      key {"):strings.LastIndex(ci, "    }")], "", false},
		"an identity without its issuer":   {`      issuer   = "https://token.example.com"` + "\n", "", false},
		"an issuer without its identity":   {`      identity = "https://git.example.com/shop/ci/release.yml"` + "\n", "", false},
		"a key that ends as it begins":     {`until = "2027-01-01T00:00:00Z"`, `until = "2026-01-01T00:00:00Z"`, false},
		"a key of a second":                {`from  = "2026-01-01T00:00:00Z"`, `from  = "2026-12-31T23:59:59Z"`, true},
		"a revocation":                     {"  environment", revoke, true},
		"... without its date":             {"  environment", strings.Replace(revoke, `    effective = "2026-12-01T00:00:00Z"`+"\n", "", 1), false},
		"... without its reason":           {"  environment", strings.Replace(revoke, `    reason    = "x"`+"\n", "", 1), false},
		"... of nobody":                    {"  environment", strings.Replace(revoke, `"ci"`, `"nobody"`, 1), false},
		"no images":                        {`    images = ["registry.example.com/shop/**"]` + "\n", "", false},
		"an empty list of images":          {`["registry.example.com/shop/**"]`, `[]`, false},
		"no requirement":                   {w.text[strings.Index(w.text, `    require "provenance"`):], "  }\n}\n", false},
		"rollback allowed":                 {minimum, minimum + "\n    rollback = \"allow\"", true},
		"rollback denied":                  {minimum, minimum + "\n    rollback = \"deny\"", true},
		"rollback of another word":         {minimum, minimum + "\n    rollback = \"maybe\"", false},
		"the last minimum that there is":   {`storefront" = 41`, fmt.Sprintf(`storefront" = %d`, predicate.LastCounter), true},
		"one over it":                      {`storefront" = 41`, fmt.Sprintf(`storefront" = %d`, predicate.LastCounter+1), false},
		"a minimum of one":                 {`storefront" = 41`, `storefront" = 1`, true},
		"a minimum of nothing":             {`storefront" = 41`, `storefront" = 0`, false},
		"half a minimum":                   {`storefront" = 41`, `storefront" = 41.5`, false},
		"a minimum of a pattern":           {`shop/storefront" = 41`, `shop/*" = 41`, false},
		"a minimum of a tag":               {`shop/storefront" = 41`, `shop/storefront:1" = 41`, false},
		"a threshold of everybody":         {"      threshold = 2\n", "      threshold = 3\n", true},
		"a threshold of more":              {"      threshold = 2\n", "      threshold = 4\n", false},
		"a threshold of nobody":            {"      threshold = 2\n", "      threshold = 0\n", false},
		"a requirement without a team":     {`    require "sbom" { team = team.platform }`, `    require "sbom" { threshold = 1 }`, false},
		"an age of a BOM":                  {`    require "sbom" { team = team.platform }`, "    require \"sbom\" {\n      team = team.platform\n      max_age = \"1h\"\n    }", false},
		"builders of a BOM":                {`    require "sbom" { team = team.platform }`, "    require \"sbom\" {\n      team = team.platform\n      builders = [\"x\"]\n    }", false},
		"a builder that nobody speaks for": {"      team     = team.platform\n      builders = [\"" + builderID + "\"]", "      team     = team.platform\n      builders = [\"https://nobody.example.com\"]", false},
		"no builder":                       {"      team     = team.platform\n      builders = [\"" + builderID + "\"]", "      team     = team.platform\n      builders = []", false},
		"an age of nothing":                {`"720h"`, `"0s"`, false},
		"an age below":                     {`"720h"`, `"-1h"`, false},
		"an age of minutes":                {`"720h"`, `"1h30m"`, true},
		"an age of a fraction":             {`"720h"`, `"1.5h"`, false},
		"a pod, which has no team":         {`    require "sbom" { team = team.platform }`, "    require \"sbom\" { team = team.platform }\n    require \"pod\" {\n    }", true},
		"a pod with a team":                {`    require "sbom" { team = team.platform }`, "    require \"sbom\" { team = team.platform }\n    require \"pod\" { team = team.platform }", false},
		"a pod with a threshold":           {`    require "sbom" { team = team.platform }`, "    require \"sbom\" { team = team.platform }\n    require \"pod\" { threshold = 1 }", false},
		"another member's key":             {pemOf(t, w.two), pemOf(t, w.one), false},
		"two teams of one name":            {`team "appsec"`, `team "platform"`, false},
		"a key of both kinds":              {`key "root-1" { pem`, `key "root-1" { file = "x", pem`, false},
		"a date of before there were any":  {`expires = "2027-03-01T00:00:00Z"`, `expires = "1969-12-31T23:59:59Z"`, false},
		"the first that is taken":          {`from  = "2026-01-01T00:00:00Z"`, `from  = "1970-01-01T00:00:00Z"`, true},
		"the last that is taken":           {`expires = "2027-03-01T00:00:00Z"`, `expires = "9999-12-31T23:59:59Z"`, true},
	} {
		text := strings.Replace(w.text, test.from, test.to, 1)
		if text == w.text {
			t.Fatalf("%s: the test changes nothing", name)
		}
		p, err := ParsePolicy([]byte(text), "trust.hcl", nil)
		if (err == nil) != test.ok {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil && p != nil {
			t.Errorf("%s: it is refused and read", name)
		}
		for _, problem := range diag.All(err) {
			if problem.Pos.Line == 0 || problem.Remedy == "" {
				t.Errorf("%s: %s has line %d, remedy %q", name, problem.What, problem.Pos.Line, problem.Remedy)
			}
		}
	}
}

// A pattern has a bounded length and a bounded number of stars, so that no trust file
// costs much to hold an image to.
func TestAPatternIsBounded(t *testing.T) {
	for pattern, ok := range map[string]bool{
		strings.Repeat("a", 512): true, strings.Repeat("a", 513): false,
		strings.Repeat("*/", 15) + "*": true, strings.Repeat("*/", 16) + "*": false,
		"a.b-c_d/0/9/z": true, "Registry:5000/a": true, "[::1]:5000/a": true, "a/b:1": false, "a/[b]": false, "a/{": false, "a/`": false, "a/@": false, "a!/b": false,
	} {
		if err := checkPattern(pattern); (err == nil) != ok {
			t.Errorf("%q: %v", pattern, err)
		}
	}
}

// A statement counts from when it was issued, give or take what clocks differ by, until it
// expires, and no longer than the requirement says; to the second.
func TestAStatementCountsToTheSecond(t *testing.T) {
	for name, test := range map[string]struct {
		issued, expires time.Duration // from now
		want            Result
	}{
		"now":                        {0, time.Hour, Pass},
		"as far ahead as clocks are": {clockSkew, time.Hour, Pass},
		"a second further":           {clockSkew + time.Second, time.Hour, Fail},
		"its last second":            {-time.Hour, time.Second, Pass},
		"as it expires":              {-time.Hour, 0, Fail},
		"as old as may be":           {-720 * time.Hour, time.Hour, Pass},
		"a second older":             {-720*time.Hour - time.Second, time.Hour, Fail},
	} {
		w := newWorld(t)
		ev := w.whole()
		s, err := releaseOf(func(r *predicate.Release) {
			r.Issued, r.Expires = predicate.At(now.Add(test.issued)), predicate.At(now.Add(test.expires))
		})
		ev["release"] = w.sign(w.ci, s, err)
		got, isOpen := open(w.judged(ev))[CheckRelease]
		if !isOpen {
			got = Pass
		}
		if got != test.want {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// What is to be done about a trust file that is not trusted follows from why: a version of
// another file is no changed root, and what expired is followed by the next version.
func TestWhatIsWrongWithATrustFileIsSaid(t *testing.T) {
	a, b := newTestSigner(t, ECDSAP256), newTestSigner(t, Ed25519)
	p := rooted(t, "42", "1", a)
	say := func(opt TrustOptions, id CheckID) Check {
		if opt.Now.IsZero() {
			opt.Now = now
		}
		for _, c := range CheckPolicy(p, opt).Checks() {
			if c.ID == id {
				return c
			}
		}
		t.Fatalf("there is no check %s", id)
		return Check{}
	}
	if c := say(TrustOptions{Unsigned: true, Now: p.Expires}, CheckTrustExpires); c.Result == Pass || !strings.Contains(c.Remedy, "version = 43 ") {
		t.Errorf("expired: %+v", c)
	}
	if c := say(TrustOptions{Unsigned: true, Now: p.Expires.Add(-time.Second)}, CheckTrustExpires); c.Result != Pass || c.Remedy != "" {
		t.Errorf("a second before: %+v", c)
	}
	if c := say(TrustOptions{Roots: rootsOf(0, b), Signature: signedBy(t, p, a)}, CheckTrustRoot); c.Result == Pass || !strings.Contains(c.Have, "are others than") || !strings.Contains(c.Remedy, "--trust-earlier") {
		t.Errorf("another root: %+v", c)
	}
	if c := say(TrustOptions{Roots: rootsOf(0, a), Signature: signedBy(t, rooted(t, "42", "1", a), a)}, CheckTrustRoot); c.Result == Pass || strings.Contains(c.Remedy, "--trust-earlier") || !strings.Contains(c.Have, "over other bytes") {
		t.Errorf("signatures over another file: %+v", c)
	}
	if c := say(TrustOptions{Roots: rootsOf(0, a), Signature: signedBy(t, p, b)}, CheckTrustRoot); c.Result == Pass || strings.Contains(c.Remedy, "--trust-earlier") {
		t.Errorf("a stranger's signature: %+v", c)
	}
	earlier := rooted(t, "42", "1", a)
	opt := TrustOptions{Roots: rootsOf(0, a), Signature: signedBy(t, p, a), Earlier: []SignedPolicy{{earlier, signedBy(t, earlier, a)}}}
	if c := say(opt, CheckTrustRoot); c.Result == Pass || strings.Contains(c.Have, "are others than") || !strings.Contains(c.Have, "not earlier") {
		t.Errorf("an earlier version that is none: %+v", c)
	}
}

// A verdict on the same evidence is the same to the byte, in whatever order a registry lists
// it.
func TestAVerdictIsTheSameInWhateverOrder(t *testing.T) {
	w := newWorld(t)
	c := w.crowd(3, 3, false).without(predicate.TypeReview)
	for i, signer := range []Signer{w.one, w.two, w.ci, w.three} { // none of these counts
		s, err := reviewOf(func(r *predicate.Review) { r.Decision, r.Notes = predicate.Refuse, fmt.Sprint(i) })
		c.add(w.sign(signer, s, err), predicate.TypeReview, "")
	}
	var first string
	for n := range 8 {
		if n > 0 {
			c.items = append(c.items[3:], c.items[:3]...)
		}
		if n == 4 {
			slices.Reverse(c.items)
		}
		var out strings.Builder
		if err := Verify(context.Background(), w.trust(), "production", image, c, Options{}).WriteJSON(&out); err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			first = out.String()
		}
		if diff := cmp.Diff(first, out.String()); diff != "" {
			t.Fatalf("in another order: %s", diff)
		}
	}
}

// A folder of --state that is gone by the time that it is written to is said.
func TestAStateThatIsGoneMeanwhileSaysSo(t *testing.T) {
	s := stateIn(t)
	lock, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- s.Raise(t.Context(), "key", Floor{1, cas.Sum([]byte("a"))}) }()
	for opened := 0; opened < 2; time.Sleep(time.Millisecond) { // this test's, and Raise's
		opened = 0
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("this machine does not say which files are open")
		}
		for _, fd := range all {
			if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && to == lock.Name() {
				opened++
			}
		}
	}
	if err := os.RemoveAll(s.dir); err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if ps := diag.All(<-done); len(ps) != 1 || ps[0].Code != CodeState {
		t.Errorf("%v", ps)
	}
}

// What a member signed under a type and is none of it does not count, and the verdict names
// whose it is.
func TestAMembersMalformedStatementIsNamed(t *testing.T) {
	for name, test := range map[string]struct {
		of    predicate.Type
		id    CheckID
		drop  string
		says  string
		wrong map[string]any
	}{
		"provenance": {predicate.TypeProvenance, CheckProvenance, "provenance", "ci signed no provenance", map[string]any{"buildDefinition": 1}},
		"a BOM":      {predicate.TypeBOM, CheckSBOM, "sbom", "ci signed no BOM", map[string]any{"bomFormat": "SPDX"}},
		"a release":  {predicate.TypeRelease, CheckRelease, "release", "ci signed no release", map[string]any{"environment": "production"}},
		"a review":   {predicate.TypeReview, CheckReview, "review-2", "signer-2 signed no review", map[string]any{"decision": "approve"}},
	} {
		w := newWorld(t)
		ev := w.whole()
		s, err := predicate.NewStatement(about, test.of, test.wrong)
		signer := w.ci
		if test.id == CheckReview {
			signer = w.two
		}
		ev[test.drop] = w.sign(signer, s, err)
		v := w.judged(ev)
		if open(v)[test.id] != Fail || !strings.Contains(said(v, test.id), test.says) {
			t.Errorf("%s: %v: %s", name, open(v), said(v, test.id))
		}
	}
}

// Where too few members are left who could sign, the way out is the next version of the
// trust file, by its number.
func TestATeamOfNobodyIsMendedByTheNextVersion(t *testing.T) {
	w := newWorld(t)
	revoke := func(name string) string {
		return fmt.Sprintf("  revoke %q {\n    effective = \"2026-10-01T00:00:00Z\"\n    reason    = \"x\"\n  }\n", name)
	}
	w.edit("  environment", revoke("signer-1")+revoke("signer-2")+"  environment")
	v := w.judged(w.whole())
	for _, c := range v.Checks() {
		if c.ID == CheckReview && (c.Result != Fail || !strings.Contains(c.Remedy, "version = 43,") || !strings.Contains(c.Have, "only one is left in team appsec")) {
			t.Errorf("%+v", c)
		}
	}
}

// A signer that fails, as one in hardware may, signs nothing: no bundle, no seal and no
// trust file comes of it.
func TestAFailingSignerSignsNothing(t *testing.T) {
	s, err := releaseOf(nil)
	if err != nil {
		t.Fatal(err)
	}
	failing := failingSigner{newTestSigner(t, ECDSAP256)}
	if got, err := Sign(t.Context(), failing, s); !errors.Is(err, errSigner) || got != nil {
		t.Errorf("a bundle: %s, %v", got, err)
	}
	if got, err := SealBundle(t.Context(), failing, s, []byte("x")); !errors.Is(err, errSigner) || got != "" {
		t.Errorf("a seal: %s, %v", got, err)
	}
	if got, err := SignPolicy(t.Context(), failing, []byte("x"), nil); !errors.Is(err, errSigner) || got != nil {
		t.Errorf("a trust file: %s, %v", got, err)
	}
}

var errSigner = errors.New("the card was taken out")

type failingSigner struct{ Signer }

func (failingSigner) Sign(context.Context, []byte) ([]byte, error) { return nil, errSigner }

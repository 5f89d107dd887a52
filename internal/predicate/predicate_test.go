package predicate

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func digest(s string) cas.Digest { return cas.Sum([]byte(s)) }

var (
	subject = Subject{Name: "registry.example.com/shop/storefront", Digest: digest("image")}
	issued  = time.Date(2026, 11, 23, 19, 20, 0, 0, time.UTC)
)

func lock(t testing.TB) *snapshot.Lock {
	l, err := snapshot.New([]snapshot.Artefact{
		{Kind: snapshot.KindNPM, Name: "@acme/cart", Version: "1.2.3", SHA256: digest("cart"), Size: 10},
		{Kind: snapshot.KindNPM, Name: "express", Version: "4.21.2", SHA256: digest("express"), Size: 10},
		{Kind: snapshot.KindDeb, Name: "libc6", Version: "2.41-12", Platform: "linux/arm64", SHA256: digest("libc6"), Size: 10},
	})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func build(t testing.TB) Build {
	return Build{
		Parameters: ExternalParameters{
			Project: "storefront", Source: "https://git.example.com/shop/storefront", File: "build.hcl", Image: "storefront",
			Platforms: []string{"linux/arm64", "linux/amd64"}, Variables: map[string]string{"channel": "stable"}, Sensitive: []string{"token"},
		},
		Internal: map[string]string{"codec": "klauspost-gzip-6"}, Lock: lock(t), InputRoot: digest("project"),
		Commit: strings.Repeat("a", 40), Dirty: true, BuilderID: "https://ci.example.com/nbuild", Version: "0.1.0",
	}
}

func statements(t testing.TB) map[string]*Statement {
	previous := digest("previous")
	all := map[string]func() (*Statement, error){
		"provenance": func() (*Statement, error) { return NewProvenance(build(t)).Statement(subject) },
		"bom": func() (*Statement, error) {
			return NewBOM(subject, []byte(`{ "specVersion": "1.6", "bomFormat": "CycloneDX", "version": 1.0 }`))
		},
		"release": Release{
			Repository: subject.Name, Environment: "production", Counter: 43, Issued: At(issued), Expires: At(issued.AddDate(0, 3, 0)),
			Previous: &previous, Baseline: "stable",
			Gates: []Gate{{"review", OutcomeApproved, "2 of appsec"}, {"diff", OutcomePass, ""}},
		}.from,
		"review": Review{
			Diff: &ReviewedDiff{From: &previous, To: subject.Digest, Digest: digest("diff")}, Reviewer: "signer-1",
			Decision: Approve, Notes: "read it all", Issued: At(issued), Expires: At(issued.AddDate(0, 6, 0)),
		}.from,
		"rebuild": Rebuild{
			Rebuilder: "https://nbuild.dev/builder/local", Version: "0.1.0", Digest: subject.Digest, Project: digest("project"), Lock: digest("lock"), Commit: strings.Repeat("a", 40),
			Perturbations: []Perturbed{{"umask", "held"}, {"processors", "varied"}}, Given: []GivenOutput{{"bundle", "an identifier is drawn"}},
		}.from,
		"vsa": VSA{
			Verifier: Verifier{ID: "https://nbuild.dev/verify"}, TimeVerified: At(issued), ResourceURI: subject.Name,
			Policy:            VSAPolicy{URI: "trust.hcl", Digest: sha256Of(digest("trust"))},
			InputAttestations: []Attestation{{Digest: sha256Of(digest("bundle"))}}, VerificationResult: Passed,
		}.from,
	}
	out := map[string]*Statement{}
	for name, make := range all {
		s, err := make()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out[name] = s
	}
	return out
}

func (r Release) from() (*Statement, error) { return r.Statement(subject) }
func (r Review) from() (*Statement, error)  { return r.Statement(subject) }
func (r Rebuild) from() (*Statement, error) { return r.Statement(subject) }
func (v VSA) from() (*Statement, error)     { return v.Statement(subject) }

// read parses a statement's predicate by its type.
func read(s *Statement) error {
	var err error
	switch s.Type {
	case TypeProvenance:
		_, err = ParseProvenance(s)
	case TypeBOM:
		_, err = ParseBOM(s)
	case TypeRelease:
		_, err = ParseRelease(s)
	case TypeReview:
		_, err = ParseReview(s)
	case TypeRebuild:
		_, err = ParseRebuild(s)
	case TypeVSA:
		_, err = ParseVSA(s)
	}
	return err
}

func TestStatementsAreFrozen(t *testing.T) {
	for name, s := range statements(t) {
		t.Run(name, func(t *testing.T) {
			got, err := s.Encode()
			if err != nil {
				t.Fatal(err)
			}
			path := filepath.Join("testdata", name+".json")
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("bytes (-want +got):\n%s", diff)
			}
			back, err := Parse(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(s, back); diff != "" {
				t.Errorf("parsed (-want +got):\n%s", diff)
			}
			if err := read(back); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestEqualBuildsGiveEqualBytes(t *testing.T) {
	a, b := build(t), build(t)
	b.Parameters.Platforms = []string{"linux/amd64", "linux/arm64", "linux/amd64"}
	var texts [][]byte
	for _, x := range []Build{a, b} {
		s, err := NewProvenance(x).Statement(subject)
		if err != nil {
			t.Fatal(err)
		}
		text, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, text)
	}
	if diff := cmp.Diff(string(texts[0]), string(texts[1])); diff != "" {
		t.Errorf("two builds of the same differ:\n%s", diff)
	}
	if bytes.Contains(texts[0], []byte("startedOn")) || bytes.Contains(texts[0], []byte("invocationId")) {
		t.Error("the provenance knows one run from another")
	}
}

func TestParseRefusesWhatIsNoStatement(t *testing.T) {
	whole := `{"_type":"` + StatementType + `","subject":[{"name":"a","digest":{"sha256":"` + digest("a").String() + `"}}],"predicateType":"x","predicate":{}}`
	if _, err := Parse([]byte(whole)); err != nil {
		t.Fatal(err)
	}
	tests := map[string][2]string{
		"another version":       {"Statement/v1", "Statement/v2"},
		"no version":            {"Statement/v1", "Statement/v"},
		"another case":          {`"_type"`, `"_Type"`},
		"two subjects":          {`[{"name"`, `[{"digest":{"sha256":"` + digest("b").String() + `"}},{"name"`},
		"no subject":            {`[{"name":"a","digest":{"sha256":"` + digest("a").String() + `"}}]`, `[]`},
		"only another hash":     {`"sha256"`, `"sha512"`},
		"a digest in capitals":  {digest("a").String(), strings.ToUpper(digest("a").String())},
		"a zero digest":         {digest("a").String(), strings.Repeat("0", 64)},
		"a key twice":           {`"predicateType":"x"`, `"predicateType":"y","predicateType":"x"`},
		"a key twice, escaped":  {`"predicateType":"x"`, `"predicate\u0054ype":"y","predicateType":"x"`},
		"no predicate":          {`,"predicate":{}`, ``},
		"a list as predicate":   {`"predicate":{}`, `"predicate":[]`},
		"no predicate type":     {`"x"`, `""`},
		"more after the end":    {`"predicate":{}}`, `"predicate":{}}{}`},
		"half a character":      {`"x"`, `"\ud800"`},
		"a name that is a list": {`"name":"a"`, `"name":[]`},
		"a number too large":    {`"predicate":{}`, `"predicate":{"a":1e400}`},
		"an inexact integer":    {`"predicate":{}`, `"predicate":{"a":9007199254740993}`},
		"too deep":              {`"predicate":{}`, `"predicate":{"a":` + strings.Repeat("[", 70) + strings.Repeat("]", 70) + `}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(whole, test[0], test[1], 1)
			if text == whole {
				t.Fatal("the test changes nothing")
			}
			if s, err := Parse([]byte(text)); err == nil {
				t.Errorf("it was read as %+v", s)
			}
		})
	}
}

// cosign 3 writes the version before v1, whose fields are the same.
func TestParseReadsTheStatementsOfCosign(t *testing.T) {
	const form = `{"_type":"https://in-toto.io/Statement/%s","subject":[{"name":"a","digest":{"sha256":"%s"}}],"predicateType":"x","predicate":{"b":1}}`
	var got [2]*Statement
	for i, version := range []string{"v1", "v0.1"} {
		s, err := Parse(fmt.Appendf(nil, form, version, digest("a")))
		if err != nil {
			t.Fatal(err)
		}
		got[i] = s
	}
	if diff := cmp.Diff(got[0], got[1]); diff != "" {
		t.Errorf("v1 and v0.1 differ:\n%s", diff)
	}
}

func TestOwnPredicatesAreClosed(t *testing.T) {
	all := statements(t)
	tests := map[string]struct{ in, from, to string }{
		"an unknown key":            {"release", `"counter":43`, `"counter":43,"more":1`},
		"an empty extra key":        {"release", `"counter":43`, `"counter":43,"Counter":0`},
		"another case":              {"release", `"counter":43`, `"Counter":43`},
		"a counter of zero":         {"release", `"counter":43`, `"counter":0`},
		"a counter below zero":      {"release", `"counter":43`, `"counter":-1`},
		"a time with a zone":        {"release", `"2026-11-23T19:20:00Z"`, `"2026-11-23T20:20:00+01:00"`},
		"a time with a fraction":    {"release", `"2026-11-23T19:20:00Z"`, `"2026-11-23T19:20:00.5Z"`},
		"an expiry before it":       {"release", `"2027-02-23T19:20:00Z"`, `"2025-02-23T19:20:00Z"`},
		"a gate that failed":        {"release", `"outcome":"pass"`, `"outcome":"fail"`},
		"gates out of order":        {"release", `"id":"diff"`, `"id":"z"`},
		"no gates":                  {"release", `"gates":[`, `"gates":null,"x":[`},
		"an unknown decision":       {"review", `"approve"`, `"approved"`},
		"a diff to something else":  {"review", digest("image").String(), digest("other").String()},
		"a review without reviewer": {"review", `"signer-1"`, `""`},
		"no format":                 {"bom", "CycloneDX", "SPDX"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := *all[test.in]
			changed := strings.Replace(string(s.Predicate), test.from, test.to, 1)
			if changed == string(s.Predicate) {
				t.Fatal("the test changes nothing")
			}
			s.Predicate = json.RawMessage(changed)
			if err := read(&s); err == nil {
				t.Error("it was read")
			}
		})
	}
}

func TestRelabelledPredicateIsRefused(t *testing.T) {
	all := statements(t)
	for name, s := range all {
		for other, o := range all {
			if name == other {
				continue
			}
			relabelled := *s
			relabelled.Type = o.Type
			if err := read(&relabelled); err == nil {
				t.Errorf("a %s was read as a %s", name, other)
			}
		}
	}
}

func TestProvenanceOfAnotherBuilderGivesOnlyItsID(t *testing.T) {
	s, err := NewStatement(subject, TypeProvenance, map[string]any{
		"buildDefinition": map[string]any{"buildType": "https://example.com/other/v1", "externalParameters": map[string]any{"image": []int{1}}},
		"runDetails":      map[string]any{"builder": map[string]any{"id": "https://ci.example.com/other"}, "metadata": map[string]any{"startedOn": "now"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	p, err := ParseProvenance(s)
	if err != nil {
		t.Fatal(err)
	}
	if p.RunDetails.Builder.ID != "https://ci.example.com/other" || p.BuildDefinition.ExternalParameters.Image != "" {
		t.Errorf("%+v", p)
	}
}

// The vectors are those of RFC 8785 §3.2.3 and appendix B.
func FuzzParse(f *testing.F) {
	for _, s := range statements(f) {
		text, err := s.Encode()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		s, err := Parse(in)
		if err != nil {
			return
		}
		_ = read(s)
		text, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(s, again); diff != "" {
			t.Errorf("it changed on the way:\n%s", diff)
		}
	})
}

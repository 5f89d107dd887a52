package attest

import (
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

const (
	repository = "registry.example.com/shop/storefront"
	builderID  = "https://ci.example.com/nbuild"
)

var (
	now   = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
	image = Subject{Reference: repository, Repository: repository, Digest: cas.Sum([]byte("image"))}
	about = predicate.Subject{Name: repository, Digest: image.Digest}
)

// newTestSigner makes a key that lives as long as the test.
func newTestSigner(t testing.TB, algorithm Algorithm) Signer {
	t.Helper()
	var private any
	var err error
	if algorithm == Ed25519 {
		_, private, err = ed25519.GenerateKey(rand.Reader)
	} else {
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// world is a trust file with its keys: ci, and three of appsec.
type world struct {
	t                          testing.TB
	ci, one, two, three, roots Signer
	text                       string
}

func pemOf(t testing.TB, s Signer) string {
	t.Helper()
	text, err := s.Key().PEM()
	if err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(string(text), "\n", `\n`)
}

func newWorld(t testing.TB) *world {
	w := &world{t: t}
	for _, s := range []*Signer{&w.ci, &w.one, &w.roots} {
		*s = newTestSigner(t, ECDSAP256)
	}
	for _, s := range []*Signer{&w.two, &w.three} {
		*s = newTestSigner(t, Ed25519)
	}
	w.text = fmt.Sprintf(`trust "shop" {
  version = 42
  expires = "2027-03-01T00:00:00Z"
  root {
    threshold = 1
    key "root-1" { pem = "%s" }
  }
  team "platform" {
    member "ci" {
      builders = ["%s"]
      key {
        pem   = "%s"
        from  = "2026-01-01T00:00:00Z"
        until = "2027-01-01T00:00:00Z"
      }
    }
    member "spare" { # who signs nothing, and could
      builders = ["%s", "https://laptop.example.com"]
      key { pem = "%s" }
    }
    member "robot" {
      identity = "https://git.example.com/shop/ci/release.yml"
      issuer   = "https://token.example.com"
    }
  }
  team "appsec" {
    member "signer-1" {
      key { pem = "%s" }
    }
    member "signer-2" {
      key { pem = "%s" }
    }
    member "signer-3" {
      key { pem = "%s" }
    }
  }
  environment "production" {
    images = ["registry.example.com/shop/**"]
    minimum_release = { "registry.example.com/shop/storefront" = 41 }
    require "provenance" {
      team     = team.platform
      builders = ["%s"]
    }
    require "sbom" { team = team.platform }
    require "release" {
      team    = team.platform
      max_age = "720h"
    }
    require "review" {
      team      = team.appsec
      threshold = 2
    }
  }
}
`, pemOf(t, w.roots), builderID, pemOf(t, w.ci), builderID, pemOf(t, newTestSigner(t, Ed25519)), pemOf(t, w.one), pemOf(t, w.two), pemOf(t, w.three), builderID)
	return w
}

func (w *world) edit(from, to string) *world {
	w.t.Helper()
	changed := strings.Replace(w.text, from, to, 1)
	if changed == w.text {
		w.t.Fatalf("%q is not in the trust file", from)
	}
	w.text = changed
	return w
}

func (w *world) policy() *Policy {
	w.t.Helper()
	p, err := ParsePolicy([]byte(w.text), "trust.hcl", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) trust() Trust {
	return CheckPolicy(w.policy(), TrustOptions{Now: now, Unsigned: true})
}

func (w *world) sign(s Signer, statement *predicate.Statement, err error) []byte {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
	raw, err := Sign(context.Background(), s, statement)
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

func provenance() (*predicate.Statement, error) {
	return predicate.NewProvenance(predicate.Build{BuilderID: builderID}).Statement(about)
}

func bom() (*predicate.Statement, error) {
	return predicate.NewBOM(about, []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`))
}

func releaseOf(change func(*predicate.Release)) (*predicate.Statement, error) {
	r := predicate.Release{
		Repository: repository, Environment: "production", Counter: 43,
		Issued: predicate.At(now.Add(-time.Hour)), Expires: predicate.At(now.AddDate(0, 3, 0)),
	}
	if change != nil {
		change(&r)
	}
	return r.Statement(about)
}

func reviewOf(change func(*predicate.Review)) (*predicate.Statement, error) {
	r := predicate.Review{
		Diff:     &predicate.ReviewedDiff{To: image.Digest, Digest: cas.Sum([]byte("diff"))},
		Reviewer: "somebody", Decision: predicate.Approve,
		Issued: predicate.At(now.Add(-time.Hour)), Expires: predicate.At(now.AddDate(0, 3, 0)),
	}
	if change != nil {
		change(&r)
	}
	return r.Statement(about)
}

// whole is all the evidence that production asks for, by name.
func (w *world) whole() map[string][]byte {
	must := func(s Signer, f func() (*predicate.Statement, error)) []byte {
		st, err := f()
		return w.sign(s, st, err)
	}
	review := func() (*predicate.Statement, error) { return reviewOf(nil) }
	return map[string][]byte{
		"provenance": must(w.ci, provenance),
		"sbom":       must(w.ci, bom),
		"release":    must(w.ci, func() (*predicate.Statement, error) { return releaseOf(nil) }),
		"review-1":   must(w.one, review),
		"review-2":   must(w.two, review),
	}
}

func evidenceOf(m map[string][]byte) Evidence {
	var e Evidence
	for _, name := range []string{"provenance", "sbom", "release", "review-1", "review-2", "more", "more-2"} {
		if b := m[name]; b != nil {
			e.Bundles = append(e.Bundles, b)
		}
	}
	return e
}

// open returns the checks that did not pass, by result.
func open(v *Verdict) map[CheckID]Result {
	out := map[CheckID]Result{}
	for _, c := range v.Checks() {
		if c.Result != Pass {
			out[c.ID] = c.Result
		}
	}
	return out
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

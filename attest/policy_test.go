package attest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/predicate"
)

func TestPolicyReadsEveryBlock(t *testing.T) {
	w := newWorld(t).edit("  environment \"production\" {", `  revoke "signer-3" {
    effective = "2026-10-01T00:00:00Z"
    reason    = "laptop stolen"
  }
  environment "staging" {
    images   = ["registry.example.com/shop/*"]
    rollback = "allow"
    require "release" { team = team.platform }
    require "pod" {}
  }
  environment "production" {`)
	p := w.policy()
	if p.Name != "shop" || p.Version != 42 || len(p.Teams) != 2 || len(p.Revocations) != 1 || len(p.Environments) != 2 {
		t.Fatalf("%+v", p)
	}
	staging, production := p.Environments[0], p.Environments[1]
	if staging.DenyRollback || !production.DenyRollback || production.MinimumRelease[repository] != 41 {
		t.Errorf("%+v, %+v", staging, production)
	}
	want := []Requirement{{Kind: RequireRelease, Team: "platform", Threshold: 1}, {Kind: RequirePod, Threshold: 1}}
	if diff := cmp.Diff(want, staging.Requirements); diff != "" {
		t.Errorf("requirements (-want +got):\n%s", diff)
	}
	if m := p.Teams[0].Members[2]; m.Identity == "" || m.Issuer == "" || len(m.Keys) != 0 {
		t.Errorf("%+v", m)
	}
}

// TestPolicyProblems holds every diagnosis to its golden text.
func TestPolicyProblems(t *testing.T) {
	demo := string(readFile(t, "../testdata/trust/demo.hcl"))
	edit := func(pairs ...string) string {
		text := demo
		for i := 0; i < len(pairs); i += 2 {
			changed := strings.Replace(text, pairs[i], pairs[i+1], 1)
			if changed == text {
				t.Fatalf("%q is not in demo.hcl", pairs[i])
			}
			text = changed
		}
		return text
	}
	member := demo[strings.Index(demo, `    member "demo"`):strings.Index(demo, "\n  # An OCI")]
	member = member[:strings.LastIndex(member, "  }")]
	tests := map[string]string{
		"syntax":           edit("version = 1", "version = = 1"),
		"unknown-block":    edit(`team "shop"`, `teem "shop"`),
		"unknown-line":     edit("max_age", "maxage"),
		"no-version":       edit("version = 1\n", "\n"),
		"bad-values":       edit("version = 1", "version = 0.5", `expires = "2036-01-01T00:00:00Z"`, `expires = "soon"`, `"720h"`, `"a month"`),
		"no-team":          edit("      team = team.shop\n", ""),
		"unknown-team":     edit("team.shop\n      builders", "team.shp\n      builders"),
		"unknown-kind":     edit(`require "sbom"`, `require "bom"`),
		"threshold":        edit("    threshold = 1", "    threshold = 2", "      max_age", "      threshold = 3\n      max_age"),
		"ignored-line":     edit(`require "sbom" {`, "require \"sbom\" {\n      max_age = \"1h\""),
		"nothing-asked":    demo + "",
		"shared-key":       edit(`    member "demo"`, strings.Replace(member, `"demo"`, `"twin"`, 1)+`    member "demo"`),
		"broken-key":       edit("MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExNRSohj3mUJBA0", "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAExNRSohj3mUJBA1"),
		"pattern":          edit("registry.example.com/shop/**", "registry.example.com/shop/storefront:stable"),
		"revoked-nobody":   edit("  # An OCI", "  revoke \"dmeo\" {\n    effective = \"2026-10-01T00:00:00Z\"\n    reason = \"x\"\n  }\n  # An OCI"),
		"floor-no-release": edit("    require \"release\" {\n      team    = team.shop\n      max_age = \"720h\"\n    }\n", ""),
		"two-policies":     demo + "\ntrust \"more\" {\n  version = 1\n  expires = \"2036-01-01T00:00:00Z\"\n  root {\n    threshold = 1\n    key \"x\" {\n      file = \"k\"\n      sha256 = \"0\"\n    }\n  }\n}\n",
		"empty":            "",
		"expressions": edit("version = 1", "version = 1 + 0", `expires = "2036-01-01T00:00:00Z"`, `expires = "${2036}-01-01T00:00:00Z"`,
			"    threshold = 1", "    threshold = (1)", "team     = team.shop\n      builders", "team     = true ? team.shop : team.shop\n      builders"),
		"numbers-as-text": edit("version = 1", `version = "1"`, "    threshold = 1", `    threshold = "1"`, `expires = "2036-01-01T00:00:00Z"`, "expires = 2036"),
		"odd-dates": edit(`expires = "2036-01-01T00:00:00Z"`, `expires = "2036-01-01T02:00:00+02:00"`, "      key {",
			"      key {\n        from = \"2026-01-01T00:00:00.5Z\"\n        until = \"0206-01-01T00:00:00Z\"", `"720h"`, `"1h1h"`),
		"key-twice":     edit("      key {", member[strings.Index(member, "      key {"):strings.LastIndex(member, "    }")]+"      key {"),
		"nobody-counts": edit("      key {", "      key {\n        from = \"2036-06-01T00:00:00Z\""),
		"one-place":     edit("      \"registry.example.com/shop/storefront\" = 1", "      \"docker.io/app\" = 1\n      \"index.docker.io/library/app\" = 1"),
	}
	tests["nothing-asked"] = demo[:strings.Index(demo, `    require "provenance"`)] + "  }\n}\n"
	for name, text := range tests {
		t.Run(name, func(t *testing.T) {
			p, err := ParsePolicy([]byte(text), "trust.hcl", fstest.MapFS{})
			if err == nil {
				t.Fatalf("it was read: %+v", p)
			}
			if diag.Exit(err) != 3 {
				t.Errorf("exit %d", diag.Exit(err))
			}
			var got strings.Builder
			for _, p := range diag.All(err) {
				got.WriteString(p.Text())
				if p.Remedy == "" {
					t.Errorf("no remedy: %v", p)
				}
			}
			path := filepath.Join("testdata", "problem-"+name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(readFile(t, path)), got.String()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

// Whoever takes out a stolen key needs the file signed at once, whoever is left.
func TestAPolicyMayRevokeWhomARequirementNeeds(t *testing.T) {
	w := newWorld(t)
	w.edit("  environment", "  revoke \"ci\" {\n    effective = \"2026-11-01T00:00:00Z\"\n    reason    = \"stolen\"\n  }\n  environment")
	w.edit("  environment", "  revoke \"signer-1\" {\n    effective = \"2026-11-01T00:00:00Z\"\n    reason    = \"gone\"\n  }\n  environment")
	if closed := w.policy().Closed(now); len(closed) != 0 {
		t.Errorf("others are left: %q", closed)
	}
	w.edit("  environment", "  revoke \"signer-2\" {\n    effective = \"2026-11-01T00:00:00Z\"\n    reason    = \"gone\"\n  }\n  environment")
	want := []string{"production accepts no image: it requires review by 2 of team appsec, and only one is left in team appsec who can count: " +
		"signer-1 was revoked at 2026-11-01T00:00:00Z: gone; signer-2 was revoked at 2026-11-01T00:00:00Z: gone"}
	if diff := cmp.Diff(want, w.policy().Closed(now)); diff != "" {
		t.Errorf("closed (-want +got):\n%s", diff)
	}
	v := Verify(context.Background(), w.trust(), "production", image, evidenceOf(w.whole()), Options{})
	if open(v)[CheckReview] != Fail || v.Decision() != Reject {
		t.Errorf("%v", v.Err())
	}
	unread := evidenceOf(w.whole())
	unread.Unread = []Unread{{"x", predicate.TypeReview, ErrBound}}
	v = Verify(context.Background(), w.trust(), "production", image, unread, Options{})
	if open(v)[CheckReview] != Fail {
		t.Errorf("what was not read could have helped: %v", v.Err())
	}
}

func TestKeyFileIsHeldToItsFingerprint(t *testing.T) {
	w := newWorld(t)
	right, wrong := newTestSigner(t, ECDSAP256), newTestSigner(t, ECDSAP256)
	text := func(s Signer) []byte {
		b, err := s.Key().PEM()
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	w.edit(`key "root-1" { pem = "`+pemOf(t, w.roots)+`" }`, "key \"root-1\" {\n      file   = \"keys/root.pub\"\n      sha256 = \""+right.Key().Fingerprint().String()+"\"\n    }")
	tests := map[string]struct {
		files fstest.MapFS
		want  diag.Code
	}{
		"the right key": {fstest.MapFS{"keys/root.pub": {Data: text(right)}}, ""},
		"a swapped key": {fstest.MapFS{"keys/root.pub": {Data: text(wrong)}}, CodeTrustKeyFile},
		"no key":        {fstest.MapFS{"keys/root.pub": {Data: []byte("x")}}, CodeTrustKey},
		"no file":       {fstest.MapFS{}, CodeTrustKey},
		"a huge file":   {fstest.MapFS{"keys/root.pub": {Data: append(text(right), make([]byte, 1<<20)...)}}, CodeTrustKey},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := ParsePolicy([]byte(w.text), "trust.hcl", test.files)
			var got diag.Code
			if ps := diag.All(err); len(ps) > 0 {
				got = ps[0].Code
			}
			if got != test.want {
				t.Errorf("%q, want %q: %v", got, test.want, err)
			}
		})
	}
	for _, path := range []string{"../root.pub", "/etc/root.pub", "keys/../../x"} {
		text := strings.Replace(w.text, "keys/root.pub", path, 1)
		if _, err := ParsePolicy([]byte(text), "trust.hcl", os.DirFS(t.TempDir())); err == nil || !strings.Contains(err.Error(), "leads out") {
			t.Errorf("%s: %v", path, err)
		}
	}
	if text := strings.Replace(w.text, "      sha256", "      # sha256", 1); true {
		if _, err := ParsePolicy([]byte(text), "trust.hcl", tests["the right key"].files); err == nil {
			t.Error("a file without a fingerprint was taken")
		}
	}
}

func TestOneMemberMayStandInTwoTeams(t *testing.T) {
	w := newWorld(t)
	w.edit(`member "signer-3" {
      key { pem = "`+pemOf(t, w.three)+`" }`, `member "ci" {
      key { pem = "`+pemOf(t, w.ci)+`" }`)
	if p := w.policy(); len(p.Teams[1].Members) != 3 {
		t.Errorf("%+v", p)
	}
}

func TestPatterns(t *testing.T) {
	tests := []struct {
		pattern, repository string
		want                bool
	}{
		{"registry.example.com/shop/**", "registry.example.com/shop/a", true},
		{"registry.example.com/shop/**", "registry.example.com/shop/a/b", true},
		{"registry.example.com/shop/**", "registry.example.com/shop", false},
		{"registry.example.com/shop/**", "registry.example.com/shop-evil/a", false},
		{"registry.example.com/shop/**", "registry.example.com.evil.example.com/shop/a", false},
		{"registry.example.com/shop/*", "registry.example.com/shop/a/b", false},
		{"registry.example.com/shop/*", "registry.example.com/shop/a", true},
		{"registry.example.com/*/api-*-prod", "registry.example.com/x/api-eu-prod", true},
		{"registry.example.com/*/api-*-prod", "registry.example.com/x/api-prod", false},
		{"registry.example.com/**/a", "registry.example.com/x/y/a", true},
		{"registry.example.com/**/a", "registry.example.com/a", true}, // none, as in build.hcl
		{"registry.example.com/a/**", "registry.example.com/a", false},
		{"127.0.0.1:5000/a", "127.0.0.1:5000/a", true},
		{"**", "anything/at/all", true},
		{"**", "", false},
		{"docker.io/app", "index.docker.io/library/app", true}, // one place with three names
		{"docker.io/library/*", "index.docker.io/library/app", true},
		{"docker.io/*", "index.docker.io/library/app", true},
		{"index.docker.io/app", "docker.io/library/app", true},
		{"docker.io/shop/**", "index.docker.io/shop/app", true},
		{"docker.io/**", "index.docker.io/shop/app", true},
		{"docker.io/shop/*", "index.docker.io/library/app", false},
		{"docker.io/app", "registry.example.com/library/app", false},
	}
	for _, test := range tests {
		if err := checkPattern(test.pattern); err != nil {
			t.Errorf("%s: %v", test.pattern, err)
		}
		if got := matches(test.pattern, test.repository); got != test.want {
			t.Errorf("%s on %s: %v", test.pattern, test.repository, got)
		}
	}
	for _, bad := range []string{"", "a//b", "/a", "a/", "a/b:tag", "a/b@sha256:0", "a/x**", "a b/c", "a/B", strings.Repeat("*/", 17) + "a", strings.Repeat("a", 600)} {
		if checkPattern(bad) == nil {
			t.Errorf("%q is a pattern", bad)
		}
	}
}

func FuzzParsePolicy(f *testing.F) {
	f.Add(readFile(f, "../testdata/trust/demo.hcl"), "trust.hcl")
	f.Add([]byte(`{"trust":{"x":{"version":1}}}`), "trust.hcl.json")
	f.Fuzz(func(t *testing.T, src []byte, name string) {
		p, err := ParsePolicy(src, name, nil)
		if err != nil {
			if diag.Exit(err) != 3 {
				t.Errorf("exit %d: %v", diag.Exit(err), err)
			}
			return
		}
		if p.Version < 1 || p.Expires.IsZero() || p.Root.Threshold < 1 || len(p.Root.Keys) < p.Root.Threshold {
			t.Errorf("%+v", p)
		}
		for _, e := range p.Environments {
			if len(e.Requirements) == 0 || len(e.Images) == 0 {
				t.Errorf("an environment that asks for nothing: %+v", e)
			}
		}
	})
}

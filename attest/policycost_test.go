package attest

import (
	"slices"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// TestAPolicyHasNoLoops gives a trust file what would take longer than anyone lives:
// loops in loops, in an attribute that is evaluated.
func TestAPolicyHasNoLoops(t *testing.T) {
	nested := `"a"`
	for range 20 {
		nested = `[for x in ["a", "b", "c", "d", "e", "f", "g", "h"] : ` + nested + "]"
	}
	src := `trust "t" {
  version = 1
  expires = "2030-01-01T00:00:00Z"
  environment "production" {
    images = ` + nested + `
  }
}
`
	_, err := ParsePolicy([]byte(src), "trust.hcl", nil)
	ps := diag.All(err)
	ps = slices.DeleteFunc(ps, func(p *diag.Problem) bool { return p.Code != hclfile.CodeCost })
	if len(ps) != 1 || ps[0].Code != hclfile.CodeCost || !strings.Contains(ps[0].Remedy, "write the values out") {
		t.Errorf("got %v, want %s", err, hclfile.CodeCost)
	}
}

// The JSON form of a trust file is read as it stands, too.
func TestATrustFileInJSONIsReadAsItStands(t *testing.T) {
	s := newTestSigner(t, ECDSAP256)
	text := `{"trust": {"shop": {
  "version": 1, "expires": "2036-01-01T00:00:00Z",
  "root": {"threshold": 1, "key": {"root": {"pem": "` + pemOf(t, s) + `"}}},
  "team": {"shop": {"member": {"ci": {"key": [{"pem": "` + pemOf(t, newTestSigner(t, ECDSAP256)) + `"}]}}}},
  "environment": {"production": {
    "images": ["docker.io/app"], "minimum_release": {"docker.io/app": 2},
    "require": {"release": {"team": "${team.shop}", "max_age": "720h"}}
  }}
}}}`
	p, err := ParsePolicy([]byte(text), "trust.hcl.json", nil)
	if err != nil || p.Environments[0].minimum("index.docker.io/library/app") != 2 {
		t.Fatalf("%v", err)
	}
	for _, change := range [][2]string{
		{`"version": 1`, `"version": "1"`}, {`"version": 1`, `"version": "${1}"`}, {`"expires": "2036`, `"expires": "${2036}`},
		{`"images": [`, `"images": [1, `}, {`"${team.shop}"`, `"${true ? team.shop : team.shop}"`}, {`: 2}`, `: "2"}`},
	} {
		changed := strings.Replace(text, change[0], change[1], 1)
		if _, err := ParsePolicy([]byte(changed), "trust.hcl.json", nil); changed == text || err == nil || !strings.Contains(err.Error(), "written out") {
			t.Errorf("%s: %v", change[1], err)
		}
	}
}

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

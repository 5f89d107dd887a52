package gate

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom"
)

// DenyLicences returns a problem for each package that can't be used without a
// denied licence (build.hcl, sbom: deny_license), by purl and path. In a choice ("MIT
// OR AGPL-3.0-only") one free branch is enough; in a conjunction every part counts. A
// licence that is not known (NOASSERTION, or none) is not denied: the BOM says which
// those are.
func DenyLicences(v *sbom.Inventory, deny []string) diag.Problems {
	denied := make(map[string]bool, len(deny))
	for _, d := range deny {
		denied[strings.ToLower(sbom.Licence(d))] = true
	}
	var ps diag.Problems
	all := v.Canonical()
	brings := sbom.Brings(all)
	for _, p := range all.Packages {
		if len(ps) == bounds.Problems {
			break
		}
		if p.Purl == "" || p.License == "" || p.License == sbom.NoAssertion || sbom.Usable(p.License, denied) {
			continue
		}
		what := p.Purl
		if p.Path != "" {
			what += " at " + p.Path
		}
		why := "the project denies that licence, and there is no other to choose"
		if by := brings(p.Ref); len(by) > 0 {
			why += "; it comes by " + by[0]
		}
		ps = append(ps, &diag.Problem{
			Code:   CodeLicence,
			What:   fmt.Sprintf("%s is licensed under %s", what, p.License),
			Why:    why,
			Remedy: "replace the package that brings it in, or take the licence off deny_license in build.hcl",
		})
	}
	return ps
}

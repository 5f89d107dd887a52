package gate

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom"
)

// CheckLicences reports what a deny_license names and no licence has as its identifier. The
// error is a diag.Problems at pos, with the nearest one: a misspelt licence would deny
// nothing.
func CheckLicences(deny []string, pos diag.Pos) error {
	known := sbom.Licences()
	for i, id := range known {
		known[i] = strings.ToLower(id)
	}
	var ps diag.Problems
	for _, text := range deny {
		if sbom.Deniable(text) {
			continue
		}
		remedy := "write one identifier of the SPDX licence list (such as \"AGPL-3.0-only\"), or what packages have in place of one: \"" + sbom.Unlicensed + "\", \"SEE LICENSE IN FILE\", \"LicenseRef-NAME\""
		if near := diag.Nearest(strings.ToLower(text), known); near != "" {
			remedy = fmt.Sprintf("write %q", sbom.Licence(near))
		}
		ps = append(ps, &diag.Problem{
			Code: CodeNoLicence, Pos: pos, What: fmt.Sprintf("%q is no licence that can be denied", text),
			Why: "what no licence is called would deny nothing", Remedy: remedy,
		})
	}
	return ps.Err()
}

// DenyLicences returns a problem for each package that can't be used without a
// denied licence (build.hcl, sbom: deny_license), by purl and path. In a choice ("MIT
// OR AGPL-3.0-only") one free branch is enough; in a conjunction every part counts. A
// licence that is not known (NOASSERTION, or none) is not denied: the BOM says which
// those are.
func DenyLicences(v *sbom.Inventory, deny []string) diag.Problems {
	denied := sbom.Denials(deny)
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

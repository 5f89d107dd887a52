package gate

import (
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom"
)

func TestDenyLicences(t *testing.T) {
	deny := []string{"agpl-3.0-only", "GPL-2.0-only", "UNLICENSED", "LGPL-2.1-or-later"}
	tests := []struct {
		licence string
		denied  bool
	}{
		{"", false},
		{sbom.NoAssertion, false},
		{"MIT", false},
		{"AGPL-3.0-only", true},
		{"UNLICENSED", true},
		{"MIT OR AGPL-3.0-only", false},
		{"AGPL-3.0-only OR MIT", false},
		{"MIT AND AGPL-3.0-only", true},
		{"MIT AND (AGPL-3.0-only OR BSD-3-Clause)", false},
		{"(MIT AND AGPL-3.0-only) OR GPL-2.0-only", true},
		{"GPL-2.0-only WITH Classpath-exception-2.0", true},
		{"SEE LICENSE IN AGPL-3.0-only", false},
		{"AGPL-3.0", true},
		{"LGPL-2.1+", true},
		{"LGPL-2.1", false},
		{"AGPL-3.0-or-later", false},
	}
	for _, test := range tests {
		v := &sbom.Inventory{Packages: []sbom.Item{{Purl: "pkg:npm/a@1.0.0", Version: "1.0.0", Path: "p", License: test.licence}}}
		ps := DenyLicences(v, deny)
		if (len(ps) == 1) != test.denied {
			t.Errorf("%q: %v", test.licence, ps)
		}
		for _, p := range ps {
			if p.Code != CodeLicence || p.Remedy == "" {
				t.Errorf("%q: %+v", test.licence, p)
			}
		}
	}
}

func TestAMisspeltLicenceIsNoneThatIsDenied(t *testing.T) {
	at := diag.Pos{File: "build.hcl", Line: 3}
	for text, remedy := range map[string]string{
		"agpl-3.0-only": "", "GPL-2.0-only WITH Classpath-exception-2.0": "", "GPL-2.0+": "", "UNLICENSED": "", "LicenseRef-acme": "", "see license in LICENSE.txt": "",
		"AGPL-3-only": `write "AGPL-3.0-only"`, "agpl3.0-only": `write "AGPL-3.0-only"`, "Apache2.0": `write "Apache-2.0"`,
		"MIT OR AGPL-3.0-only": "write one identifier", "everything that my lawyer dislikes": "write one identifier", "": "write one identifier",
	} {
		ps := diag.All(CheckLicences([]string{"MIT", text}, at))
		switch {
		case remedy == "" && len(ps) > 0:
			t.Errorf("%q: %v", text, ps)
		case remedy != "" && (len(ps) != 1 || ps[0].Code != CodeNoLicence || ps[0].Pos != at || !strings.HasPrefix(ps[0].Remedy, remedy)):
			t.Errorf("%q: %+v", text, ps)
		}
	}
}

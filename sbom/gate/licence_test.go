package gate

import (
	"testing"

	"github.com/nbuild/nbuild/sbom"
)

func TestDenyLicences(t *testing.T) {
	deny := []string{"agpl-3.0-only", "GPL-2.0-only", "UNLICENSED"}
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

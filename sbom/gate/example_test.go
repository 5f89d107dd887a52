package gate_test

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/sbom/comparison"
	"github.com/nbuild/nbuild/sbom/gate"
)

// A gate names classes of change. A name that no class has is an error.
func ExampleGate() {
	_, err := gate.ParseClasses([]string{"downgrad"}, diag.Pos{File: "build.hcl", Line: 3})
	fmt.Println(diag.All(err)[0].What)

	deny, err := gate.ParseClasses([]string{"downgrade"}, diag.Pos{})
	if err != nil {
		fmt.Println(err)
		return
	}
	d := comparison.Diff{Changes: []comparison.Change{
		{Class: comparison.Downgrade, Purl: "pkg:npm/left@1.0.0"}, {Class: comparison.Upgrade, Purl: "pkg:npm/right@2.0.0"},
	}}
	for _, p := range (gate.Gate{Deny: deny}).Check(d) {
		fmt.Println(p.Code, p.What)
	}
	// Output:
	// "downgrad" is no class of change
	// NB3000 downgrade: pkg:npm/left@1.0.0
}

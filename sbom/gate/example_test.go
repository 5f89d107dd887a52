package gate_test

import (
	"fmt"

	"github.com/nbuild/nbuild/sbom/comparison"
	"github.com/nbuild/nbuild/sbom/gate"
)

// A gate names classes of change. A name that no class has is an error.
func ExampleGate() {
	_, err := gate.ParseClasses([]string{"downgrad"})
	fmt.Println(err)

	deny, err := gate.ParseClasses([]string{"downgrade"})
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
	// a gate names "downgrad", which is no class of change and would let everything through
	// NB3000 downgrade: pkg:npm/left@1.0.0
}

package comparison_test

import (
	"fmt"

	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/comparison"
)

// The same version with other bytes is the worst that can happen to a package.
func ExampleCompare() {
	with := func(hash string) *sbom.Inventory {
		return &sbom.Inventory{Packages: []sbom.Item{
			{Purl: "pkg:npm/left@1.0.0", Version: "1.0.0", Path: "node_modules/left", Hashes: []string{"SHA-256:" + hash}},
		}}
	}
	for _, change := range comparison.Compare(with("aa"), with("bb")).Changes {
		fmt.Println(change.Severity, change.Summary())
	}
	fmt.Println(len(comparison.Compare(with("aa"), with("aa")).Changes), "changes of a thing against itself")
	// Output:
	// critical integrity-changed: pkg:npm/left@1.0.0 at node_modules/left (SHA-256:aa -> SHA-256:bb)
	// 0 changes of a thing against itself
}

package sbom_test

import (
	"fmt"

	"github.com/nbuild/nbuild/sbom"
)

// A BOM is written from data alone, and reads back as an inventory.
func ExampleWrite() {
	doc, err := sbom.Write(&sbom.Contents{
		Project:  sbom.Project{Name: "shop", DependsOn: []string{"node_modules/left"}},
		Packages: []sbom.Package{{Path: "node_modules/left", Name: "left", Version: "1.0.0"}},
	}, sbom.Options{Version: "1.6"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(sbom.Validate(doc, "bom.json")), "problems")
	bom, err := sbom.Parse(doc, "bom.json")
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, p := range bom.Inventory().Packages {
		if p.Purl != "" {
			fmt.Println(p.Purl, "at", p.Path)
		}
	}
	// Output:
	// 0 problems
	// pkg:npm/left@1.0.0 at node_modules/left
}

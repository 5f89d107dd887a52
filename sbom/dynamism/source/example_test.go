package source_test

import (
	"fmt"

	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// A name that is put together is found all the same, and a local function that only
// looks like one is not.
func ExampleAnalyse() {
	report := source.Analyse([]byte(`
globalThis['ev' + 'al'](text)
function run(eval) { return eval('a local one') }
`), "lib/index.js", source.Options{})
	for _, f := range report.Findings {
		fmt.Printf("%s:%d:%d: %s, by %s\n", f.File, f.Line, f.Column, f.Kind, f.Symbol)
	}
	// Output:
	// lib/index.js:2:1: eval, by eval
}

package dynamism

import (
	"cmp"
	"slices"
	"strings"
)

// Kind is what a finding tells. The list is closed (cli contract, "Kinds of
// finding"); those by package stand here.
type Kind string

// The kinds of finding by package.
const (
	InstallScript  Kind = "install-script"  // a script that npm runs when it installs the package
	ImplicitGyp    Kind = "implicit-gyp"    // a binding.gyp that makes npm run node-gyp without a script
	NativeAddon    Kind = "native-addon"    // machine code that Node loads into its process (*.node)
	PrebuiltBinary Kind = "prebuilt-binary" // machine code in the tarball, addons among it
)

// Kinds returns every kind by package, in the order in which findings are sorted.
func Kinds() []Kind { return []Kind{InstallScript, ImplicitGyp, NativeAddon, PrebuiltBinary} }

// Finding is one place. File is relative to the package, with slashes; Line and
// Column count from 1 and are 0 where they are not known, Column in UTF-16 units.
// Excerpt is what stands there: of an install script "EVENT: its text".
type Finding struct {
	Kind    Kind   `json:"kind"`
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Excerpt string `json:"excerpt"`
}

func sortFindings(fs []Finding) {
	slices.SortFunc(fs, func(a, b Finding) int {
		return cmp.Or(
			slices.Index(Kinds(), a.Kind)-slices.Index(Kinds(), b.Kind),
			strings.Compare(a.File, b.File),
			strings.Compare(a.Excerpt, b.Excerpt),
		)
	})
}

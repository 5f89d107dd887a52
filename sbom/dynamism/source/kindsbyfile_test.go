package source

import (
	"slices"
)

// KindsByFile returns the kinds that a file's text shows, in the order in which
// findings are sorted.
func KindsByFile() []Kind { return slices.Clone(kindsByFile) }

// Package lazyregexp makes regular expressions that are compiled when they are first
// asked for.
//
// A package's variables are made in every process that links the package, whatever it is
// asked to do: compiled there, the patterns of all rooms together cost a megabyte and more
// than `nbuild version` has time for. So the rule is that no package variable holds a
// compiled expression. A test of the house keeps it (internal/arch), and compiles each
// expression that is written here, so that one that is malformed is found before it is
// asked for.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that gives the expression, compiled at the first call, for
// any number of goroutines. A malformed one panics there.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}

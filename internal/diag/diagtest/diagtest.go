// Package diagtest is how a test of Go shows that it reaches a page of docs/errors.
//
// Nearly every page is reached by a script that runs the command. What no script can
// bring about (a race, a file system that fails) is reached through the public door of
// a package, and the test that does so calls [Reaches]. Go's own test output then names
// the code, and a test of the command holds its list to that output. The list can't
// claim a code by its name alone.
//
// The invariant: a code is named only where an error that was handed in holds a problem
// of that code, as a person would be shown it.
package diagtest

import (
	"slices"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
)

// Attribute is the key under which the output of a test names the codes that it reached.
const Attribute = "reaches"

// Reaches fails the test unless a person who is shown err sees the code, and names the
// code in the test's output.
func Reaches(t testing.TB, err error, code diag.Code) {
	t.Helper()
	if !slices.ContainsFunc(diag.Shown(err), func(p *diag.Problem) bool { return p.Code == code }) {
		t.Fatalf("%s is not reached by %v", code, err)
	}
	t.Attr(Attribute, string(code))
}

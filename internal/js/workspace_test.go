package js

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestMemoryUsedAgainChangesNothing reads sources of all sizes and kinds one behind the
// other in one Workspace, and compares with what each gives by itself.
func TestMemoryUsedAgainChangesNothing(t *testing.T) {
	sources := []string{
		"function f(a, b) { var c = a; { function g() { return arguments[0] = c } } }",
		"", "let x = `a${'\\x41'}`; x", "import a from 'b'; export { a, c }", "const await = 1; await", "await x; a = {", "with (a) b; try {} catch (e) { var e = 1 }",
		string(slices.Concat(slices.Repeat([]byte("class A { #p = 1; m() { return this.#p } }\n"), 300), []byte("eval('x')"))),
		"var i = j",
	}
	var w Workspace
	for range 2 {
		for _, src := range sources {
			tree, fresh := w.Parse([]byte(src), Detect), Parse([]byte(src), Detect)
			if !slices.Equal(tree.Nodes, fresh.Nodes) || !slices.Equal(tree.names, fresh.names) || !slices.Equal(tree.cooked, fresh.cooked) {
				t.Fatalf("%.60q: another tree", src)
			}
			if diff := cmp.Diff(fresh.Errors, tree.Errors); diff != "" {
				t.Fatalf("%.60q: %s", src, diff)
			}
			got, want := w.Resolve(tree), Resolve(fresh)
			for _, same := range []bool{
				slices.Equal(got.of, want.of), slices.Equal(got.in, want.in), slices.Equal(got.variables, want.variables), slices.Equal(got.scopes, want.scopes),
				slices.Equal(got.uses, want.uses), slices.Equal(got.useStart, want.useStart), slices.Equal(got.bindings, want.bindings),
				slices.Equal(got.bindStart, want.bindStart), slices.Equal(got.errors, want.errors), got.withs == want.withs,
			} {
				if !same {
					t.Fatalf("%.60q: other scopes", src)
				}
			}
		}
	}
}

package arch

import (
	"go/ast"
	"go/token"
	"testing"
)

// TestEveryBoundIsRead keeps the table of bounds to those that something is held to.
func TestEveryBoundIsRead(t *testing.T) {
	read := map[string]bool{}
	var declared []string
	for _, s := range sources(t) {
		if s.pkg == "internal/bounds" {
			for _, d := range s.file.Decls {
				if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
					for _, spec := range g.Specs {
						for _, n := range spec.(*ast.ValueSpec).Names {
							declared = append(declared, n.Name)
						}
					}
				}
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "bounds" {
					read[n.Sel.Name] = true
				}
			case *ast.FuncDecl: // a bound that another is made of, within the table
				if s.pkg == "internal/bounds" && n.Body != nil {
					ast.Inspect(n.Body, func(n ast.Node) bool {
						if id, ok := n.(*ast.Ident); ok {
							read[id.Name] = true
						}
						return true
					})
				}
			}
			return true
		})
	}
	if len(declared) < 40 {
		t.Errorf("only %d bounds are declared: the search is broken", len(declared))
	}
	for _, name := range declared {
		if !read[name] {
			t.Errorf("bounds.%s is a promise that nothing keeps", name)
		}
	}
}

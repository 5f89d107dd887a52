package arch

import (
	"go/ast"
	"go/token"
	"regexp"
	"strconv"
	"testing"
)

// What a package's variables are made of is made in every process that links the
// package, before it knows what it is asked. A compiled expression there is paid for by
// every command; internal/lazyregexp compiles it when it is asked for.
func TestNoExpressionIsCompiledBeforeItIsAskedFor(t *testing.T) {
	written := 0
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR {
				continue
			}
			ast.Inspect(g, func(n ast.Node) bool {
				if _, later := n.(*ast.FuncLit); later {
					return false
				}
				call, ok := n.(*ast.CallExpr)
				if !ok {
					return true
				}
				of, ok := call.Fun.(*ast.SelectorExpr)
				if !ok {
					return true
				}
				from, _ := of.X.(*ast.Ident)
				switch {
				case from == nil:
				case from.Name == "regexp":
					t.Errorf("%s: regexp.%s when the process starts; write lazyregexp.New", s.set.Position(call.Pos()), of.Sel.Name)
				case from.Name == "lazyregexp":
					written++
					lit, ok := call.Args[0].(*ast.BasicLit)
					if !ok {
						t.Errorf("%s: the expression is no literal, so that no test can compile it", s.set.Position(call.Pos()))
						break
					}
					expr, err := strconv.Unquote(lit.Value)
					if err == nil {
						_, err = regexp.Compile(expr)
					}
					if err != nil {
						t.Errorf("%s: %v", s.set.Position(lit.Pos()), err)
					}
				}
				return true
			})
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s: a func init runs in every process; make what it makes when it is asked for", s.set.Position(f.Pos()))
			}
		}
	}
	if written == 0 {
		t.Error("no expression was found: this test looks for the wrong form")
	}
}

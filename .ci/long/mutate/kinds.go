package main

import (
	"go/ast"
	"go/token"
	"slices"
)

// onlyWords reports whether a part of a program makes nothing but words of an error: the
// arguments of fmt.Errorf and errors.New, a method Error, what a diag.Problem says.
func onlyWords(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.CallExpr:
		fun, ok := n.Fun.(*ast.SelectorExpr)
		return ok && (named(fun.X, "fmt") && fun.Sel.Name == "Errorf" || named(fun.X, "errors") && fun.Sel.Name == "New")
	case *ast.FuncDecl:
		return n.Recv != nil && n.Name.Name == "Error"
	case *ast.KeyValueExpr:
		return named(n.Key, "What") || named(n.Key, "Why") || named(n.Key, "Remedy")
	}
	return false
}

// words reports whether a sum has a text in it.
func words(n ast.Expr) bool {
	switch n := n.(type) {
	case *ast.BasicLit:
		return n.Kind == token.STRING
	case *ast.BinaryExpr:
		return n.Op == token.ADD && (words(n.X) || words(n.Y))
	}
	return false
}

// roomOnly reports whether the last argument of a call of make is a capacity: the third
// one, or the second one of a map.
func roomOnly(call *ast.CallExpr) bool {
	_, isMap := call.Args[0].(*ast.MapType)
	return len(call.Args) == 3 || isMap
}

// calls reports whether working out a value may do something.
func calls(n ast.Node) (yes bool) {
	harmless := []string{"len", "cap", "min", "max", "int", "int64", "uint64", "byte", "string"}
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			fun, ok := n.Fun.(*ast.Ident)
			yes = yes || !ok || !slices.Contains(harmless, fun.Name)
		case *ast.FuncLit:
			yes = true
		case *ast.UnaryExpr:
			yes = yes || n.Op == token.ARROW
		}
		return !yes
	})
	return yes
}

// ends reports whether a block leaves what it stands in.
func ends(b *ast.BlockStmt) bool {
	if len(b.List) == 0 {
		return false
	}
	switch b.List[len(b.List)-1].(type) {
	case *ast.ReturnStmt, *ast.BranchStmt:
		return true
	}
	return false
}

func named(e ast.Expr, name string) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == name
}

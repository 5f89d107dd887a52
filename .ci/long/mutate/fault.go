package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// fault is one change of a file: the bytes from start to end become text.
type fault struct {
	file, kind   string
	line, column int
	start, end   int
	old, text    string
	function     block // around it; the zero block where it stands in none
	head         bool  // it stands at the head of a case, which no block has
}

func (f fault) apply(source []byte) []byte {
	return []byte(string(source[:f.start]) + f.text + string(source[f.end:]))
}

// String is where the fault is and what it is, in one line.
func (f fault) String() string {
	short := func(s string) string {
		s = strings.Join(strings.Fields(s), " ")
		if len(s) > 100 {
			s = s[:100] + "…"
		}
		return s
	}
	text := fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.kind, short(f.old))
	if strings.TrimSpace(f.text) != "" {
		text += "  ->  " + short(f.text)
	}
	return text
}

// faultsOf lists every fault that can be put into the Go files of a folder, tests aside,
// or those at one file or line of it.
func faultsOf(dir, at string) ([]fault, error) {
	only, line, _ := strings.Cut(at, ":")
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []fault
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || only != "" && filepath.Base(name) != only {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, source, 0)
		if err != nil {
			return nil, err
		}
		f := finder{name: name, source: source, set: set}
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				continue
			}
			f.function = block{}
			if d, ok := d.(*ast.FuncDecl); ok {
				f.function = block{fromLine: set.Position(d.Pos()).Line, to: set.Position(d.End()).Line}
			}
			ast.Inspect(d, f.look)
		}
		all = append(all, f.found...)
	}
	return slices.DeleteFunc(all, func(f fault) bool { return line != "" && strconv.Itoa(f.line) != line }), nil
}

// finder collects the faults of one file.
type finder struct {
	name   string
	source []byte
	set    *token.FileSet
	found  []fault

	function block
	head     bool
}

// add adds a fault. What is dropped leaves its lines empty, so that what follows keeps its
// place, and a program that is the same has the same listing.
func (f *finder) add(kind string, from, to token.Pos, text string) {
	start, end := f.set.Position(from), f.set.Position(to)
	old := string(f.source[start.Offset:end.Offset])
	if text == "" {
		text = strings.Repeat("\n", strings.Count(old, "\n"))
	}
	f.found = append(f.found, fault{
		file: f.name, kind: kind, line: start.Line, column: start.Column, start: start.Offset, end: end.Offset,
		old: old, text: text, function: f.function, head: f.head,
	})
}

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.set.Position(n.Pos()).Offset:f.set.Position(n.End()).Offset])
}

// between is the space after an operator or comma: as many lines as there are between its
// two sides.
func (f *finder) between(a, b ast.Node) string {
	if lines := f.set.Position(b.Pos()).Line - f.set.Position(a.End()).Line; lines > 0 {
		return strings.Repeat("\n", lines)
	}
	return " "
}

// turned are the operators that take the place of others.
var turned = map[token.Token][]string{
	token.EQL: {"!="}, token.NEQ: {"=="}, token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"+"},
}

func (f *finder) look(n ast.Node) bool {
	if onlyWords(n) {
		return false
	}
	switch n := n.(type) {
	case *ast.IfStmt:
		if b, ok := n.Cond.(*ast.BinaryExpr); !ok || b.Op != token.EQL && b.Op != token.NEQ { // the operator, changed, is the same
			f.add("condition turned", n.Cond.Pos(), n.Cond.End(), "!("+f.text(n.Cond)+")")
		}
		if n.Else == nil && ends(n.Body) {
			f.add("check dropped", n.Pos(), n.End(), "")
		}
	case *ast.BinaryExpr:
		for _, op := range turned[n.Op] {
			f.add("operator changed", n.X.Pos(), n.Y.End(), f.text(n.X)+" "+op+f.between(n.X, n.Y)+f.text(n.Y))
		}
		if n.Op == token.EQL || n.Op == token.NEQ {
			f.strings(n.X, n.Y)
		}
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.head = true
		f.strings(n.List...)
		for _, e := range n.List {
			ast.Inspect(e, f.look)
		}
		if len(n.List) > 0 {
			f.add("case dropped", n.Pos(), n.End(), "")
		}
		f.head = false
		f.statements(n.Body)
		for _, s := range n.Body {
			ast.Inspect(s, f.look)
		}
		return false
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.CallExpr:
		if named(n.Fun, "make") && len(n.Args) > 1 && roomOnly(n) { // how much room is set aside changes nothing
			for _, a := range n.Args[:len(n.Args)-1] {
				ast.Inspect(a, f.look)
			}
			return false
		}
	case *ast.BasicLit:
		if v, err := strconv.ParseInt(n.Value, 0, 64); n.Kind == token.INT && err == nil {
			f.add("constant changed", n.Pos(), n.End(), strconv.FormatInt(v+1, 10))
			if v > 1 {
				f.add("constant changed", n.Pos(), n.End(), strconv.FormatInt(v-1, 10))
			}
		}
	case *ast.Ident:
		switch n.Name {
		case "true":
			f.add("constant changed", n.Pos(), n.End(), "false")
		case "false":
			f.add("constant changed", n.Pos(), n.End(), "true")
		}
	case *ast.ReturnStmt:
		for i := 1; i < len(n.Results); i++ {
			a, b := n.Results[i-1], n.Results[i]
			if f.text(a) != f.text(b) {
				f.add("results swapped", a.Pos(), b.End(), f.text(b)+","+f.between(a, b)+f.text(a))
			}
		}
		if last := len(n.Results) - 1; last >= 0 && named(n.Results[last], "err") {
			f.add("error dropped", n.Results[last].Pos(), n.Results[last].End(), "nil")
		}
	}
	return true
}

// statements adds the dropping of each statement that does something by itself.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		switch s := s.(type) {
		case *ast.ExprStmt, *ast.IncDecStmt, *ast.BranchStmt, *ast.DeferStmt, *ast.SendStmt:
			f.add("statement dropped", s.Pos(), s.End(), "")
		case *ast.AssignStmt:
			if s.Tok != token.DEFINE {
				f.add("statement dropped", s.Pos(), s.End(), "")
			}
		case *ast.ReturnStmt:
			if len(s.Results) == 0 {
				f.add("statement dropped", s.Pos(), s.End(), "")
			}
		}
	}
}

// strings adds the changing of texts that are compared.
func (f *finder) strings(values ...ast.Expr) {
	for _, v := range values {
		if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				f.add("constant changed", lit.Pos(), lit.End(), strconv.Quote(text+"x"))
			}
		}
	}
}

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

// roomOnly reports whether the last argument of a call of make is a capacity: the third
// one, or the second one of a map.
func roomOnly(call *ast.CallExpr) bool {
	_, isMap := call.Args[0].(*ast.MapType)
	return len(call.Args) == 3 || isMap
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

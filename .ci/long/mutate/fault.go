package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// fault is one change of a file: the bytes from start to end become text.
type fault struct {
	file, kind string
	line       int
	start, end int
	old, text  string
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
	if f.text != "" {
		text += "  ->  " + short(f.text)
	}
	return text
}

// faultsOf lists every fault that can be put into the Go files of a folder, tests aside.
func faultsOf(dir, only string) ([]fault, error) {
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
			ast.Inspect(d, f.look)
		}
		all = append(all, f.found...)
	}
	return all, nil
}

// finder collects the faults of one file.
type finder struct {
	name   string
	source []byte
	set    *token.FileSet
	found  []fault
}

func (f *finder) add(kind string, from, to token.Pos, text string) {
	start, end := f.set.Position(from), f.set.Position(to)
	f.found = append(f.found, fault{
		file: f.name, kind: kind, line: start.Line, start: start.Offset, end: end.Offset,
		old: string(f.source[start.Offset:end.Offset]), text: text,
	})
}

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.set.Position(n.Pos()).Offset:f.set.Position(n.End()).Offset])
}

// turned are the operators that take the place of others.
var turned = map[token.Token][]string{
	token.EQL: {"!="}, token.NEQ: {"=="}, token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"+"},
}

func (f *finder) look(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		f.add("condition turned", n.Cond.Pos(), n.Cond.End(), "!("+f.text(n.Cond)+")")
		if n.Else == nil && ends(n.Body) {
			f.add("check dropped", n.Pos(), n.End(), "")
		}
	case *ast.BinaryExpr:
		for _, op := range turned[n.Op] {
			f.add("operator changed", n.X.Pos(), n.Y.End(), f.text(n.X)+" "+op+" "+f.text(n.Y))
		}
		if n.Op == token.EQL || n.Op == token.NEQ {
			f.strings(n.X, n.Y)
		}
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.statements(n.Body)
		f.strings(n.List...)
		if len(n.List) > 0 {
			f.add("case dropped", n.Pos(), n.End(), "")
		}
	case *ast.CommClause:
		f.statements(n.Body)
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
				f.add("results swapped", a.Pos(), b.End(), f.text(b)+", "+f.text(a))
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

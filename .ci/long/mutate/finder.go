package main

import (
	"go/ast"
	"go/token"
	"slices"
	"strconv"
	"strings"
)

// finder collects the faults of one file.
type finder struct {
	name   string
	source []byte
	set    *token.FileSet
	found  []fault

	above    []ast.Node // the nodes around the one that is looked at
	function block
	head     bool
	constant bool // within a declaration of constants, where no switch can be
}

// add adds a fault. What is dropped leaves its lines empty, so that what follows keeps its
// place, and a program that is the same has the same listing.
func (f *finder) add(kind string, from, to token.Pos, text string) *fault {
	start, end := f.set.Position(from), f.set.Position(to)
	old := string(f.source[start.Offset:end.Offset])
	if text == "" {
		text = strings.Repeat("\n", strings.Count(old, "\n"))
	}
	f.found = append(f.found, fault{
		file: f.name, kind: kind, line: start.Line, column: start.Column, start: start.Offset, end: end.Offset,
		old: old, text: text, function: f.function, head: f.head,
	})
	return &f.found[len(f.found)-1]
}

func (f *finder) offset(p token.Pos) int { return f.set.Position(p).Offset }

func (f *finder) text(n ast.Node) string {
	return string(f.source[f.offset(n.Pos()):f.offset(n.End())])
}

// with is the text of a node with the fault in it.
func (f *finder) with(n ast.Node, in *fault) string {
	return string(f.source[f.offset(n.Pos()):in.start]) + in.text + string(f.source[in.end:f.offset(n.End())])
}

// unless puts a statement behind a switch that drops it.
func (f *finder) unless(in *fault, n ast.Node, typed bool) {
	old := f.text(n)
	in.behind = &toggle{f.offset(n.Pos()), f.offset(n.End()), func(_, off string) string { return "if " + off + " { " + old + " }" }, typed}
}

// instead puts a statement that leaves behind a switch that leaves otherwise.
func (f *finder) instead(in *fault, n ast.Node) {
	old, text := f.text(n), f.with(n, in)
	in.behind = &toggle{f.offset(n.Pos()), f.offset(n.End()), func(on, _ string) string { return "if " + on + " { " + text + " }; " + old }, true}
}

// choose puts a truth value behind a switch: one of its two forms is worked out.
func (f *finder) choose(in *fault, n ast.Node, typed bool) {
	old, text := f.text(n), f.with(n, in)
	in.behind = &toggle{f.offset(n.Pos()), f.offset(n.End()), func(on, off string) string {
		return "(" + on + " && (" + text + ") || " + off + " && (" + old + "))"
	}, typed}
}

// pick puts any value behind a switch. Both of its forms are worked out, so it calls
// nothing. Its type may turn out to be another one than without the switch.
func (f *finder) pick(in *fault, n ast.Node) {
	if f.constant || calls(n) {
		return
	}
	old, text := f.text(n), f.with(n, in)
	in.behind = &toggle{f.offset(n.Pos()), f.offset(n.End()), func(on, _ string) string { return "pick__(" + on + ", " + text + ", " + old + ")" }, false}
}

// value puts a value behind a switch, with the comparison or the sum that it stands in, if
// there is one: there it has the type that it has without.
func (f *finder) value(in *fault, n ast.Node) {
	if len(f.above) > 1 {
		if b, ok := f.above[len(f.above)-2].(*ast.BinaryExpr); ok {
			if truth(b.Op) {
				f.choose(in, b, false)
			} else {
				f.pick(in, b)
			}
			return
		}
	}
	f.pick(in, n)
}

// turned are the operators that take the place of others.
var turned = map[token.Token][]string{
	token.EQL: {"!="}, token.NEQ: {"=="}, token.LSS: {"<=", ">="}, token.LEQ: {"<", ">"}, token.GTR: {">=", "<="}, token.GEQ: {">", "<"},
	token.LAND: {"||"}, token.LOR: {"&&"}, token.ADD: {"-"}, token.SUB: {"+"}, token.MUL: {"+"},
}

// truth reports whether an operator gives a truth value.
func truth(op token.Token) bool {
	return slices.Contains([]token.Token{token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ, token.LAND, token.LOR}, op)
}

// visit keeps the nodes around the one that is looked at.
func (f *finder) visit(n ast.Node) bool {
	if n == nil {
		f.above = f.above[:len(f.above)-1]
		return true
	}
	f.above = append(f.above, n)
	on := f.look(n)
	if !on { // then nothing is said of its end
		f.above = f.above[:len(f.above)-1]
	}
	return on
}

func (f *finder) look(n ast.Node) bool {
	if onlyWords(n) {
		return false
	}
	switch n := n.(type) {
	case *ast.IfStmt:
		if b, ok := n.Cond.(*ast.BinaryExpr); !ok || b.Op != token.EQL && b.Op != token.NEQ { // the operator, changed, is the same
			in := f.add("condition turned", n.Cond.Pos(), n.Cond.End(), "!("+f.text(n.Cond)+")")
			f.choose(in, n.Cond, true)
		}
		if n.Else == nil && ends(n.Body) {
			f.unless(f.add("check dropped", n.Pos(), n.End(), ""), n, false)
		}
	case *ast.BinaryExpr:
		for _, op := range turned[n.Op] {
			if n.Op == token.ADD && words(n) {
				continue // texts are joined: it does not build
			}
			in := f.add("operator changed", n.X.Pos(), n.Y.End(), f.text(n.X)+" "+op+f.between(n.X, n.Y)+f.text(n.Y))
			if truth(n.Op) {
				f.choose(in, n, true)
			} else {
				f.pick(in, n)
			}
		}
		if n.Op == token.EQL || n.Op == token.NEQ {
			f.strings(n, n.X, n.Y)
		}
	case *ast.BlockStmt:
		f.statements(n.List)
	case *ast.CaseClause:
		f.head = true
		f.strings(nil, n.List...)
		for _, e := range n.List {
			ast.Inspect(e, f.visit)
		}
		if len(n.List) > 0 {
			f.caseDropped(n)
		}
		f.head = false
		f.statements(n.Body)
		for _, s := range n.Body {
			ast.Inspect(s, f.visit)
		}
		return false
	case *ast.CommClause:
		f.statements(n.Body)
	case *ast.CallExpr:
		if named(n.Fun, "make") && len(n.Args) > 1 && roomOnly(n) { // how much room is set aside changes nothing
			for _, a := range n.Args[:len(n.Args)-1] {
				ast.Inspect(a, f.visit)
			}
			return false
		}
	case *ast.BasicLit:
		if v, err := strconv.ParseInt(n.Value, 0, 64); n.Kind == token.INT && err == nil {
			f.value(f.add("constant changed", n.Pos(), n.End(), strconv.FormatInt(v+1, 10)), n)
			if v > 1 {
				f.value(f.add("constant changed", n.Pos(), n.End(), strconv.FormatInt(v-1, 10)), n)
			}
		}
	case *ast.Ident:
		switch n.Name {
		case "true", "false":
			other := strconv.FormatBool(n.Name == "false")
			in := f.add("constant changed", n.Pos(), n.End(), other)
			if !f.constant {
				f.choose(in, n, false)
			}
		}
	case *ast.ReturnStmt:
		for i := 1; i < len(n.Results); i++ {
			a, b := n.Results[i-1], n.Results[i]
			if f.text(a) != f.text(b) {
				f.instead(f.add("results swapped", a.Pos(), b.End(), f.text(b)+","+f.between(a, b)+f.text(a)), n)
			}
		}
		if last := len(n.Results) - 1; last >= 0 && named(n.Results[last], "err") {
			f.instead(f.add("error dropped", n.Results[last].Pos(), n.Results[last].End(), "nil"), n)
		}
	}
	return true
}

// statements adds the dropping of each statement that does something by itself.
func (f *finder) statements(list []ast.Stmt) {
	for _, s := range list {
		drop := false
		switch s := s.(type) {
		case *ast.ExprStmt:
			call, ok := s.X.(*ast.CallExpr)
			drop = !ok || !named(call.Fun, "panic") // what nothing reaches is not missed
		case *ast.IncDecStmt, *ast.BranchStmt, *ast.DeferStmt, *ast.SendStmt:
			drop = true
		case *ast.AssignStmt:
			drop = s.Tok != token.DEFINE
		case *ast.ReturnStmt:
			drop = len(s.Results) == 0
		}
		if drop {
			f.unless(f.add("statement dropped", s.Pos(), s.End(), ""), s, false)
		}
	}
}

// caseDropped adds the dropping of a case: where the switch has no tag, its conditions
// fail.
func (f *finder) caseDropped(n *ast.CaseClause) {
	in := f.add("case dropped", n.Pos(), n.End(), "")
	if s, ok := f.above[max(0, len(f.above)-3)].(*ast.SwitchStmt); !ok || s.Tag != nil {
		return
	}
	var list []string
	for _, e := range n.List {
		list = append(list, f.text(e))
	}
	in.behind = &toggle{f.offset(n.List[0].Pos()), f.offset(n.List[len(n.List)-1].End()), func(_, off string) string {
		return off + " && (" + strings.Join(list, "), "+off+" && (") + ")"
	}, false}
}

// strings adds the changing of texts that are compared, within the comparison where it is
// one.
func (f *finder) strings(within *ast.BinaryExpr, values ...ast.Expr) {
	for _, v := range values {
		if lit, ok := v.(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if text, err := strconv.Unquote(lit.Value); err == nil {
				in := f.add("constant changed", lit.Pos(), lit.End(), strconv.Quote(text+"x"))
				if within != nil {
					f.choose(in, within, true)
				} else {
					f.pick(in, lit)
				}
			}
		}
	}
}

// between is the space after an operator or comma: as many lines as there are between its
// two sides.
func (f *finder) between(a, b ast.Node) string {
	if lines := f.set.Position(b.Pos()).Line - f.set.Position(a.End()).Line; lines > 0 {
		return strings.Repeat("\n", lines)
	}
	return " "
}

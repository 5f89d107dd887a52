package js

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestNamesMeanWhatTheLanguageSays marks each name with the number of its variable,
// 0 for none of the file's.
func TestNamesMeanWhatTheLanguageSays(t *testing.T) {
	for _, test := range []struct {
		name string
		goal Goal
		src  string
	}{
		{"a global", Script, `x/*0*/`},
		{"var hoists through blocks", Script, `x/*1*/; { if (1) { for (;;) var x/*1*/ = 2 } } function f/*2*/() { x/*1*/ }`},
		{"let stays in its block", Script, `x/*0*/; { x/*1*/; let x/*1*/ } x/*0*/`},
		{"a use before the declaration", Script, `{ () => x/*1*/; let x/*1*/ } let x/*2*/`},
		{"parameters hide", Script, `let x/*1*/; function f/*2*/(x/*3*/, y/*4*/ = x/*3*/) { x/*3*/; y/*4*/ } (x/*5*/) => x/*5*/; x/*6*/ => x/*6*/`},
		{"a default does not see the body", Script, `function f/*1*/(a/*2*/ = x/*0*/, b/*3*/ = () => eval/*0*/) { var x/*4*/ = eval/*5*/; function eval/*5*/() {} }`},
		{"a parameter and a var are one", Script, `function f/*1*/(a/*2*/, b/*3*/ = () => a/*2*/) { var a/*2*/; a/*2*/ }`},
		{"without defaults the body is the function's", Script, `function f/*1*/(a/*2*/) { var a/*2*/; function a/*2*/() {} let b/*3*/; b/*3*/ }`},
		{"computed keys of patterns are expressions", Script, `function f/*1*/({[x/*0*/]: a/*2*/}) { var x/*3*/ }`},
		{"the own name of a function expression", Script, `f/*0*/; (function f/*1*/() { f/*1*/ }); (function g/*2*/() { var g/*3*/; g/*3*/ }); (function h/*4*/(h/*5*/) { h/*5*/ }); f/*0*/`},
		{"a class has its name inside and outside", Script, `class A/*1*/ extends A/*-*/ { m() { A/*-*/ } } A/*1*/; (class B/*2*/ { [B/*2*/] = B/*2*/ }); B/*0*/`},
		{"methods are no names", Script, `({ eval() { eval/*0*/ }, get require() { require/*0*/ } }); class A/*1*/ { eval() { eval/*0*/ } static require = require/*0*/ }`},
		{"catch", Script, `try {} catch (e/*1*/) { e/*1*/; { let e/*2*/; e/*2*/ } } e/*0*/; try {} catch ({a: e/*3*/ = e/*3*/}) { e/*3*/ }`},
		{"var in catch belongs to the function", Script, `try {} catch (e/*1*/) { var e/*2*/ = 1; e/*1*/ } e/*2*/`},
		{"a default in catch does not see the block", Script, `try {} catch ({a/*1*/ = eval/*0*/}) { let eval/*2*/; eval/*2*/ }`},
		{"loops", Script, `for (let i/*1*/ = 0; i/*1*/; i/*1*/++) { let i/*2*/; i/*2*/ } i/*0*/; for (const k/*3*/ of k/*3*/) k/*3*/; for (var v/*4*/ in v/*4*/); v/*4*/; for (w/*0*/ of []);`},
		{"switch is one block, its discriminant is not in it", Script, `switch (x/*0*/) { case x/*1*/: let x/*1*/; default: x/*1*/ } x/*0*/`},
		{"with: the object is outside", Script, `let o/*1*/; with (o/*1*/) { let o/*2*/; o/*2*/; p/*0*/ }`},
		{"with within a with's object", Script, `with (function () { with (a/*0*/) { let b/*1*/; b/*1*/ } }) { b/*0*/ }`},
		{"labels are no names", Script, `x: for (;;) { break x; } x/*0*/`},
		{"a function in a block is a var too", Script, `f/*1*/; { function f/*1*/() {} f/*1*/ } f/*1*/`},
		{"a function in a block is none in strict code", Script, `'use strict'; f/*0*/; { function f/*1*/() {} f/*1*/ } f/*0*/`},
		{"a generator in a block is none", Script, `f/*0*/; { function* f/*1*/() {} async function g/*2*/() {} } g/*0*/`},
		{"a let around keeps a function in its block", Script, `let f/*1*/; { function f/*2*/() {} f/*2*/ } f/*1*/`},
		{"a let behind keeps a function in its block", Script, `{ { function f/*1*/() {} } f/*2*/; let f/*2*/ } f/*0*/`},
		{"a parameter keeps a function in its block", Script, `function g/*1*/(f/*2*/) { { function f/*3*/() {} f/*3*/ } f/*2*/ }`},
		{"functions of nested blocks", Script, `{ function f/*1*/() {} { function f/*2*/() {} f/*2*/ } f/*1*/ } f/*1*/`},
		{"a function in a block joins the var", Script, `var f/*1*/; { function f/*1*/() {} } { function f/*1*/() {} }`},
		{"a catch parameter lets a function pass", Script, `try {} catch (f/*1*/) { { function f/*2*/() {} f/*2*/ } f/*1*/ } f/*2*/`},
		{"a catch pattern does not", Script, `try {} catch ({f/*1*/}) { { function f/*2*/() {} f/*2*/ } f/*1*/ } f/*0*/`},
		{"a function under if", Script, `if (f/*1*/) function f/*1*/() { f/*1*/ } f/*1*/`},
		{"a function under if beside a let", Script, `let f/*1*/; if (f/*1*/) function f/*2*/() { f/*2*/ } f/*1*/`},
		{"a function in an inner function's block", Script, `f/*0*/; function g/*1*/() { { function f/*2*/() {} } f/*2*/ } f/*0*/`},
		{"a labelled function", Script, `f/*1*/; l: function f/*1*/() {}`},
		{"arguments", Script, `arguments/*0*/; function f/*1*/() { arguments/*2*/; () => arguments/*2*/; { arguments/*2*/ } function g/*3*/() { arguments/*4*/ } } arguments/*0*/`},
		{"arguments as a name", Script, `function f/*1*/(arguments/*2*/) { arguments/*2*/ } function g/*3*/() { var arguments/*4*/; arguments/*4*/ } function h/*5*/() { { let arguments/*6*/; arguments/*6*/ } arguments/*7*/ }`},
		{"the arguments of a CommonJS module", CommonJS, `arguments/*1*/; () => arguments/*1*/`},
		{"CommonJS's names are not the file's", CommonJS, `require/*0*/; exports/*0*/; module/*0*/; __filename/*0*/; __dirname/*0*/`},
		{"but a file may have its own", CommonJS, `require/*1*/('fs'); function require/*1*/() {}`},
		{"imports", Module, `a/*1*/; import a/*1*/, {b as c/*2*/, d/*3*/, "e" as e/*4*/} from 'x'; import * as f/*5*/ from 'y'; b/*0*/; c/*2*/; d/*3*/; e/*4*/; f/*5*/`},
		{"exports", Module, `let a/*1*/; export {a/*1*/ as b}; export {c} from 'x'; export function f/*2*/() { f/*2*/ } export default class D/*3*/ {} D/*3*/`},
		{"patterns", Script, `let {a/*1*/, b: c/*2*/, [a/*1*/]: [d/*3*/, ...e/*4*/] = a/*1*/, ...f/*5*/} = a/*1*/; ({a/*1*/, b: c/*2*/ = d/*3*/} = e/*4*/); [f/*5*/] = [];`},
		{"shorthand", Script, `let a/*1*/; ({a/*1*/, b/*0*/})`},
		{"a static block has its own var", Script, `class A/*1*/ { static { var x/*2*/; x/*2*/ } } x/*0*/`},
		{"fields and keys", Script, `let k/*1*/; class A/*2*/ { [k/*1*/] = k/*1*/; k = k/*1*/; #k = k/*1*/ }`},
		{"decorators", Script, `@d/*0*/ class A/*1*/ { @e/*0*/ m() {} }`},
		{"an escape is the same name", Script, `var \u0061b/*1*/; ab/*1*/`},
		{"typeof and delete", Script, `typeof x/*0*/; var y/*1*/; delete y/*1*/`},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := Parse([]byte(test.src), test.goal)
			if len(tree.Errors) > 0 {
				t.Fatalf("syntax error: %v", tree.Errors)
			}
			s := Resolve(tree)
			if e := s.Errors(); len(e) > 0 {
				t.Fatalf("error: %v", e)
			}
			checkMarks(t, tree, s, test.src)
		})
	}
}

var mark = regexp.MustCompile(`/\*(\d+|-)\*/`)

func checkMarks(t *testing.T, tree *Tree, s *Scopes, src string) {
	t.Helper()
	byEnd := map[uint32]Ref{}
	for r := range tree.Nodes {
		if k := tree.Nodes[r].Kind; k == Identifier || k == Binding {
			byEnd[tree.Nodes[r].End] = Ref(r)
		}
	}
	variables := map[string]VariableID{"0": 0}
	numbers := map[VariableID]string{0: "0"}
	for _, m := range mark.FindAllStringSubmatchIndex(src, -1) {
		number := src[m[2]:m[3]]
		r, ok := byEnd[uint32(m[0])]
		if !ok {
			t.Fatalf("no name ends at %d", m[0])
		}
		delete(byEnd, uint32(m[0]))
		v := s.Of(r)
		if number == "-" {
			if s.Variable(v).Kind != ClassName {
				t.Errorf("%s is not the class's own name", src[:m[1]])
			}
			continue
		}
		if want, ok := variables[number]; ok && want != v {
			t.Errorf("%s is variable %d, want %d", src[:m[1]], v, want)
		} else if other, ok := numbers[v]; ok && other != number {
			t.Errorf("%s is the variable of %s", src[:m[1]], other)
		}
		variables[number], numbers[v] = v, number
	}
	for _, r := range byEnd {
		t.Errorf("%s is not marked", src[:tree.Nodes[r].End])
	}
}

func TestNamesDeclaredTwiceAreErrors(t *testing.T) {
	good := []struct {
		goal Goal
		src  string
	}{
		{Script, `var a; var a; function a() {} function a() {}`},
		{Script, `function f(a, a) { var a; function a() {} }`},
		{Script, `{ function f() {} function f() {} }`},
		{Script, `switch (0) { case 1: function f() {} default: function f() {} }`},
		{Script, `try {} catch (e) { var e; for (var e in []); for (var e of []); for (var e;;); }`},
		{Script, `let a; { let a; { let a } }`},
		{Script, `let a; function f() { var a } () => { var a }`},
		{Script, `{ function f() { var x } let x }`},
		{Script, `for (let i;;) { let i } for (const i of []) { let i }`},
		{Script, `class A { static { var a; var a } static { let a } m(a) { { let a } } }`},
		{Script, `(function f() { let f }); (class A { m() { let A } })`},
		{Script, `try {} catch { let e } try {} catch (e) { { let e } }`},
		{Script, `{ { let x } var x }`},
		{Script, `function f() { { let x } { var x } }`},
		{Script, `{ function f() {} } var f; if (1) function f() {} else function f() {}`},
		{CommonJS, `function require() {} var module; exports = 1`},
		{Module, `export {a as b, a as c}; var a; export default function f() {} export {f as g}`},
		{Module, `import a from 'a'; { let a } export {a}`},
	}
	for _, test := range good {
		tree := Parse([]byte(test.src), test.goal)
		if errors := append(tree.Errors, Resolve(tree).Errors()...); len(errors) > 0 {
			t.Errorf("%s is refused: %v", test.src, errors)
		}
	}
	bad := []struct {
		goal Goal
		src  string // | stands before each place of an error
	}{
		{Script, `let a; let |a; const |a = 1; class |a {}`},
		{Script, `let a; var |a; function |a() {}`},
		{Script, `var a; let |a`},
		{Script, `function a() {} let |a`},
		{Script, `{ var a; } let |a`},
		{Script, `{ let a; { { var |a } } }`},
		{Script, `{ { { var a } } let |a; }`},
		{Script, `{ let a; for (var |a;;); for (var |a of []); }`},
		{Script, `{ function f() {} let |f; var |f; class |f {} }`},
		{Script, `{ function f() {} function* |f() {} async function |f() {} }`},
		{Script, `'use strict'; { function f() {} function |f() {} }`},
		{Script, `function f(a) { let |a }`},
		{Script, `function f(a = 1, {b}) { let |a; const |b = 1 }`},
		{Script, `(a) => { let |a }; a => { class |a {} }`},
		{Script, `try {} catch (e) { let |e }`},
		{Script, `try {} catch (e) { function |e() {} }`},
		{Script, `try {} catch ([e]) { for (var |e of []); }`},
		{Script, `try {} catch ([e]) { var |e }`},
		{Script, `for (let a, |a;;);`},
		{Script, `for (let i;;) { var |i }`},
		{Script, `for (const i of []) { { var |i } }`},
		{Script, `switch (0) { case 1: let a; case 2: let |a; default: var |a }`},
		{Script, `class A { static { let a; var |a } }`},
		{Script, `class A { static { function a() {} let |a } }`},
		{Module, `import a from 'a'; import {|a} from 'b'; var |a`},
		{Module, `function f() {} function |f() {} var |f`},
		{Module, `export {|a}; { let a }`},
		{Module, `export {|Math}`},
		{Script, `try {} catch ([a, |a]) {}`},
		{Script, `let [a, |a] = []`},
	}
	for _, test := range bad {
		src := strings.ReplaceAll(test.src, "|", "")
		s := Resolve(Parse([]byte(src), test.goal))
		var got strings.Builder
		at := 0
		for _, e := range s.Errors() {
			got.WriteString(src[at:e.Start] + "|")
			at = int(e.Start)
		}
		got.WriteString(src[at:])
		if diff := cmp.Diff(test.src, got.String()); diff != "" {
			t.Errorf("-want +got %s", diff)
		}
	}
}

func TestReadsAndWritesAreCounted(t *testing.T) {
	for _, test := range []struct{ src, want string }{
		{`let a = 1; a; a = 2; a += 3; a++`, "a r3 w4"},
		{`let a; [a] = [a]; ({a} = {a}); ({b: a = a} = {})`, "a r3 w3"},
		{`let a; for (a of []); for (a in a);`, "a r1 w2"},
		{`for (const a of []);`, "a r0 w1"},
		{`var a = 1; var a; var a = 2`, "a r0 w2"},
		{`function f() {} function f() {}`, "f r0 w2"},
		{`{ function f() {} } f = 1; f`, "f r1 w2"},
		{`(function (a, b = 1, {c, d = 2}) {})`, "a r0 w0, b r0 w1, c r0 w0, d r0 w1"},
		{`try {} catch (e) { var e = 1 }`, "e r0 w1, e r0 w1"},
		{`class A {} `, "A r0 w1, A r0 w1"},
		{`let {a, b = 2} = {}`, "a r0 w1, b r0 w1"},
		{`let a; typeof a; delete a; a ||= 1`, "a r3 w1"},
	} {
		s := Resolve(Parse([]byte(test.src), Script))
		var got []string
		for i := range s.Variables() {
			v := s.Variable(VariableID(i + 1))
			got = append(got, fmt.Sprintf("%s r%d w%d", s.tree.Name(v.Name), v.Reads, v.Writes))
		}
		slices.Sort(got)
		if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
			t.Errorf("%s: -want +got %s", test.src, diff)
		}
	}
}

func TestWhatEvalCouldReachIsDynamic(t *testing.T) {
	for _, test := range []struct{ src, variables, scopes string }{
		{`let a; function f(b) { let c; { eval(x) } } function g(d) {}`, "a b c f g", "1 2 3"},
		{`let a; (0, eval)(x); eval?.(x); y.eval(x); new eval(x)`, "", ""},
		{`let a; (eval)(x)`, "a", "1"},
		{`let a; function f(b) { 'use strict'; eval(x) }`, "a b f", ""},
		{`let a; with (x) { let b }`, "", "2"},
		{`function f(a) { arguments[0] = 1 }`, "a", ""},
		{`function f(a) { 'use strict'; arguments[0] = 1 }`, "", ""},
	} {
		s := Resolve(Parse([]byte(test.src), Script))
		var variables, scopes []string
		for i := range s.Variables() {
			if v := s.Variable(VariableID(i + 1)); v.Dynamic && v.Kind != ArgumentsVariable {
				variables = append(variables, s.tree.Name(v.Name))
			}
		}
		for i := range s.Len() {
			if s.Scope(ScopeID(i + 1)).Dynamic {
				scopes = append(scopes, strconv.Itoa(i+1))
			}
		}
		slices.Sort(variables)
		if diff := cmp.Diff(test.variables+"; "+test.scopes, strings.Join(variables, " ")+"; "+strings.Join(scopes, " ")); diff != "" {
			t.Errorf("%s: -want +got %s", test.src, diff)
		}
	}
}

func TestNamesInsideAWithMayBeTheObjects(t *testing.T) {
	src := `let a; with (a) { a; b; let c; c; (() => { c; a })() }`
	tree := Parse([]byte(src), Script)
	s := Resolve(tree)
	var got []string
	for r := range tree.Nodes {
		if tree.Nodes[r].Kind == Identifier && s.InWith(Ref(r)) {
			got = append(got, tree.Text(Ref(r)))
		}
	}
	slices.Sort(got)
	if diff := cmp.Diff([]string{"a", "a", "b"}, got); diff != "" {
		t.Errorf("-want +got %s", diff)
	}
}

func TestResolvingIsLinear(t *testing.T) {
	const n = 50000
	for name, src := range map[string]string{
		"functions in blocks":      strings.Repeat("{function f(){}", 500) + strings.Repeat("}", 500) + strings.Repeat("{function f(){}}", n),
		"repeated in one block":    "{" + strings.Repeat("function f(){}", n) + "}",
		"var through blocks":       strings.Repeat("{", 1000) + strings.Repeat("var a;", n) + strings.Repeat("}", 1000),
		"names of their own":       strings.Repeat("{", 1000) + numbered("var a%d;", n) + strings.Repeat("}", 1000),
		"cancelled over and over":  "{" + strings.Repeat("{function f(){}}", n) + "let f}",
		"patterns":                 "let " + strings.Repeat("[", 1000) + numbered("a%d,", n) + strings.Repeat("]", 1000) + "=[]",
		"a long sum":               "var a=a" + strings.Repeat("+a", n),
		"catch within catch":       strings.Repeat("try{}catch(e){", 500) + strings.Repeat("var e;", 100) + strings.Repeat("}", 500),
		"parameters with defaults": strings.Repeat("function f(a=1){", 500) + strings.Repeat("a;", n) + strings.Repeat("}", 500),
	} {
		t.Run(name, func(t *testing.T) { Resolve(Parse([]byte(src), Script)) })
	}
}

func numbered(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

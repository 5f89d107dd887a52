package js

import (
	"strings"
	"testing"
)

// valid and invalid are what the public test files do not have: syntax that is
// newer than they are, and what CommonJS changes. They are read with the goal named
// before the colon: s(cript), m(odule), c(ommonjs), a(ll three).
var valid = []string{
	"a:class A { accessor x = 1; static accessor #y; accessor; accessor\nz }",
	"a:class A { static async; get; set; static; async; static static() {} }",
	"a:class A { get\nx() {} static\ny = 1; 'constructor'() {} }",
	"a:class A { #a; static { this.b = #a in this && !(#a in {}) } }",
	"a:class A extends B { constructor() { super(); (() => super.x)() } y = super.z }",
	"a:@a.b.c(d) @(e ? f : g) class A { @h i; @j static k() {} @l get m() { return 1 } }",
	"m:@a export class A {}", "m:export @a class A {}", "m:export default @a class {}", "m:@a export default class {}",
	"m:import defer * as a from 'a'; import source b from 'b'; import defer from 'c'; import source from 'd'; import source from from 'e'",
	"m:import a from 'a' with { type: 'json', 'b': 'c' }; import 'd' assert { type: 'json' }; export * from 'e' with {}",
	"m:import { 'a b' as c } from 'd'; export { c as 'e f' }; export { 'g h' as default } from 'i'; export * as 'j' from 'k'",
	"m:await a; for await (const b of c); await using d = e; using f = g; x = import.meta.url",
	"m:export { a as b }; var a; export default async () => {}",
	"a:import('a', { with: {} }); import.defer('a'); import.source('b'); import('c',)",
	"c:return new.target", "c:#!/usr/bin/env node\nawait = 1", "c:using a = b; { using c = d, e = f }", "c:var exports, require = 1",
	"a:{ using\na; using: 1; using[0]; using = 2 } for (using of []); for (using a of b);",
	"a:async () => { await using a = b; for (await using c of d); for await (using e of f); await using[0] }",
	"a:a?.b?.[c]?.(d).e; delete a?.b; a?.5:1",
	"a:a ??= b; a ||= c; a &&= d; (a ?? b) || c; a ?? (b && c)",
	"a:-(a ** b); (-a) ** b; ++a ** 2; a-- ** 2; 2 ** -1; a ** b ** c; async () => (await a) ** 2",
	"a:1_000.000_1e1_0 + 0xf_f + 0b1_1n + 0o7_7 + .5 + 5. + 0n",
	"a:/(?<a>.)|(?<a>.)/dgimsuy; /[\\p{L}--[a-z]]/v; a / b / c; a = b\n/c/g", "a:x = /[/]/ ; y = {} / 1; z = a++ / 2",
	"a:`a${`b${c}`}d`; a`\\unicode \\xerxes \\u{}`; '\u2028\u2029'", "a:\\u0061b; \\u{62}c; ℮ = ゛ = a·",
	"a:(a, b = 1, { c }, [d], ...e) => {}; async (a) => a; async a => a; async(a); async\n(b)",
	"a:({ __proto__: a, __proto__() {}, ['__proto__']: b, __proto__ }); ({ __proto__: a, __proto__: b } = c); ({ __proto__: a, __proto__: b }) => 1",
	"a:[a, ...[b, c]] = d; ({ a: b.c, d: [e[0]], ...f } = g); [(a), (b.c)] = d; for ([a] of b); for ({ c } in d);",
	"a:try {} catch {} finally {} try {} catch ([a, b]) {}", "a:for (async of => 1; ;) break; async () => { for await (async of b); }",
	"s:var let, yield, await, async, of, static, get, set; let\n[a] = b", "s:if (a) function b() {} else function c() {} l: function d() {}",
	"s:for (var a = 1 in b); 010 + 08.5 + '\\07\\8'; with (a) b", "s:a\n--> comment\n<!-- comment\nb /* \n */ --> comment", "s:function f(a, a) {} arguments = eval",
	"s:class A { static { (function () { await })(); () => { await } } }", "s:async (a = function () { await }) => 1; let // c\nb",
	"a:label: { break label } a: b: for (;;) { continue a }", "a:do a(); while (b) c", "a:function* f() { yield\na; yield; (yield) ? 1 : 2; x = yield yield }",
	"a:new new A()(); new A.b`c`(d); new (a())(); new (import('a')); new (import.defer('a').b)()",
	"s:f() = 1; f() += 1; f()++; --f(); (f()) = 1; a.b() = 1; for (f() of []) ; for (f() in {}) ;", "s:function async() {} async() = 1; function g() { f() = 1 }",
	"a:var 𮯰, a・, a･, Ᲊ, ꟎, 𖵀, 𐋀; class A { #𮯰 = #Ᲊ in this; #Ᲊ; #\\u{A7CE} } \\u{2EBF0} = b\\u{30FB}",
}

var invalid = []string{
	"a:new import.defer('a')", "a:new import.source('a').b", "a:new import('a').b", "a:new import.defer('a').b()", "a:() => { new import.source('a')[b] }",
	"m:f() = 1", "m:f()++", "a:'use strict'; f() += 1", "a:'use strict'; for (f() of []) ;", "a:'use strict'; async() = 1", "a:f() &&= 1", "a:f() ||= 1", "a:f() ??= 1",
	"a:[f()] = []", "a:({ a: f() } = {})", "a:import('a') = 1", "a:f`` = 1", "a:class A extends B { constructor() { super() = 1 } }", "a:f?.() = 1",
	"a:a⟪", "a:var ･", "a:var \\u{30FB}", "a:𐄀",
	"a:-a ** b", "a:typeof a ** b", "a:async () => await a ** b", "a:a ?? b || c", "a:a && b ?? c", "a:!#a in b",
	"a:class A { m() { return !#m in this } }", "a:class A { #a; m() { #a } }", "a:class A { m() { this.#b } }", "a:class A { #a; #a }",
	"a:class A { get #a() {} static set #a(v) {} }", "a:class A { #constructor }", "a:class A { constructor() {} constructor() {} }",
	"a:class A { get constructor() {} }", "a:class A { constructor = 1 }", "a:class A { static prototype() {} }", "a:class A { static { await } }",
	"a:class A { x = arguments }", "a:class A { static { arguments } }", "a:class A { static { return } }", "a:class A { constructor() { super() } }",
	"a:class A { #a; m() { delete this.#a } }", "a:class A { #a; m() { delete (this?.#a) } }", "a:class A extends B { m() { super.#a } #a }",
	"a:({ a = 1 })", "a:({ a = 1 }).b", "a:[{ a = 1 }].b", "a:f({ a = 1 })", "a:(a, ...b)", "a:()", "a:(a,)", "a:((a)) => b", "a:([(a)]) => b",
	"a:(a.b) => c", "a:(...a, b) => c", "a:(a, a) => b", "a:(a = 1) => { 'use strict' }", "m:(a = 1) => { 'use strict' }", "a:a\n=> b", "a:async a\n=> b",
	"a:() => {} || b", "a:() => {}.c", "a:1 + a => b", "a:async (await) => 1", "a:async (a = await b) => 1", "a:function* f() { (a = yield) => 1 }",
	"a:({ __proto__: a, '__proto__': b })", "a:[...a, b] = c", "a:[...a,] = c", "a:({ ...{ a } } = b)", "a:[([a])] = b", "a:({ a() {} } = b)", "a:a + b = c", "a:a?.b = c",
	"a:a?.b`c`", "a:new a?.b", "a:++a++", "a:for (let of a);", "a:for (async of a);", "a:for (let a = 1 of b);", "a:for (let a, b of c);", "a:for (const a;;);",
	"a:let a; let a", "a:const a", "a:let let = 1", "a:let [a]", "a:if (a) let\n[b] = c", "a:if (a) class B {}", "a:while (a) function b() {}", "a:if (a) async function b() {}",
	"a:break", "a:continue", "a:a: { continue a }", "a:break a", "a:a: a: b", "a:switch (a) { default: default: }", "a:throw\na", "a:try {}",
	"a:'use strict'; 010", "a:'use strict'; '\\08'", "a:function f() { '\\01'; 'use strict' }", "a:'use strict'; with (a) b", "a:'use strict'; delete a", "a:'use strict'; eval = 1",
	"a:'use strict'; let static", "a:function f(a, a) { 'use strict' }", "a:function eval() { 'use strict' }", "a:'use strict'; if (a) function b() {}",
	"a:1__0", "a:1_", "a:0_1", "a:1n.5", "a:01n", "a:0x", "a:1e", "a:3in []", "a:'\n'", "a:`a", "a:/a", "a:/a/gg", "a:/(/", "a:`\\u`", "a:'\\u{110000}'", "a:v\\u0061r a", "a:a\\u{2F}b",
	"s:import 'a'", "s:export var a", "s:import.meta", "s:return", "s:new.target", "s:await a", "s:using a = b", "c:export default 1", "c:await a", "c:super.a", "c:import a from 'b'",
	"m:export { a, a }; var a", "m:export default 1; export default 2", "m:export { a as 'b', c as b }; var a, c", "m:export { missing }", "m:export { 'a' }", "m:export { if }",
	"m:import of * as a from 'b'", "m:import { a, a } from 'b'", "m:import { if } from 'a'", "m:import { eval } from 'a'", "m:import a from 'b' with { type: 'c', 'type': 'd' }",
	"m:{ import 'a' }", "m:var await", "m:<!-- a", "m:a = 010", "m:import { 'a' } from 'b'", "m:export { a as '\\uD800' }; var a", "m:yield = 1",
	"a:import()", "a:import(a, b, c)", "a:import(...a)", "a:new import(a)", "a:import", "a:{ using a = b, [c] = d }", "a:{ using a }", "a:for (using a in b);", "a:switch (a) { case 1: using b = c }",
	"a:@a function b() {}", "a:class A { @a static {} }", "a:class A { get a(b) {} }", "a:class A { set a() {} }", "a:function f(...a, b) {}", "a:function f(...a = 1) {}",
	"a:({ get a(b) {} })", "a:({ if })", "a:({ a b })", "a:f(a b)", "a:[a b]", "a:}", "a:{", "a:)", "a:a b", "a:a ? b", "a:class", "a:function", "a:var", "a:yield\\u0020a", "a:\\u{110000}",
}

var goalsNamed = map[byte][]Goal{
	'a': {Script, Module, CommonJS}, 's': {Script}, 'm': {Module}, 'c': {CommonJS},
}

func TestValidSourcesAreAccepted(t *testing.T) {
	for _, source := range valid {
		for _, goal := range goalsNamed[source[0]] {
			tree, errors := judge([]byte(source[2:]), goal)
			checkTree(t, tree)
			if len(errors) > 0 {
				t.Errorf("goal %d, at %d: %s\n%s", goal, errors[0].Start, errors[0].Message, source[2:])
			}
		}
	}
}

func TestInvalidSourcesAreRefused(t *testing.T) {
	for _, source := range invalid {
		for _, goal := range goalsNamed[source[0]] {
			tree, errors := judge([]byte(source[2:]), goal)
			if problem := treeProblem(tree); problem != "" {
				t.Errorf("%s\n%s", problem, source)
			}
			if len(errors) == 0 {
				t.Errorf("goal %d accepts\n%s", goal, source[2:])
			}
		}
	}
}

func TestDetectReadsAsNodeDoes(t *testing.T) {
	tests := []struct {
		src  string
		want Goal
	}{
		{"var a = 1", CommonJS},
		{"return", CommonJS},
		{"import('a')", CommonJS},
		{"import 'a'", Module},
		{"f(); export {}", Module},
		{"function f() { import.meta }", Module},
		{"await a", Module},
		{"for await (a of b);", Module},
		{"var await = 1", CommonJS},
		{"async function f() { await a }", CommonJS},
		{"function f() { await a }", CommonJS}, // an error either way
		{"// export\n'import x'", CommonJS},
	}
	for _, test := range tests {
		if got := Parse([]byte(test.src), Detect).Goal; got != test.want {
			t.Errorf("%s: goal %d, want %d", test.src, got, test.want)
		}
	}
}

func TestOneMistakeDoesNotLoseTheFile(t *testing.T) {
	mistakes := []string{
		"a b c;", "f(a: b);", "var a: string = 1;", "function f(a: b, c?: d): e { return 1 }", "let x = ;", "if (a b) c;", "({ a b c });",
		"[a b];", "const a;", "class A { a b c }", "x = <div/>;", ")", "type A = B | C;", "for (a b c) d;", "switch (a) { b }", "'abc\n", "f(,);", "a = b ===== c;",
		"import { a b } from 'c';", "@", "try { a }", "x = function (a, { b } c) {};", "/[\n", "enum A { B }", "export;", "label: ;; }",
	}
	for _, mistake := range mistakes {
		tree := Parse([]byte("first();\n"+mistake+"\nlast(function () { within() });\n"), CommonJS)
		checkTree(t, tree)
		if len(tree.Errors) == 0 {
			t.Errorf("%s: no error", mistake)
		}
		got := strings.Join(calls(tree), " ")
		for _, name := range []string{"first", "last", "within"} {
			if !strings.Contains(got, name) {
				t.Errorf("%s: the call of %s is lost; found %s", mistake, name, got)
			}
		}
	}
}

// calls returns the names that a tree calls.
func calls(tree *Tree) (names []string) {
	for r, n := range tree.Nodes {
		if n.Kind == CallExpression && tree.Kind(n.First) == Identifier {
			names = append(names, tree.Text(tree.Child(Ref(r), 0)))
		}
	}
	return names
}

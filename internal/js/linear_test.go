package js

import (
	"strings"
	"testing"
	"time"
)

// TestHostileSourcesTakeLinearTime reads sources that are quadratic or exponential
// for a careless parser, at two lengths, and holds the longer to a bound that only
// linear work keeps on any machine.
func TestHostileSourcesTakeLinearTime(t *testing.T) {
	repeat := strings.Repeat
	tests := map[string]func(n int) string{
		"sum":                func(n int) string { return "a" + repeat("+a", n) },
		"calls":              func(n int) string { return "a" + repeat("()", n) },
		"members":            func(n int) string { return "a" + repeat(".a", n) },
		"conditionals":       func(n int) string { return repeat("a?b:", n) + "c" },
		"assignments":        func(n int) string { return repeat("a=", n) + "c" },
		"else if":            func(n int) string { return repeat("if(a)b;else ", n) + "c" },
		"powers":             func(n int) string { return "a" + repeat("**a", n) },
		"nots":               func(n int) string { return repeat("!", n) + "a" },
		"news":               func(n int) string { return repeat("new ", n) + "a" },
		"arrows":             func(n int) string { return repeat("a=>", n) + "a" },
		"parentheses":        func(n int) string { return repeat("(", n) + "a" + repeat(")", n) },
		"open parentheses":   func(n int) string { return repeat("(", n) },
		"open brackets":      func(n int) string { return repeat("[", n) },
		"open braces":        func(n int) string { return repeat("{", n) },
		"open objects":       func(n int) string { return repeat("({a:", n) },
		"open templates":     func(n int) string { return repeat("`${", n) },
		"open functions":     func(n int) string { return repeat("function f(){", n) },
		"open classes":       func(n int) string { return repeat("class A{a(){", n) },
		"arrow parameters":   func(n int) string { return repeat("((a=", n) + "a" + repeat(")=>a)", n) },
		"async parameters":   func(n int) string { return repeat("async(", n) + "a" + repeat(")", n) },
		"async arrows":       func(n int) string { return repeat("async(a=", n) + "a" + repeat(")=>a", n) },
		"patterns":           func(n int) string { return repeat("[a=", n) + "b" + repeat("]=c", n) },
		"pattern parameters": func(n int) string { return repeat("([a=", n) + "b" + repeat("])=>c", n) },
		"object patterns":    func(n int) string { return repeat("({a:", n) + "b" + repeat("}=c)", n) },
		"labels":             func(n int) string { return repeat("a:", n) + ";" },
		"commas":             func(n int) string { return "a" + repeat(",a", n) },
		"stray closers":      func(n int) string { return repeat(")]}", n) },
		"slashes":            func(n int) string { return repeat("/[ ", n) },
		"skipped slashes":    func(n int) string { return repeat("(", 4000) + repeat("/[ ,", n) },
		"quotes":             func(n int) string { return repeat("'", n) },
		"comments":           func(n int) string { return repeat("/*", n) },
		"carriage returns":   func(n int) string { return repeat("//a\r", n) },
		"backslashes":        func(n int) string { return repeat("\\", n) },
		"escapes":            func(n int) string { return repeat(`\u0061`, n) },
		"names":              func(n int) string { return differing("a", n) },
		"private names":      func(n int) string { return "class A{" + differing("#a", n) + "}" },
		"private uses":       func(n int) string { return "class A{a(){" + repeat("a.#b;", n) + "}}" },
		"exports":            func(n int) string { return "export{" + strings.ReplaceAll(differing("a", n), ";", ",") + "}" },
		"parameters": func(n int) string {
			return "'use strict';function f(" + strings.ReplaceAll(differing("a", n), ";", ",") + "){}"
		},
		"lets":               func(n int) string { return repeat("let ", n) },
		"asyncs":             func(n int) string { return repeat("async ", n) },
		"long peeks":         func(n int) string { return repeat("let/*"+repeat(" ", 1000)+"*/", n/100) },
		"type annotations":   func(n int) string { return repeat("var a:b=(c:d)=>e;", n) },
		"markup":             func(n int) string { return repeat("<a b={c}>", n) },
		"html comments":      func(n int) string { return repeat("<!--\n", n) },
		"regular expression": func(n int) string { return "/" + repeat("(?:a", n) + repeat(")", n) + "/" },
		"functions in calls": func(n int) string { return repeat("f(function(){", n) + repeat("})", n) },
		"optional chains":    func(n int) string { return "a" + repeat("?.a", n) },
		"awaits":             func(n int) string { return "async function f(){" + repeat("await ", n) + "a}" },
		"yields":             func(n int) string { return "function*f(){" + repeat("yield ", n) + "a}" },
	}
	for name, source := range tests {
		t.Run(name, func(t *testing.T) {
			src := []byte(source(100_000))
			start := time.Now()
			tree := Parse(src, Detect)
			if took := time.Since(start); took > 3*time.Minute { // no slow machine, but work that grows faster than the text
				t.Errorf("%d bytes took %v", len(src), took)
			} else if took > 300*time.Millisecond {
				t.Logf("%d bytes took %v", len(src), took)
			}
			checkTree(t, tree)
		})
	}
}

// differing returns n names that differ, each with a semicolon.
func differing(name string, n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(name)
		for ; i > 0; i /= 26 {
			b.WriteByte(byte('a' + i%26))
		}
		b.WriteString("A;")
	}
	return b.String()
}

package js

import (
	"os"
	"strings"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, path := range sourcesBelow(f, "testdata") {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(src), uint8(Detect))
		for i, line := range strings.SplitAfter(string(src), "\n") {
			f.Add(line, uint8(i%4))
		}
	}
	for _, src := range hard {
		f.Add(src, uint8(Script))
	}
	f.Fuzz(func(t *testing.T, src string, goal uint8) {
		if len(src) > 1<<16 {
			t.Skip()
		}
		tree := Parse([]byte(src), Goal(goal%4))
		checkTree(t, tree)
		if len(tree.Errors) > maxErrors {
			t.Fatalf("%d errors", len(tree.Errors))
		}
		if tree.Goal == Detect {
			t.Fatal("the tree does not say how it was read")
		}
		Resolve(tree)
	})
}

// hard are sources that have been hard on parsers.
var hard = []string{
	"", "(", "`${", "`${`${", "/[", "a?.`", "class{", "({a=1})", "({a=1}=b)", "[{a=1}]=b", "(a,...b)=>{}",
	"async(x,y=await)=>x", "async(async(async(x)))", "((((a)=>b)=>c)=>d)", "for(let of of of);", "for(async of=>{};;);",
	"yield\n/a/g", "let\n[a]=b", "a\n++\nb", "do;while(0)x", "\\u{61}b", "'\\u{110000}'", "`\\u`", "x`\\u`", "0_1", "1__0", "08.5",
	"class A{static{await}}", "class A{#a;b(){#a in this}}", "class A{'constructor'(){};constructor(){}}",
	"label:label:;", "if(1)function f(){}", "(function(){'use strict';010})", "function f(a,a){'use strict'}",
	"new.target", "import.meta", "import(a,b,c)", "export{a as 'b'}", "import{default as a}from''", "a=>{}()", "-a**b", "a??b||c",
	"<!--x\n-->y", "#!x", "\u2028'\u2028'", "@a.b(c)class{@d e;@f accessor g}", "using a=b;await using c=d", "{a:b:c:{}}}", "}{",
	"f(a b c)", "var a: string = 1;", "function f(a: b): c { return a as d }", "<div>{a}</div>", "type A = {b: c}", "/\\",
}

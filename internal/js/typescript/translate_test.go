package typescript

import (
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
)

func TestLanguagesAreToldByName(t *testing.T) {
	for name, want := range map[string]Language{"a.ts": TypeScript, "a.mts": TypeScript, "a.cts": TypeScript, "a.tsx": TSX,
		"a.jsx": JSX, "a.js": None, "a.d.ts": None, "a.d.mts": None, "ts": None, "a.b.ts": TypeScript} {
		if got := LanguageOf(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
}

// TestEveryPlaceLeadsBack looks for words in what was made and expects them where
// the source has them.
func TestEveryPlaceLeadsBack(t *testing.T) {
	for _, test := range []struct {
		name     string
		language Language
		src      string
		words    string
	}{
		{"types go", TypeScript, "interface A { x: string }\nfunction f(a: A, é: number): void {\n  /* 💩 */ eval(a.x as any)\n}\n", "eval f"},
		{"imports stay", TypeScript, "import type { T } from 'types'\nimport fs from 'fs'\nimport net = require('net')\nexport = process\n", "fs require process"},
		{"enums", TypeScript, "enum E { A = 1, B }\nnamespace N {\n  export const x = eval('1')\n}\n", "eval"},
		{"JSX", JSX, "const a = <div onClick={() => eval(x)}>\n  {require('y')}\n</div>\n", "eval require"},
		{"TSX", TSX, "const a: any = <T,>(x: T) => <b>{eval(x as string)}</b>\n", "eval"},
		{"decorators", TypeScript, "@first\nclass A {\n  @second() m() { eval('') }\n}\n", "eval"},
		{"decorated parameters", TypeScript, "class A {\n  constructor(@inject() a: string, private b: number) { eval(a) }\n}\n", "eval"},
		{"beyond the basic plane", TypeScript, "const s: string = '💩💩', t = eval(s)\n", "eval"},
	} {
		t.Run(test.name, func(t *testing.T) {
			made, err := Translate([]byte(test.src), test.language)
			if err != nil {
				t.Fatal(err)
			}
			tree := js.Parse(made.Code, js.Detect)
			if len(tree.Errors) > 0 {
				t.Fatalf("%s\n%v", made.Code, tree.Errors)
			}
			source := js.Parse([]byte(test.src), js.Script)
			for _, word := range strings.Fields(test.words) {
				from := strings.Index(string(made.Code), word)
				if word == "f" {
					from = strings.Index(string(made.Code), "f(")
				}
				line, column, ok := made.Position(from)
				wantLine, wantColumn := source.Position(uint32(place(test.src, word)))
				if !ok || line != wantLine || column != wantColumn {
					t.Errorf("%s is at %d:%d %v, want %d:%d\n%s", word, line, column, ok, wantLine, wantColumn, made.Code)
				}
			}
		})
	}
}

func place(src, word string) int {
	for _, end := range [...]string{"(", " from", "\n"} {
		if i := strings.Index(src, word+end); i >= 0 {
			return i
		}
	}
	return strings.Index(src, word)
}

func TestWhatWasAddedHasNoPlace(t *testing.T) {
	made, err := Translate([]byte("class A { constructor(@inject() a: string) {} }"), TypeScript)
	if err != nil {
		t.Fatal(err)
	}
	if line, column, ok := made.Position(strings.Index(string(made.Code), "__defProp")); ok {
		t.Errorf("the helper is at %d:%d", line, column)
	}
}

func TestErrorsHaveAPlace(t *testing.T) {
	_, err := Translate([]byte("let a = 1\nlet é = 💩 +\n"), TypeScript)
	e, ok := err.(*Error)
	if !ok || e.Line != 2 || e.Column != 9 {
		t.Errorf("the error is %v", err)
	}
}

func TestFilesOverTheBoundsAreRefused(t *testing.T) {
	const n = 200000
	for name, src := range map[string]string{
		"size":      strings.Repeat(";", bounds.TypeScript+1),
		"brackets":  strings.Repeat("(", n),
		"prefixes":  strings.Repeat("!", n) + "a",
		"arrows":    strings.Repeat("a=>", n) + "a",
		"branches":  strings.Repeat("a?b:", n) + "a",
		"else":      strings.Repeat("if(a);else ", n) + ";",
		"types":     "type a=" + strings.Repeat("a<", n),
		"templates": strings.Repeat("`${", n),
		"generic":   "type a=" + strings.Repeat("keyof ", n) + "a",
	} {
		if _, err := Translate([]byte(src), TypeScript); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestALongFileIsNoDeepOne(t *testing.T) {
	src := strings.Repeat("export function f(a: string, b = [1, 2, {c: `${a}`}]) { if (a) { return a ? b : /[/]'/ } else { throw 'it\\'s' } }\n", 5000)
	if depth := nesting([]byte(src)); depth > bounds.TypeScriptDepth {
		t.Errorf("the depth is %d", depth)
	}
}

func FuzzTranslate(f *testing.F) {
	f.Add("let a: string = `${b}`", uint8(1))
	f.Add("<a b={c}>d</a>", uint8(2))
	f.Add("enum A { B = 'c' }\n@d class E {}", uint8(1))
	f.Fuzz(func(t *testing.T, src string, language uint8) {
		if len(src) > 1<<12 {
			return
		}
		made, err := Translate([]byte(src), Language(1+language%3))
		if err != nil {
			return
		}
		lines := strings.Count(src, "\n") + strings.Count(src, "\r") + strings.Count(src, "\u2028") + strings.Count(src, "\u2029") + 1
		for i := range made.Code {
			if line, column, ok := made.Position(i); ok && (line < 1 || line > lines || column < 1 || column > len(src)+1) {
				t.Fatalf("%d leads to %d:%d", i, line, column)
			}
		}
	})
}

func FuzzMapping(f *testing.F) {
	f.Add("AAAA;AACA,CAAC;;gBAAA")
	f.Fuzz(func(t *testing.T, mappings string) {
		m, err := decode(mappings)
		if err != nil {
			return
		}
		m.code = []byte("a\nb\nc")
		m.starts = lineStarts(m.code)
		for i := range 7 {
			m.source(i)
		}
	})
}

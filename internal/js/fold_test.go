package js

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// foldings are programs that hand expressions to t, and what each can be: constants
// separated by |, then … where there may be others.
var foldings = []struct{ src, want string }{
	{`t('a')`, `a`},
	{`t("\x65v\u0061l")`, `eval`},
	{`t('ev' + 'al')`, `eval`},
	{`t('a' + 'b' + 'c' + 1 + 2)`, `abc12`},
	{`t(1 + 2 + 'a')`, `3a`},
	{`t('a' + null + undefined + true + 1.5)`, `anullundefinedtrue1.5`},
	{"t(`ev${'a'}l${1}`)", `eval1`},
	{"t(String.raw`\\x${'y'}`)", `\xy`},
	{`t(0x10)`, `16`},
	{`t(-1); t(+'12'); t(!0); t(void 0); t(~~'7')`, `-1;12;true;undefined;7`},
	{`t(0x65 ^ 3); t(7 - 2); t(2 ** 10); t(-1 >>> 0); t(1 << 33); t(7 % 4); t(1e21 * 1); t(1 / 3); t(1e-7 * 1)`, `102;5;1024;4294967295;2;3;1e+21;0.3333333333333333;1e-7`},
	{`const a = 'fs'; t(a)`, `fs`},
	{`let a = 'f'; let b = a + 's'; t(b)`, `fs`},
	{`t(a); var a = 'x'`, `x`},
	{`let a; a = 'x'; a = 'y'; t(a)`, `x|y`},
	{`let a = 'x'; a += 'y'; t(a)`, `x…`},
	{`let a = 'x'; a++; t(a)`, `x…`},
	{`let a = 'x'; eval(b); t(a)`, `x…`},
	{`with (o) { t(a) } var a = 'x'`, `x…`},
	{`t(a)`, `…`},
	{`function f(a) { t(a) }`, `…`},
	{`function f(a = 'x') { t(a) }`, `x…`},
	{`(function (a, b) { t(b) })('x', 'y')`, `y`},
	{`(a => t(a))('x')`, `x`},
	{`function f(a) { t(a) } f('x'); f('y')`, `x|y`},
	{`function f(a) { t(a) } f('x'); g(f)`, `x…`},
	{`exports.f = f; function f(a) { t(a) } f('x')`, `x…`},
	{`const f = a => t(a); f('x'); f('y')`, `x|y`},
	{`function f(a) { t(a); arguments.callee(q) } f('x')`, `x…`},
	{`function f(a) { a = 'z'; t(a) } f('x')`, `x|z`},
	{`t(q ? 'a' : 'b')`, `a|b`},
	{`t(q || 'a'); t(q ?? 'a'); t(q && 'a')`, `a…;a…;a`},
	{`t('x' || 'a'); t((q, 'a')); t(z = 'a')`, `x|a;a;a`},
	{`t((q ? 'a' : 'b') + (q ? 'c' : 'd'))`, `ac|ad|bc|bd`},
	{`t(String.fromCharCode(101, 118, 97, 108)); t(String.fromCodePoint(128169))`, `eval;💩`},
	{`t(String.fromCharCode(0xd83d) + String.fromCharCode(0xdca9))`, `💩`},
	{`t(String.fromCharCode(...[102, 115])); t(String.fromCharCode.apply(null, [102, 115]))`, `fs;fs`},
	{`t(globalThis.String.fromCharCode(102)); t(String['from' + 'CharCode'](102))`, `f;f`},
	{`const String = 1; t(String.fromCharCode(102))`, `…`},
	{`t(['e', 'v', 'al'].join('')); t(['a', 'b'].join()); t([1, [2, null]].join('-'))`, `eval;a,b;1-2,`},
	{`t('lave'.split('').reverse().join(''))`, `eval`},
	{`t('a'.concat('b', 1)); t('ABC'.toLowerCase()); t('abc'.toUpperCase()); t(' a '.trim())`, `ab1;abc;ABC;a`},
	{`t('abcdef'.slice(1, -1)); t('abcdef'.substring(4, 2)); t('abcdef'.substr(-3, 2)); t('abc'.slice(-2))`, `bcde;cd;de;bc`},
	{`t('abc'.charAt(1)); t('abc'[2]); t('abc'.at(-1)); t('abc'.charCodeAt(0)); t('abc'.length)`, `b;c;c;97;3`},
	{`t('a-b-c'.replace('-', '')); t('a-b-c'.replaceAll('-', '')); t('a-b-c'.replace(/-/g, '')); t('aXbx'.replace(/x/i, '_'))`, `ab-c;abc;abc;a_bx`},
	{`t('a1b2'.replace(/[0-9]+/g, '')); t('a.b'.replace(/\./g, '/')); t('ab'.replace(/(?=b)/, '')); t('ab'.replace('a', '$&'))`, `ab;a/b;…;…`},
	{`t('ab'.repeat(2)); t('a'.padStart(3, 'xy')); t('a'.padEnd(3))`, `abab;xya;a  `},
	{`t(atob('ZXZhbA==')); t(btoa('eval')); t(Buffer.from('ZXZhbA', 'base64').toString()); t(Buffer.from('6576616c', 'hex') + '')`, `eval;ZXZhbA==;eval;eval`},
	{`t(Buffer.from('eval').toString('hex')); t(Buffer.from([101, 118]).toString('latin1')); t(new Buffer('ZQ', 'base64').toString('utf8'))`, `6576616c;ev;e`},
	{`t(decodeURIComponent('%65v%C3%A9')); t(unescape('%65%u0076')); t(decodeURI('%2Fa'))`, `evé;ev;%2Fa`},
	{`t(parseInt('0x65')); t(parseInt('z', 36)); t(Number('1e3')); t((35).toString(36)); t(parseInt('12px')); t(String(1))`, `101;35;1000;z;12;1`},
	{`const a = ['x', 'y']; t(a[1]); t(a[q])`, `y;x|y`},
	{`const a = ['x', 'y']; a.push('z'); t(a[1]); t(a[q])`, `y…;x|y…`},
	{`const a = ['x', 'y']; a[0] = 'z'; t(a[1])`, `y…`},
	{`const a = ['x', 'y']; f(a); t(a[1])`, `y…`},
	{`const a = ['x', 'y']; a[0](); t(a[1])`, `y…`},
	{`const a = ['x', 'y']; a.forEach(f); t(a[1])`, `y`},
	{`const o = {a: 'x', 'b': 'y', 3: 'z', ['c']: 'w'}; t(o.a); t(o['b']); t(o[3]); t(o.c); t(o[q])`, `x;y;z;w;x|y|z|w`},
	{`const o = {a: 'x', ...p}; t(o.a)`, `…`},
	{`const o = {...p, a: 'x'}; t(o.a); t(o.b)`, `x;…`},
	{`const o = {a: 'x'}; o.b = 1; t(o.a)`, `x…`},
	{`const o = {a: 'x'}; delete o.a; t(o.a)`, `x…`},
	{`const o = {get a() { return 'x' }}; t(o.a)`, `…`},
	{`const o = {a: {b: 'x'}}; t(o.a.b)`, `x…`},
	{`const o = {a: 'x', a: 'y'}; t(o.a)`, `y`},
	{`const o = Object.freeze({a: 'x'}); t(o.a)`, `x`},
	{`const {a, b: c, d = 'z'} = {a: 'x', b: 'y', d: 'w'}; t(a); t(c); t(d)`, `x;y;w|z`},
	{`const [a, , b] = ['x', 'y', 'z']; t(a); t(b)`, `x;z`},
	{`for (const m of ['fs', 'net']) t(m)`, `fs|net`},
	{`for (const m in {fs: 1}) t(m)`, `…`},
	{`t([102, 115].map(c => String.fromCharCode(c)).join(''))`, `fs`},
	{`t([101, 112].map(function (c) { return String.fromCharCode(c ^ 3) }).join(''))`, `fs`},
	{`const k = 1; t('gt'.split('').map(c => String.fromCharCode(c.charCodeAt(0) - k)).join(''))`, `fs`},
	{`t((![] + [])[+[]]); t(([][[]] + [])[1]); t([] + 1)`, `f;n;1`},
	{`var a = b, b = a; t(a)`, `…`},
	{`var a = 'x' || a; t(a)`, `x…`},
	{`var a = 'x', b = a; a = b; t(a); t(b)`, `x…;x…`},
	{`t(process.platform === 'win32' ? 'a' : 'b')`, `a|b`},
	{`t(a?.b); t('abc'?.[0]); t(await 'x')`, `…;a;x`},
	{`t(() => 1); t(function () {}); t(/x/); t(this); t({})`, `…;…;…;…;…`},
	{`t('💩'[0] + '💩'.slice(1)); t('é💩'.length)`, `💩;3`},
}

// fold returns what each argument of t can be.
func fold(tree *Tree) []string {
	var answers []string
	f := NewFolder(tree, Resolve(tree))
	for r := range tree.Nodes {
		n := tree.Node(Ref(r))
		if n.Kind != CallExpression || string(tree.Raw(n.First)) != "t" {
			continue
		}
		values, complete := f.Strings(tree.Node(n.First).Next)
		answer := strings.Join(values, "|")
		if !complete {
			answer += "…"
		}
		answers = append(answers, answer)
	}
	return answers
}

func TestConstantsAreFolded(t *testing.T) {
	for _, test := range foldings {
		tree := Parse([]byte(test.src), Detect)
		if len(tree.Errors) > 0 {
			t.Errorf("%s: %v", test.src, tree.Errors)
		}
		got := fold(tree)
		if diff := cmp.Diff(strings.Split(test.want, ";"), got); diff != "" {
			t.Errorf("%s: -want +got %s", test.src, diff)
		}
	}
}

// TestNodeComputesWhatWasFolded runs the programs: what is said to be one of some
// constants is one of them.
func TestNodeComputesWhatWasFolded(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("node is not installed; CI installs version 20")
	}
	programs := make([]string, len(foldings))
	for i, test := range foldings {
		programs[i] = test.src
	}
	input, err := json.Marshal(programs)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(node, "-e", `
		const vm = require('vm')
		let text = ''
		process.stdin.on('data', d => text += d).on('end', () => {
			console.log(JSON.stringify(JSON.parse(text).map(src => {
				const got = []
				const scope = {t: v => got.push(typeof v === 'function' || typeof v === 'object' && v !== null && !Array.isArray(v) ? null : String(v)), Buffer, atob, btoa, process, exports: {}, q: undefined, f() {}, g() {}, o: {}, p: {}, b: ''}
				try { vm.runInNewContext(src, scope, {timeout: 1000}) } catch (e) {}
				return got
			})))
		}).setEncoding('utf8')`)
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var ran [][]*string
	if err := json.Unmarshal(output, &ran); err != nil {
		t.Fatal(err)
	}
	compared := 0
	for i, test := range foldings {
		folded := strings.Split(test.want, ";")
		if len(ran[i]) != len(folded) {
			continue // calls that were made otherwise than they stand
		}
		for j, got := range ran[i] {
			want, open := strings.CutSuffix(folded[j], "…")
			if got == nil || open || *got == "undefined" {
				continue // undefined is what a variable is before
			}
			compared++
			found := false
			for _, v := range strings.Split(want, "|") {
				found = found || v == *got
			}
			if !found {
				t.Errorf("%s: node has %q, we %q", test.src, *got, folded[j])
			}
		}
	}
	if compared < 80 {
		t.Errorf("only %d values were compared", compared)
	}
}

func TestPatternsKeepWhatIsConstant(t *testing.T) {
	for src, want := range map[string]string{
		`t('./lang/' + x + '.js')`:                  `./lang/*.js`,
		"t(`./lang/${x}.js`)":                       `./lang/*.js`,
		`const a = './lang/'; t(a + x)`:             `./lang/*`,
		`const p = './' + x; t(p + '.js')`:          `./*.js`,
		`t('./a'.concat('/', x, '.js'))`:            `./a/*.js`,
		`t('a' + (x + 'b'))`:                        `a*b`,
		`t(x + y)`:                                  `*!`,
		`t(x)`:                                      `*!`,
		`t('a' + x + y + 'b')`:                      `a*b`,
		`t('a' + 'b')`:                              `ab`,
		`t('*' + x)`:                                `!`,
		"t(`${__dirname}/x`)":                       `*/x`,
		`const e = q ? '.js' : '.mjs'; t(x + e)`:    `*!`,
		`t('' + x)`:                                 `*!`,
		`let p = './a'; p = './b/' + x; t('/' + p)`: `/*`,
	} {
		tree := Parse([]byte(src), Detect)
		f := NewFolder(tree, Resolve(tree))
		for r := range tree.Nodes {
			if n := tree.Node(Ref(r)); n.Kind == CallExpression && string(tree.Raw(n.First)) == "t" {
				got, ok := Wildcard(f.Pattern(tree.Node(n.First).Next))
				if !ok {
					got += "!"
				}
				if got != want {
					t.Errorf("%s: %s, want %s", src, got, want)
				}
			}
		}
	}
}

func TestMembersAndKeysHaveNames(t *testing.T) {
	src := `a.b; a['c']; a['d' + 'e']; a[q]; a.#f; a?.g; ({h: 1, 'i': 2, [q]: 3, 0x10: 4, ['j']() {}})`
	tree := Parse([]byte("class A { #f; m() { "+src+" } }"), Script)
	f := NewFolder(tree, Resolve(tree))
	got := map[string]string{}
	for r := range tree.Nodes {
		switch n := tree.Node(Ref(r)); n.Kind {
		case MemberExpression:
			name, ok := f.Member(Ref(r))
			got[string(tree.Raw(Ref(r)))] = fmt.Sprint(name, " ", ok)
		case Property:
			name, ok := f.Key(Ref(r))
			got[string(tree.Raw(n.First))] = fmt.Sprint(name, " ", ok)
		}
	}
	want := map[string]string{`a.b`: "b true", `a['c']`: "c true", `a['d' + 'e']`: "de true", `a[q]`: " false", `a.#f`: " false", `a?.g`: "g true",
		`h`: "h true", `'i'`: "i true", `q`: " false", `0x10`: "16 true", `'j'`: "j true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got %s", diff)
	}
}

func TestFoldingIsBounded(t *testing.T) {
	const n = 20000
	for name, src := range map[string]string{
		"doubling":          "var a='xxxxxxxx';" + strings.Repeat("a=a+a;", 50) + "t(a)",
		"doubled":           "var a0='xxxxxxxx';" + chain("var a%d=a%d+a%[2]d;", 60) + "t(a60)",
		"many branches":     "t(" + strings.Repeat("(q?'a':'b')+", n) + "'')",
		"nested branches":   "t(" + strings.Repeat("q?'a':", n) + "'b')",
		"a long sum":        "t('a'" + strings.Repeat("+'a'", n) + ")",
		"a long way":        "var a0='x';" + chain("var a%d=a%d;", n/10) + fmt.Sprintf("t(a%d)", n/10),
		"both ways":         "var a0='x';" + chain("var a%d=q?a%[2]d:a%[2]d+'y';", n/10) + fmt.Sprintf("t(a%d)", n/10),
		"cycles":            strings.Repeat("a=b;b=c;c=a;", 20) + "var a,b,c;" + strings.Repeat("t(a);t(b+c);", n/10),
		"repeat":            "t('x'.repeat(4096).repeat(4096))" + strings.Repeat(";t('x'.repeat(4000)+'y')", n/10),
		"split and joined":  "var a='" + strings.Repeat("x", 4000) + "';" + strings.Repeat("t(a.split('').reverse().join(''));", n/10),
		"map within map":    "t(" + strings.Repeat("'xxxxxxxxxxxxxxxx'.split('').map(c=>", 12) + "c" + strings.Repeat(").join('')", 12) + ")",
		"a big table":       "const o={" + numbered("a%d:'x',", n) + "};" + numbered("t(o.a%d);", n),
		"a big table's any": "const o={" + numbered("a%d:'x%[1]d',", n) + "};" + strings.Repeat("t(o[q]);", n/10),
	} {
		t.Run(name, func(t *testing.T) { fold(Parse([]byte(src), CommonJS)) })
	}
}

// chain joins a format n times, with each number and the one before it.
func chain(format string, n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, format, i, i-1)
	}
	return b.String()
}

func FuzzFold(f *testing.F) {
	for _, test := range foldings {
		f.Add(test.src)
	}
	f.Fuzz(func(t *testing.T, src string) {
		if len(src) > 1<<12 {
			return
		}
		tree := Parse([]byte(src), Detect)
		s := Resolve(tree)
		folder := NewFolder(tree, s)
		for r := range tree.Nodes {
			values, _ := folder.Strings(Ref(r))
			if len(values) > maxValues {
				t.Fatalf("%d values", len(values))
			}
			for _, v := range values {
				if len(v) > maxText {
					t.Fatalf("a value of %d bytes", len(v))
				}
			}
			folder.Pattern(Ref(r))
			folder.Member(Ref(r))
			folder.Key(Ref(r))
			s.InWith(Ref(r))
			s.Access(Ref(r))
			if int(s.Of(Ref(r))) > s.Variables() || int(s.In(Ref(r))) > s.Len() {
				t.Fatal("a variable or a scope that is none")
			}
		}
	})
}

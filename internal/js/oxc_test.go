package js

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

var oxc = flag.String("oxc", "", "folder in which the npm package oxc-parser is installed")

// leftToRegExp is why oxc accepts what is not a pattern.
const leftToRegExp = "oxc does not read the patterns of regular expressions"

// callAssigned is why oxc refuses what engines run: a sloppy call as a target throws when
// it is reached, and not before (ECMA-262 §13.15.1, the assignment target type
// web-compat).
const callAssigned = "oxc does not take a call as the target of an assignment"

// oxcDiffers are the sources that oxc reads in another way than ECMAScript says, or
// than the tree here has it, with the reason: those of the tables by their text, those
// of test262-parser-tests by their file.
var oxcDiffers = map[string]string{
	"a:/(/":                     leftToRegExp,
	"fail/66e383bfd18e66ab.js":  leftToRegExp,
	"fail/78c215fabdf13bae.js":  leftToRegExp,
	"fail/bf49ec8d96884562.js":  leftToRegExp,
	"fail/e4a43066905a597b.js":  leftToRegExp,
	"early/4de83a7417cd30dd.js": leftToRegExp,

	"fail/a8beb1480f385441.js": callAssigned,
	"s:f() = 1; f() += 1; f()++; --f(); (f()) = 1; a.b() = 1; for (f() of []) ; for (f() in {}) ;": callAssigned,
	"s:function async() {} async() = 1; function g() { f() = 1 }":                                  callAssigned,

	"m:@a export class A {}":       "decorators before export are within the class here, and oxc's class starts at its keyword",
	"m:@a export default class {}": "the same",
}

// oxcPeers are the processes that a comparison with oxc asks.
type oxcPeers struct{ verdicts, hashes, whole *peer }

func startOxc(t *testing.T) *oxcPeers {
	t.Helper()
	if *oxc == "" {
		t.Skip("needs -oxc DIR, which CI fills with: npm install --prefix DIR --ignore-scripts oxc-parser@0.159")
	}
	start := func(form string) *peer { return startPeer(t, *oxc, "oxc", form) }
	return &oxcPeers{verdicts: start("verdict"), hashes: start("hash"), whole: start("whole")}
}

// compared is what came of a comparison: that both refuse the file, or how the two
// differ, or neither where they agree on it.
type compared struct {
	refused    bool
	difference string
}

// compare holds what we make of a file against what oxc makes of it: whether it is
// ECMAScript, and its tree too where that is asked for.
func (o *oxcPeers) compare(t *testing.T, path string, src []byte, goal Goal, trees bool) compared {
	t.Helper()
	tree, errors := judge(src, goal)
	ask := o.verdicts
	if trees {
		ask = o.hashes
	}
	answer, refusal := ask.ask(t, tree.Goal, path)
	switch {
	case refusal != "" && len(errors) > 0:
		return compared{refused: true}
	case refusal != "":
		return compared{difference: "accepted, but oxc says: " + refusal}
	case len(errors) > 0:
		line, column := tree.Position(errors[0].Start)
		return compared{difference: fmt.Sprintf("%d:%d: %s, but oxc accepts it", line, column, errors[0].Message)}
	case !trees:
		return compared{}
	}
	ours := estree(tree)
	if sum := sha256.Sum256([]byte(ours)); hex.EncodeToString(sum[:]) == answer {
		return compared{}
	}
	theirs, _ := o.whole.ask(t, tree.Goal, path)
	a, b := around(ours, theirs)
	return compared{difference: fmt.Sprintf("another tree:\n ours  …%s\n oxc's …%s", a, b)}
}

// TestTreeIsOxcs compares each file below -corpus with what oxc makes of it: as what it
// is its tree, node by node and value by value, and as a script, a module and CommonJS
// whether it is one. A file that is not a module or not a script tries what is refused.
//
// oxc's ESTree is acorn's, but for what testdata/estree.txt and testdata/oxc.txt leave
// out: decorators, hashbang, phase, "commonjs" as the source type, and the order of a
// regular expression's flags.
func TestTreeIsOxcs(t *testing.T) {
	o := startOxc(t)
	root, err := filepath.Abs(*corpus)
	if err != nil {
		t.Fatal(err)
	}
	files, trees, accepted, refused := 0, 0, 0, 0
	for _, path := range sourcesBelow(t, root) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsRune(path, '\n') {
			continue
		}
		files++
		own := Parse(src, goalOf(path)).Goal
		for _, goal := range []Goal{Script, Module, CommonJS} {
			// Where a file is not UTF-8, node puts U+FFFD and what stands behind moves.
			whole := goal == own && utf8.Valid(src)
			switch c := o.compare(t, path, src, goal, whole); {
			case c.difference != "":
				t.Errorf("%s as %s: %s", path, goalNames[goal], c.difference)
			case c.refused:
				refused++
				if goal == own {
					t.Logf("%s is refused by both", path)
				}
			default:
				accepted++
				if whole {
					trees++
				}
			}
		}
	}
	t.Logf("%d files: %d trees are oxc's, %d verdicts to accept and %d to refuse", files, trees, accepted, refused)
}

// TestTablesAreReadAsByOxc compares the sources of the tables, and the files of
// test262-parser-tests where they are there.
func TestTablesAreReadAsByOxc(t *testing.T) {
	o := startOxc(t)
	path := filepath.Join(t.TempDir(), "file.js")
	sources, differ := 0, map[string]bool{}
	compare := func(name string, src []byte, goal Goal) {
		if err := os.WriteFile(path, src, 0o644); err != nil {
			t.Fatal(err)
		}
		sources++
		c := o.compare(t, path, src, goal, true)
		if c.difference == "" {
			return
		}
		differ[name] = true
		if oxcDiffers[name] == "" {
			t.Errorf("%s as %s: %s\n%s", name, goalNames[goal], c.difference, src)
		}
	}
	names := map[string]bool{}
	for _, source := range append(append([]string(nil), valid...), invalid...) {
		names[source] = true
		for _, goal := range goalsNamed[source[0]] {
			compare(source, []byte(source[2:]), goal)
		}
	}
	if *test262 != "" {
		for _, folder := range []string{"pass", "pass-explicit", "fail", "early"} {
			for _, path := range test262Files(t, folder) {
				src, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				name := folder + "/" + filepath.Base(path)
				names[name] = true
				compare(name, src, test262Goal(path))
			}
		}
	}
	for name, reason := range oxcDiffers {
		if names[name] && !differ[name] {
			t.Errorf("%s is read alike, so that this is done: %s", name, reason)
		}
	}
	t.Logf("%d sources, %d read otherwise", sources, len(differ))
}

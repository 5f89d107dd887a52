package js

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var test262 = flag.String("test262", "", "folder in which the npm package test262-parser-tests is installed")

// dated are the files that a later edition of ECMAScript decided otherwise, with what
// it says now.
var dated = map[string]string{
	"fail/0d5e450f1da8a92a.js":  "sloppy strings may have \\8 and \\9 since ECMAScript 2021",
	"fail/748656edbfb2d0bb.js":  "the same",
	"fail/79f882da06f88c9f.js":  "the same",
	"fail/92b6af54adef3624.js":  "the same",
	"fail/647e21f8f157c338.js":  "strings may have U+2028 since ECMAScript 2019",
	"fail/8af69d8f15295ed2.js":  "strings may have U+2029 since ECMAScript 2019",
	"fail/98204d734f8c72b3.js":  "classes have fields since ECMAScript 2022",
	"fail/ef81b93cf9bdb4ec.js":  "the same",
	"fail/a8beb1480f385441.js":  "a sloppy call may be assigned to, and throws when it is reached (§13.15.1, web-compat)",
	"fail/e3fbcf63d7e43ead.js":  "a sloppy for-in may give its var a value (Annex B.3.5)",
	"early/12a74c60f52a60de.js": "a sloppy block may declare a function twice (Annex B.3.3)",
	"early/1aff49273f3e3a98.js": "the same",
	"early/be7329119eaa3d47.js": "the same",
	"early/ec31fa5e521c5df4.js": "the same",
	"early/0f5f47108da5c34e.js": "a var in a for-of may have the name of a catch since ECMAScript 2020 (Annex B.3.4)",
}

// misprinted are the files whose explicit version says something else.
var misprinted = map[string]string{
	"589dc8ad3b9aa28f.js": "one argument became two",
	"87a9b0d1d80812cc.js": "one argument became two",
}

// judge says whether a source is valid: for its grammar, and for the early errors
// that need scopes as well.
func judge(src []byte, goal Goal) (tree *Tree, errors []SyntaxError) {
	tree = Parse(src, goal)
	errors = append(errors, tree.Errors...)
	if len(errors) == 0 {
		errors = append(errors, Resolve(tree).Errors()...)
	}
	return tree, errors
}

func test262Files(t *testing.T, folder string) []string {
	t.Helper()
	if *test262 == "" {
		t.Skip("needs -test262 DIR, which CI fills with: npm install --prefix DIR --ignore-scripts test262-parser-tests")
	}
	files, err := filepath.Glob(filepath.Join(*test262, "node_modules", "test262-parser-tests", folder, "*.js"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of test262-parser-tests in %s: %v", *test262, err)
	}
	return files
}

func test262Goal(path string) Goal {
	if strings.HasSuffix(path, ".module.js") {
		return Module
	}
	return Script
}

func TestTest262AcceptsWhatPasses(t *testing.T) {
	for _, folder := range []string{"pass", "pass-explicit"} {
		for _, path := range test262Files(t, folder) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name := folder + "/" + filepath.Base(path)
			tree, errors := judge(src, test262Goal(path))
			checkTree(t, tree)
			if len(errors) > 0 {
				t.Errorf("%s at %d: %s\n%s", name, errors[0].Start, errors[0].Message, src)
			}
		}
	}
}

func TestTest262RefusesWhatFails(t *testing.T) {
	for _, folder := range []string{"fail", "early"} {
		for _, path := range test262Files(t, folder) {
			src, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			name := folder + "/" + filepath.Base(path)
			tree, errors := judge(src, test262Goal(path))
			checkTree(t, tree)
			if (len(errors) == 0) != (dated[name] != "") {
				t.Errorf("%s: %d errors\n%s", name, len(errors), src)
			}
		}
	}
}

// TestTest262ParenthesesChangeNothing compares each file with its explicit version,
// in which parentheses and semicolons stand that the grammar puts there unseen.
func TestTest262ParenthesesChangeNothing(t *testing.T) {
	for _, path := range test262Files(t, "pass") {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		explicit, err := os.ReadFile(filepath.Join(filepath.Dir(path), "..", "pass-explicit", filepath.Base(path)))
		if err != nil {
			t.Fatal(err)
		}
		a, b := shape(Parse(src, test262Goal(path))), shape(Parse(explicit, test262Goal(path)))
		if a != b && misprinted[filepath.Base(path)] == "" {
			t.Errorf("%s\n%s\n%s\n%s\n%s", filepath.Base(path), src, explicit, a, b)
		}
	}
}

// shape writes the kinds of a tree and its operators, without places, names and what
// the explicit versions write in another way: keys, and commas as pairs.
func shape(tree *Tree) string {
	var b strings.Builder
	var write func(r Ref)
	parts := func(r Ref) {
		for c := range tree.Children(r) {
			write(c)
		}
	}
	write = func(r Ref) {
		n := tree.Node(r)
		switch n.Kind {
		case EmptyStatement:
			return
		case SequenceExpression:
			if tree.Kind(n.Parent) == SequenceExpression {
				parts(r)
				return
			}
		case Name, String, NumericLiteral:
			b.WriteString("literal")
			return
		}
		fmt.Fprintf(&b, "%v %d %x(", n.Kind, n.Op, n.Flags&^(FlagParenthesized|FlagEscaped|FlagShorthand))
		parts(r)
		b.WriteByte(')')
	}
	write(tree.Root)
	return b.String()
}

package js

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var suite = flag.String("suite", "", "a checkout of test262, the conformance tests of ECMAScript, whose folder test is read")

// frontMatter is what a file of the suite says about itself (test262, INTERPRETING.md).
type frontMatter struct {
	flags    []string
	negative bool // it must fail in the phase "parse"
}

var (
	metadata = regexp.MustCompile(`(?s)/\*---(.*?)---\*/`)
	flagged  = regexp.MustCompile(`(?m)^\s*flags:\s*\[([^\]]*)\]`)
	listed   = regexp.MustCompile(`(?m)^\s*flags:\s*((?:\n\s*-.*)+)`)
	parsing  = regexp.MustCompile(`(?ms)^\s*negative:.*?phase:\s*parse`)
)

func frontMatterOf(src []byte) frontMatter {
	m := metadata.FindSubmatch(src)
	if m == nil {
		return frontMatter{}
	}
	// Lines may end in any way that ECMAScript knows.
	text := strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n").Replace(string(m[1]))
	words := func(s string) []string {
		return strings.FieldsFunc(s, func(c rune) bool { return strings.ContainsRune(", \n-", c) })
	}
	f := frontMatter{negative: parsing.MatchString(text)}
	if m := flagged.FindStringSubmatch(text); m != nil {
		f.flags = words(m[1])
	} else if m := listed.FindStringSubmatch(text); m != nil {
		f.flags = words(m[1])
	}
	return f
}

// ways are the goals with which a test runs, by the words of the peers.
func (f frontMatter) ways() []string {
	has := func(flag string) bool { return slices.Contains(f.flags, flag) }
	switch {
	case has("module"):
		return []string{"module"}
	case has("noStrict"), has("raw"):
		return []string{"script"}
	case has("onlyStrict"):
		return []string{"strict"}
	}
	return []string{"script", "strict"}
}

// TestSuiteIsJudgedAsItSays parses every test of test262 in each of its ways. What the
// suite says fails to parse must be refused, and everything else accepted. With
// -acorn the same files are put to acorn in the same run.
func TestSuiteIsJudgedAsItSays(t *testing.T) {
	if *suite == "" {
		t.Skip("needs -suite DIR, a checkout of test262; .ci/long brings one")
	}
	var acorns *peer
	if *acorn != "" {
		acorns = startPeer(t, *acorn, "acorn", "verdict")
	}
	root, err := filepath.Abs(filepath.Join(*suite, "test"))
	if err != nil {
		t.Fatal(err)
	}
	runs, wrong, acornWrong := 0, 0, 0
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(path) != ".js" || strings.Contains(path, "_FIXTURE") {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f := frontMatterOf(src)
		for _, way := range f.ways() {
			runs++
			goal, text := Script, src
			switch way {
			case "module":
				goal = Module
			case "strict":
				text = append([]byte("\"use strict\";\n"), src...)
			}
			tree, errors := judge(text, goal)
			checkTree(t, tree)
			if (len(errors) > 0) != f.negative {
				wrong++
				message := "accepted"
				if len(errors) > 0 {
					message = errors[0].Message
				}
				t.Errorf("%s (%s): %s", name, way, message)
			}
			if acorns != nil {
				if _, refusal := acorns.askAs(t, way, path); (refusal != "") != f.negative {
					acornWrong++
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d of %d runs judged as the suite says (%.3f%%)", runs-wrong, runs, 100*float64(runs-wrong)/float64(runs))
	if acorns != nil {
		t.Logf("acorn: %d of %d (%.3f%%)", runs-acornWrong, runs, 100*float64(runs-acornWrong)/float64(runs))
	}
}

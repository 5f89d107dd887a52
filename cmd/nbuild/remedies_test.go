package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/pflag"
)

// mends types what the last command's message says: it must stand there in backquotes,
// just so, and end with success: mends COMMAND ARGS….
func mends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: mends COMMAND ARGS…")
	}
	line := strings.Join(args, " ")
	if said := ts.ReadFile("stderr"); !strings.Contains(said, "`"+line+"`") {
		ts.Fatalf("the message does not say to type `%s`:\n%s", line, said)
	}
	ts.Check(ts.Exec("sh", "-c", line))
}

// asking are commands that ask a person, whom a script has none of.
var asking = []string{"npm login --registry", "npm init"}

// TestEveryRemedyThatIsACommandRunsInAScript holds each command of nbuild and npm that a
// problem outside of the command line's own says to type to the scripts: one of them
// types it, with the same flags, and it succeeds.
func TestEveryRemedyThatIsACommandRunsInAScript(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	typed := map[string]bool{}
	line := regexp.MustCompile(`(?m)^(?:\[[^\]]*\] )*(?:mends|exits 0|exec) ((?:nbuild|npm) .*)$`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.FindAllStringSubmatch(string(text), -1) {
			typed[form(mention{file, m[1]})] = true
		}
	}
	missing := map[string]string{}
	for _, p := range sourcePassages(t) {
		if strings.HasPrefix(p.at, "cmd/nbuild/") && !p.remedy || strings.Contains(p.at, "testdata/") {
			continue
		}
		for _, m := range slices.Concat(p.commands("nbuild"), p.commands("npm")) {
			if f := form(m); f != "" && !typed[f] && !slices.Contains(asking, f) {
				missing[f] = fmt.Sprintf("%s: `%s`", m.at, m.text)
			}
		}
	}
	for f, at := range missing {
		t.Errorf("no script types %q, which a message says to: %s", f, at)
	}
}

// form is what makes two command lines the same remedy: the command and its flags, not
// what they are given. A line that only says which command is meant has none.
func form(m mention) string {
	words := m.words()
	if len(words) < 2 || placeholder(words[1]) {
		return ""
	}
	var flags []string
	if words[0] == "npm" {
		out := words[:2:2]
		for _, w := range words[2:] {
			switch name, _, _ := strings.Cut(w, "="); {
			case strings.HasPrefix(w, "--"):
				flags = append(flags, name)
			case words[1] == "config" && len(out) == 2:
				out = append(out, w)
			}
		}
		slices.Sort(flags)
		return strings.Join(append(out, flags...), " ")
	}
	root := newApp(surroundings{now: time.Now}).root
	cmd, rest, err := root.Find(words[1:])
	if err != nil || cmd == root || cmd.ParseFlags(rest) != nil {
		return ""
	}
	cmd.LocalNonPersistentFlags().Visit(func(f *pflag.Flag) {
		if f.Changed {
			flags = append(flags, "--"+f.Name)
		}
	})
	slices.Sort(flags)
	return strings.Join(append([]string{cmd.CommandPath()}, flags...), " ")
}

// TestNoRemedyEditsPackageJSON keeps what a project asks for its own decision: `npm
// install NAME` would make a dependency of a dependency the project's own.
func TestNoRemedyEditsPackageJSON(t *testing.T) {
	for _, p := range sourcePassages(t) {
		for _, m := range p.commands("npm") {
			words := m.words()[1:]
			edits := words[0] == "uninstall" || words[0] == "pkg" || slices.Contains(words, "--save")
			if words[0] == "install" {
				edits = edits || slices.ContainsFunc(words[1:], func(w string) bool { return !strings.HasPrefix(w, "-") && w != "3" })
			}
			if edits {
				t.Errorf("%s: `%s` writes package.json", m.at, m.text)
			}
		}
	}
}

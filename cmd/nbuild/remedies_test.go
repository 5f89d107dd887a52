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

// mends types what the last command printed: it must stand in backquotes in a message, or
// in a page that was explained, and end with success: mends COMMAND ARGS…. A word that
// stands for another (NAME, FILE, DIR) is replaced by what is typed.
func mends(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: mends COMMAND ARGS…")
	}
	said := ts.ReadFile("stderr") + "\n" + ts.ReadFile("stdout")
	if !printed(said, args) {
		ts.Fatalf("nothing says to type `%s`:\n%s", strings.Join(args, " "), said)
	}
	ts.Check(ts.Exec("sh", "-c", strings.Join(args, " ")))
}

// printed reports whether a command line stands in a text, alone or as a part of one that
// joins several.
func printed(said string, args []string) bool {
	line := mention{text: strings.Join(args, " ")}.words()
	for _, p := range append([]passage{{text: strings.ReplaceAll(said, "\n", " ")}}, lines(said)...) {
		for _, span := range p.commands(args[0]) {
			if slices.EqualFunc(span.words(), line, standsFor) {
				return true
			}
		}
	}
	return false
}

// standsFor reports whether a word of a message is what was typed, with what is typed in
// the place of NAME, FILE and their like.
func standsFor(said, typed string) bool {
	form := regexp.MustCompile(`\b[A-Z]{3,}\b`).ReplaceAllString(regexp.QuoteMeta(said), `\S+`)
	return said == typed || regexp.MustCompile("^"+form+"$").MatchString(typed)
}

// lines are those of a text, each as it might stand in a fenced block.
func lines(text string) []passage {
	var all []passage
	for line := range strings.Lines(text) {
		all = append(all, passage{text: line, code: true})
	}
	return all
}

// unrunnable are command lines that no script can type, by why not.
var unrunnable = map[string]string{
	"npm login --registry":     "asks a person for a name and a password",
	"npm init":                 "asks a person",
	"git lfs pull":             "needs Git LFS and a server of it",
	"git lfs untrack":          "needs Git LFS",
	"cosign generate-key-pair": "another tool, which CI has and a machine may lack",
	"npm config set":           "its registry is an example: that it sets one is seen where the loopback's is",
}

// programs are those whose command lines are remedies. All but the first are of a machine
// as it comes; of those that a machine may lack, the words are held by [lacking].
var programs = []string{"nbuild", "npm", "git", "cosign", "chmod", "cp", "df", "docker", "iconv", "mkdir", "mv", "pnpm", "podman", "rm", "ulimit", "yarn"}

// lacking are the command lines of programs that no machine of ours has, as the programs'
// own documentation writes them.
var lacking = map[string]*regexp.Regexp{
	"docker login": regexp.MustCompile(`^docker login [^ -]\S*$`), // docker login [OPTIONS] [SERVER]
	"podman login": regexp.MustCompile(`^podman login [^ -]\S*$`), // podman login [options] [registry]

	"pnpm config delete --location":                   regexp.MustCompile(`^pnpm config delete --location project \S+$`), // pnpm config delete <key>
	"pnpm install":                                    regexp.MustCompile(`^pnpm install$`),
	"pnpm install --frozen-lockfile":                  regexp.MustCompile(`^pnpm install --frozen-lockfile$`),
	"pnpm install --ignore-workspace --lockfile-only": regexp.MustCompile(`^pnpm install --ignore-workspace --lockfile-only$`),
	"pnpm install --lockfile-only":                    regexp.MustCompile(`^pnpm install --lockfile-only$`),
	"pnpm pack":                                       regexp.MustCompile(`^pnpm pack$`),
	"pnpm patch-remove":                               regexp.MustCompile(`^pnpm patch-remove \S+$`), // pnpm patch-remove [pkg...]
	"pnpm publish":                                    regexp.MustCompile(`^pnpm publish$`),
	"pnpm why":                                        regexp.MustCompile(`^pnpm why \S+$`),                  // pnpm why <pkg> ...
	"yarn info":                                       regexp.MustCompile(`^yarn info \S+ dist\.integrity$`), // yarn info <package> [<field>]
	"yarn install --ignore-scripts":                   regexp.MustCompile(`^yarn install --ignore-scripts$`),
	"yarn pack --filename":                            regexp.MustCompile(`^yarn pack --filename \S+$`),
	"yarn why":                                        regexp.MustCompile(`^yarn why \S+$`), // yarn why <query>
}

// TestEveryRemedyThatIsACommandRunsInAScript holds each command that a problem outside of
// the command line's own says to type, and each that a page of docs/errors names where it
// says what to do, to the scripts: one of them types it after it was printed, with the
// same flags, and it succeeds.
func TestEveryRemedyThatIsACommandRunsInAScript(t *testing.T) {
	files, err := filepath.Glob("testdata/script/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	typed := map[string]bool{}
	line := regexp.MustCompile(`(?m)^(?:\[[^\]]*\] )*mends (.*)$`)
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
	used := map[string]bool{}
	found := 0
	for _, p := range slices.Concat(sourcePassages(t), fixes(t)) {
		if strings.HasPrefix(p.at, "cmd/nbuild/") && !p.remedy || strings.Contains(p.at, "testdata/") {
			continue
		}
		for _, program := range programs {
			for _, m := range p.commands(program) {
				f := form(m)
				if f == "" {
					continue
				}
				found++
				if syntax := lacking[f]; syntax != nil {
					if !syntax.MatchString(m.text) {
						t.Errorf("%s: `%s` is not how %s is called: %s", m.at, m.text, f, syntax)
					}
				} else if unrunnable[f] != "" {
					used[f] = true
				} else if !typed[f] {
					missing[f] = fmt.Sprintf("%s: `%s`", m.at, m.text)
				}
			}
		}
	}
	if found < 150 {
		t.Errorf("only %d commands were found: the search is broken", found)
	}
	for f, at := range missing {
		t.Errorf("no script types %q after it was printed: %s", f, at)
	}
	for f := range unrunnable {
		if !used[f] || typed[f] {
			t.Errorf("%q needs no exception", f)
		}
	}
}

// TestEveryCommandOfARemedyIsOfAProgramThatIsKnown keeps a remedy from naming a program
// that no test looks for.
func TestEveryCommandOfARemedyIsOfAProgramThatIsKnown(t *testing.T) {
	line := regexp.MustCompile(`^([a-z][a-z0-9-]*) +[^ ={"]`)
	known := append([]string{"node"}, programs...) // in `cmd`, and in no terminal
	for _, p := range sourcePassages(t) {
		if !p.remedy {
			continue
		}
		for _, span := range p.spans() {
			for _, part := range strings.Split(span.text, "&&") {
				m := line.FindStringSubmatch(strings.TrimSpace(part))
				if m != nil && !slices.Contains(known, m[1]) {
					t.Errorf("%s: `%s` is of a program that no test knows", p.at, span.text)
				}
			}
		}
	}
}

// fixes are the lines of the pages of docs/errors that say what to do: from the heading
// "How to fix" or the words "To fix it" on.
func fixes(t *testing.T) []passage {
	t.Helper()
	var all []passage
	page, fixing := "", false
	for _, p := range pagePassages(t) {
		name, _, _ := strings.Cut(p.at, ":")
		if !strings.HasPrefix(name, "docs/errors/") {
			continue
		}
		if name != page {
			page, fixing = name, false
		}
		fixing = fixing || strings.HasPrefix(p.text, "## How to fix") || strings.HasPrefix(p.text, "To fix it")
		if fixing {
			all = append(all, p)
		}
	}
	return all
}

// form is what makes two command lines the same remedy: the command and its flags, not
// what they are given. A line that only says which command is meant has none.
func form(m mention) string {
	words := m.words()
	if len(words) < 2 || placeholder(words[1]) {
		return ""
	}
	var flags []string
	if words[0] != "nbuild" {
		out := words[:2:2]
		for _, w := range words[2:] {
			switch name, _, _ := strings.Cut(w, "="); {
			case w == "--":
			case strings.HasPrefix(w, "--"):
				flags = append(flags, name)
			case (words[1] == "config" || words[1] == "lfs") && len(out) == 2:
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
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			flags = append(flags, "--"+f.Name)
		}
	})
	if args := cmd.Flags().Args(); len(flags)+len(args) == 0 && (strings.Contains(cmd.Use, " --") || cmd.Args != nil && cmd.Args(cmd, args) != nil) {
		return "" // the name of a command that does not run without more
	}
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

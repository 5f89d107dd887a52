package main

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/operation/explain"
)

// TestEveryCommandThatIsNamedExists types each `nbuild …` of a message, a remedy and a
// page into the flag parser. What a later release brings is not named before it is there.
func TestEveryCommandThatIsNamedExists(t *testing.T) {
	found := 0
	for _, p := range slices.Concat(sourcePassages(t), pagePassages(t)) {
		for _, m := range p.commands("nbuild") {
			found++
			if err := parses(m.words()[1:]); err != nil {
				t.Errorf("%s: `%s`: %v", m.at, m.text, err)
			}
		}
	}
	if found < 300 {
		t.Errorf("only %d commands were found: the search is broken", found)
	}
}

// parses reads a command line as nbuild would, and runs nothing.
func parses(words []string) error {
	if len(words) == 0 || placeholder(words[0]) {
		return nil
	}
	root := newApp(surroundings{now: time.Now}).root
	cmd, rest, err := root.Find(words)
	if err != nil {
		return err
	}
	if cmd == root && !strings.HasPrefix(words[0], "-") {
		return fmt.Errorf("there is no command %q", words[0])
	}
	cmd.InitDefaultHelpFlag()
	cmd.InitDefaultVersionFlag()
	if err := cmd.ParseFlags(rest); err != nil {
		return err
	}
	args := cmd.Flags().Args()
	if cmd.Annotations[holdsOthers] != "" && len(args) > 0 && !placeholder(args[0]) {
		return fmt.Errorf("%s has no command %q", cmd.CommandPath(), args[0])
	}
	if len(args) > 0 && cmd.Args != nil { // a page may name a command without them
		if err := cmd.Args(cmd, args); err != nil {
			return err
		}
	}
	if cmd.Name() == "explain" && len(args) == 1 && (!placeholder(args[0]) || regexp.MustCompile(`^NB\d`).MatchString(args[0])) {
		_, err = explain.Explain(args[0])
	}
	return err
}

// foreignFile lists what npm and Node know, a word a line: "npm install", "npm
// --omit", "node --import". It is made of their own answers with -update, of each Node
// in NBUILD_TEST_NODES (programs, with colons between them).
const foreignFile = "testdata/foreign.txt"

// foreign reads the list.
func foreign(t *testing.T) map[string]bool {
	t.Helper()
	if *update {
		out, err := exec.Command("node", "-e", foreignScript).Output()
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(foreignFile, out, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f, err := os.Open(foreignFile)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	known := map[string]bool{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		known[lines.Text()] = true
	}
	return known
}

// foreignScript asks the npm beside Node for its commands and settings.
const foreignScript = `
const { execFileSync } = require('child_process')
const npm = require('fs').realpathSync(execFileSync('which', ['npm'], { encoding: 'utf8' }).trim())
const lib = require('path').resolve(npm, '../../lib')
const list = require(lib + '/utils/cmd-list.js')
const { definitions } = require(require.resolve('@npmcli/config/lib/definitions', { paths: [lib] }))
const words = new Set()
for (const c of list.commands) words.add('npm ' + c)
for (const a of Object.keys(list.aliases)) words.add('npm ' + a)
for (const k of Object.keys(definitions)) words.add('npm --' + k)
for (const node of (process.env.NBUILD_TEST_NODES || process.execPath).split(':')) {
  for (const f of JSON.parse(execFileSync(node, ['-p', 'JSON.stringify([...process.allowedNodeEnvironmentFlags])'], { encoding: 'utf8' }))) words.add('node ' + f)
  for (const m of execFileSync(node, ['--help'], { encoding: 'utf8' }).matchAll(/^ {2}(?:-\w, )?(--[a-z-]+)/gm)) words.add('node ' + m[1])
}
console.log([...words].sort().join('\n'))
`

// TestEveryForeignCommandThatIsNamedExists holds what messages and pages say to type into
// npm to npm's own list of commands and settings.
func TestEveryForeignCommandThatIsNamedExists(t *testing.T) {
	known := foreign(t)
	found := 0
	for _, p := range slices.Concat(sourcePassages(t), pagePassages(t)) {
		for _, m := range p.commands("npm") {
			found++
			for i, w := range m.words()[1:] {
				flag, _, _ := strings.Cut(w, "=")
				switch {
				case i == 0 && !strings.HasPrefix(w, "-") && !placeholder(w) && !known["npm "+w]:
					t.Errorf("%s: `%s`: npm has no command %q", m.at, m.text, w)
				case strings.HasPrefix(w, "--") && !known["npm "+flag] && !known["npm --"+strings.TrimPrefix(flag, "--no-")]:
					t.Errorf("%s: `%s`: npm has no setting %q", m.at, m.text, w)
				}
			}
		}
	}
	if found < 50 {
		t.Errorf("only %d commands of npm were found: the search is broken", found)
	}
}

// TestEveryFlagThatIsNamedExists holds flags that stand alone to those of nbuild, npm and
// Node.
func TestEveryFlagThatIsNamedExists(t *testing.T) {
	known := map[string]bool{"--": true}
	for word := range foreign(t) {
		_, flag, _ := strings.Cut(word, " ")
		known[flag] = true
	}
	for _, f := range guard.Flags { // which a test holds to each Node's own table
		known["--"+f.Name] = true
	}
	own := map[string]bool{}
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.InitDefaultHelpFlag()
		c.InitDefaultVersionFlag()
		for _, set := range []*pflag.FlagSet{c.LocalFlags(), c.PersistentFlags()} {
			set.VisitAll(func(f *pflag.Flag) { own["--"+f.Name] = true })
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newApp(surroundings{now: time.Now}).root)
	flag := regexp.MustCompile(`(?:^|[\s(])(--[a-z][a-z-]*)`)
	for _, p := range slices.Concat(sourcePassages(t), pagePassages(t)) {
		if p.remedy { // outside of a command line, a remedy's flags are ours
			for _, m := range flag.FindAllStringSubmatch(quoted.ReplaceAllString(p.text, ""), -1) {
				if !own[m[1]] {
					t.Errorf("%s: %s: nbuild has no such flag", p.at, m[1])
				}
			}
		}
		for _, s := range p.spans() {
			if m := flag.FindStringSubmatch(s.text); m != nil && strings.HasPrefix(s.text, "--") && !own[m[1]] && !known[m[1]] && !known["--"+strings.TrimPrefix(m[1], "--no-")] {
				t.Errorf("%s: `%s`: no such flag", s.at, s.text)
			}
		}
	}
}

// TestRemediesPutCommandsIntoBackquotes lets the tests above find them, and a reader
// distinguish what to type from what is said.
func TestRemediesPutCommandsIntoBackquotes(t *testing.T) {
	names := strings.Join(commandNames(newApp(surroundings{now: time.Now}).root), "|")
	bare := regexp.MustCompile(`\bnbuild (` + names + `)\b|\bnbuild [a-z]+ --|\bnpm (install|view|config|update|explain|ci)\b`)
	for _, p := range sourcePassages(t) {
		if p.remedy {
			if m := bare.FindString(quoted.ReplaceAllString(p.text, "")); m != "" {
				t.Errorf("%s: %q stands outside of backquotes in a remedy: %s", p.at, m, p.text)
			}
		}
	}
}

// TestEveryAttributeThatIsNamedExists holds `name = value` and `name "label" {` in
// remedies and pages to the words of build.hcl, trust.hcl and the rules.
func TestEveryAttributeThatIsNamedExists(t *testing.T) {
	words := map[string]bool{}
	name := regexp.MustCompile(`\bName:\s*"([a-z_]+)"`)
	eachFile(t, ".go", func(file string, src []byte) {
		if strings.Contains(string(src), "hclfile.") {
			for _, m := range name.FindAllStringSubmatch(string(src), -1) {
				words[m[1]] = true
			}
		}
	})
	attr := regexp.MustCompile(`^([a-z]+(?:_[a-z]+)*)(?: = | "[A-Za-z@/.…-]+" \{| \{)`)
	found := 0
	for _, p := range slices.Concat(sourcePassages(t), pagePassages(t)) {
		for _, s := range p.spans() {
			if m := attr.FindStringSubmatch(s.text); m != nil {
				found++
				if !words[m[1]] {
					t.Errorf("%s: `%s`: no language has %q", s.at, s.text, m[1])
				}
			}
		}
	}
	if found < 25 {
		t.Errorf("only %d attributes were found: the search is broken", found)
	}
}

// TestEveryPageThatIsNamedExists follows the links of all pages, with their anchors, and
// the pages that messages name.
func TestEveryPageThatIsNamedExists(t *testing.T) {
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	place := regexp.MustCompile(`\bdocs/[\w./-]+\.md\b`)
	anchors := map[string]map[string]bool{}
	eachFile(t, ".md", func(name string, src []byte) {
		anchors[name] = map[string]bool{}
		for _, line := range strings.Split(string(src), "\n") {
			if title := strings.TrimLeft(line, "#"); title != line {
				anchors[name][slug(title)] = true
			}
		}
	})
	for _, p := range pagePassages(t) {
		if p.code {
			continue
		}
		page, _, _ := strings.Cut(p.at, ":")
		for _, m := range link.FindAllStringSubmatch(quoted.ReplaceAllString(p.text, ""), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			to, anchor, _ := strings.Cut(m[1], "#")
			target := page
			if to != "" {
				target = filepath.ToSlash(filepath.Join(filepath.Dir(page), to))
			}
			if _, err := os.Stat(filepath.Join("../..", target)); err != nil {
				t.Errorf("%s: links to %s, which is not there", p.at, m[1])
			} else if anchor != "" && !anchors[target][anchor] {
				t.Errorf("%s: links to %s, and that page has no such heading", p.at, m[1])
			}
		}
	}
	for _, p := range sourcePassages(t) {
		for _, name := range place.FindAllString(p.text, -1) {
			if _, err := os.Stat(filepath.Join("../..", name)); err != nil {
				t.Errorf("%s: names %s, which is not there", p.at, name)
			}
		}
	}
}

// slug is the anchor that a code host makes of a heading.
func slug(title string) string {
	title = strings.ToLower(strings.TrimSpace(title))
	title = regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(title, "")
	return strings.ReplaceAll(title, " ", "-")
}

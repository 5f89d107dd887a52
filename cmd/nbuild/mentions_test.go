package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// mention is a command, a flag or another word of a surface that a message or a page
// names in the form in which it is typed.
type mention struct {
	at   string // file:line
	text string
}

// passage is a text that people read: a string of the source with what is put into it
// as X, or a line of a page.
type passage struct {
	at   string
	text string
	// remedy is set for what says to a person what to do: the Remedy of a problem, what is
	// given to usage, and what becomes one of these.
	remedy bool
	code   bool // a line of a fenced block
}

// quoted is what stands in backquotes.
var quoted = regexp.MustCompile("`([^`\n]+)`")

// spans are the texts in backquotes of a passage.
func (p passage) spans() []mention {
	var all []mention
	for _, m := range quoted.FindAllStringSubmatch(p.text, -1) {
		all = append(all, mention{p.at, m[1]})
	}
	return all
}

// commands are the command lines in a passage that begin with a program's name: those in
// backquotes and, in a fenced block, whole lines.
func (p passage) commands(program string) []mention {
	var all []mention
	for _, s := range p.spans() {
		all = append(all, s.split(program)...)
	}
	if p.code {
		line := strings.TrimPrefix(strings.TrimSpace(p.text), "$ ")
		line = strings.Replace(line, "go run ./cmd/nbuild", "nbuild", 1)
		line, _, _ = strings.Cut(line, "  #")
		line, _, _ = strings.Cut(line, " # ")
		all = append(all, mention{p.at, line}.split(program)...)
	}
	return all
}

// split takes the command lines of one program out of a text that joins several.
func (m mention) split(program string) []mention {
	var all []mention
	for _, part := range regexp.MustCompile(`&&|\|\||[|;]`).Split(m.text, -1) {
		part = strings.TrimSpace(part)
		if rest, ok := strings.CutPrefix(part, program+" "); ok && !strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, `"`) {
			rest, _, _ = strings.Cut(rest, " > ")
			all = append(all, mention{m.at, program + " " + strings.TrimSpace(rest)})
		}
	}
	return all
}

// words are those of a command line as a shell takes them apart, without quotes.
func (m mention) words() []string {
	var words []string
	for _, w := range strings.Fields(m.text) {
		w = strings.TrimSuffix(strings.Trim(w, `"'[]`), "…")
		if w != "" && w != "flags" {
			words = append(words, w)
		}
	}
	return words
}

// placeholder reports whether a word stands for another: NAME, X.
func placeholder(word string) bool {
	return regexp.MustCompile(`^(X|[A-Z][A-Z@._/:-]*[A-Z]+|<.*>)$`).MatchString(word)
}

// sourcePassages reads every string of the source that ships.
func sourcePassages(t *testing.T) []passage {
	t.Helper()
	var all []passage
	eachFile(t, ".go", func(name string, src []byte) {
		if strings.HasSuffix(name, "_test.go") {
			return
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, src, 0)
		if err != nil {
			t.Fatal(err)
		}
		outside := !strings.HasPrefix(name, "cmd/nbuild/") // in the command, strings are help as well
		seen := map[ast.Node]bool{}
		add := func(n ast.Expr, remedy bool) {
			if seen[n] {
				return
			}
			if text, ok := flatten(n, seen); ok {
				all = append(all, passage{at: set.Position(n.Pos()).String(), text: text, remedy: remedy || outside && strings.Contains(text, "`n")})
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ImportSpec:
				return false
			case *ast.KeyValueExpr:
				if key, ok := n.Key.(*ast.Ident); ok && key.Name == "Remedy" {
					add(n.Value, true)
				}
			case *ast.AssignStmt:
				for i, left := range n.Lhs {
					if i < len(n.Rhs) && strings.HasSuffix(strings.ToLower(lastName(left)), "remedy") {
						add(n.Rhs[i], true)
					}
				}
			case *ast.CallExpr:
				if lastName(n.Fun) == "usage" {
					for _, arg := range n.Args {
						add(arg, true)
					}
				}
				if strings.HasSuffix(lastName(n.Fun), "printf") && len(n.Args) > 0 {
					add(n.Args[0], false)
				}
			case *ast.BinaryExpr, *ast.BasicLit:
				add(n.(ast.Expr), false)
			}
			return true
		})
	})
	return all
}

func lastName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// verb is one of a format, which puts something in.
var verb = regexp.MustCompile(`%[-+#0-9.\[\]]*[a-zA-Z]`)

// flatten joins a string expression: literals as they are, all else as X. What it took
// is not to be taken again as a part.
func flatten(e ast.Expr, seen map[ast.Node]bool) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		seen[e] = true
		text, err := strconv.Unquote(e.Value)
		return verb.ReplaceAllString(text, "X"), err == nil
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, okLeft := flatten(e.X, seen)
		right, okRight := flatten(e.Y, seen)
		if !okLeft && !okRight {
			return "", false
		}
		seen[e] = true
		if !okLeft {
			left = "X"
		}
		if !okRight {
			right = "X"
		}
		return left + right, true
	case *ast.CallExpr:
		if strings.HasPrefix(lastName(e.Fun), "Sprint") && len(e.Args) > 0 {
			seen[e] = true
			return flatten(e.Args[0], seen)
		}
	}
	return "", false
}

// pagePassages reads every line of the pages for people.
func pagePassages(t *testing.T) []passage {
	t.Helper()
	var all []passage
	eachFile(t, ".md", func(name string, src []byte) {
		fenced, language, transcript := false, "", false
		for i, line := range strings.Split(string(src), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced, language, transcript = !fenced, strings.Trim(line, "` "), false
				continue
			}
			if fenced && language == "hcl" {
				continue // the languages' own tests read those
			}
			transcript = transcript || strings.HasPrefix(line, "error[")
			whole := fenced && (strings.HasPrefix(line, "$ ") || !transcript && !strings.HasPrefix(line, " "))
			all = append(all, passage{at: name + ":" + strconv.Itoa(i+1), text: line, code: whole})
		}
	})
	return all
}

// eachFile visits the files of the repository by the end of their names, testdata aside.
func eachFile(t *testing.T, end string, visit func(name string, src []byte)) {
	t.Helper()
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := d.Name()
		if d.IsDir() {
			if name != "../.." && (strings.HasPrefix(base, ".") || base == "testdata" || base == "node_modules" || base == "out") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(base, end) || !d.Type().IsRegular() {
			return nil
		}
		src, err := os.ReadFile(name)
		if err == nil {
			visit(strings.TrimPrefix(filepath.ToSlash(name), "../../"), src)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

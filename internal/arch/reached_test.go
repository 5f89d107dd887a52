package arch

import (
	"bytes"
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

// code is the form of a problem's code.
var code = regexp.MustCompile(`\bNB[0-9]{4}\b`)

// TestEveryPageIsReachedByATest looks for each code of docs/errors in what tests expect:
// in a session of the command, in a golden file, or by its name or as itself in a test of
// Go. A message that nothing reaches is a promise that nobody has seen kept.
func TestEveryPageIsReachedByATest(t *testing.T) {
	names := map[string][]string{} // by code: how a test may name it, "attest.CodeKey"
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, value := range v.Values {
					if lit, ok := value.(*ast.BasicLit); ok && code.MatchString(lit.Value) {
						text, _ := strconv.Unquote(lit.Value)
						names[text] = append(names[text], s.file.Name.Name+"."+v.Names[i].Name)
					}
				}
			}
		}
	}
	reached := map[string]bool{}
	err := filepath.WalkDir("../..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			if d != nil && d.IsDir() && strings.HasPrefix(d.Name(), ".") && d.Name() != ".." {
				return fs.SkipDir
			}
			return err
		}
		test := strings.HasSuffix(name, "_test.go")
		if !test && !strings.Contains(filepath.ToSlash(name), "/testdata/") {
			return nil
		}
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if strings.HasSuffix(name, ".txtar") {
			src, _, _ = bytes.Cut(src, []byte("\n-- ")) // what a session is given is no expectation
			src = regexp.MustCompile(`(?m)^(#|! |exits \d+ nbuild( \S+)* explain).*$`).ReplaceAll(src, nil)
		}
		for _, c := range code.FindAll(src, -1) {
			reached[string(c)] = true
		}
		if test {
			return named(name, src, reached)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("../../docs/errors/NB*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		page := strings.TrimSuffix(filepath.Base(p), ".md")
		found := reached[page]
		for _, name := range names[page] {
			found = found || reached[name]
		}
		if !found {
			t.Errorf("docs/errors/%s.md is of a message that no test reaches (%s)", page, strings.Join(names[page], ", "))
		}
	}
}

// named marks what a test file names: its own package's constants as package.Name, and
// those of others by their selectors.
func named(name string, src []byte, reached map[string]bool) error {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, 0)
	if err != nil {
		return err
	}
	own := strings.TrimSuffix(file.Name.Name, "_test")
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok {
				reached[x.Name+"."+n.Sel.Name] = true
			}
		case *ast.Ident:
			reached[own+"."+n.Name] = true
		}
		return true
	})
	return nil
}

// TestEveryBoundIsRead keeps the table of bounds to those that something is held to.
func TestEveryBoundIsRead(t *testing.T) {
	read := map[string]bool{}
	var declared []string
	for _, s := range sources(t) {
		if s.pkg == "internal/bounds" {
			for _, d := range s.file.Decls {
				if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.CONST {
					for _, spec := range g.Specs {
						for _, n := range spec.(*ast.ValueSpec).Names {
							declared = append(declared, n.Name)
						}
					}
				}
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "bounds" {
					read[n.Sel.Name] = true
				}
			case *ast.FuncDecl: // a bound that another is made of, within the table
				if s.pkg == "internal/bounds" && n.Body != nil {
					ast.Inspect(n.Body, func(n ast.Node) bool {
						if id, ok := n.(*ast.Ident); ok {
							read[id.Name] = true
						}
						return true
					})
				}
			}
			return true
		})
	}
	if len(declared) < 40 {
		t.Errorf("only %d bounds are declared: the search is broken", len(declared))
	}
	for _, name := range declared {
		if !read[name] {
			t.Errorf("bounds.%s is a promise that nothing keeps", name)
		}
	}
}

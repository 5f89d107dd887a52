package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
)

// source is one Go file that ships, parsed.
type source struct {
	pkg  string // import path within the module
	name string // path of the file within the module
	file *ast.File
	set  *token.FileSet
}

func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, p := range packages(t) {
		for _, name := range p.GoFiles {
			set := token.NewFileSet()
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			rel := strings.TrimPrefix(p.ImportPath, module)
			all = append(all, source{rel, rel + "/" + name, f, set})
		}
	}
	return all
}

func TestEveryPackageOpensWithAnEssay(t *testing.T) {
	essays := map[string]int{}
	for _, s := range sources(t) {
		essays[s.pkg] += 0
		if s.file.Doc != nil {
			essays[s.pkg] += len(strings.Fields(s.file.Doc.Text()))
		}
	}
	for pkg, words := range essays {
		if words < 30 {
			t.Errorf("%s: its package comment has %d words; say what it is, why it is so, and its invariant", pkg, words)
		}
	}
}

// edge lists what only the command may call: the clock, the process's
// environment, chance.
var edge = map[string][]string{
	"time": {"Now", "Since", "Until", "Tick"},
	"os": {
		"Getenv", "LookupEnv", "Environ", "ExpandEnv", "Getwd", "Hostname", "UserHomeDir", "UserCacheDir",
		"UserConfigDir", "Exit", "Args", "Stdout", "Stderr", "Stdin",
	},
}

func TestClockEnvironmentAndChanceStayAtTheEdge(t *testing.T) {
	for _, s := range sources(t) {
		if room(module+s.pkg) == "cmd" || s.pkg == "builder/sandbox/helper" { // a program of its own, which is all edge
			continue
		}
		for _, i := range s.file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			switch {
			case path == "math/rand" || path == "math/rand/v2":
				t.Errorf("%s imports %s", s.name, path)
			case path == "crypto/rand" && s.pkg != "attest":
				t.Errorf("%s imports %s; only signing may", s.name, path)
			case (path == "log" || path == "log/slog") && s.pkg != "internal/rehearsal": // which quiets a test server
				t.Errorf("%s imports %s; libraries never log", s.name, path)
			}
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); ok && x.Obj == nil && slices.Contains(edge[x.Name], sel.Sel.Name) {
				t.Errorf("%s calls %s.%s; take it as an argument", s.set.Position(sel.Pos()), x.Name, sel.Sel.Name)
			}
			return true
		})
	}
}

func TestOneCompressorWritesEveryByte(t *testing.T) {
	for _, s := range sources(t) {
		for _, i := range s.file.Imports {
			path, _ := strconv.Unquote(i.Path.Value)
			if path == "compress/gzip" || path == "compress/zlib" || path == "compress/flate" {
				t.Errorf("%s imports %s, whose output changes with Go releases", s.name, path)
			}
		}
	}
}

func TestNoInitFunctionsAndNoVagueNames(t *testing.T) {
	vague := []string{"util", "utils", "common", "helper", "helpers", "types", "models", "base", "misc"}
	for _, s := range sources(t) {
		if slices.Contains(vague, s.file.Name.Name) {
			t.Errorf("%s: package %s says nothing", s.name, s.file.Name.Name)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s has an init function", s.name)
			}
		}
	}
}

func TestExportedNamesAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Name.IsExported() && exportedReceiver(d) && d.Doc == nil {
					t.Errorf("%s: %s has no comment", s.set.Position(d.Pos()), d.Name.Name)
				}
			case *ast.GenDecl:
				for _, spec := range d.Specs {
					if ts, ok := spec.(*ast.TypeSpec); ok && ts.Name.IsExported() && d.Doc == nil && ts.Doc == nil {
						t.Errorf("%s: %s has no comment", s.set.Position(ts.Pos()), ts.Name.Name)
					}
				}
			}
		}
	}
}

func exportedReceiver(f *ast.FuncDecl) bool {
	if f.Recv == nil {
		return true
	}
	typ := f.Recv.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	id, ok := typ.(*ast.Ident)
	return !ok || id.IsExported()
}

// TestEveryCodeHasAPage holds the two lists to each other: each code that the
// source declares, once, has a page, and each page is of a declared code.
func TestEveryCodeHasAPage(t *testing.T) {
	form := regexp.MustCompile(`^"NB[0-9]{4}"$`)
	declared := map[string]string{}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING || !form.MatchString(lit.Value) {
				return true
			}
			code, _ := strconv.Unquote(lit.Value)
			at := s.set.Position(lit.Pos()).String()
			if other, twice := declared[code]; twice {
				t.Errorf("%s: %s is declared at %s as well; declare it once and use its name", at, code, other)
			}
			declared[code] = at
			if !diag.Code(code).Valid() {
				t.Errorf("%s: %s is malformed", at, code)
			}
			return true
		})
	}
	const dir = "../../docs/errors"
	for code, at := range declared {
		page, err := os.ReadFile(filepath.Join(dir, code+".md"))
		if err != nil {
			t.Errorf("%s: %s has no page: %v", at, code, err)
			continue
		}
		if !strings.HasPrefix(string(page), "# "+code+": ") {
			t.Errorf("docs/errors/%s.md does not begin with its title", code)
		}
	}
	pages, err := filepath.Glob(filepath.Join(dir, "NB*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pages {
		if code := strings.TrimSuffix(filepath.Base(p), ".md"); declared[code] == "" {
			t.Errorf("docs/errors/%s.md is of a code that nothing declares", code)
		}
	}
}

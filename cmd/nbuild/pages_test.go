package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag/diagtest"
)

// unscriptedFile lists the pages of docs/errors that no script reaches, a line each: the
// code, the package, and its test that reaches it. All other pages are reached by a script.
const unscriptedFile = "testdata/unscripted.txt"

// unscripted is a line of that list.
type unscripted struct{ code, pkg, test string }

func (u unscripted) String() string { return u.code + " " + u.pkg + " " + u.test }

func unscriptedPages(t *testing.T) map[string]unscripted {
	t.Helper()
	src, err := os.ReadFile(unscriptedFile)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]unscripted{}
	for line := range strings.Lines(string(src)) {
		words := strings.Fields(line)
		if len(words) != 3 || all[words[0]].code != "" {
			t.Fatalf("%s: %q is not a code, a package and a test, or stands twice", unscriptedFile, line)
		}
		all[words[0]] = unscripted{words[0], words[1], words[2]}
	}
	return all
}

// pages are the codes that docs/errors has a page of.
func pages(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../../docs/errors/NB*.md")
	if err != nil || len(files) < 200 {
		t.Fatalf("%d pages: %v", len(files), err)
	}
	for i, f := range files {
		files[i] = strings.TrimSuffix(filepath.Base(f), ".md")
	}
	return files
}

// everyPageIsReached holds the pages of docs/errors to what the command printed in the
// scripts of a folder: it printed each of them, or the page is on the list of those that
// the test of a package reaches. It says nothing of a run that left scripts out.
func everyPageIsReached(t *testing.T, dir, codes string) {
	if why := notRun(t, dir); why != "" || t.Failed() {
		t.Logf("which pages are reached is not judged: %s", why)
		return
	}
	listed := unscriptedPages(t)
	var missing []unscripted
	for _, code := range pages(t) {
		_, err := os.Stat(filepath.Join(codes, code))
		u, ok := listed[code]
		switch delete(listed, code); {
		case err == nil && ok:
			t.Errorf("a script reaches %s: take it off %s", code, unscriptedFile)
		case err != nil && !ok:
			t.Errorf("docs/errors/%s.md: the command printed it in no script", code)
			u = unscripted{code, "PACKAGE", "TEST"}
			fallthrough
		case err != nil:
			missing = append(missing, u)
		}
	}
	for code := range listed {
		t.Errorf("%s: there is no page of %s", unscriptedFile, code)
	}
	if *update {
		var out strings.Builder
		for _, u := range missing {
			fmt.Fprintln(&out, u)
		}
		if err := os.WriteFile(unscriptedFile, []byte(out.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// asked is how a script asks whether a program is there.
var asked = regexp.MustCompile(`\[!?exec:(\w+)\]`)

// notRun says why not all that the scripts of a folder have was run; "" where all was.
func notRun(t *testing.T, dir string) string {
	t.Helper()
	if only := strings.Trim(flag.Lookup("test.run").Value.String(), "^$"); only != "" && only != t.Name() {
		return "only -run " + only
	}
	if skip := flag.Lookup("test.skip").Value.String(); skip != "" {
		return "-skip " + skip
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range asked.FindAllSubmatch(src, -1) {
			if _, err := exec.LookPath(string(m[1])); err != nil {
				return file + " asks for " + string(m[1])
			}
		}
		if bytes.Contains(src, []byte("[!mounts]")) && exec.Command("unshare", "--mount", "true").Run() != nil {
			return file + " asks for mounts"
		}
	}
	return ""
}

// TestPagesThatNoScriptReachesAreReachedByTheTestsNamed runs the tests on the list and
// looks in what Go prints of them for the codes that they reached. Each goes through the
// public door of its package, and makes no problem itself: what it sees is what the
// package made.
func TestPagesThatNoScriptReachesAreReachedByTheTestsNamed(t *testing.T) {
	listed := unscriptedPages(t)
	packages, tests := map[string]bool{}, map[string]bool{}
	for _, u := range listed {
		packages["../../"+u.pkg], tests[u.test] = true, true
		throughTheDoor(t, u)
	}
	if len(listed) == 0 {
		return
	}
	args := append([]string{"test", "-json", "-vet=off", "-run", "^(" + strings.Join(slices.Sorted(maps.Keys(tests)), "|") + ")$"}, slices.Sorted(maps.Keys(packages))...)
	out, err := exec.Command("go", args...).Output()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	reached := map[unscripted]bool{}
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var e struct{ Action, Package, Test, Key, Value string }
		if err := dec.Decode(&e); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if e.Action == "attr" && e.Key == diagtest.Attribute {
			name, _, _ := strings.Cut(e.Test, "/")
			reached[unscripted{e.Value, strings.TrimPrefix(e.Package, "github.com/nbuild/nbuild/"), name}] = true
		}
	}
	for _, u := range listed {
		if !reached[u] {
			t.Errorf("%s of %s does not reach %s", u.test, u.pkg, u.code)
		}
	}
}

// throughTheDoor holds the file of a test to standing outside of its package, and to
// making no problem.
func throughTheDoor(t *testing.T, u unscripted) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", u.pkg, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(file.Decls, func(d ast.Decl) bool { f, ok := d.(*ast.FuncDecl); return ok && f.Name.Name == u.test }) {
			continue
		}
		if !strings.HasSuffix(file.Name.Name, "_test") {
			t.Errorf("%s stands inside of package %s, and goes by no door", u.test, file.Name.Name)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && (s.Sel.Name == "Problem" || s.Sel.Name == "Problems") {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "diag" {
					t.Errorf("%s speaks of diag.%s: a test that makes a problem shows nothing", name, s.Sel.Name)
				}
			}
			return true
		})
		return
	}
	t.Errorf("%s has no %s", u.pkg, u.test)
}

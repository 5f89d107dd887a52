package arch

import (
	"errors"
	"fmt"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// contentsTypes are the structs that a BOM is written from (sbom/contents.go).
var contentsTypes = []string{"Contents", "Project", "Image", "Package", "Runtime", "Distro", "Deb", "Base", "File", "Step", "Action"}

// TestEveryFieldOfABOMsContentsIsSet holds the contents of a BOM to those who fill
// them: a field that nothing sets is a promise that no BOM keeps. What a tree says is
// filled in by sbom.FromTree, the rest by evidence/contents.
func TestEveryFieldOfABOMsContentsIsSet(t *testing.T) {
	exports := exportData(t, module+"internal/evidence/contents")
	files := token.NewFileSet()
	from := importer.ForCompiler(files, "gc", func(path string) (io.ReadCloser, error) {
		name, ok := exports[path]
		if !ok {
			return nil, fmt.Errorf("no export data of %s", path)
		}
		return os.Open(name)
	})
	set := map[string]bool{}
	all := map[string]bool{}
	for _, dir := range []string{"sbom", "internal/evidence/contents"} {
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Types: map[ast.Expr]types.TypeAndValue{}}
		parsed := parseDir(t, files, filepath.Join("..", "..", dir))
		checked, err := (&types.Config{Importer: from}).Check(module+dir, files, parsed, info)
		if err != nil {
			t.Fatal(err)
		}
		if dir == "sbom" {
			for _, name := range contentsTypes {
				fields := checked.Scope().Lookup(name).Type().Underlying().(*types.Struct)
				for f := range fields.Fields() {
					all[name+"."+f.Name()] = true
				}
			}
		}
		for _, file := range parsed {
			if dir == "sbom" && filepath.Base(files.File(file.Pos()).Name()) != "tree.go" {
				continue
			}
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.CompositeLit:
					owner := typeName(info.Types[n].Type)
					for _, e := range n.Elts {
						if kv, ok := e.(*ast.KeyValueExpr); ok {
							if key, ok := kv.Key.(*ast.Ident); ok {
								set[owner+"."+key.Name] = true
							}
						}
					}
				case *ast.AssignStmt:
					for _, to := range n.Lhs {
						if s, ok := to.(*ast.SelectorExpr); ok && info.Selections[s] != nil {
							set[typeName(info.Selections[s].Recv())+"."+s.Sel.Name] = true
						}
					}
				}
				return true
			})
		}
	}
	for field := range all {
		if !set[field] {
			t.Errorf("sbom.%s is set by nothing", field)
		}
	}
	if len(all) < 50 {
		t.Errorf("only %d fields were looked at", len(all))
	}
}

// typeName is the name of a struct type of sbom, or of what points to one.
func typeName(t types.Type) string {
	if p, ok := t.(*types.Pointer); ok {
		t = p.Elem()
	}
	if n, ok := t.(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == module+"sbom" {
		return n.Obj().Name()
	}
	return ""
}

func parseDir(t *testing.T, files *token.FileSet, dir string) []*ast.File {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []*ast.File
	for _, name := range slices.DeleteFunc(names, func(n string) bool { return strings.HasSuffix(n, "_test.go") }) {
		file, err := parser.ParseFile(files, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, file)
	}
	return out
}

// exportData names the file with the types of each package that one links.
func exportData(t *testing.T, of string) map[string]string {
	t.Helper()
	out, err := exec.Command("go", "list", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", of).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	files := map[string]string{}
	for line := range strings.Lines(string(out)) {
		if path, name, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
			files[path] = name
		}
	}
	return files
}

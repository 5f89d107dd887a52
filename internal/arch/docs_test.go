package arch

import (
	"encoding/json"
	"go/ast"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestArchitectureNamesEveryPackage keeps the picture of the rooms whole: a line
// begins with folders, indented ones below the last that is not, then two spaces
// and what they are.
func TestArchitectureNamesEveryPackage(t *testing.T) {
	page, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(page), "## The rooms")
	_, after, _ = strings.Cut(after, "```\n")
	picture, _, found := strings.Cut(after, "```")
	if !found {
		t.Fatal("docs/architecture.md has no picture under \"The rooms\"")
	}
	named := map[string]bool{}
	room := ""
	for line := range strings.Lines(picture) {
		names, _, _ := strings.Cut(strings.TrimSpace(line), "  ")
		inside := strings.HasPrefix(line, " ")
		for _, name := range strings.Fields(names) {
			name = strings.TrimSuffix(strings.TrimSuffix(name, ":"), "/")
			switch {
			case inside:
				named[room+"/"+name] = true
			default:
				room = name
				named[name] = true
			}
		}
	}
	there := map[string]bool{}
	for _, p := range packages(t) {
		rel := strings.TrimPrefix(p.ImportPath, module)
		there[rel] = true
		if !named[rel] {
			t.Errorf("docs/architecture.md does not show %s", rel)
		}
	}
	for name := range named {
		if info, err := os.Stat(filepath.Join("../..", name)); err != nil || !info.IsDir() {
			t.Errorf("docs/architecture.md shows %s, which is not there", name)
		}
	}
}

// stored lists the schemas of documents that nbuild keeps for itself.
var stored = map[string]bool{"nbuild.state/v1": true}

// TestEveryShapeHasASchema holds the shapes that commands print to docs/schemas:
// each that the source names has a schema, and each schema is of one that it names.
func TestEveryShapeHasASchema(t *testing.T) {
	form := regexp.MustCompile(`^nbuild\.[a-z-]+/v[0-9]+$`)
	named := map[string]bool{}
	for _, s := range sources(t) {
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			if text, _ := strconv.Unquote(lit.Value); form.MatchString(text) {
				named[text] = true
			}
			return true
		})
	}
	files, err := filepath.Glob("../../docs/schemas/*.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Properties struct {
				Schema struct {
					Const string `json:"const"`
				} `json:"schema"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(src, &doc); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		shape := doc.Properties.Schema.Const
		if want := strings.ReplaceAll(shape, "/", ".") + ".schema.json"; filepath.Base(name) != want {
			t.Errorf("%s is of %q; its name would be %s", name, shape, want)
		}
		if !named[shape] {
			t.Errorf("%s is of %q, which nothing prints", name, shape)
		}
		described[shape] = true
	}
	for shape := range named {
		if !described[shape] && !stored[shape] {
			t.Errorf("docs/schemas has no schema of %s", shape)
		}
	}
}

// TestDocsNameWhatIsThere follows the docs: each test that they name exists, each
// folder of Go code, each page that they link to.
func TestDocsNameWhatIsThere(t *testing.T) {
	tests := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	for _, p := range packages(t) {
		for _, name := range append(p.TestGoFiles, p.XTestGoFiles...) {
			src, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range declared.FindAllSubmatch(src, -1) {
				tests[string(m[1])] = true
			}
		}
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob("../../docs/decisions/*.md")
	if err != nil {
		t.Fatal(err)
	}
	test := regexp.MustCompile(`\bTest[A-Z]\w+`)
	place := regexp.MustCompile("(?m)(?:^|[\\s(`])((?:internal|builder|pipelines|attest|sbom|testdata|docs)/[\\w./-]*\\w)")
	link := regexp.MustCompile(`\]\(([\w./-]+)\)`)
	for _, page := range append(pages, more...) {
		src, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range test.FindAllString(string(src), -1) {
			if !tests[name] {
				t.Errorf("%s names %s, and there is no such test", page, name)
			}
		}
		for _, m := range place.FindAllStringSubmatch(string(src), -1) {
			if _, err := os.Stat(filepath.Join("../..", m[1])); err != nil {
				t.Errorf("%s names %s, which is not there", page, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(string(src), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
}

package pipelines

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// secret is the value that no output of any test may show.
const secret = "hunter2-hunter2"

func golden(t *testing.T, name, got string) {
	t.Helper()
	if strings.Contains(strings.ToLower(got), "hunter2") {
		t.Error("a sensitive value is shown")
	}
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}

func problems(err error) string {
	var out strings.Builder
	for _, p := range diag.All(err) {
		out.WriteString(p.Text() + "\n")
		if p.Remedy == "" {
			fmt.Fprintf(&out, "%s HAS NO REMEDY\n", p.Code)
		}
	}
	return out.String()
}

func TestProblemsOfTheLanguage(t *testing.T) {
	inputs, err := filepath.Glob("testdata/problems/*.hcl")
	if err != nil || len(inputs) < 6 {
		t.Fatalf("inputs: %d, %v", len(inputs), err)
	}
	for _, in := range inputs {
		t.Run(filepath.Base(in), func(t *testing.T) {
			src, err := os.ReadFile(in)
			if err != nil {
				t.Fatal(err)
			}
			o := Options{}
			if strings.Contains(string(src), `variable "token"`) {
				o.Vars = map[string]string{"token": secret, "tokne": "x"}
			}
			_, err = Parse(src, filepath.Base(in), fstest.MapFS{"src/a.js": {Data: []byte("a")}}, o)
			if err == nil {
				t.Fatal("accepted")
			}
			golden(t, strings.TrimSuffix(in, ".hcl")+".txt", problems(err))
		})
	}
}

func TestExamplesOfTheDocsAreValid(t *testing.T) {
	for _, name := range []string{"tiny", "whole"} {
		t.Run(name, func(t *testing.T) {
			p, err := Open("testdata/"+name, "build.hcl", Options{})
			if err != nil {
				t.Fatal(problems(err), err)
			}
			p.Dir = ""
			got, err := json.MarshalIndent(p, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "testdata/"+name+".json", string(got)+"\n")
			src, err := os.ReadFile("testdata/" + name + "/build.hcl")
			if err != nil {
				t.Fatal(err)
			}
			formatted, err := hclfile.Format(src, "build.hcl")
			if err != nil || !bytes.Equal(src, formatted) {
				t.Errorf("an example is not in the standard form: %v\n%s", err, cmp.Diff(string(src), string(formatted)))
			}
		})
	}
}

// TestTheWholeExampleHasEveryBlock holds the second example of the page to its heading.
func TestTheWholeExampleHasEveryBlock(t *testing.T) {
	src, err := os.ReadFile("testdata/whole/build.hcl")
	if err != nil {
		t.Fatal(err)
	}
	var look func(blocks []hclfile.Block, indent string)
	look = func(blocks []hclfile.Block, indent string) {
		for _, b := range blocks {
			if !regexp.MustCompile(`(?m)^` + indent + b.Name + `\b.* \{`).Match(src) {
				t.Errorf("there is no block %s%s", indent, b.Name)
			}
			look(b.Body.Blocks, indent+"  ")
		}
	}
	look(Language().Blocks, "")
}

func TestReferenceIsCurrent(t *testing.T) {
	page := "# build.hcl\n\n<!-- Made by `go test ./pipelines -update` from the language's own tables. -->\n\n" +
		"The smallest build file; the rest is defaults (package-lock.json, production dependencies, the project's own files, a base of Node and Debian's C library, one image):\n\n"
	for i, name := range []string{"tiny", "whole"} {
		src, err := os.ReadFile("testdata/" + name + "/build.hcl")
		if err != nil {
			t.Fatal(err)
		}
		if i == 1 {
			page += "\nA file with every block:\n\n"
		}
		page += "```hcl\n" + string(src) + "```\n"
	}
	page += `
Blocks with labels can be referred to: ` + "`step.X`, `npm.X.production`, `npm.X.all`, `npm.X.package[\"name\"]`, `base.X`, `fetch.X`" + `. References are typed values, not texts, and the order of steps comes from them. Blocks without labels are settings. A layer joins what it is given; two different files at one path are an error.

HCL has a line for each attribute of a block. ` + "`nbuild fmt`" + ` writes the standard form, ` + "`nbuild validate`" + ` shows everything that is wrong at once. ` + "`build.hcl.json`" + ` (HCL's JSON form) is read as well. Of HCL's expressions, ` + "`for` and splats" + ` are left out. Nothing reads the environment, the clock or the network.

A pattern of ` + "`files()`" + ` is relative to the project's folder: ` + "`*` and `?`" + ` match inside a name, ` + "`**`" + ` whole folders, none among them, and at the end what lies within: ` + "`src/**`" + ` is not a file called ` + "`src`" + `. It means the same in trust.hcl. An empty match is an error, a link that leaves the folder as well; folders named .git and node_modules are not looked into, and .env and .npmrc files and private keys by their usual names are only taken when named in full.

` + Reference()
	golden(t, "../docs/build-hcl.md", page)
}

func TestJSONFormGivesTheSameProject(t *testing.T) {
	opts := cmp.Options{cmpopts.IgnoreUnexported(Project{}, Step{}, Sensitive{}), cmpopts.IgnoreTypes(diag.Pos{}), cmpopts.IgnoreFields(Project{}, "File")}
	native, err := Parse([]byte("nbuild = \"1\"\nproject \"a\" {}\nvariable \"n\" {\n  type = number\n  default = 1\n}\nstep \"t\" {\n  inputs = [npm.deps.all]\n  run = [\"x\", \"${var.n}\"]\n}\nimage \"a\" {\n  cmd = [\"node\"]\n  after = [step.t]\n}\n"), "build.hcl", fstest.MapFS{}, Options{})
	if err != nil {
		t.Fatal(problems(err))
	}
	asJSON, err := Parse([]byte(`{"nbuild":"1","project":{"a":{}},"variable":{"n":{"type":"number","default":1}},"step":{"t":{"inputs":["${npm.deps.all}"],"run":["x","${var.n}"]}},"image":{"a":{"cmd":["node"],"after":["${step.t}"]}}}`), "build.hcl.json", fstest.MapFS{}, Options{})
	if err != nil {
		t.Fatal(problems(err))
	}
	if diff := cmp.Diff(native, asJSON, opts); diff != "" {
		t.Errorf("projects (-native +json):\n%s", diff)
	}
}

func TestSensitiveShowsItselfNowhere(t *testing.T) {
	p, err := Parse([]byte("nbuild = \"1\"\nproject \"a\" {}\nvariable \"token\" {\n  sensitive = true\n}\n"), "build.hcl", fstest.MapFS{}, Options{Vars: map[string]string{"token": secret}})
	if err != nil {
		t.Fatal(problems(err))
	}
	v := p.Variables[0]
	if v.Secret.Reveal() != secret || v.Value != "" {
		t.Fatalf("the value is lost, or held in the open: %q", v.Value)
	}
	asJSON, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(v), fmt.Sprintf("%+v %#v %q %x %d", v, v, v.Secret, v.Secret, v.Secret), fmt.Sprintf("%+v", p.Variables), string(asJSON)} {
		if strings.Contains(shown, "hunter2") || strings.Contains(shown, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("shown: %s", shown)
		}
	}
}

func TestFilesNeverLeaveTheProject(t *testing.T) {
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	project := filepath.Join(dir, "project")
	for name, text := range map[string]string{
		filepath.Join(outside, "secret"): "s", filepath.Join(project, "src/a.js"): "a", filepath.Join(project, "src/deep/b.js"): "b",
		filepath.Join(project, ".env"): "e", filepath.Join(project, "node_modules/x/i.js"): "x",
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{"out": "../outside/secret", "folder": "../outside", "abs": filepath.Join(outside, "secret"), "in.js": "src/a.js"} {
		if err := os.Symlink(to, filepath.Join(project, link)); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		globs string
		want  []string // nil: refused
	}{
		"all of a folder":   {`"src/**"`, []string{"src/a.js", "src/deep/b.js"}},
		"by extension":      {`"src/**/*.js"`, []string{"src/a.js", "src/deep/b.js"}},
		"one level":         {`"src/*"`, []string{"src/a.js"}},
		"joined and sorted": {`"src/deep/*", "src/a.js", "src/**"`, []string{"src/a.js", "src/deep/b.js"}},
		"link inside":       {`"in.js"`, []string{"in.js"}},
		"private in full":   {`".env"`, []string{".env"}},
		"private by glob":   {`".e*"`, nil},
		"link out":          {`"out"`, nil},
		"absolute link":     {`"abs"`, nil},
		"link to a folder":  {`"folder"`, nil},
		"through a folder":  {`"folder/secret"`, nil},
		"all, link out":     {`"**"`, nil},
		"modules":           {`"node_modules/**"`, nil},
		"up":                {`"../outside/secret"`, nil},
		"absolute":          {`"/etc/passwd"`, nil},
		"nothing":           {`"lib/**"`, nil},
		"folder":            {`"src"`, nil},
		"empty":             {`""`, nil},
		"odd":               {`"src/[a"`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			src := "nbuild = \"1\"\nproject \"a\" {}\nimage \"a\" {\n  cmd = [\"x\"]\n  layer \"l\" {\n    from = files(" + test.globs + ")\n  }\n}\n"
			if err := os.WriteFile(filepath.Join(project, "build.hcl"), []byte(src), 0o644); err != nil {
				t.Fatal(err)
			}
			p, err := Open(project, "build.hcl", Options{})
			if test.want == nil {
				if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeFiles {
					t.Errorf("not refused: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(problems(err))
			}
			if diff := cmp.Diff(test.want, p.Images[0].Layers[0].From[0].Files); diff != "" {
				t.Errorf("files (-want +got):\n%s", diff)
			}
		})
	}
}

func TestStandardPipelinesAreRight(t *testing.T) {
	names := StandardNames()
	if diff := cmp.Diff([]string{"esbuild", "nest", "next", "node/test", "npm/build", "npm/native", "npm/scripts", "npm/test", "typescript", "vite"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	for _, n := range names {
		if s, ok := Standard(n); !ok || len(s.Run) == 0 || s.Doc == "" {
			t.Errorf("%s: %+v", n, s)
		}
	}
	if _, ok := Standard("../../secret"); ok {
		t.Error("left its folder")
	}
}

func FuzzParse(f *testing.F) {
	for _, pattern := range []string{"testdata/problems/*.hcl", "testdata/*/build.hcl"} {
		inputs, _ := filepath.Glob(pattern)
		for _, in := range inputs {
			if src, err := os.ReadFile(in); err == nil {
				f.Add(src, false)
			}
		}
	}
	f.Add([]byte(`{"nbuild":"1","project":{"a":{}},"step":{"t":{"inputs":["${npm.deps.all}"],"run":["x"]}}}`), true)
	folder := fstest.MapFS{"src/a.js": {Data: []byte("a")}, "package.json": {Data: []byte("{}")}}
	f.Fuzz(func(t *testing.T, src []byte, asJSON bool) {
		name := "build.hcl"
		if asJSON {
			name += ".json"
		}
		p, err := Parse(src, name, folder, Options{Vars: map[string]string{"token": secret}})
		if strings.Contains(problems(err), secret) && !bytes.Contains(src, []byte(secret)) {
			t.Fatalf("a sensitive value is shown: %s", problems(err))
		}
		if err != nil {
			return
		}
		formatted, err := hclfile.Format(src, name)
		if err != nil {
			t.Fatal(err)
		}
		again, err := Parse(formatted, name, folder, Options{Vars: map[string]string{"token": secret}})
		if err != nil {
			t.Fatalf("formatting broke it: %s", problems(err))
		}
		opts := cmp.Options{cmpopts.IgnoreUnexported(Project{}, Step{}, Sensitive{}), cmpopts.IgnoreTypes(diag.Pos{})}
		if diff := cmp.Diff(p, again, opts); diff != "" {
			t.Fatalf("formatting changed the project:\n%s", diff)
		}
	})
}

package scan

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

var update = flag.Bool("update", false, "rewrite golden files")

// installed is an installed tree with findings on every side: the project's own, packages'
// and their tests'.
var installed = map[string]string{
	"package.json":                   `{"name":"shop","version":"1.0.0","dependencies":{"a":"1","b":"1"}}`,
	"server.js":                      "require(process.env.PLUGIN)\nnew Function(text)\n",
	"test/server.js":                 "eval(x)\n",
	"node_modules/a/package.json":    `{"name":"a","version":"1.0.0","scripts":{"install":"node x"}}`,
	"node_modules/a/lib/a.js":        "require('child_process').exec(x)\nprocess.env.HOME\n",
	"node_modules/a/test/a.js":       "eval(x)\n",
	"node_modules/@s/b/package.json": `{"name":"@s/b","version":"2.0.0"}`,
	"node_modules/@s/b/index.js":     "require('fs').readFileSync(x)\nrequire('child_process').exec(y)\n",
	"node_modules/@s/b/broken.js":    "a = = 1",
}

func TestTextJSONAndSARIFAreGolden(t *testing.T) {
	r := scanned(t, installed, Options{})
	json, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	sarif, err := r.SARIF()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"scan.txt": r.Text(), "scan.json": string(json), "scan.sarif": string(sarif)} {
		name = filepath.Join("testdata", name)
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
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// TestSARIFFollowsWhatNbuildWritesOfIt holds a log to a schema of the part of SARIF
// 2.1.0 that nbuild writes, and to the whole where it is at hand.
func TestSARIFFollowsWhatNbuildWritesOfIt(t *testing.T) {
	doc, err := scanned(t, installed, Options{}).SARIF()
	if err != nil {
		t.Fatal(err)
	}
	schemas := []string{"testdata/sarif-written.schema.json"}
	if *sarifSchema != "" {
		schemas = append(schemas, *sarifSchema)
	}
	for _, name := range schemas {
		schema, err := jsonschema.NewCompiler().Compile(name)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(parsed); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wrong, err := jsonschema.UnmarshalJSON(strings.NewReader(strings.Replace(string(doc), `"level":"error"`, `"level":"high"`, 1)))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(wrong) == nil {
			t.Errorf("%s takes a level that SARIF does not have", name)
		}
	}
}

func TestASummaryHasAtMostTwelveLines(t *testing.T) {
	r := &Result{}
	for range 3 {
		for _, where := range []dynamism.Package{{}, {Purl: "pkg:npm/%40s/a@1.0.0", Path: "node_modules/@s/a"}} {
			for _, k := range source.Kinds() {
				where.Findings = append(where.Findings,
					source.Finding{Kind: k, File: "a\x1b.js", Line: 1, Column: 1}, source.Finding{Kind: k, File: "test/a.js", Line: 1, Column: 1})
			}
			r.Packages = append(r.Packages, where)
		}
	}
	lines := r.summary()
	if len(lines) != 12 {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	if strings.ContainsRune(strings.Join(lines, ""), '\x1b') {
		t.Error("a control character of a file's name reaches the terminal")
	}
	if !strings.HasPrefix(lines[1], "  high    own files") || !strings.HasSuffix(lines[11], "in tests of packages") {
		t.Error(strings.Join(lines, "\n"))
	}
	if got := (&Result{}).summary(); got != nil {
		t.Errorf("of nothing: %q", got)
	}
}

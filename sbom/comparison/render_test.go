package comparison

import (
	"bytes"
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom"
)

// sampleDiff has a change of most classes.
var update = flag.Bool("update", false, "rewrite the golden files")

func sampleDiff() Diff {
	a := &sbom.Inventory{Name: "shop", Root: ".", Settings: []sbom.Setting{{Name: "user", Value: "1"}}, Packages: []sbom.Item{
		{Ref: ".", Name: "shop", DependsOn: []string{"a@1.0.0#node_modules/a", "b@1.0.0#node_modules/b"}},
		item("a", "1.0.0", "node_modules/a", hash("SHA-512:00"), looked(), license("MIT")),
		item("b", "1.0.0", "node_modules/b", registry("@s"), provenance("slsa")),
		item("gone", "1.0.0", "node_modules/gone"),
	}}
	b := &sbom.Inventory{Name: "shop", Root: ".", Settings: []sbom.Setting{{Name: "user", Value: "0"}}, Packages: []sbom.Item{
		{Ref: ".", Name: "shop", DependsOn: []string{"a@1.0.0#node_modules/a", "b@1.1.0#node_modules/b"}},
		item("a", "1.0.0", "node_modules/a", hash("SHA-512:11"), looked("postinstall: node x.js"), license("ISC"), on("new@3.0.0#node_modules/new")),
		item("b", "1.1.0", "node_modules/b", registry("default"), provenance("none")),
		item("new", "3.0.0", "node_modules/new", natives("build/x.node")),
	}}
	was := loads("server.js 1", "node_modules/a/a.js 1", "node_modules/b/b.js 1", "node_modules/gone/c.js 1")
	is := loads("server.js 2", "node_modules/a/a.js 2", "node_modules/b/b.js 2", "node_modules/new/a.js 1", "node_modules/new/b.js 1")
	is.List.Evaluators = []sources.Evaluator{{Path: "/app/node_modules/new/a.js", SHA256: cas.Sum([]byte("1")), Reason: "compiles templates"}}
	is.Eval = "report"
	a.Guards, b.Guards = []sbom.Guard{was}, []sbom.Guard{is}
	return Compare(a, b)
}

func TestDiffTextAndJSONAreGolden(t *testing.T) {
	d := sampleDiff()
	doc, err := d.JSON()
	if err != nil {
		t.Fatal(err)
	}
	for name, got := range map[string]string{"testdata/diff.txt": d.Text(), "testdata/diff.json": string(doc)} {
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

func TestDiffJSONFollowsItsSchema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../../docs/schemas/nbuild.diff.v1.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []Change
	for _, c := range Classes() {
		all = append(all, Change{Class: c, Severity: c.Severity(), Why: []string{}})
	}
	for _, d := range []Diff{{}, sampleDiff(), {Changes: all}} {
		doc, err := d.JSON()
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(v); err != nil {
			t.Error(err)
		}
	}
}

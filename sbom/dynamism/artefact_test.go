package dynamism

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// indexOf makes the index of an artefact of files; a name that ends with "*" has
// the executable bit.
func indexOf(files map[string]string, facts *snapshot.PackageFacts) (*snapshot.Index, func(i int) ([]byte, error)) {
	x := &snapshot.Index{Package: facts}
	var contents []string
	for _, name := range slices.Sorted(maps.Keys(files)) {
		e := snapshot.Entry{Path: strings.TrimSuffix(name, "*"), Mode: 0o644, Size: int64(len(files[name]))}
		if strings.HasSuffix(name, "*") {
			e.Mode = 0o755
		}
		x.Entries = append(x.Entries, e)
		contents = append(contents, files[name])
	}
	return x, func(i int) ([]byte, error) { return []byte(contents[i]), nil }
}

func TestOfArtefactTellsWhatIsInThePackage(t *testing.T) {
	tests := []struct {
		name  string
		files map[string]string
		facts *snapshot.PackageFacts
		want  []source.Finding
		count int // files that were analysed
	}{
		{name: "plain", files: map[string]string{"a.js": "1", "b.json": "{}", "c.d.ts": "type A = 1", "LICENSE*": "free"}, count: 1},
		{name: "a program without an extension", files: map[string]string{"cli*": "#!/usr/bin/env node\n1", "x": "#! /usr/local/bin/node --flag\r\n1"}, count: 2},
		{name: "env with settings", files: map[string]string{"cli": "#!/usr/bin/env -S A=1 node --no-warnings\n1"}, count: 1},
		{name: "main without an extension", files: map[string]string{"package.json": `{"main":"./go"}`, "go": "1"}, count: 1},
		{name: "main with an odd one", files: map[string]string{"package.json": `{"main":"go.xyz"}`, "go.xyz": "1"}, count: 1},
		{name: "main is data", files: map[string]string{"package.json": `{"main":"data.json"}`, "data.json": "1"}, count: 0},
		{name: "shell", files: map[string]string{"run": "#!/bin/sh\nrm", "x.py": "1", "y.txt*": "#!/usr/bin/perl -w\n"}, want: []source.Finding{
			{Kind: source.NonJSExecutable, File: "run", Line: 1, Column: 1, Excerpt: "#!/bin/sh"},
			{Kind: source.NonJSExecutable, File: "x.py", Excerpt: "a program for python"},
			{Kind: source.NonJSExecutable, File: "y.txt", Line: 1, Column: 1, Excerpt: "#!/usr/bin/perl -w"},
		}},
		{name: "a command that is no JavaScript", files: map[string]string{"bin/tool*": "echo"},
			facts: &snapshot.PackageFacts{Bin: map[string]string{"tool": "bin/tool", "zool": "bin/tool"}},
			want:  []source.Finding{{Kind: source.NonJSExecutable, File: "bin/tool", Excerpt: "the command tool"}}},
		{name: "machine code is reported once", files: map[string]string{"bin/tool*": "\x7fELF1234"},
			facts: &snapshot.PackageFacts{Natives: []string{"bin/tool"}, Bin: map[string]string{"tool": "bin/tool"}},
			want:  []source.Finding{{Kind: source.PrebuiltBinary, File: "bin/tool", Excerpt: "bin/tool"}}},
		{name: "tests", files: map[string]string{
			"lib/a.js": "1", "lib/a.test.js": "1", "lib/__tests__/b.js": "1", "test/data.json": "{}", "test/c.js": "1", "test/deep/test/d.js": "1", "lib/test.js": "1",
		}, want: []source.Finding{{Kind: source.TestCode, File: "lib/__tests__/b.js", Excerpt: "4 files: lib/__tests__, lib/a.test.js, test"}}, count: 6},
		{name: "one test", files: map[string]string{"test.js": "1"}, want: []source.Finding{{Kind: source.TestCode, File: "test.js", Excerpt: "1 file: test.js"}}, count: 1},
		{name: "a script with its line", files: map[string]string{"package.json": "{\"scripts\":\n{\"install\":\"x\"}}"},
			facts: &snapshot.PackageFacts{Scripts: map[string]string{"install": "x"}},
			want:  []source.Finding{{Kind: source.InstallScript, File: "package.json", Line: 2, Column: 2, Excerpt: "install: x"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			x, content := indexOf(test.files, test.facts)
			got, err := OfArtefact(x, content, Options{})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got[0].Findings); diff != "" {
				t.Error(diff)
			}
			if got[0].Files != test.count {
				t.Errorf("%d files were analysed, want %d", got[0].Files, test.count)
			}
		})
	}
}

func TestOfArtefactPartsWhatIsBundled(t *testing.T) {
	x, content := indexOf(map[string]string{
		"a.js": "1", "node_modules/b/b.js": "1", "node_modules/b/test/t.js": "1", "node_modules/c/loose.js": "1",
	}, &snapshot.PackageFacts{Name: "a"})
	x.Bundled = map[string]*snapshot.PackageFacts{"node_modules/b": {Name: "b", Gyp: true}}
	got, err := OfArtefact(x, content, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Package{
		{Path: "", Files: 2, Bytes: 2},
		{Path: "node_modules/b", Files: 2, Bytes: 2, Findings: []source.Finding{
			{Kind: source.ImplicitGyp, File: "binding.gyp", Excerpt: "node-gyp rebuild"},
			{Kind: source.TestCode, File: "test/t.js", Excerpt: "1 file: test"},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsTooLongIsToldNotRead(t *testing.T) {
	x, _ := indexOf(map[string]string{"a.js": "1", "data": "1"}, nil)
	x.Entries[0].Size, x.Entries[1].Size = bounds.SourceFile+1, bounds.SourceFile+1
	got, err := OfArtefact(x, func(int) ([]byte, error) { panic("read") }, Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := []Unparsed{{File: "a.js", Why: "33554433 bytes, over the bound of 33554432"}}
	if diff := cmp.Diff(want, got[0].Unparsed); diff != "" {
		t.Error(diff)
	}
}

func TestHelpersDoNotChangeWhatIsFound(t *testing.T) {
	files := map[string]string{"package.json": `{"type":"module"}`}
	for i := range 200 {
		files["lib/"+strings.Repeat("x", i)+".js"] = strings.Repeat("eval(a);\n", i)
	}
	x, content := indexOf(files, nil)
	alone, err := OfArtefact(x, content, Options{})
	if err != nil {
		t.Fatal(err)
	}
	spare := make(chan struct{}, 3)
	for range 3 {
		spare <- struct{}{}
	}
	together, err := OfArtefact(x, content, Options{Spare: spare})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(alone, together); diff != "" {
		t.Error(diff)
	}
	if len(spare) != 3 {
		t.Errorf("%d of 3 helpers came back", len(spare))
	}
}

func TestTheNearestManifestGoverns(t *testing.T) {
	a := &artefact{types: map[string]string{".": "module", "dist/cjs": "commonjs", "node_modules/b": "commonjs"}}
	for name, want := range map[string]string{
		"a.js": "module", "dist/a.js": "module", "dist/cjs/deep/a.js": "commonjs", "node_modules/b/x.js": "commonjs", "node_modules/c/x.js": "",
	} {
		if got := a.governing(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
}

func TestNothingOfTheSourcesIsKept(t *testing.T) {
	files := map[string]string{"package.json": `{"scripts":{"install":"node x"}}`, "run": "#!/bin/sh -e\n"}
	archives, err := filepath.Glob("source/testdata/labelled/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no labelled snippets: %v", err)
	}
	for _, name := range archives {
		archive, err := txtar.ParseFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			files["lib/"+f.Name] = string(f.Data)
		}
	}
	x, content := indexOf(files, &snapshot.PackageFacts{Scripts: map[string]string{"install": "node x"}})
	want, err := OfArtefact(x, content, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var lent [][]byte
	got, err := OfArtefact(x, func(i int) ([]byte, error) {
		src, err := content(i)
		lent = append(lent, src)
		return src, err
	}, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range lent {
		for i := range src {
			src[i] = 'x'
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

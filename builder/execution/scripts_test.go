package execution

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// held is a package with a file, a link of a command, one that it bundles, and another
// one that stands in its folder.
func held() *pipelines.InstallScripts {
	mine, other := cas.Sum([]byte("mine")), cas.Sum([]byte("other"))
	file := func(p string, of cas.Digest, from string) pipelines.Input {
		return pipelines.Input{Path: "node_modules/a/" + p, SHA256: cas.Sum([]byte(p)), Size: 1, Archive: of, From: from}
	}
	return &pipelines.InstallScripts{
		Package: locked.Package{Path: "node_modules/a", Name: "a", Version: "1.0.0"},
		Before: []pipelines.Input{
			file("index.js", mine, "npm a@1.0.0"), file("package.json", mine, "npm a@1.0.0"), file("node_modules/bundled/index.js", mine, "npm a@1.0.0"),
			file("node_modules/b/index.js", other, "npm b@2.0.0"), {Path: "node_modules/a/node_modules/.bin/b", Link: "../b/index.js", From: "the commands"},
		},
	}
}

func TestWhatInstallScriptsMayDo(t *testing.T) {
	as := func(p string) snapshot.Entry {
		return snapshot.Entry{Path: "node_modules/a/" + p, Mode: 0o644, Size: 1, SHA256: cas.Sum([]byte(p))}
	}
	changed := func(p string) snapshot.Entry { e := as(p); e.SHA256 = cas.Sum([]byte("changed")); return e }
	link := func(p, to string) snapshot.Entry { return snapshot.Entry{Path: "node_modules/a/" + p, Link: to} }
	manifest := as("package.json")
	for _, c := range []struct {
		name    string
		left    []snapshot.Entry
		kept    string
		refused string // how the one thing that is refused begins, "" for nothing
	}{
		{"nothing", []snapshot.Entry{as("index.js"), manifest}, "index.js package.json", ""},
		{"adds a file", []snapshot.Entry{as("build/a.node"), as("index.js"), manifest}, "build/a.node index.js package.json", ""},
		{"changes and removes files", []snapshot.Entry{manifest}, "package.json", ""},
		{"changes its own file", []snapshot.Entry{changed("index.js"), manifest}, "index.js package.json", ""},
		{"leaves another package as it was", []snapshot.Entry{as("node_modules/b/index.js"), link("node_modules/.bin/b", "../b/index.js"), manifest}, "package.json", ""},
		{"changes another package", []snapshot.Entry{changed("node_modules/b/index.js"), manifest}, "package.json", "changes node_modules/a/node_modules/b/index.js, which is of npm b@2.0.0"},
		{"makes another package's file executable", []snapshot.Entry{{Path: "node_modules/a/node_modules/b/index.js", Mode: 0o755, Size: 1, SHA256: cas.Sum([]byte("node_modules/b/index.js"))}, manifest}, "package.json", "changes node_modules/a/node_modules/b/index.js"},
		{"turns a command", []snapshot.Entry{link("node_modules/.bin/b", "../../evil.js"), manifest}, "package.json", "changes node_modules/a/node_modules/.bin/b"},
		{"adds to another package", []snapshot.Entry{as("node_modules/b/evil.js"), manifest}, "package.json", "adds node_modules/a/node_modules/b/evil.js"},
		{"adds a package", []snapshot.Entry{as("node_modules/c/index.js"), manifest}, "package.json", "adds node_modules/a/node_modules/c/index.js"},
		{"adds a scoped package", []snapshot.Entry{as("node_modules/@s/c/index.js"), manifest}, "package.json", "adds node_modules/a/node_modules/@s/c/index.js"},
		{"adds a package deep inside", []snapshot.Entry{as("lib/node_modules/c/index.js"), manifest}, "package.json", "adds node_modules/a/lib/node_modules/c/index.js"},
		{"builds what it bundles", []snapshot.Entry{as("node_modules/bundled/build/x.node"), as("node_modules/bundled/index.js"), manifest}, "node_modules/bundled/build/x.node node_modules/bundled/index.js package.json", ""},
		{"changes package.json", []snapshot.Entry{changed("package.json")}, "package.json", "changes package.json"},
		{"removes package.json", []snapshot.Entry{as("index.js")}, "index.js", "changes package.json"},
		{"makes package.json a link", []snapshot.Entry{link("package.json", "other.json")}, "package.json", "changes package.json"},
		{"makes a link inside", []snapshot.Entry{link("lib/a.so", "a.so.1"), manifest}, "lib/a.so package.json", ""},
		{"makes a link to another package", []snapshot.Entry{link("way", "../b"), manifest}, "package.json", "makes the link node_modules/a/way"},
		{"makes a link to the project", []snapshot.Entry{link("way", "../../server.js"), manifest}, "package.json", "makes the link node_modules/a/way"},
	} {
		kept, refused := own(held(), c.left)
		var names []string
		for _, e := range kept {
			names = append(names, strings.TrimPrefix(e.Path, "node_modules/a/"))
		}
		if diff := cmp.Diff(c.kept, strings.Join(names, " ")); diff != "" {
			t.Errorf("%s: kept %s", c.name, diff)
		}
		if (c.refused == "") != (len(refused) == 0) || len(refused) > 1 || c.refused != "" && !strings.HasPrefix(refused[0], c.refused) {
			t.Errorf("%s: refused %q", c.name, refused)
		}
	}
}

func TestWhatInstallScriptsMadeIsTold(t *testing.T) {
	r := &Result{Scripts: held(), Outputs: []snapshot.Entry{
		{Path: "node_modules/a/build/a.node", Mode: 0o755, Size: 3, SHA256: cas.Sum([]byte("x"))},
		{Path: "node_modules/a/package.json", Mode: 0o644, Size: 1, SHA256: cas.Sum([]byte("package.json"))},
	}}
	if made := r.Made(); len(made) != 1 || made[0].Path != "build/a.node" {
		t.Errorf("%v", made)
	}
	if diff := cmp.Diff([]string{"index.js", "node_modules/bundled/index.js"}, r.Gone()); diff != "" {
		t.Error(diff)
	}
	if files := r.Files(); len(files) != 2 || files[1].Path != "package.json" {
		t.Errorf("%v", files)
	}
}

package npm_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/diag/diagtest"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
)

const unpacked = `{"lockfileVersion": 3, "packages": {
  "": {"name": "shop", "version": "1.0.0", "dependencies": {"lib": "file:packages/lib", "isp": "github:acme/isp", "box": "file:../box.tgz", "left": "1.0.0"}},
  "packages/lib": {"name": "@acme/lib", "version": "2.0.0", "dependencies": {"left": "^2.0.0", "leaf": "1.0.0"}, "devDependencies": {"tool": "1.0.0"}, "bin": {"lib": "cli.js"}},
  "packages/lib/node_modules/left": {"version": "2.0.0", "integrity": "sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==", "dependencies": {"deep": "1.0.0"}},
  "packages/lib/node_modules/left/node_modules/deep": {"version": "1.0.0", "integrity": "sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ=="},
  "packages/lib/node_modules/tool": {"version": "1.0.0", "integrity": "sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ=="},
  "node_modules/box": {"version": "1.0.0", "resolved": "file:../box.tgz", "integrity": "sha512-YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYg=="},
  "node_modules/isp": {"version": "3.1.0", "resolved": "git+ssh://git@git.example.com/acme/isp.git#97edff6f525f192a3f83cea1944765f769ae2678", "integrity": "sha512-Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjYw=="},
  "node_modules/leaf": {"version": "1.0.0", "integrity": "sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ=="},
  "node_modules/left": {"version": "1.0.0", "integrity": "sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ=="},
  "node_modules/lib": {"resolved": "packages/lib", "link": true}
}}`

// What is planned from a packed lockfile has no link, no folder of the project and
// nothing that only the folder's own development asked for.
func TestPackPutsTarballsInThePlaceOfWhatHasNone(t *testing.T) {
	l, err := npm.ReadLockfile([]byte(unpacked), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	packed, err := l.Pack([]npm.Packed{{Package: "@acme/lib", File: "lib.tgz"}, {Package: "isp@3.1.0", File: "vendor/isp.tgz"}, {Package: "box", File: "box.tgz"}})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := locked.Plan(packed, locked.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, p := range tree.Packages {
		to := []string{}
		for _, e := range p.Dependencies {
			to = append(to, e.To)
		}
		got = append(got, strings.TrimSpace(strings.Join([]string{p.Path, p.Name + "@" + p.Version, p.Origin.Shown(), p.Integrity, p.Link, strings.Join(to, " ")}, " ")))
	}
	want := []string{
		"node_modules/box box@1.0.0 file:box.tgz sha512-YmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYg==",
		"node_modules/isp isp@3.1.0 file:vendor/isp.tgz",
		"node_modules/leaf leaf@1.0.0 registry sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==",
		"node_modules/left left@1.0.0 registry sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==",
		"node_modules/lib @acme/lib@2.0.0 file:lib.tgz   node_modules/leaf node_modules/lib/node_modules/left",
		"node_modules/lib/node_modules/left left@2.0.0 registry sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==  node_modules/lib/node_modules/left/node_modules/deep",
		"node_modules/lib/node_modules/left/node_modules/deep deep@1.0.0 registry sha512-YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYQ==",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, ok := l.Find("packages/lib"); !ok {
		t.Error("the lockfile that was given changed")
	}
}

func TestPackRefusesABlockThatMeansNothing(t *testing.T) {
	l, err := npm.ReadLockfile([]byte(unpacked), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	at := diag.Pos{File: "build.hcl", Line: 4}
	for _, name := range []string{"left", "isp@3.0.0", "lbi", "packages/lib"} {
		_, err := l.Pack([]npm.Packed{{Package: name, File: "x.tgz", At: at}})
		diagtest.Reaches(t, err, npm.CodePacked)
		if !strings.Contains(err.Error(), "build.hcl:4") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

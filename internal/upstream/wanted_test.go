package upstream_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/upstream"
)

const digest = "sha512-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="

const lockfile = `{
  "name": "app", "lockfileVersion": 3, "requires": true,
  "packages": {
    "": {"name": "app", "dependencies": {"alias": "npm:real@1.0.0", "whole": "1.0.0", "byaddress": "https://files.example.com/x.tgz", "kept": "file:vendor/kept.tgz"}},
    "node_modules/alias": {"name": "real", "version": "1.0.0", "integrity": "` + digest + `"},
    "node_modules/byaddress": {"version": "3.0.0", "resolved": "https://files.example.com/x.tgz", "integrity": "` + digest + `"},
    "node_modules/kept": {"version": "1.0.0", "resolved": "file:vendor/kept.tgz", "integrity": "` + digest + `"},
    "node_modules/whole": {"version": "1.0.0", "resolved": "https://registry.example.com/whole/-/whole-1.0.0.tgz", "integrity": "` + digest + `", "bundleDependencies": ["part"], "dependencies": {"part": "1.0.0"}},
    "node_modules/whole/node_modules/part": {"version": "1.0.0", "inBundle": true}
  }
}`

func TestWantedIsWhatHasATarball(t *testing.T) {
	l, err := npm.ReadLockfile([]byte(lockfile), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := locked.Plan(l, locked.Options{OS: "linux", CPU: "x64", Libc: "glibc"})
	if err != nil {
		t.Fatal(err)
	}
	got := upstream.Wanted(tree, "app")
	for i := range got {
		if got[i].Pos.Line == 0 {
			t.Errorf("%s has no place in the lockfile", got[i].Name)
		}
		got[i].Pos = diag.Pos{}
	}
	want := []upstream.Package{
		{Name: "real", Version: "1.0.0", Integrity: digest, From: locked.FromRegistry},
		{Name: "byaddress", Version: "3.0.0", Integrity: digest, Resolved: "https://files.example.com/x.tgz", From: locked.FromAddress},
		{Name: "kept", Version: "1.0.0", Integrity: digest, Resolved: "file:vendor/kept.tgz", From: locked.FromFile, File: "app/vendor/kept.tgz"},
		{Name: "whole", Version: "1.0.0", Integrity: digest, Resolved: "https://registry.example.com/whole/-/whole-1.0.0.tgz", From: locked.FromAddress},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

package main

import (
	"flag"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var (
	corpus   = flag.String("corpus", "", "a folder of projects with a package-lock.json each; their trees are compared with npm's")
	npmCache = flag.String("npm-cache", "", "npm's cache folder for -corpus; a new one for each project if empty")
)

// npmNeeds is what the .npmrc of a project of the corpus says where it is to be installed
// at all.
var npmNeeds = map[string]string{"top100": "legacy-peer-deps=true\n"}

// npmFlags are what npm ci asks for beside that.
var npmFlags = map[string][]string{"top100": {"--force"}}

// TestTreesEqualNpmCI compares, for every project in -corpus, what `nbuild pin` and
// `nbuild install` leave with what `npm ci` leaves: names, contents, modes, links. Then
// `nbuild install --check` looks at npm's tree.
func TestTreesEqualNpmCI(t *testing.T) {
	if *corpus == "" {
		t.Skip("needs -corpus, a folder of projects with lockfiles, and npm's registry")
	}
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("needs npm: ", err)
	}
	locks, err := filepath.Glob(filepath.Join(*corpus, "*/package-lock.json"))
	if err != nil || len(locks) == 0 {
		t.Fatalf("no lockfiles in %s: %v", *corpus, err)
	}
	defer syscall.Umask(syscall.Umask(0o022))
	for _, lock := range locks {
		name := filepath.Base(filepath.Dir(lock))
		t.Run(name, func(t *testing.T) { equalToNpmCI(t, name, filepath.Dir(lock)) })
	}
}

func equalToNpmCI(t *testing.T, name, from string) {
	home, cache := t.TempDir(), *npmCache
	if cache == "" {
		cache = filepath.Join(home, "cache")
	}
	w := &oddWorld{t: t, dir: t.TempDir()}
	w.env = append(slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "NODE_ENV=") }),
		"NBUILD_STORE="+filepath.Join(home, "store"), "npm_config_cache="+cache, "npm_config_audit=false", "npm_config_fund=false", "npm_config_update_notifier=false", "NO_COLOR=1")
	for _, file := range []string{"package.json", "package-lock.json", ".npmrc"} {
		src, err := os.ReadFile(filepath.Join(from, file))
		if err != nil && file != ".npmrc" {
			t.Fatal(err)
		}
		if file == ".npmrc" {
			src = append(src, npmNeeds[name]...)
		}
		if err := os.WriteFile(filepath.Join(w.dir, file), src, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(w.dir, "build.hcl"), []byte("nbuild = \"1\"\n\nproject \"corpus\" {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	run := func(command ...string) {
		t.Helper()
		if out, err := w.run(command[0], command[1:]...); err != nil {
			t.Fatalf("%s: %v\n%s", strings.Join(command, " "), err, out)
		}
	}
	run("nbuild", "pin")
	run("nbuild", "install", "--omit", "dev")
	ours := w.tree()
	if err := os.RemoveAll(filepath.Join(w.dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	run(append([]string{"npm", "ci", "--ignore-scripts", "--omit=dev", "--prefer-offline"}, npmFlags[name]...)...)
	theirs := w.tree()
	differences := 0
	for _, at := range slices.Sorted(maps.Keys(union(theirs, ours))) {
		if theirs[at] != ours[at] {
			if differences++; differences <= 20 {
				t.Errorf("%q: npm has %q, nbuild %q", at, theirs[at], ours[at])
			}
		}
	}
	if differences > 0 {
		t.Errorf("%d of %d paths differ", differences, len(theirs))
	}
	run("nbuild", "install", "--check", "--omit", "dev")
	t.Logf("%d paths as npm ci has them", len(theirs))
}

package yarn

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// lockText writes a lockfile of lines "pattern version: dep@range, ?optional@range".
func lockText(lines ...string) string {
	var b strings.Builder
	b.WriteString("# yarn lockfile v1\n\n")
	for _, l := range lines {
		head, rest, _ := strings.Cut(l, ": ")
		pattern, version, _ := strings.Cut(head, " ")
		name, _ := split(strings.Split(pattern, ",")[0])
		var patterns []string
		for p := range strings.SplitSeq(pattern, ",") {
			patterns = append(patterns, fmt.Sprintf("%q", p))
		}
		fmt.Fprintf(&b, "%s:\n  version %q\n  resolved \"https://registry.example.com/%s/-/%s-%s.tgz#%s\"\n", strings.Join(patterns, ", "), version, name, name, version, strings.Repeat("ab", 20))
		for _, kind := range []string{"dependencies", "optionalDependencies"} {
			section := ""
			for d := range strings.SplitSeq(rest, ", ") {
				d, optional := strings.CutPrefix(d, "?")
				if d != "" && optional == (kind == "optionalDependencies") {
					n, spec := split(d)
					section += fmt.Sprintf("    %s %q\n", n, spec)
				}
			}
			if section != "" {
				b.WriteString("  " + kind + ":\n" + section)
			}
		}
	}
	return b.String()
}

func laid(t *testing.T, manifest, lock string, o locked.Options, says map[string]snapshot.Manifest) []string {
	t.Helper()
	l, err := Read([]byte(lock), "yarn.lock", Beside{Manifest: []byte(manifest), ManifestFile: "package.json", Manifests: func(name, version string) (snapshot.Manifest, bool) {
		m, ok := says[name+"@"+version]
		return m, ok
	}})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := locked.Plan(l, o)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, p := range tree.Packages {
		all = append(all, strings.ReplaceAll(strings.TrimPrefix(p.Path, "node_modules/"), "/node_modules/", " > ")+" "+p.Version)
	}
	return all
}

// TestHoisting has the ties and holds that decide where a package goes, as package-hoister has them.
func TestHoisting(t *testing.T) {
	linux := locked.Options{OS: "linux", CPU: "x64", Libc: "glibc"}
	tests := []struct {
		name, manifest string
		lock           []string
		o              locked.Options
		says           map[string]snapshot.Manifest
		want           []string
	}{
		{"the version that most ask for is at the top", `{"dependencies":{"a":"1","b":"1","c":"1"}}`,
			[]string{"a@1 1.0.0: x@1", "b@1 1.0.0: x@2", "c@1 1.0.0: x@2", "x@1 1.0.0", "x@2 2.0.0"}, linux, nil,
			[]string{"a 1.0.0", "a > x 1.0.0", "b 1.0.0", "c 1.0.0", "x 2.0.0"}},
		{"the project's own wish holds the top", `{"dependencies":{"a":"1","b":"1"},"devDependencies":{"x":"1"}}`,
			[]string{"a@1 1.0.0: x@2", "b@1 1.0.0: x@2", "x@1 1.0.0", "x@2 2.0.0"}, linux, nil,
			[]string{"a 1.0.0", "a > x 2.0.0", "b 1.0.0", "b > x 2.0.0", "x 1.0.0"}},
		{"... also where development is left out", `{"dependencies":{"a":"1"},"devDependencies":{"x":"1"}}`,
			[]string{"a@1 1.0.0: x@2", "x@1 1.0.0", "x@2 2.0.0"}, locked.Options{OS: "linux", CPU: "x64", Omit: []string{"dev"}}, nil,
			[]string{"a 1.0.0", "a > x 2.0.0"}},
		{"optional, for another machine", `{"dependencies":{"a":"1"}}`,
			[]string{"a@1 1.0.0: ?m@1, ?n@1", "m@1 1.0.0: only@1", "n@1 1.0.0", "only@1 1.0.0"}, linux,
			map[string]snapshot.Manifest{"m@1.0.0": {OS: []string{"darwin"}}, "n@1.0.0": {OS: []string{"linux"}, Libc: []string{"musl"}}},
			[]string{"a 1.0.0", "n 1.0.0"}},
		{"a peer holds its dependent down", `{"dependencies":{"a":"1","b":"1","p":"1"}}`,
			[]string{"a@1 1.0.0: p@2, x@1", "b@1 1.0.0", "p@1 1.0.0", "p@2 2.0.0", "x@1 1.0.0"}, linux,
			map[string]snapshot.Manifest{"x@1.0.0": {Peers: map[string]string{"p": "2"}}},
			[]string{"a 1.0.0", "a > p 2.0.0", "a > x 1.0.0", "b 1.0.0", "p 1.0.0"}},
		{"resolutions", `{"dependencies":{"a":"1","x":"1"},"resolutions":{"a/x":"3.0.0","b":"9.9.9 bad"}}`,
			[]string{"a@1 1.0.0: x@2", "x@1 1.0.0", "x@3.0.0 3.0.0"}, linux, nil,
			[]string{"a 1.0.0", "a > x 3.0.0", "x 1.0.0"}},
		{"a circle", `{"dependencies":{"a":"1"}}`, []string{"a@1 1.0.0: b@1", "b@1 1.0.0: a@1"}, linux, nil, []string{"a 1.0.0", "b 1.0.0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, laid(t, test.manifest, lockText(test.lock...), test.o, test.says)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	tests := []struct {
		name, manifest, lock, code, says string
		line                             int
	}{
		{"no entry for what package.json asks for", `{"dependencies":{"a":"1"}}`, lockText(), "NB0362", "asks for a@1, and the lockfile has no entry", 1},
		{"another version than package.json asks for", `{"dependencies":{"a":"2"}}`, strings.Replace(lockText("a@1 1.0.0"), "a@1", "a@2", 1), "NB0362", "has 1.0.0", 1},
		{"no entry for what a package asks for", `{"dependencies":{"a":"1"}}`, lockText("a@1 1.0.0: b@1"), "NB0360", "a@1.0.0 asks for b@1", 3},
		{"another version than a package asks for", `{"dependencies":{"a":"1"}}`, lockText("a@1 1.0.0: b@2", "b@2 1.0.0"), "NB0366", "has 1.0.0", 3},
		{"a pattern twice", `{}`, lockText("a@1 1.0.0", "a@1 1.0.0"), "NB0352", `"a@1" stands twice`, 6},
		{"a merge", `{}`, "# yarn lockfile v1\n<<<<<<< HEAD\na@1:\n=======\na@2:\n>>>>>>> b\n", "NB0350", "unresolved merge of HEAD and b", 2},
		{"a later yarn", `{}`, "__metadata:\n  version: 8\n", "NB0351", "yarn 2 or later", 1},
		{"a later version", `{}`, "# yarn lockfile v2\n", "NB0350", "version 2 is not known", 1},
		{"odd spaces", `{}`, "a@1:\n   version \"1.0.0\"\n", "NB0350", "indentation", 2},
		{"a field of nothing", `{}`, "  version \"1.0.0\"\n", "NB0350", "no entry", 1},
		{"an open quote", `{}`, "\"a@1:\n", "NB0350", "not closed", 1},
		{"a name that leaves node_modules", `{}`, "\"../a@1\":\n  version \"1.0.0\"\n", "NB0363", "../a", 1},
		{"no version", `{}`, "a@1:\n  resolved x\n", "NB0363", "version", 1},
		{"workspaces", `{"private":true,"workspaces":["a"]}`, lockText(), "NB0359", "workspaces", 0},
		{"flat", `{"flat":true}`, lockText(), "NB0362", "flat", 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Read([]byte(test.lock), "yarn.lock", Beside{Manifest: []byte(test.manifest), ManifestFile: "package.json"})
			all := diag.All(err)
			if len(all) == 0 {
				t.Fatalf("it is taken: %v", err)
			}
			if p := all[0]; string(p.Code) != test.code || !strings.Contains(p.Error()+p.What, test.says) || p.Pos.Line != test.line || p.Remedy == "" {
				t.Errorf("%s at %v: %s", p.Code, p.Pos, p.What)
			}
		})
	}
}

func TestWhatCantBeHadIsAFault(t *testing.T) {
	lock := "a@https://git.example.com/x/a.git:\n  version \"1.0.0\"\n  resolved \"git+https://u:secret@git.example.com/x/a.git#" + strings.Repeat("a", 40) + "\"\n\"b@file:./b\":\n  version \"1.0.0\"\n\"c@1\":\n  version \"1.0.0\"\n"
	manifest := `{"dependencies":{"a":"https://git.example.com/x/a.git","b":"file:./b","c":"1"}}`
	lock = strings.Replace(lock, "a@https://git.example.com/x/a.git:", `"a@https://git.example.com/x/a.git":`, 1)
	l, err := Read([]byte(lock), "yarn.lock", Beside{Manifest: []byte(manifest), ManifestFile: "package.json"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = locked.Plan(l, locked.Options{})
	var ps diag.Problems
	if !errors.As(err, &ps) {
		t.Fatal(err)
	}
	var codes []string
	for _, p := range ps {
		codes = append(codes, string(p.Code))
		if text := p.What + p.Why + p.Remedy; strings.Contains(text, "secret") || strings.Contains(text, "npm ") && !strings.Contains(text, "npm block") {
			t.Errorf("%s: %s; %s", p.Code, p.What, p.Remedy)
		}
	}
	if want := []string{"NB0364", "NB0359", "NB0365"}; !slices.Equal(codes, want) {
		t.Errorf("%v, not %v", codes, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(lockText("a@1,a@^1.0.0 1.0.0: b@1, ?c@1", "b@1 1.0.0: a@1", "c@1 1.0.0")), []byte(`{"dependencies":{"a":"1"},"resolutions":{"a/**/b":"1"}}`))
	f.Add([]byte("__metadata:\n"), []byte(`{}`))
	f.Add([]byte("\"@a/b@npm:c@1\", d@1:\r\n  version \"1.0.0\"\r\n"), []byte(`{"dependencies":{"@a/b":"npm:c@1","d":"1"}}`))
	f.Fuzz(func(t *testing.T, src, manifest []byte) {
		l, err := Read(src, "yarn.lock", Beside{Manifest: manifest, ManifestFile: "package.json"})
		if err != nil {
			return
		}
		tree, _, err := l.Judge(locked.Options{OS: "linux", CPU: "x64"})
		if err != nil {
			t.Fatalf("it was read, and is not planned: %v", err)
		}
		for i, p := range tree.Packages {
			if i > 0 && tree.Packages[i-1].Path >= p.Path {
				t.Errorf("%q is doubled or out of order", p.Path)
			}
			for part := range strings.SplitSeq(p.Path, "/") {
				if part == "" || part == "." || part == ".." {
					t.Errorf("%q leaves its root", p.Path)
				}
			}
			for _, e := range p.Dependencies {
				if _, ok := tree.Find(e.To); !ok {
					t.Errorf("%q depends on %q, which is not there", p.Path, e.To)
				}
			}
		}
	})
}

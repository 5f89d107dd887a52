package npm

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestPatternsOfWorkspaces(t *testing.T) {
	tests := []struct {
		patterns, folder string
		want             bool
	}{
		{"packages/*", "packages/api", true},
		{"./packages/*/", "packages/api", true},
		{"packages/*", "packages/api/src", false},
		{"packages/*", "packages", false},
		{"packages/**", "packages/a/b", true},
		{"**/api", "deep/down/api", true},
		{"**", "a", true},
		{"api", "api", true},
		{"packages/* !packages/old", "packages/old", false},
		{"packages/* !packages/old", "packages/new", true},
		{"[", "a", false},
		{"*", ".", false},
		{"", "a", false},
	}
	for _, test := range tests {
		if got := isMember(strings.Fields(test.patterns), test.folder); got != test.want {
			t.Errorf("%q takes %q: %t", test.patterns, test.folder, got)
		}
	}
}

// TestWorkspacesAreReadAsNPMReadsThem has keys in another case, which name no member, and
// packages without a name, which npm calls after their folders.
func TestWorkspacesAreReadAsNPMReadsThem(t *testing.T) {
	tests := []struct {
		name, root, own string
		members         string
		member          bool
		locals          string
	}{
		{"a list", `{"workspaces":["packages/*","packages/@acme/*"]}`, `{"dependencies":{"lib":"1"}}`, "packages/@acme/kit packages/api packages/bare packages/lib", true, "lib"},
		{"an object", `{"workspaces":{"packages":["packages/*"]}}`, `{"peerDependencies":{"bare":"*"}}`, "packages/api packages/bare packages/lib", true, "bare"},
		{"a byte order mark", "\ufeff" + `{"workspaces":["packages/*"]}`, "\ufeff{}", "packages/api packages/bare packages/lib", true, ""},
		{"a scope above a folder", `{"workspaces":["packages/**"]}`, `{"devDependencies":{"@acme/kit":"*"}}`, "packages/@acme/kit packages/api packages/bare packages/lib", true, "@acme/kit"},
		{"another case", `{"Workspaces":["packages/*"],"WORKSPACES":["packages/*"]}`, `{}`, "", false, ""},
		{"another case within", `{"workspaces":{"Packages":["packages/*"]}}`, `{}`, "", false, ""},
		{"another case of dependencies", `{"workspaces":["packages/*"]}`, `{"Dependencies":{"lib":"1"},"devdependencies":{"bare":"1"}}`, "packages/api packages/bare packages/lib", true, ""},
		{"the last of two", `{"workspaces":["packages/*"],"workspaces":["other/*"]}`, `{}`, "", false, ""},
		{"values of other types", `{"name":5,"workspaces":["packages/*",7]}`, `{"name":{},"dependencies":{"lib":5},"devDependencies":["bare"]}`, "packages/api packages/bare packages/lib", true, "lib"},
		{"not JSON", `{"workspaces":["packages/*"]`, `{}`, "", false, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := map[string]string{
				"package.json": test.root, "packages/api/package.json": test.own, "packages/lib/package.json": `{"Name":"other","name":"lib"}`,
				"packages/bare/package.json": `{"Name":"kit"}`, "packages/@acme/kit/package.json": `{}`,
			}
			dir, mapped := t.TempDir(), fstest.MapFS{}
			for name, text := range files {
				if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
				mapped[name] = &fstest.MapFile{Data: []byte(text)}
			}
			if diff := cmp.Diff(strings.Fields(test.members), Members(mapped), cmp.Transformer("empty", func(l []string) string { return strings.Join(l, " ") })); diff != "" {
				t.Errorf("members (-want +got):\n%s", diff)
			}
			w := WorkspaceOf(filepath.Join(dir, "packages", "api"))
			if (w != nil) != test.member {
				t.Fatalf("a member: %v, want %t", w, test.member)
			}
			if w != nil && strings.Join(w.Locals, " ") != test.locals {
				t.Errorf("depends on %q, want %q", w.Locals, test.locals)
			}
		})
	}
}

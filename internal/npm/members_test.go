package npm

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

// A workspace of three members: api needs lib and the root's ash in its own version, web
// only develops with lib, and elm is nobody's but the root's.
var space = []string{
	dep("node_modules/ash", "1.0.0", ""), dep("node_modules/birch", "1.0.0", ""), dep("node_modules/elm", "1.0.0", ""), dep("node_modules/fir", "1.0.0", ""),
	`"node_modules/api": {"link": true, "resolved": "packages/api"}`,
	`"node_modules/@space/lib": {"link": true, "resolved": "packages/lib"}`,
	`"node_modules/web": {"link": true, "resolved": "packages/web"}`,
	`"packages/api": {"version": "1.0.0", "dependencies": {"@space/lib": "*", "ash": "2"}, "devDependencies": {"fir": "1"}}`,
	`"packages/lib": {"name": "@space/lib", "version": "1.0.0", "dependencies": {"birch": "1"}, "devDependencies": {"elm": "1"}}`,
	`"packages/web": {"version": "1.0.0", "devDependencies": {"@space/lib": "*", "fir": "1"}}`,
	dep("packages/api/node_modules/ash", "2.0.0", ""),
}

func TestATreeIsForTheProjectOrForOneMember(t *testing.T) {
	tests := map[string]struct {
		member string
		omit   []string
		want   []string
	}{
		"the project": {"", nil, []string{
			"node_modules/@space/lib", "node_modules/api", "node_modules/ash", "node_modules/birch", "node_modules/elm", "node_modules/fir", "node_modules/web", "packages/api/node_modules/ash",
		}},
		"the project in production": {"", []string{"dev"}, []string{
			"node_modules/@space/lib", "node_modules/api", "node_modules/ash", "node_modules/birch", "node_modules/elm", "node_modules/web", "packages/api/node_modules/ash",
		}},
		"a member": {"packages/api", nil, []string{
			"node_modules/@space/lib", "node_modules/birch", "node_modules/elm", "node_modules/fir", "packages/api/node_modules/ash",
		}},
		"a member in production": {"packages/api", []string{"dev"}, []string{"node_modules/@space/lib", "node_modules/birch", "packages/api/node_modules/ash"}},
		"one that only develops": {"packages/web", []string{"dev"}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := linux
			o.Workspace, o.Omit = test.member, test.omit
			l := read(t, `"workspaces": ["packages/*"], "dependencies": {"ash": "1", "elm": "1"}`, space...)
			tree, err := locked.Plan(l, o)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, paths(tree)); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFolderThatIsNoMemberHasNoTree(t *testing.T) {
	for _, folder := range []string{"packages/none", "node_modules/ash", "../api", "packages/api/"} {
		o := linux
		o.Workspace = folder
		_, err := locked.Plan(read(t, `"workspaces": ["packages/*"]`, space...), o)
		if all := diag.All(err); len(all) != 1 || all[0].Code != CodeWorkspaces {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

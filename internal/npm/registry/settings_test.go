package registry

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
)

func TestTreeSettings(t *testing.T) {
	tests := []struct {
		name               string
		project, user      string
		env, omit, include []string
		want               TreeSettings
		problems           []string
	}{
		{name: "nothing"},
		{name: "omit", project: "omit=dev\nomit[]=optional", want: TreeSettings{Omit: []string{"dev", "optional"}}},
		{name: "omit of a wrong kind", project: "omit=everything"},
		{name: "the project over the user", project: "omit=dev", user: "omit=optional", want: TreeSettings{Omit: []string{"dev"}}},
		{name: "a variable over the project", project: "omit=dev", env: []string{"npm_config_omit=peer"}, want: TreeSettings{Omit: []string{"peer"}}},
		{name: "two in a variable", env: []string{"NPM_CONFIG_OMIT=peer\n\ndev"}, want: TreeSettings{Omit: []string{"dev", "peer"}}},
		{name: "the command line over all", project: "omit=dev", env: []string{"npm_config_omit=peer"}, omit: []string{"optional"}, want: TreeSettings{Omit: []string{"optional"}}},
		{name: "but not over production", project: "production=true", omit: []string{"optional"}, want: TreeSettings{Omit: []string{"dev", "optional"}}},
		{name: "production", user: "production=true", want: TreeSettings{Omit: []string{"dev"}}},
		{name: "production without a value", project: "production", want: TreeSettings{Omit: []string{"dev"}}},
		{name: "production as a number", project: "production=1", want: TreeSettings{Omit: []string{"dev"}}},
		{name: "no production", project: "production=false\nomit=dev"},
		{name: "null is none", project: "production=null\nomit=dev", want: TreeSettings{Omit: []string{"dev"}}},
		{name: "only", project: "only=prod", want: TreeSettings{Omit: []string{"dev"}}},
		{name: "only of another kind", project: "only=dev"},
		{name: "also", project: "omit=dev\nalso=development"},
		{name: "dev", project: "omit=dev\ndev=true"},
		{name: "optional", project: "optional=false", want: TreeSettings{Omit: []string{"optional"}}},
		{name: "include wins", project: "omit=dev\nomit[]=peer", env: []string{"npm_config_include=dev"}, want: TreeSettings{Omit: []string{"peer"}}},
		{name: "include of the command line", env: []string{"NODE_ENV=production"}, include: []string{"dev"}},
		{name: "NODE_ENV", env: []string{"NODE_ENV=production"}, want: TreeSettings{Omit: []string{"dev"}}},
		{name: "NODE_ENV is a default", project: "omit=optional", env: []string{"NODE_ENV=production"}, want: TreeSettings{Omit: []string{"optional"}}},
		{name: "NODE_ENV of another kind", env: []string{"NODE_ENV=test"}},
		{name: "bin-links", project: "bin-links=false", want: TreeSettings{NoBinLinks: true}},
		{name: "legacy-peer-deps", env: []string{"npm_config_legacy_peer_deps=true"}, want: TreeSettings{LegacyPeerDeps: true}},
		{name: "another machine", project: "os=linux\ncpu=arm64\nlibc=musl", want: TreeSettings{OS: "linux", CPU: "arm64", Libc: "musl"}},
		{name: "judgements", project: "allow-remote=none\nallow-git=none\nstrict-peer-deps=false", want: TreeSettings{Unjudged: []string{"allow-git", "allow-remote"}}},
		{name: "engine-strict", project: "engine-strict=true", want: TreeSettings{EngineStrict: true}},
		{name: "engine-strict and force", project: "engine-strict=true", env: []string{"npm_config_force=true"}, want: TreeSettings{Forced: true}},
		{name: "what is idle", project: "install-strategy=hoisted\numask=0000\nglobal=false\nsave-exact=true\nfund=false"},
		{
			name: "what is refused", project: "install-strategy=nested", user: "legacy-bundling=true", env: []string{"npm_config_umask=077"},
			problems: []string{
				"install-strategy: run `npm config delete install-strategy --location project`, or use npm itself",
				"legacy-bundling: run `npm config delete legacy-bundling`, or use npm itself",
				"umask: unset the variable npm_config_umask",
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			project, home := t.TempDir(), t.TempDir()
			write(t, filepath.Join(project, ".npmrc"), tt.project)
			write(t, filepath.Join(home, ".npmrc"), tt.user)
			c, err := LoadConfig(t.Context(), Sources{Project: project, Home: home, Env: tt.env})
			if err != nil {
				t.Fatal(err)
			}
			got, err := c.Tree(tt.omit, tt.include)
			var problems []string
			for _, p := range diag.All(err) {
				_, rest, _ := strings.Cut(p.What, "npm's configuration has ")
				key, _, _ := strings.Cut(rest, " ")
				problems = append(problems, key+": "+p.Remedy)
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Error(diff)
			}
			if len(got.Omit) == 0 {
				got.Omit = nil
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestEverySettingOfNPMIsSettled holds the tables against the npm that is installed: a
// setting that a later npm brings has to be looked at.
func TestEverySettingOfNPMIsSettled(t *testing.T) {
	npm, err := exec.LookPath("npm")
	if err != nil {
		t.Skip("needs npm: ", err)
	}
	if npm, err = filepath.EvalSymlinks(npm); err != nil {
		t.Fatal(err)
	}
	definitions := filepath.Join(filepath.Dir(filepath.Dir(npm)), "node_modules/@npmcli/config/lib/definitions")
	if _, err := os.Stat(definitions); err != nil {
		t.Skip("npm stands elsewhere: ", err)
	}
	out, err := exec.CommandContext(t.Context(), "node", "-p", "JSON.stringify(Object.keys(require(process.argv[1]).definitions))", definitions).Output()
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	if err := json.Unmarshal(out, &keys); err != nil || len(keys) < 100 {
		t.Fatalf("%d settings, %v", len(keys), err)
	}
	idle := map[string]bool{}
	for why, names := range idleSettings {
		for _, key := range strings.Fields(names) {
			if _, twice := treeRules[key]; twice || idle[key] {
				t.Errorf("%s is settled twice, the second time as %q", key, why)
			}
			idle[key] = true
		}
	}
	for _, key := range keys {
		if _, ok := treeRules[key]; !ok && !idle[key] {
			t.Errorf("npm's setting %q is not settled", key)
		}
	}
	t.Logf("%d settings, %d of them with a say in a tree", len(keys), len(treeRules))
}

package pnpm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/diag/diagtest"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
)

const sum = "sha512-MJ7MSJwS2utMxA9QyQLytNDtd+5RGnx6m808qG1M2G+YndNbxf9JlnDaNCVbRbDP2DDoH2Bdz33FVC6TrpzXbw=="

// of9 is what a project of pnpm 9 and later writes: a hook for a peer, an optional package
// for another machine, an alias, a development dependency.
const of9 = `lockfileVersion: '9.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

importers:

  .:
    dependencies:
      Upper:
        specifier: ^1.0.0
        version: 1.0.0
      hook:
        specifier: ^1.0.0
        version: 1.2.0(peer@2.0.0)
      old:
        specifier: npm:peer@1.0.0
        version: peer@1.0.0
      peer:
        specifier: 2.0.0
        version: 2.0.0
    devDependencies:
      tool:
        specifier: '*'
        version: 3.0.0

packages:

  Upper@1.0.0:
    resolution: {integrity: SUM}

  hook@1.2.0:
    resolution: {integrity: SUM}
    engines: {node: '>=4'}
    peerDependencies:
      peer: '>=2'

  mac@1.0.0:
    resolution: {integrity: SUM}
    os: [darwin]

  peer@1.0.0:
    resolution: {integrity: SUM}

  peer@2.0.0:
    resolution: {integrity: SUM}
    hasBin: true

  tool@3.0.0:
    resolution: {integrity: SUM}
    deprecated: |-
      long
      text
    hasBin: true

snapshots:

  Upper@1.0.0: {}

  hook@1.2.0(peer@2.0.0):
    dependencies:
      peer: 2.0.0
    optionalDependencies:
      mac: 1.0.0

  mac@1.0.0:
    optional: true

  peer@1.0.0: {}

  peer@2.0.0: {}

  tool@3.0.0:
    dependencies:
      peer: 1.0.0
`

const manifest = `{
  "name": "shop",
  "version": "1.0.0",
  "dependencies": {
    "Upper": "^1.0.0",
    "hook": "^1.0.0",
    "old": "npm:peer@1.0.0",
    "peer": "2.0.0"
  },
  "devDependencies": {"tool": "*"}
}
`

func text(s string) []byte { return []byte(strings.ReplaceAll(s, "SUM", sum)) }

// hold reads a lockfile and holds it against a package.json and .npmrc's settings.
func hold(lockfile, manifest string, npmrc map[string][]string, workspace string) (*Lockfile, error) {
	l, err := Read(text(lockfile), "pnpm-lock.yaml")
	if err != nil {
		return nil, err
	}
	b := Beside{Npmrc: func(key string) []string { return npmrc[key] }}
	if b.Manifest, err = ReadManifest([]byte(manifest), "package.json"); err != nil {
		return nil, err
	}
	if workspace != "" {
		b.Workspace = []byte(workspace)
	}
	return l.For(b)
}

var linux = locked.Options{OS: "linux", CPU: "x64", Libc: "glibc"}

func plan(t *testing.T, lockfile, manifest string, npmrc map[string][]string, o locked.Options) *locked.Tree {
	t.Helper()
	l, err := hold(lockfile, manifest, npmrc, "")
	if err != nil {
		t.Fatal(err)
	}
	tree, err := locked.Plan(l, o)
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func lay(tree *locked.Tree) []string {
	var out []string
	for _, p := range tree.Packages {
		out = append(out, p.Path+" "+p.Version)
	}
	for _, l := range tree.Links {
		out = append(out, l.Path+" -> "+l.Target)
	}
	for _, f := range tree.BinFolders {
		for _, at := range f.Packages {
			out = append(out, f.Path+" has "+at)
		}
	}
	return out
}

func TestTreeIsThatOfPnpm(t *testing.T) {
	// As `pnpm install --frozen-lockfile` of pnpm 10 lays it out.
	want := []string{
		"node_modules/.pnpm/Upper@1.0.0_2f38233065cbb506de7089bd7fce2421/node_modules/Upper 1.0.0",
		"node_modules/.pnpm/hook@1.2.0_peer@2.0.0/node_modules/hook 1.2.0",
		"node_modules/.pnpm/peer@1.0.0/node_modules/peer 1.0.0",
		"node_modules/.pnpm/peer@2.0.0/node_modules/peer 2.0.0",
		"node_modules/.pnpm/tool@3.0.0/node_modules/tool 3.0.0",
		"node_modules/.pnpm/hook@1.2.0_peer@2.0.0/node_modules/peer -> ../../peer@2.0.0/node_modules/peer",
		"node_modules/.pnpm/node_modules/Upper -> ../Upper@1.0.0_2f38233065cbb506de7089bd7fce2421/node_modules/Upper",
		"node_modules/.pnpm/tool@3.0.0/node_modules/peer -> ../../peer@1.0.0/node_modules/peer",
		"node_modules/Upper -> .pnpm/Upper@1.0.0_2f38233065cbb506de7089bd7fce2421/node_modules/Upper",
		"node_modules/hook -> .pnpm/hook@1.2.0_peer@2.0.0/node_modules/hook",
		"node_modules/old -> .pnpm/peer@1.0.0/node_modules/peer",
		"node_modules/peer -> .pnpm/peer@2.0.0/node_modules/peer",
		"node_modules/tool -> .pnpm/tool@3.0.0/node_modules/tool",
		"node_modules/.bin has node_modules/.pnpm/tool@3.0.0/node_modules/tool",
		"node_modules/.bin has node_modules/.pnpm/peer@2.0.0/node_modules/peer",
		"node_modules/.pnpm/hook@1.2.0_peer@2.0.0/node_modules/hook/node_modules/.bin has node_modules/.pnpm/peer@2.0.0/node_modules/peer",
	}
	tree := plan(t, of9, manifest, nil, linux)
	if diff := cmp.Diff(want, lay(tree)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	tool, _ := tree.Find("node_modules/.pnpm/tool@3.0.0/node_modules/tool")
	hook, _ := tree.Find("node_modules/.pnpm/hook@1.2.0_peer@2.0.0/node_modules/hook")
	if !tool.Dev || hook.Dev || hook.Dependencies[0].Kind != locked.Peer || !tool.HasBins {
		t.Errorf("tool %+v, hook %+v", tool, hook)
	}
}

func TestTreeFollowsTheSettings(t *testing.T) {
	has := func(tree *locked.Tree, line string) bool {
		return strings.Contains(strings.Join(lay(tree), "\n")+"\n", line+"\n")
	}
	production := linux
	production.Omit = []string{"dev"}
	for _, test := range []struct {
		name     string
		npmrc    map[string][]string
		manifest string
		o        locked.Options
		with     string
		without  string
	}{
		{"production", nil, manifest, production, "node_modules/peer -> .pnpm/peer@2.0.0/node_modules/peer", "node_modules/.pnpm/tool@3.0.0/node_modules/tool 3.0.0"},
		{"another machine", nil, manifest, locked.Options{OS: "darwin", CPU: "arm64"}, "node_modules/.pnpm/node_modules/mac -> ../mac@1.0.0/node_modules/mac", "node_modules/mac -> .pnpm/mac@1.0.0/node_modules/mac"},
		{"shamefully", map[string][]string{"shamefully-hoist": {"true"}}, manifest, locked.Options{OS: "darwin", CPU: "arm64"}, "node_modules/mac -> .pnpm/mac@1.0.0/node_modules/mac", "node_modules/.pnpm/node_modules/mac -> ../mac@1.0.0/node_modules/mac"},
		{"public", map[string][]string{"public-hoist-pattern": {"*", "!m*"}}, manifest, locked.Options{OS: "darwin", CPU: "arm64"}, "node_modules/.pnpm/node_modules/mac -> ../mac@1.0.0/node_modules/mac", "node_modules/mac -> .pnpm/mac@1.0.0/node_modules/mac"},
		{"no hoisting", map[string][]string{"hoist": {"false"}}, manifest, linux, "node_modules/old -> .pnpm/peer@1.0.0/node_modules/peer", "node_modules/.pnpm/node_modules/Upper -> ../Upper@1.0.0_2f38233065cbb506de7089bd7fce2421/node_modules/Upper"},
		{"pnpm 9", nil, strings.Replace(manifest, `"name"`, `"packageManager": "pnpm@9.15.9+sha512.ab", "name"`, 1), linux, "node_modules/.pnpm/Upper@1.0.0_" + digest("Upper@1.0.0", 9) + "/node_modules/Upper 1.0.0", "node_modules/.pnpm/Upper@1.0.0_2f38233065cbb506de7089bd7fce2421/node_modules/Upper 1.0.0"},
		{"short folders", map[string][]string{"virtual-store-dir-max-length": {"40"}}, manifest, linux, "node_modules/.pnpm/tool@3.0.0/node_modules/tool 3.0.0", "node_modules/.pnpm/Upper@1.0.0_2f38233065cbb506de7089bd7fce2421/node_modules/Upper 1.0.0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			tree := plan(t, of9, test.manifest, test.npmrc, test.o)
			if !has(tree, test.with) || has(tree, test.without) {
				t.Errorf("want %s, and not %s; got\n%s", test.with, test.without, strings.Join(lay(tree), "\n"))
			}
		})
	}
}

// of6 is what pnpm 8 writes of a project without a workspace.
const of6 = `lockfileVersion: '6.0'

settings:
  autoInstallPeers: true
  excludeLinksFromLockfile: false

dependencies:
  hook:
    specifier: 1.2.0
    version: 1.2.0(@s/peer@2.0.0)
  old:
    specifier: npm:@s/peer@2.0.0
    version: /@s/peer@2.0.0

packages:

  /@s/peer@2.0.0:
    resolution: {integrity: SUM}
    dev: false

  /hook@1.2.0(@s/peer@2.0.0):
    resolution: {integrity: SUM}
    peerDependencies:
      '@s/peer': '*'
    dependencies:
      '@s/peer': 2.0.0
    dev: false
`

func TestLockfileOfPnpm8(t *testing.T) {
	want := []string{
		"node_modules/.pnpm/@s+peer@2.0.0/node_modules/@s/peer 2.0.0",
		"node_modules/.pnpm/hook@1.2.0_@s+peer@2.0.0/node_modules/hook 1.2.0",
		"node_modules/.pnpm/hook@1.2.0_@s+peer@2.0.0/node_modules/@s/peer -> ../../../@s+peer@2.0.0/node_modules/@s/peer",
		"node_modules/.pnpm/node_modules/@s/peer -> ../../@s+peer@2.0.0/node_modules/@s/peer",
		"node_modules/hook -> .pnpm/hook@1.2.0_@s+peer@2.0.0/node_modules/hook",
		"node_modules/old -> .pnpm/@s+peer@2.0.0/node_modules/@s/peer",
	}
	tree := plan(t, of6, `{"dependencies": {"hook": "1.2.0", "old": "npm:@s/peer@2.0.0"}}`, nil, linux)
	if diff := cmp.Diff(want, lay(tree)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWhatCanNotBeReadOrLaidOut(t *testing.T) {
	swap := func(s, old, by string) string {
		if !strings.Contains(s, old) {
			t.Fatalf("there is no %q", old)
		}
		return strings.Replace(s, old, by, 1)
	}
	for _, test := range []struct {
		name, lockfile, manifest string
		npmrc                    map[string][]string
		workspace                string
		code                     diag.Code
		says, at                 string
	}{
		{name: "another version", lockfile: "lockfileVersion: '5.4'\n", code: npm.CodeFormat, says: "5.4", at: "pnpm-lock.yaml:1"},
		{name: "no version", lockfile: "a: b\n", code: npm.CodeFormat, says: "no lockfileVersion", at: "pnpm-lock.yaml:1"},
		{name: "nothing", lockfile: "", code: npm.CodeSyntax, says: "empty", at: "pnpm-lock.yaml:1"},
		{name: "no mapping", lockfile: "- a\n", code: npm.CodeSyntax, says: "no mapping"},
		{name: "a merge", lockfile: swap(of9, "importers:", "<<<<<<< HEAD\nimporters:\n=======\nx:\n>>>>>>> other\n"), code: npm.CodeSyntax, says: "pnpm install --lockfile-only", at: "pnpm-lock.yaml:7"},
		{name: "an alias", lockfile: swap(of9, "os: [darwin]", "os: &x [darwin]\n    cpu: *x"), code: npm.CodeSyntax, says: "anchor", at: "pnpm-lock.yaml:41"},
		{name: "a key twice", lockfile: swap(of9, "  peer@1.0.0: {}\n", "  peer@1.0.0: {}\n  peer@1.0.0: {}\n"), code: npm.CodeDuplicate, says: "twice", at: "pnpm-lock.yaml:71"},
		{name: "junk", lockfile: strings.Repeat("lockfileVersion: '9.0'\n", bounds.YAML/20), code: npm.CodeSyntax, says: "larger than"},
		{name: "a way out", lockfile: swap(of9, "      tool:\n", "      ../../tool:\n"), code: npm.CodePath, says: "../../tool", at: "pnpm-lock.yaml:24"},
		{name: "a way out by an alias", lockfile: swap(of9, "      mac: 1.0.0", "      a/../../b: mac@1.0.0"), code: npm.CodePath, says: "a/../../b"},
		{name: "no such package", lockfile: swap(of9, "  peer@1.0.0: {}\n", ""), code: npm.CodeMissing, says: `peer@1.0.0`},
		{name: "no such version", lockfile: swap(of9, "  peer@1.0.0:\n    resolution: {integrity: SUM}\n", ""), code: npm.CodeMissing, says: "peer@1.0.0"},
		{name: "no integrity", lockfile: swap(of9, "  peer@1.0.0:\n    resolution: {integrity: SUM}", "  peer@1.0.0:\n    resolution: {tarball: https://codeload.example.com/x.tgz}"), code: npm.CodeNoIntegrity, says: "peer@1.0.0", at: "pnpm-lock.yaml:70"},
		{name: "git", lockfile: swap(of9, "  peer@1.0.0:\n    resolution: {integrity: SUM}", "  peer@1.0.0:\n    resolution: {commit: abc, repo: 'https://u:secret@git.example.com/x', type: git}"), code: npm.CodeGit, says: "git.example.com/x"},
		{name: "a folder", lockfile: swap(of9, "  peer@1.0.0:\n    resolution: {integrity: SUM}", "  peer@1.0.0:\n    resolution: {directory: ../x, type: directory}"), code: npm.CodeWorkspaces, says: "../x"},
		{name: "a link", lockfile: swap(of9, "version: 3.0.0", "version: link:../tool"), code: npm.CodeWorkspaces, says: "../tool"},
		{name: "another kind", lockfile: swap(of9, "{integrity: SUM}", "{type: binary}"), code: npm.CodeSyntax, says: "binary"},
		{name: "a workspace", lockfile: swap(of9, "packages:", "  api: {}\n\npackages:"), code: npm.CodeWorkspaces, says: "--ignore-workspace"},
		{name: "patches", lockfile: swap(of9, "importers:", "patchedDependencies:\n  peer@1.0.0: {hash: x, path: p}\n\nimporters:"), code: CodeUnsupported, says: "pnpm patch-remove peer@1.0.0"},
		{name: "another linker", npmrc: map[string][]string{"node-linker": {"hoisted"}}, code: CodeUnsupported, says: "node-linker", at: ".npmrc"},
		{name: "another linker since pnpm 10", workspace: "nodeLinker: hoisted\n", code: CodeUnsupported, says: "node-linker", at: "pnpm-workspace.yaml:1"},
		{name: "a workspace file that can't be read", workspace: "a: &x 1\n", code: npm.CodeSyntax, says: "anchor", at: "pnpm-workspace.yaml:1"},
		{name: "a package.json that can't be read", manifest: "{", code: npm.CodeManifest, says: "package.json", at: "package.json:1"},
		{name: "another range", manifest: swap(manifest, "^1.0.0", "^1.1.0"), code: npm.CodeManifest, says: `package.json asks for Upper "^1.1.0", and the lockfile was written for "^1.0.0"`, at: "package.json:5"},
		{name: "an address with a password", manifest: swap(manifest, "^1.0.0", "https://u:secret@example.com/x.tgz"), code: npm.CodeManifest, says: `asks for Upper "https://example.com/x.tgz"`},
		{name: "one more", manifest: swap(manifest, `"peer": "2.0.0"`, `"peer": "2.0.0", "new": "1"`), code: npm.CodeManifest, says: "new", at: "package.json:8"},
		{name: "one less", manifest: swap(manifest, `, "devDependencies": {"tool": "*"}`[2:], `"x": 1`), code: npm.CodeManifest, says: "tool", at: "pnpm-lock.yaml:24"},
		{name: "an override", manifest: swap(manifest, `"name"`, `"pnpm": {"overrides": {"peer": "1.0.0"}}, "name"`), code: npm.CodeManifest, says: "overrides"},
		{name: "a catalog", lockfile: swap(of9, "importers:", "catalogs:\n  default:\n    peer:\n      specifier: 2.0.0\n      version: 2.0.0\n\nimporters:"), workspace: "catalog:\n  peer: 3.0.0\n", code: npm.CodeManifest, says: "catalogs", at: "pnpm-lock.yaml:7"},
		{name: "another setting", npmrc: map[string][]string{"auto-install-peers": {"false"}}, code: npm.CodeManifest, says: "auto-install-peers"},
	} {
		t.Run(test.name, func(t *testing.T) {
			lockfile, project := test.lockfile, test.manifest
			if lockfile == "" && test.name != "nothing" {
				lockfile = of9
			}
			if project == "" {
				project = manifest
			}
			l, err := hold(lockfile, project, test.npmrc, test.workspace)
			if err == nil {
				_, err = locked.Plan(l, linux)
			}
			ps := diag.All(err)
			if len(ps) == 0 {
				t.Fatalf("got %v", err)
			}
			p := ps[0]
			all := fmt.Sprint(p.What, p.Why, p.Err, p.Remedy)
			if p.Code != test.code || !strings.Contains(all, test.says) || strings.Contains(all, "secret") || !strings.HasPrefix(p.Pos.String(), test.at) {
				t.Errorf("got %s at %s: %s", p.Code, p.Pos, p.Text())
			}
			if strings.Contains(all, "npm install --package-lock-only") {
				t.Errorf("a project of pnpm is told npm's command: %s", p.Text())
			}
			diagtest.Reaches(t, err, test.code)
		})
	}
}

func FuzzRead(f *testing.F) {
	f.Add(string(text(of9)))
	f.Add(string(text(of6)))
	f.Fuzz(func(t *testing.T, src string) {
		l, err := Read([]byte(src), "pnpm-lock.yaml")
		if err != nil || l.importers["."] == nil {
			return
		}
		m, err := ReadManifest([]byte(manifest), "package.json")
		if err != nil {
			t.Fatal(err)
		}
		s, err := newSettings(l, Beside{Manifest: m, Npmrc: func(string) []string { return nil }})
		if err != nil {
			t.Fatal(err)
		}
		l.layout, _ = s.layout()
		_ = l.agrees(s)
		tree, _, err := l.Judge(linux)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range tree.Packages {
			if !strings.HasPrefix(p.Path, "node_modules/.pnpm/") || strings.Contains(p.Path, "/../") {
				t.Fatalf("a package stands at %q", p.Path)
			}
		}
		for _, l := range tree.Links {
			if !strings.HasPrefix(l.Path, "node_modules/") || !strings.HasPrefix(l.Leads(), "node_modules/") || strings.Contains(l.Path, "/../") {
				t.Fatalf("the link %q leads to %q", l.Path, l.Leads())
			}
		}
	})
}

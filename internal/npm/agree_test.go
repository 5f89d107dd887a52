package npm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
)

// held is a lockfile held against a package.json, "" for none.
func held(t *testing.T, manifest string, o locked.Options, lock string) error {
	t.Helper()
	l, err := ReadLockfile([]byte(lock), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var m *Manifest
	if manifest != "" {
		if m, err = ReadManifest([]byte(manifest), "package.json"); err != nil {
			return err
		}
	}
	_, err = l.For(m, nil, o)
	return err
}

// What npm ci says about each was looked at; .ci/long asks it of hundreds more.
func TestForHoldsEveryDependency(t *testing.T) {
	oak := dep("node_modules/oak", "1.2.0", `"dependencies": {"leaf": "^1.0.0"}`)
	leaf := dep("node_modules/leaf", "1.2.0", "")
	tests := map[string]struct {
		manifest string
		entries  []string
		o        locked.Options
		want     []string
	}{
		"equal":     {`{"dependencies": {"oak": "^1.0.0"}}`, []string{leaf, oak}, locked.Options{}, nil},
		"same else": {`{"dependencies": {"oak": ">=1 <2"}, "scripts": {"x": "y"}, "files": []}`, []string{leaf, oak}, locked.Options{}, nil},
		"removed":   {`{}`, []string{leaf, oak}, locked.Options{}, nil},
		"added": {`{"dependencies": {"oak": "^1.0.0", "elm": "1"}}`, []string{leaf, oak}, locked.Options{},
			[]string{"NB0362 1 package.json asks for elm@1, and the lockfile has no elm"}},
		"added for development": {`{"dependencies": {"oak": "^1.0.0"}, "devDependencies": {"elm": "1"}}`, []string{leaf, oak}, locked.Options{Omit: []string{"dev"}},
			[]string{"NB0362 1 package.json asks for elm@1 in devDependencies, and the lockfile has no elm"}},
		"added optionally": {`{"dependencies": {"oak": "^1.0.0"}, "optionalDependencies": {"elm": "1"}}`, []string{leaf, oak}, locked.Options{},
			[]string{"NB0362 1 package.json asks for elm@1 in optionalDependencies, and the lockfile has no elm"}},
		"added as a peer": {`{"dependencies": {"oak": "^1.0.0"}, "peerDependencies": {"elm": "1"}}`, []string{leaf, oak}, locked.Options{},
			[]string{"NB0362 1 package.json asks for elm@1 in peerDependencies, and the lockfile has no elm"}},
		"added as a peer, which asks for nothing here": {`{"dependencies": {"oak": "^1.0.0"}, "peerDependencies": {"elm": "1"}}`, []string{leaf, oak}, locked.Options{LegacyPeerDeps: true}, nil},
		"added as an optional peer":                    {`{"dependencies": {"oak": "^1.0.0"}, "peerDependencies": {"elm": "1"}, "peerDependenciesMeta": {"elm": {"optional": true}}}`, []string{leaf, oak}, locked.Options{}, nil},
		"moved": {`{"dependencies": {"oak": "^2.0.0"}}`, []string{leaf, oak}, locked.Options{},
			[]string{"NB0362 1 package.json asks for oak@^2.0.0, and the lockfile has oak 1.2.0 (node_modules/oak)"}},
		"moved, and another will do": {`{"dependencies": {"oak": "^2.0.0"}, "acceptDependencies": {"oak": "1"}}`, []string{leaf, oak}, locked.Options{}, nil},
		"a prerelease": {`{"dependencies": {"oak": ">=1"}}`, []string{leaf, dep("node_modules/oak", "2.0.0-rc.1", "")}, locked.Options{},
			[]string{"NB0362 1 package.json asks for oak@>=1, and the lockfile has oak 2.0.0-rc.1 (node_modules/oak)"}},
		"a prerelease, and any will do": {`{"dependencies": {"oak": "*"}}`, []string{leaf, dep("node_modules/oak", "2.0.0-rc.1", "")}, locked.Options{}, nil},
		"a tag":                         {`{"dependencies": {"oak": "next"}}`, []string{leaf, oak}, locked.Options{}, nil},
		"what another needs is gone": {`{"dependencies": {"oak": "1"}}`, []string{oak}, locked.Options{},
			[]string{"NB0360 6 node_modules/oak asks for leaf@^1.0.0, and the lockfile has no leaf"}},
		"what another needs is too low": {`{"dependencies": {"oak": "1"}}`, []string{dep("node_modules/leaf", "0.9.0", ""), oak}, locked.Options{},
			[]string{"NB0366 7 node_modules/oak asks for leaf@^1.0.0, and the lockfile has leaf 0.9.0 (node_modules/leaf)"}},
		"a platform's package is gone": {`{"dependencies": {"roll": "1"}}`, []string{
			dep("node_modules/roll", "1.0.0", `"optionalDependencies": {"roll-darwin": "1.0.0", "roll-linux": "1.0.0"}`), dep("node_modules/roll-darwin", "1.0.0", `"os": ["darwin"], "optional": true`),
		}, locked.Options{}, []string{"NB0360 6 node_modules/roll asks for roll-linux@1.0.0 in optionalDependencies, and the lockfile has no roll-linux"}},
		"what a bundle lacks": {`{"dependencies": {"box": "1"}}`, []string{
			dep("node_modules/box", "1.0.0", `"dependencies": {"in": "1", "out": "1"}, "bundleDependencies": ["in"]`),
		}, locked.Options{}, []string{"NB0360 6 node_modules/box asks for out@1, and the lockfile has no out"}},
		"an alias":                 {`{"dependencies": {"tree": "npm:oak@^1.0.0"}}`, []string{leaf, dep("node_modules/tree", "1.2.0", `"name": "oak"`)}, locked.Options{}, nil},
		"an alias of another":      {`{"dependencies": {"tree": "npm:elm@^1.0.0"}}`, []string{dep("node_modules/tree", "1.2.0", `"name": "oak"`)}, locked.Options{}, []string{"NB0362 1 package.json asks for tree@npm:elm@^1.0.0, and the lockfile has another package there, oak 1.2.0 (node_modules/tree)"}},
		"another's name":           {`{"dependencies": {"oak": "^1.0.0"}}`, []string{leaf, dep("node_modules/oak", "1.2.0", `"name": "evil"`)}, locked.Options{}, []string{"NB0362 1 package.json asks for oak@^1.0.0, and the lockfile has another package there, evil 1.2.0 (node_modules/oak)"}},
		"another's name below":     {`{"dependencies": {"oak": "^1.0.0"}}`, []string{dep("node_modules/leaf", "1.2.0", `"name": "evil"`), oak}, locked.Options{}, []string{"NB0366 7 node_modules/oak asks for leaf@^1.0.0, and the lockfile has another package there, evil 1.2.0 (node_modules/leaf)"}},
		"another address":          {`{"dependencies": {"oak": "https://b.example.com/oak.tgz"}}`, []string{leaf, dep("node_modules/oak", "1.2.0", `"resolved": "https://a.example.com/oak.tgz"`)}, locked.Options{}, []string{"NB0362 1 package.json asks for oak@https://b.example.com/oak.tgz, and the lockfile has oak 1.2.0 from https://a.example.com/oak.tgz (node_modules/oak)"}},
		"an address with password": {`{"dependencies": {"oak": "https://me:secret@b.example.com/oak.tgz"}}`, []string{leaf, oak}, locked.Options{}, []string{"NB0362 1 package.json asks for oak@https://b.example.com/oak.tgz, and the lockfile has oak 1.2.0 (node_modules/oak)"}},
		"the same file":            {`{"dependencies": {"oak": "file:vendor/oak.tgz"}}`, []string{leaf, dep("node_modules/oak", "1.2.0", `"resolved": "file:vendor/oak.tgz"`)}, locked.Options{}, nil},
		"another file":             {`{"dependencies": {"oak": "file:vendor/elm.tgz"}}`, []string{leaf, dep("node_modules/oak", "1.2.0", `"resolved": "file:vendor/oak.tgz"`)}, locked.Options{}, []string{"NB0362 1 package.json asks for oak@file:vendor/elm.tgz, and the lockfile has oak 1.2.0 from file:vendor/oak.tgz (node_modules/oak)"}},
		"a repository":             {`{"dependencies": {"oak": "github:acme/oak"}}`, []string{leaf, dep("node_modules/oak", "1.2.0", `"resolved": "git+ssh://git@github.com/acme/oak.git#0123456789012345678901234567890123456789"`)}, locked.Options{}, nil},
		"another repository":       {`{"dependencies": {"oak": "acme/elm"}}`, []string{leaf, dep("node_modules/oak", "1.2.0", `"resolved": "git+ssh://git@github.com/acme/oak.git#0123456789012345678901234567890123456789"`)}, locked.Options{}, []string{"NB0362 1 package.json asks for oak@acme/elm, and the lockfile has oak 1.2.0 from git+ssh://github.com/acme/oak.git (node_modules/oak)"}},
		"a folder":                 {`{"dependencies": {"oak": "file:lib"}}`, []string{`"node_modules/oak": {"link": true, "resolved": "lib"}`, `"lib": {"version": "1.0.0", "dependencies": {"leaf": "2"}}`, leaf}, locked.Options{}, []string{"NB0366 7 lib asks for leaf@2, and the lockfile has leaf 1.2.0 (node_modules/leaf)"}},
		"another folder":           {`{"dependencies": {"oak": "file:other"}}`, []string{`"node_modules/oak": {"link": true, "resolved": "lib"}`, `"lib": {"version": "1.0.0"}`}, locked.Options{}, []string{`NB0362 1 package.json asks for oak@file:other, and the lockfile has a link to the folder "lib" (node_modules/oak)`}},
		"unreadable":               {`{"dependencies": {"oak": "workspace:*"}}`, []string{leaf, oak}, locked.Options{}, []string{"NB0362 1 the project asks for oak@workspace:*"}},
		"workspaces":               {`{"workspaces": ["packages/*"], "dependencies": {"oak": "1"}}`, []string{leaf, oak, `"node_modules/lib": {"link": true, "resolved": "packages/lib"}`, `"packages/lib": {"version": "1.0.0", "dependencies": {"leaf": "1"}}`}, locked.Options{}, nil},
		"a workspace's own wish":   {`{"workspaces": ["packages/*"], "dependencies": {"oak": "1"}}`, []string{leaf, oak, `"node_modules/lib": {"link": true, "resolved": "packages/lib"}`, `"packages/lib": {"version": "1.0.0", "dependencies": {"leaf": "2"}}`}, locked.Options{}, []string{"NB0366 9 packages/lib asks for leaf@2, and the lockfile has leaf 1.2.0 (node_modules/leaf)"}},
		"a workspace by version":   {`{"workspaces": ["packages/*"], "dependencies": {"lib": "^9"}}`, []string{`"node_modules/lib": {"link": true, "resolved": "packages/lib"}`, `"packages/lib": {"version": "1.0.0"}`}, locked.Options{}, nil},
		"no link to a workspace":   {`{"workspaces": ["packages/*"]}`, []string{`"packages/lib": {"version": "1.0.0"}`}, locked.Options{}, []string{"NB0362 1 package.json has packages/lib as a workspace, and the lockfile has no lib"}},
		"a package in its place":   {`{"workspaces": ["packages/*"]}`, []string{`"packages/oak": {"version": "1.2.0"}`, leaf, oak}, locked.Options{}, []string{"NB0362 1 package.json has packages/oak as a workspace, and the lockfile has oak 1.2.0 (node_modules/oak)"}},
		"all at once": {`{"dependencies": {"oak": "2", "elm": "1"}}`, []string{dep("node_modules/leaf", "0.9.0", ""), oak}, locked.Options{}, []string{
			"NB0366 7 node_modules/oak asks for leaf@^1.0.0, and the lockfile has leaf 0.9.0 (node_modules/leaf)",
			"NB0362 1 package.json asks for oak@2, and the lockfile has oak 1.2.0 (node_modules/oak)",
			"NB0362 1 package.json asks for elm@1, and the lockfile has no elm",
		}},
		"dependencies in a list": {`{"dependencies": ["oak"]}`, nil, locked.Options{}, []string{"NB0362 1 package.json can't be read"}},
		"a number":               {`{"dependencies": {"oak": 1}}`, nil, locked.Options{}, []string{"NB0362 1 package.json can't be read"}},
		"half of it":             {"{", nil, locked.Options{}, []string{"NB0362 1 package.json can't be read"}},
		"no manifest":            {"", []string{leaf}, locked.Options{}, []string{"NB0362 5 the project asks for oak@1, and the lockfile has no oak"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := held(t, test.manifest, test.o, lockWith(`"dependencies": {"oak": "1"}`, test.entries...))
			if diff := cmp.Diff(test.want, problemLines(err)); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("a password is shown: %v", err)
			}
		})
	}
}

func TestForReadsOverrides(t *testing.T) {
	entries := []string{
		dep("node_modules/oak", "1.0.0", `"dependencies": {"leaf": "^1.0.0"}`), dep("node_modules/leaf", "1.2.0", `"dependencies": {"vein": "1"}`), dep("node_modules/vein", "1.0.0", ""),
		dep("node_modules/elm", "1.0.0", `"dependencies": {"leaf": "^2.0.0"}`), dep("node_modules/elm/node_modules/leaf", "2.0.0", `"dependencies": {"vein": "1"}`),
	}
	tests := map[string]struct {
		overrides string
		want      []string
	}{
		"met":             {`{"leaf@1": "1.2.0"}`, nil},
		"met by star":     {`{"leaf": "*"}`, nil},
		"met by nothing":  {`{"leaf": ""}`, nil},
		"for nobody":      {`{"ash": {"leaf": "9"}, "fir": "2"}`, nil},
		"everywhere":      {`{"vein": "2"}`, []string{"NB0362 7 node_modules/leaf asks for vein@1, of which overrides make vein@2, and the lockfile has vein 1.0.0 (node_modules/vein)", "NB0362 10 node_modules/elm/node_modules/leaf asks for vein@1, of which overrides make vein@2, and the lockfile has vein 1.0.0 (node_modules/vein)"}},
		"below one":       {`{"oak": {"leaf": "1.0.0"}}`, []string{"NB0362 6 node_modules/oak asks for leaf@^1.0.0, of which overrides make leaf@1.0.0 below oak, and the lockfile has leaf 1.2.0 (node_modules/leaf)"}},
		"two below":       {`{"elm": {"leaf": {"vein": "2"}}}`, []string{"NB0362 10 node_modules/elm/node_modules/leaf asks for vein@1, of which overrides make vein@2 below leaf, and the lockfile has vein 1.0.0 (node_modules/vein)"}},
		"of a version":    {`{"leaf@^2.0.0": "2.1.0"}`, []string{"NB0362 9 node_modules/elm asks for leaf@^2.0.0, of which overrides make leaf@2.1.0, and the lockfile has leaf 2.0.0 (node_modules/elm/node_modules/leaf)"}},
		"itself and more": {`{"oak": {".": "1.0.0", "leaf": "1.2.0"}}`, []string{"NB0362 1 package.json asks for oak@^1.0.0, of which overrides make oak@1.0.0: what package.json asks for itself can't be overridden with 1.0.0"}},
		"a reference":     {`{"leaf": "$pin"}`, []string{"NB0362 6 node_modules/oak asks for leaf@^1.0.0, of which overrides make leaf@^2.0.0, and the lockfile has leaf 1.2.0 (node_modules/leaf)"}},
		"to itself":       {`{"oak": "$oak"}`, nil},
		"to nothing":      {`{"leaf": "$gone"}`, []string{"NB0362 6 node_modules/oak asks for leaf@^1.0.0", "NB0362 9 node_modules/elm asks for leaf@^2.0.0"}},
		"of the project":  {`{"oak": "2"}`, []string{"NB0362 1 package.json asks for oak@^1.0.0, of which overrides make oak@2: what package.json asks for itself can't be overridden with 2"}},
		"optional peer":   {`{"pin": "1"}`, []string{"NB0362 1 package.json asks for pin@^2.0.0 in peerDependencies, of which overrides make pin@1: what package.json asks for itself can't be overridden with 1"}},
		"an alias":        {`{"vein": "npm:artery@1"}`, []string{"NB0362 10 node_modules/elm/node_modules/leaf asks for vein@1, of which overrides make vein@npm:artery@1, and the lockfile has another package there, vein 1.0.0 (node_modules/vein)"}},
		"no package":      {`{"../up": "1"}`, []string{"NB0362 1 package.json can't be read"}},
		"no comparison":   {`{"leaf@next": "1"}`, []string{"NB0362 0 an override can't be held against what it is of"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			manifest := `{"dependencies": {"oak": "^1.0.0", "elm": "^1.0.0"}, "devDependencies": {}, "peerDependencies": {"pin": "^2.0.0"}, "peerDependenciesMeta": {"pin": {"optional": true}}, "overrides": ` + test.overrides + `}`
			if diff := cmp.Diff(test.want, problemLines(held(t, manifest, locked.Options{}, lockWith("", entries...)))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestForLeavesPeersThatHaveNoPlace(t *testing.T) {
	const plug = `"peerDependencies": {"leaf": "^2.0.0"}`
	leaf := dep("node_modules/leaf", "1.0.0", "")
	told1 := "NB0366 7 node_modules/plug asks for leaf@^2.0.0 in peerDependencies, and the lockfile has leaf 1.0.0 (node_modules/leaf)"
	tests := map[string]struct {
		manifest string
		entries  []string
		o        locked.Options
		want     []string
	}{
		"what the project asks for is in the way": {`{"dependencies": {"kit": "1", "leaf": "1"}}`, []string{dep("node_modules/kit", "1.0.0", `"dependencies": {"plug": "1"}, "peerDependencies": {"leaf": "1"}`), dep("node_modules/plug", "1.0.0", plug), leaf}, locked.Options{}, nil},
		"and every peer must fit":                 {`{"dependencies": {"kit": "1", "leaf": "1"}}`, []string{dep("node_modules/kit", "1.0.0", `"dependencies": {"plug": "1"}`), dep("node_modules/plug", "1.0.0", plug), leaf}, locked.Options{StrictPeerDeps: true}, []string{told1}},
		"and peers ask for nothing":               {`{"dependencies": {"plug": "1", "leaf": "1"}}`, []string{dep("node_modules/plug", "1.0.0", plug), leaf}, locked.Options{LegacyPeerDeps: true}, nil},
		"the project's own doing":                 {`{"dependencies": {"plug": "1", "leaf": "1"}}`, []string{`"x": {}`, dep("node_modules/plug", "1.0.0", plug), leaf}, locked.Options{}, []string{told1}},
		"nobody else wants what is there":         {`{"dependencies": {"kit": "1"}}`, []string{dep("node_modules/kit", "1.0.0", `"dependencies": {"plug": "1"}`), dep("node_modules/plug", "1.0.0", plug), leaf}, locked.Options{}, []string{told1}},
		"whoever wants it can have its own":       {`{"dependencies": {"kit": "1", "other": "1"}}`, []string{dep("node_modules/kit", "1.0.0", `"dependencies": {"plug": "1"}`), dep("node_modules/plug", "1.0.0", plug), leaf, dep("node_modules/other", "1.0.0", `"dependencies": {"leaf": "1"}`)}, locked.Options{}, []string{told1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, problemLines(held(t, test.manifest, test.o, lockWith("", test.entries...)))); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzReadManifest(f *testing.F) {
	for _, s := range []string{`{"dependencies": {"a": "^1"}, "overrides": {"a@1": {".": "2", "b": "$a"}}, "workspaces": ["x"]}`, `{"bundleDependencies": true}`, "\ufeff{}", "{"} {
		f.Add([]byte(s), "npm:a@1")
	}
	lock, err := ReadLockfile([]byte(lockWith(`"dependencies": {"a": "1"}`, dep("node_modules/a", "1.0.0", `"dependencies": {"b": "1"}, "peerDependencies": {"c": "1"}`), dep("node_modules/b", "1.0.0", `"dependencies": {"a": "1"}`), dep("node_modules/c", "2.0.0", ""))), "package-lock.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, src []byte, spec string) {
		if r, err := parseRequest("a", spec); err == nil && r.kind == ofAlias && r.name == "" {
			t.Errorf("%q is an alias of nothing", spec)
		}
		_ = shown(spec)
		if m, err := ReadManifest(src, "package.json"); err == nil {
			_, _ = lock.For(m, nil, locked.Options{})
		}
	})
}

// npm keeps quiet where one that fits stands above one that does not: nbuild refuses it,
// and does not say that npm would.
func TestForSaysWhatNpmDoesBelowOneThatFits(t *testing.T) {
	for name, test := range map[string]struct{ above, says string }{
		"one that fits":  {"1.4.0", "npm ci drops one of the two or leaves both"},
		"none that does": {"3.0.0", "npm ci refuses it too"},
	} {
		t.Run(name, func(t *testing.T) {
			err := held(t, `{"dependencies": {"oak": "1", "leaf": "`+test.above+`"}}`, locked.Options{}, lockWith("", dep("node_modules/leaf", test.above, ""),
				dep("node_modules/oak", "1.0.0", `"dependencies": {"leaf": "^1.0.0"}`), dep("node_modules/oak/node_modules/leaf", "2.0.0", "")))
			all := diag.All(err)
			if len(all) != 1 || !strings.Contains(all[0].Why, test.says) {
				t.Errorf("%v", err)
			}
		})
	}
}

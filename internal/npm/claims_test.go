package npm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// one reads a lockfile with one package, whose entry says this beside its version.
func one(t *testing.T, path, says string) (*Entry, error) {
	t.Helper()
	l, err := ReadLockfile(fmt.Appendf(nil, `{"lockfileVersion":3,"packages":{"":{},%q:{"version":"1.0.0","integrity":"sha512-x"%s}}}`, path, says), "package-lock.json")
	if err != nil {
		return nil, err
	}
	e, ok := l.Find(path)
	if !ok {
		t.Fatalf("%s is not in the lockfile", path)
	}
	return e, nil
}

// A lockfile carries what manifests say in every form that they were ever written in. Each
// is read as npm does, and what means nothing there means nothing here.
func TestAnEntryIsReadInEveryForm(t *testing.T) {
	for says, want := range map[string]Entry{
		`,"license":"MIT"`: {License: "MIT"}, `,"license":{"type":"MIT","url":"x"}`: {License: "MIT"}, `,"license":["MIT","ISC"]`: {License: "(MIT OR ISC)"}, `,"license":[{"type":"MIT"},""]`: {License: "MIT"},
		`,"license":[]`: {}, `,"license":{"type":1}`: {}, `,"license":7`: {}, `,"license":null`: {},
		`,"engines":{"node":">=1"}`: {Engines: map[string]string{"node": ">=1"}}, `,"engines":{"node":"","npm":false}`: {Engines: map[string]string{}}, `,"engines":["node"]`: {},
		`,"os":["linux","!win32"]`: {OS: []string{"linux", "!win32"}}, `,"os":"linux"`: {OS: []string{"linux"}}, `,"cpu":["x64"],"libc":["glibc"]`: {CPU: []string{"x64"}, Libc: []string{"glibc"}}, `,"os":false`: {},
		`,"bundleDependencies":["a"]`: {BundleDependencies: []string{"a"}}, `,"bundledDependencies":["a"]`: {BundleDependencies: []string{"a"}}, `,"bundleDependencies":false`: {},
		`,"peerDependencies":{"a":"1"},"peerDependenciesMeta":{"a":{"optional":true},"b":{"optional":false},"c":{"other":true},"d":1,"e":{"optional":"true"}}`: {PeerDependencies: map[string]string{"a": "1"}, PeerOptional: map[string]bool{"a": true}},
		`,"bin":{"x":"./bin/x.js"}`: {Bin: map[string]string{"x": "bin/x.js"}}, `,"bin":"x.js"`: {Bin: map[string]string{"a": "x.js"}}, `,"bin":["bin/x.js","y"]`: {Bin: map[string]string{"x.js": "bin/x.js", "y": "y"}},
		`,"bin":{"x":"../../out"}`: {Bin: map[string]string{"x": "out"}}, `,"bin":{"x":"bin\\x"}`: {Bin: map[string]string{"x": "bin/x"}}, `,"bin":{"../../x":"x"}`: {Bin: map[string]string{"x": "x"}}, `,"bin":{"c:\\x/":"x"}`: {Bin: map[string]string{"x": "x"}},
		`,"bin":{"":"x","..":"y","x":"","z":1}`: {Bin: map[string]string{}}, `,"bin":7`: {Bin: map[string]string{}},
		`,"deprecated":"x","hasInstallScript":true,"hasShrinkwrap":true`: {Deprecated: "x", HasInstallScript: true, HasShrinkwrap: true}, `,"deprecated":false,"resolved":false`: {}, `,"hasInstallScript":null`: {},
		`,"acceptDependencies":{"a":"1"},"devDependencies":{"b":"1"},"optionalDependencies":{"c":"1"},"dependencies":{"d":"1"}`: {
			Accept: map[string]string{"a": "1"}, DevDependencies: map[string]string{"b": "1"}, OptionalDependencies: map[string]string{"c": "1"}, Dependencies: map[string]string{"d": "1"},
		},
	} {
		e, err := one(t, "node_modules/a", says)
		if err != nil {
			t.Errorf("%s: %v", says, err)
			continue
		}
		got := Entry{
			License: e.License, Engines: e.Engines, OS: e.OS, CPU: e.CPU, Libc: e.Libc, BundleDependencies: e.BundleDependencies, PeerDependencies: e.PeerDependencies, PeerOptional: e.PeerOptional, Bin: e.Bin,
			Deprecated: e.Deprecated, HasInstallScript: e.HasInstallScript, HasShrinkwrap: e.HasShrinkwrap, Accept: e.Accept, DevDependencies: e.DevDependencies, OptionalDependencies: e.OptionalDependencies, Dependencies: e.Dependencies,
		}
		if diff := cmp.Diff(want.License+fmt.Sprint(want), got.License+fmt.Sprint(got)); diff != "" {
			t.Errorf("%s: %s", says, diff)
		}
	}
	for _, says := range []string{`,"license":"MIT","license":"ISC"`, `,"version":7`, `,"integrity":{}`, `,"link":"yes"`, `,"hasInstallScript":1`, `,"dependencies":{"a":1}`, `,"dependencies":{"a":"1","a":"2"}`, `,"dependencies":[]`, `,"os":[1]`} {
		if e, err := one(t, "node_modules/a", says); err == nil {
			t.Errorf("%s is read: %+v", says, e)
		}
	}
}

// A path of a lockfile is a chain of packages, or a folder of the project: nothing else is
// ever written to.
func TestAPathIsAChainOfPackages(t *testing.T) {
	deep := func(elements int) string { return "a" + strings.Repeat("/a", elements-1) }
	for path, ok := range map[string]bool{
		"node_modules/a": true, "node_modules/@s/a": true, "node_modules/a/node_modules/@s/b": true, "lib": true, "packages/lib/node_modules/a": true, "node_modules/" + strings.Repeat("a", 214): true,
		deep(bounds.PathDepth + 1): true, deep(bounds.PathDepth + 2): false, strings.Repeat("a", bounds.Path): true, strings.Repeat("a", bounds.Path+1): false,
		"/node_modules/a": false, "../a": false, "..": false, ".": false, "./a": false, "a//b": false, "a/": false, "a/../b": false, `a\b`: false, "c:/a": false, "a\x00": false,
		"node_modules/": false, "node_modules/a/b": false, "node_modules/@s": false, "node_modules/@s/": false, "node_modules/.a": false, "node_modules/_a": false, "node_modules/@.s/a": false, "node_modules/node_modules": false,
		"node_modules/favicon.ico": false, "node_modules/a b": false, "node_modules/a%2f": false, "Node_Modules/a": false, "lib/NODE_MODULES/a": false, "node_modules/" + strings.Repeat("a", 215): false, "node_modules/a/node_modules/..": false,
	} {
		l, err := ReadLockfile(fmt.Appendf(nil, `{"lockfileVersion":3,"packages":{"":{},%s:{"version":"1.0.0","integrity":"sha512-x"}}}`, quoted(path)), "package-lock.json")
		if (err == nil) != ok {
			t.Errorf("%.80q: %v, %v", path, l != nil, err)
		}
		for _, p := range diag.All(err) {
			if p.Code != CodePath || p.Pos.Line == 0 || p.Remedy == "" {
				t.Errorf("%.80q: %v", path, err)
			}
		}
	}
	for version, ok := range map[string]bool{"1.0.0": true, "1.0.0-rc.1+b": true, strings.Repeat("1", 256): true, strings.Repeat("1", 257): false, "": false, "1/2": false, "1 2": false, "1_2": false, "1\\2": false} {
		if ValidVersion(version) != ok {
			t.Errorf("%.20q is a version: %t", version, !ok)
		}
	}
}

// quoted is a text as JSON has it.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, "\x00", `\u0000`).Replace(s) + `"`
}

// What is bundled comes with the nearest package above that bundles something and is
// fetched itself; what only the project bundles is fetched like everything else.
func TestABundlerIsTheNearestThatIsFetched(t *testing.T) {
	l, err := ReadLockfile([]byte(`{"lockfileVersion":3,"packages":{
		"":{"bundleDependencies":["own"]},
		"node_modules/own":{"version":"1.0.0","integrity":"sha512-x","inBundle":true},
		"node_modules/a":{"version":"1.0.0","integrity":"sha512-x","bundleDependencies":["b"]},
		"node_modules/a/node_modules/b":{"version":"1.0.0","inBundle":true,"bundleDependencies":["c"]},
		"node_modules/a/node_modules/b/node_modules/c":{"version":"1.0.0","inBundle":true},
		"node_modules/a/node_modules/d":{"version":"1.0.0","integrity":"sha512-x"},
		"node_modules/e":{"version":"1.0.0","integrity":"sha512-x"},
		"node_modules/e/node_modules/f":{"version":"1.0.0","inBundle":true,"integrity":"sha512-x"},
		"lib":{"name":"lib","version":"1.0.0","bundleDependencies":["g"]},
		"lib/node_modules/g":{"version":"1.0.0","integrity":"sha512-x","inBundle":true},
		"node_modules/lib":{"resolved":"lib","link":true}}}`), "package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"node_modules/own": "", "node_modules/a": "", "node_modules/a/node_modules/b": "node_modules/a", "node_modules/a/node_modules/b/node_modules/c": "node_modules/a", "node_modules/a/node_modules/d": "",
		"node_modules/e/node_modules/f": "", "lib/node_modules/g": "", "lib": "",
	} {
		e, ok := l.Find(path)
		if !ok {
			t.Fatal(path)
		}
		got := ""
		if by := l.Bundler(e); by != nil {
			got = by.Path
		}
		if got != want {
			t.Errorf("%s is brought by %q", path, got)
		}
	}
}

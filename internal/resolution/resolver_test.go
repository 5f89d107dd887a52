package resolution

import (
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func files(names ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(names); i += 2 {
		m[names[i]] = &fstest.MapFile{Data: []byte(names[i+1])}
	}
	return m
}

func version(t *testing.T, s string) Version {
	t.Helper()
	v, err := ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVersionDecidesWhatIsBuiltIn(t *testing.T) {
	tests := []struct {
		node, specifier string
		want            bool
	}{
		{"20", "fs", true}, {"26", "node:fs", true}, {"22", "test", false}, {"20", "node:test", true},
		{"20", "node:sqlite", false}, {"22.12", "node:sqlite", false}, {"22.13.0", "node:sqlite", true}, {"24", "sqlite", false},
		{"24", "_stream_wrap", true}, {"26", "_stream_wrap", false}, {"26", "node:ffi", true}, {"24", "node:ffi", false}, {"30", "node:ffi", true},
		{"22", "lodash", false}, {"22", "node:lodash", false},
	}
	for _, test := range tests {
		if _, got := version(t, test.node).Builtin(test.specifier); got != test.want {
			t.Errorf("Node %s, %s: builtin is %v", test.node, test.specifier, got)
		}
	}
}

func TestVersionDecidesModuleSync(t *testing.T) {
	fsys := files("a.js", "", "node_modules/p/package.json", `{"exports":{"module-sync":"./m.js","default":"./d.js"}}`,
		"node_modules/p/m.js", "", "node_modules/p/d.js", "")
	tests := map[string]string{"20.18.3": "d", "20.19.0": "m", "22.11.0": "d", "22.12.0": "m", "22": "m", "24.0.0": "m"}
	for node, want := range tests {
		got, err := New(fsys, Target{Node: version(t, node)}).Resolve("p", "a.js", Require)
		if err != nil {
			t.Fatal(err)
		}
		if got.Path != "node_modules/p/"+want+".js" {
			t.Errorf("Node %s resolves to %s", node, got.Path)
		}
	}
}

func TestResultNamesTheManifestsThatDecided(t *testing.T) {
	fsys := files("a.js", "", "package.json", `{"imports":{"#p":"p"}}`,
		"node_modules/p/package.json", `{"main":"m"}`, "node_modules/p/m.js", "")
	got, err := New(fsys, Target{Node: version(t, "22")}).Resolve("#p", "a.js", Import)
	if err != nil {
		t.Fatal(err)
	}
	want := Result{Path: "node_modules/p/m.js", Name: "node_modules/p/m.js", Manifests: []string{"node_modules/p/package.json", "package.json"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("result (-want +got):\n%s", diff)
	}
}

func TestLinkDoesNotLeaveTheTop(t *testing.T) {
	fsys := fstest.MapFS{
		"a/x.js":  {Data: []byte("../../etc/passwd"), Mode: 1<<27 | 0o777},
		"a/y.js":  {Data: []byte("/b.js"), Mode: 1<<27 | 0o777},
		"a/z.js":  {Data: []byte("../b.js"), Mode: 1<<27 | 0o777},
		"b.js":    {},
		"etc":     {Data: []byte("loop"), Mode: 1<<27 | 0o777},
		"loop":    {Data: []byte("etc"), Mode: 1<<27 | 0o777},
		"a/index": {},
	}
	tree := NewTree(fsys)
	if diff := cmp.Diff([]string{"a/y.js"}, tree.Links("a/y.js")); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	for name, want := range map[string]string{"a/x.js": "", "a/y.js": "b.js", "a/z.js": "b.js", "etc": "", "a/../b.js": "", "../b.js": ""} {
		if got, _ := tree.Real(name); got != want {
			t.Errorf("%s is at %q, want %q", name, got, want)
		}
	}
}

func TestManifestBehindAByteOrderMark(t *testing.T) {
	const mark = "\ufeff"
	for text, want := range map[string]bool{
		mark + `{"main":"m"}`: true, mark + " \n" + `{"main":"m"}`: true, `{"main":"m"}`: true,
		mark + mark + `{"main":"m"}`: false, " " + mark + `{"main":"m"}`: false, mark: false, "": false, `{"main":"m"}` + mark: false,
	} {
		m, err := ParseManifest([]byte(text))
		if (err == nil) != want || want && m.Main != "m" {
			t.Errorf("%q: %+v, %v", text, m, err)
		}
	}
}

func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(`{"name":"p","main":"m","type":"module","exports":{".":["./a",null,{"import":"./b"}]},"imports":{"#x":"y"}}`))
	f.Add([]byte(`{"exports":"./a","exports":null,"dependencies":{"b":"1","a":2}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseManifest(data)
		if (m == nil) == (err == nil) {
			t.Fatalf("%v, %v", m, err)
		}
	})
}

func FuzzResolve(f *testing.F) {
	f.Add([]byte(`{"name":"p","exports":{".":"./a.js","./x/*":["./*.js",null]},"imports":{"#a/*":"p/*"}}`), "p/x/a")
	f.Add([]byte(`{"main":"../../../a"}`), "#a/%2e%2e/a")
	f.Fuzz(func(t *testing.T, manifest []byte, specifier string) {
		fsys := files("a.js", "", "node_modules/p/a.js", "", "node_modules/p/package.json", string(manifest), "package.json", string(manifest))
		for _, mode := range []Mode{Require, Import} {
			r := New(fsys, Target{Node: Version{Major: 24}})
			got, err := r.Resolve(specifier, "node_modules/p/a.js", mode)
			if err != nil {
				continue
			}
			if got.Path != "" {
				if _, kind := r.Tree().Real(got.Path); kind != File {
					t.Fatalf("%q is no file", got.Path)
				}
			}
		}
	})
}

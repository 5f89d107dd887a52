package dynamism

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

func TestOfPackage(t *testing.T) {
	tests := []struct {
		name  string
		facts *snapshot.PackageFacts
		want  []source.Finding
	}{
		{"nothing known", nil, nil},
		{"plain", &snapshot.PackageFacts{Name: "a"}, nil},
		{"two scripts",
			&snapshot.PackageFacts{Scripts: map[string]string{"postinstall": "node b", "install": "node a"}},
			[]source.Finding{
				{Kind: source.InstallScript, File: "package.json", Excerpt: "install: node a"},
				{Kind: source.InstallScript, File: "package.json", Excerpt: "postinstall: node b"},
			}},
		{"gyp without a script",
			&snapshot.PackageFacts{Gyp: true, Scripts: map[string]string{"postinstall": "x"}},
			[]source.Finding{
				{Kind: source.InstallScript, File: "package.json", Excerpt: "postinstall: x"},
				{Kind: source.ImplicitGyp, File: "binding.gyp", Excerpt: "node-gyp rebuild"},
			}},
		{"gyp with an install script",
			&snapshot.PackageFacts{Gyp: true, Scripts: map[string]string{"install": "node-gyp-build"}},
			[]source.Finding{{Kind: source.InstallScript, File: "package.json", Excerpt: "install: node-gyp-build"}}},
		{"machine code",
			&snapshot.PackageFacts{Natives: []string{"bin/tool", "prebuilds/x.node"}},
			[]source.Finding{
				{Kind: source.NativeAddon, File: "prebuilds/x.node", Excerpt: "prebuilds/x.node"},
				{Kind: source.PrebuiltBinary, File: "bin/tool", Excerpt: "bin/tool"},
				{Kind: source.PrebuiltBinary, File: "prebuilds/x.node", Excerpt: "prebuilds/x.node"},
			}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, OfPackage(test.facts)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestLocate(t *testing.T) {
	script := []source.Finding{{Kind: source.InstallScript, File: "package.json", Excerpt: "install: x"}}
	tests := []struct {
		name         string
		src          string
		line, column int
	}{
		{"own line", "{\n  \"name\": \"install\",\n  \"scripts\": {\n    \"install\": \"x\"\n  }\n}", 4, 5},
		{"one line", `{"é":1,"scripts":{"install":"x"}}`, 1, 19},
		{"elsewhere", `{"config":{"scripts":{"install":"y"}},"install":"z"}`, 0, 0},
		{"inside an array", `{"scripts":[{"install":"x"}]}`, 0, 0},
		{"no manifest", `{"scripts":`, 0, 0},
		{"after nested values", `{"a":{"b":[1,{"c":null}]},"scripts":{"test":"t","install":"x"}}`, 1, 49},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Locate(script, []byte(test.src))
			if got[0].Line != test.line || got[0].Column != test.column {
				t.Errorf("at %d:%d, want %d:%d", got[0].Line, got[0].Column, test.line, test.column)
			}
			if script[0].Line != 0 {
				t.Error("the argument was changed")
			}
		})
	}
}

func FuzzLocate(f *testing.F) {
	f.Add([]byte(`{"scripts":{"install":"x"}}`))
	f.Add([]byte("{\"scripts\":\n{\"inst\\\\\\\"all\":\"x\"}}"))
	f.Fuzz(func(t *testing.T, src []byte) {
		in := []source.Finding{{Kind: source.InstallScript, Excerpt: "install: x"}}
		got := Locate(in, src)[0]
		if (got.Line == 0) != (got.Column == 0) || got.Line < 0 {
			t.Errorf("at %d:%d", got.Line, got.Column)
		}
		if got.Line > 0 && !json.Valid(src) && len(src) == 0 {
			t.Error("a place in nothing")
		}
	})
}

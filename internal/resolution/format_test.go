package resolution

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/js"
)

func TestFormatIsWhatNodeMakesOfAFile(t *testing.T) {
	fsys := files("package.json", `{"type":"module"}`, "c/package.json", `{"type":"commonjs"}`, "n/package.json", `{}`,
		"marked/package.json", "\ufeff{\"type\":\"module\"}", "node_modules/p/index.js", "", "broken/package.json", "{")
	tests := []struct {
		node, file string
		mode       Mode
		text       Syntax
		want       Format
	}{
		{"22", "a.js", Import, PlainText, Module}, {"22", "a.js", Require, PlainText, Module}, {"22", "c/a.js", Import, ModuleText, CommonJS},
		{"22", "n/a.js", Import, ModuleText, Module}, {"22.6", "n/a.js", Import, ModuleText, CommonJS}, {"20.18", "n/a.js", Import, ModuleText, CommonJS},
		{"22", "n/a.js", Import, PlainText, CommonJS}, {"22", "node_modules/p/a.js", Import, PlainText, CommonJS},
		{"22", "x.mjs", Require, PlainText, Module}, {"22", "x.cjs", Import, ModuleText, CommonJS}, {"22", "x.json", Import, PlainText, JSON},
		{"22", "x.node", Require, PlainText, Addon},
		{"24", "x.wasm", Import, PlainText, Wasm}, {"20", "x.wasm", Import, PlainText, Other}, {"24", "x.wasm", Require, PlainText, CommonJS}, {"24", "n/x.wasm", Start, PlainText, Wasm},
		{"22", "noext", Import, PlainText, Module}, {"22", "noext", Start, PlainText, Module}, {"20", "noext", Start, ModuleText, Module},
		{"22", "noext", Require, PlainText, CommonJS}, {"22", "noext", Require, ModuleText, Module}, {"26", "noext", Require, PlainText, Module},
		{"24", "c/noext", Require, ModuleText, Module}, {"26", "c/noext", Require, ModuleText, CommonJS},
		{"22", "n/noext", Start, ModuleText, Module}, {"22", "n/noext", Start, PlainText, CommonJS}, {"20.18", "n/noext", Start, ModuleText, CommonJS},
		{"22", ".rc", Start, PlainText, Module}, {"22", ".x.rc", Start, PlainText, Other}, {"22", "marked/noext", Start, PlainText, Module},
		{"24", "noext", Import, WasmText, Wasm}, {"24", "noext", Start, WasmText, Wasm}, {"20", "noext", Import, WasmText, Module},
		{"24", "n/noext", Start, WasmText, CommonJS}, {"24", "n/noext", Import, WasmText, Wasm}, {"24", "c/noext", Import, WasmText, CommonJS},
		{"22", "a.ts", Import, PlainText, Module}, {"20", "a.ts", Import, PlainText, Other}, {"20", "a.ts", Require, PlainText, CommonJS},
		{"22", "n/a.ts", Start, ModuleText, Module}, {"20", "n/a.ts", Start, ModuleText, Other}, {"20", "n/a.ts", Start, PlainText, CommonJS},
		{"22", "x.mts", Import, PlainText, Module}, {"20", "n/x.mts", Start, PlainText, CommonJS}, {"22", "n/x.mts", Start, PlainText, Module},
		{"22", "x.cts", Require, PlainText, CommonJS}, {"22", "node_modules/p/a.ts", Require, PlainText, Other},
		{"22", "x.txt", Require, PlainText, CommonJS}, {"22", "x.txt", Require, ModuleText, Module}, {"22", "x.txt", Import, PlainText, Other},
		{"22", "x.txt", Start, PlainText, Other}, {"22", "n/x.txt", Start, PlainText, CommonJS}, {"22", "n/x.txt", Start, ModuleText, Other},
	}
	for _, test := range tests {
		got, err := New(fsys, Target{Node: version(t, test.node)}).Format(test.file, test.mode, func() Syntax { return test.text })
		if err != nil || got != test.want {
			t.Errorf("Node %s, %s, mode %d, text %d: %q, %v; want %q", test.node, test.file, test.mode, test.text, got, err, test.want)
		}
	}
	if _, err := New(fsys, Target{Node: version(t, "22")}).Format("broken/a.js", Require, nil); err == nil {
		t.Error("a broken package.json gave a format")
	}
}

// TestFormatIsWhatNodeSays has every Node load files of each ending, below packages of
// each type, with texts of each kind, in each way, and report what it took them for.
func TestFormatIsWhatNodeSays(t *testing.T) {
	const tell = ";globalThis.seen = typeof arguments === 'object' ? 'cjs' : 'esm'"
	scopes := map[string]string{
		"module": `{"type":"module"}`, "commonjs": `{"type":"commonjs"}`, "none": `{}`, "odd": `{"type":"esm"}`,
		"marked": "\ufeff{\"type\":\"module\"}", "node_modules/none": `{}`, "node_modules/module": `{"type":"module"}`,
	}
	endings := []string{".js", ".mjs", ".cjs", "", ".ts", ".mts", ".cts", ".txt", ".JS", ".js.old", "."}
	texts := map[string]string{
		"plain": tell, "module": "export {}" + tell, "script": "with ({}) {}" + tell, "meta": "import.meta" + tell, "wrapper": "const module = 1" + tell,
	}
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	lay := func(name, text string) string {
		full := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return text
	}
	written := map[string]string{}
	var all []loading
	add := func(name, text string, start bool) {
		written[name] = lay(name, text)
		all = append(all, loading{"require", name}, loading{"import", name})
		if start {
			all = append(all, loading{"start", name})
		}
	}
	for scope, manifest := range scopes {
		lay(scope+"/package.json", manifest)
		for kind, text := range texts {
			for _, ending := range endings {
				if kind == "script" && strings.HasSuffix(ending, "ts") {
					continue // TypeScript has no with
				}
				add(scope+"/"+kind+ending, text, (kind == "plain" || kind == "module") && ending != ".JS" && ending != ".")
			}
			add(scope+"/."+kind, text, false)
		}
		add(scope+"/binary", "\x00asm\x01\x00\x00\x00", false)
		add(scope+"/binary.wasm", "\x00asm\x01\x00\x00\x00", false)
	}
	for node, v := range binaries(t) {
		t.Run(fmt.Sprintf("%d.%d", v.Major, v.Minor), func(t *testing.T) {
			r := New(DirFS(root), Target{Node: v})
			for i, said := range load(t, node, root, all) {
				l := all[i]
				syntax := syntaxOf(written[l.File])
				got, err := r.Format(l.File, map[string]Mode{"require": Require, "import": Import, "start": Start}[l.Mode], func() Syntax { return syntax })
				if err != nil {
					t.Fatal(err)
				}
				if want := Format(said); want != got && (want != Other || runs(got, written[l.File])) {
					t.Errorf("%s of %s: Node says %q, here it is %q", l.Mode, l.File, want, got)
				}
			}
			t.Logf("%d files are what Node %d.%d takes them for", len(all), v.Major, v.Minor)
		})
	}
}

// loading is one line for testdata/formats.cjs.
type loading struct {
	Mode string `json:"mode"`
	File string `json:"file"`
}

func load(t *testing.T, node, root string, all []loading) []string {
	t.Helper()
	var in bytes.Buffer
	for _, l := range all {
		l.File = root + "/" + l.File
		line, err := json.Marshal(l)
		if err != nil {
			t.Fatal(err)
		}
		in.Write(append(line, '\n'))
	}
	script, err := filepath.Abs("testdata/formats.cjs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(node, "--no-warnings", script)
	cmd.Stdin, cmd.Env, cmd.Dir = &in, []string{"HOME=" + t.TempDir()}, root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	said := strings.Split(strings.TrimSuffix(string(out), "\n"), "\n")
	if len(said) != len(all) {
		t.Fatalf("%d answers to %d files", len(said), len(all))
	}
	return said
}

func syntaxOf(text string) Syntax {
	switch {
	case strings.HasPrefix(text, "\x00asm"):
		return WasmText
	case js.Parse([]byte(text), js.Detect).Goal == js.Module:
		return ModuleText
	}
	return PlainText
}

// runs reports whether a text could run as what it is taken for.
func runs(f Format, text string) bool {
	switch f {
	case CommonJS:
		tree := js.Parse([]byte(text), js.CommonJS)
		return len(tree.Errors) == 0 && len(js.Resolve(tree).Errors()) == 0
	case Module:
		return len(js.Parse([]byte(text), js.Module).Errors) == 0
	}
	return f != Other
}

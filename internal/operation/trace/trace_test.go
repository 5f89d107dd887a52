package trace_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/trace"
)

// project lays a project out and returns the host that works on it.
func project(t *testing.T, files map[string]string) machine.Host {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return machine.Host{Dir: dir, File: "build.hcl", Environ: os.Environ(), StoreDir: t.TempDir()}
}

func needNode(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("no node in PATH; CI installs Node 20, 22, 24 and 26")
	}
}

func run(t *testing.T, h machine.Host, o trace.Options) *trace.Result {
	t.Helper()
	if o.Output == nil {
		o.Output = &bytes.Buffer{}
	}
	r, err := trace.Run(t.Context(), h, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// why lists each file with its reasons.
func why(r *trace.Result) map[string]string {
	out := map[string]string{}
	for _, f := range r.Files {
		var words []string
		for _, reason := range f.Reasons {
			words = append(words, string(reason))
		}
		out[f.Path] = strings.Join(words, " ")
	}
	return out
}

func TestARunKeepsWhatProductionAskedForAlone(t *testing.T) {
	needNode(t)
	h := project(t, map[string]string{
		"package.json":                     `{"name":"app"}`,
		"server.js":                        `require("./lib/load")`,
		"lib/load.js":                      `exports.load = (name) => require(process.env.AT + name); exports.read = (f) => new WebAssembly.Module(require("fs").readFileSync(f))`,
		"plugins/a.js":                     `require("shared"); require("./b")`,
		"plugins/b.js":                     `module.exports = new Function("return 1")(); eval(JSON.stringify(__filename))`,
		"plugins/c.wasm":                   "\x00asm\x01\x00\x00\x00",
		"node_modules/shared/package.json": `{"name":"shared"}`,
		"node_modules/shared/index.js":     `1`,
		"node_modules/runner/package.json": `{"name":"runner"}`,
		"node_modules/runner/index.js":     `require("shared"); require("./own"); eval("2")`,
		"node_modules/runner/own.js":       `3`,
		"test.js":                          `process.env.AT = __dirname + "/plugins/"; require("runner"); const l = require("./lib/load"); l.load("a"); l.read(__dirname + "/plugins/c.wasm")`,
	})
	r := run(t, h, trace.Options{Entries: []string{"server.js"}, Command: []string{"node", "test.js"}})
	if diff := cmp.Diff(map[string]string{
		"package.json": "static", "server.js": "static", "lib/load.js": "static traced", "plugins/a.js": "traced", "plugins/b.js": "static traced",
		"plugins/c.wasm": "traced", "node_modules/shared/index.js": "static traced", "node_modules/shared/package.json": "static",
	}, why(r)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"node_modules/runner/index.js", "node_modules/runner/own.js", "test.js"}, r.Run.Dropped); diff != "" {
		t.Error(diff)
	}
	text, err := os.ReadFile(filepath.Join(h.Dir, "nbuild.trace"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(r.Text(false), "warning: plugins/b.js: strings that it turns into code hold paths of this machine") {
		t.Errorf("%s", r.Text(false))
	}
	if r.Run.Code != 1 || !strings.Contains(string(text), `"from":"plugins/b.js"`) || strings.Contains(string(text), "runner") || strings.Contains(string(text), h.Dir) {
		t.Errorf("%s", text)
	}
	again := run(t, h, trace.Options{Entries: []string{"server.js"}, Command: []string{"node", "test.js"}})
	if second, err := os.ReadFile(filepath.Join(h.Dir, "nbuild.trace")); err != nil || !bytes.Equal(text, second) {
		t.Errorf("a second run wrote another file: %v\n%s", err, second)
	}
	if diff := cmp.Diff(r, again); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAToolTranslatedIsNotTraced(t *testing.T) {
	needNode(t)
	h := project(t, map[string]string{
		"server.js": `require("./load")`,
		"load.js":   `module.exports = (file) => require(file)`,
		"page.tsx":  `export const page: number = 1`,
		"test.js":   `require.extensions[".tsx"] = (m, f) => m._compile("exports.page = 1", f); require("./load")(__dirname + "/page.tsx")`,
	})
	r := run(t, h, trace.Options{Entries: []string{"server.js"}, Command: []string{"node", "test.js"}})
	if _, ok := why(r)["page.tsx"]; ok {
		t.Error("page.tsx is traced")
	}
	if text := r.Text(true); !strings.Contains(text, "page.tsx: a tool translated it") {
		t.Errorf("%s", text)
	}
}

func TestStartedFindsTheFilesOfACommand(t *testing.T) {
	for _, c := range []struct {
		cmd  []string
		want []string
	}{
		{[]string{"node", "server.js", "x.js"}, []string{"server.js"}},
		{[]string{"/usr/local/bin/node", "--enable-source-maps", "dist/server.js"}, []string{"dist/server.js"}},
		{[]string{"node", "-r", "./otel.js", "--import=./otel.mjs", "--require", "dotenv/config", "server.js"}, []string{"./otel.js", "./otel.mjs", "server.js"}},
		{[]string{"node", "--max-old-space-size", "512", "--", "server.js"}, []string{"server.js"}},
		{[]string{"npm", "start"}, nil},
		{nil, nil},
	} {
		if diff := cmp.Diff(c.want, trace.Started(c.cmd)); diff != "" {
			t.Errorf("%q: %s", c.cmd, diff)
		}
	}
}

func TestTraceRefusesWhatItCantFollow(t *testing.T) {
	h := project(t, map[string]string{"server.js": "1", "build.hcl": "nbuild = \"1\"\n\nproject \"a\" {}\n\nimage \"a\" {\n  cmd = [\"npm\", \"start\"]\n}\n"})
	outside := filepath.Join(t.TempDir(), "other.js")
	if err := os.WriteFile(outside, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		o    trace.Options
		code diag.Code
	}{
		"a command that is not node":  {trace.Options{}, trace.CodeEntry},
		"a file that is not there":    {trace.Options{Entries: []string{"absent.js"}}, trace.CodeEntry},
		"a file outside":              {trace.Options{Entries: []string{outside}}, trace.CodeEntry},
		"an old Node":                 {trace.Options{Entries: []string{"server.js"}, Node: "18"}, trace.CodeEntry},
		"a program that is not there": {trace.Options{Entries: []string{"server.js"}, Command: []string{"no-such-program"}}, trace.CodeCommand},
		"a command without Node":      {trace.Options{Entries: []string{"server.js"}, Command: []string{"true"}}, trace.CodeNothing},
		"a command that fails":        {trace.Options{Entries: []string{"server.js"}, Command: []string{"false"}}, trace.CodeCommand},
	} {
		_, err := trace.Run(t.Context(), h, c.o)
		if ps := diag.All(err); len(ps) != 1 || ps[0].Code != c.code || ps[0].Remedy == "" {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := os.Stat(filepath.Join(h.Dir, "nbuild.trace")); err == nil {
			t.Errorf("%s: a trace was written", name)
		}
	}
}

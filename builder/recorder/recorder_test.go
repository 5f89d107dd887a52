package recorder_test

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/internal/cas"
)

var nodes = flag.String("nodes", "", "folders with a bin/node each, separated by colons, to record beside the node of PATH")

// each runs a test with every node at hand.
func each(t *testing.T, test func(t *testing.T, node string)) {
	t.Helper()
	found := 0
	for _, dir := range append(filepath.SplitList(*nodes), "") {
		node, err := filepath.Join(dir, "bin", "node"), error(nil)
		if dir == "" {
			if node, err = exec.LookPath("node"); err != nil {
				continue
			}
		}
		found++
		version, err := exec.Command(node, "--version").Output()
		if err != nil {
			t.Fatal(err)
		}
		t.Run(strings.TrimSpace(string(version)), func(t *testing.T) { test(t, node) })
	}
	if found == 0 {
		t.Skip("no node in PATH; CI installs Node 20, 22, 24 and 26")
	}
}

// program is an application and its test, which together load in every way.
var program = map[string]string{
	"package.json":                  `{"name":"app"}`,
	"test.js":                       `process.env.NAME = "plugin"; require("./lib/app").run().then(console.log); require("./aid")`,
	"aid.js":                        `require("dep")`,
	"lib/plugin.js":                 `module.exports = "P"`,
	"lib/mod.mjs":                   `import x from "./x.cjs"; export default x.a;`,
	"lib/data.json":                 `{"a":1}`,
	"lib/x.cjs":                     `module.exports = require("./data.json")`,
	"lib/worker.js":                 `require("./plugin")`,
	"lib/child.js":                  `require("./x.cjs")`,
	"lib/sync.js":                   `debugger; 1`,
	"lib/sh.js":                     `2`,
	"lib/x.wasm":                    "\x00asm\x01\x00\x00\x00",
	"node_modules/dep/package.json": `{"name":"dep","main":"i.js"}`,
	"node_modules/dep/i.js":         "#!/usr/bin/env node\nmodule.exports = 2",
	"lib/app.js": `const dep = require("dep");
const children = require("child_process");
exports.run = async () => {
  const local = 1;
  const p = require("./" + process.env.NAME);
  const m = await import("./mod.mjs");
  const { Worker } = require("worker_threads");
  const bare = { env: {}, execArgv: [] };
  await new Promise((done) => new Worker(__dirname + "/worker.js", bare).on("exit", done));
  await new Promise((done) => children.fork(__dirname + "/child.js", { env: {} }).on("exit", done));
  children.execFileSync(process.execPath, [__dirname + "/sync.js"], { env: {} });
  children.execSync(JSON.stringify(process.execPath) + " " + JSON.stringify(__dirname + "/sh.js"));
  new WebAssembly.Module(require("fs").readFileSync(__dirname + "/x.wasm"));
  return eval("local + 1") + new Function("a", "return a")(1) + require("vm").runInThisContext("1 + 1") + p + m.default;
};`,
}

func lay(t *testing.T, files map[string]string) string {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func record(t *testing.T, dir string, argv ...string) *recorder.Record {
	t.Helper()
	home := filepath.Join(t.TempDir(), "a folder")
	if err := os.Mkdir(home, 0o700); err != nil {
		t.Fatal(err)
	}
	env, err := recorder.Install(home, os.Environ())
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Env = dir, env
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	r, err := recorder.ReadInstalled(home)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRecorderSeesEveryWayToLoad(t *testing.T) {
	each(t, func(t *testing.T, node string) {
		dir := lay(t, program)
		r := record(t, dir, node, "test.js")
		short := func(p string) string { return strings.TrimPrefix(p, dir+"/") }
		loads := map[string]string{}
		for _, l := range r.Loads {
			loads[short(l.File)] = l.Format
			if want := cas.Sum([]byte(program[short(l.File)])); l.SHA256 != want {
				t.Errorf("%s: hash %s, want %s", l.File, l.SHA256, want)
			}
		}
		if diff := cmp.Diff(map[string]string{
			"test.js": "cjs", "aid.js": "cjs", "lib/app.js": "cjs", "lib/plugin.js": "cjs", "lib/mod.mjs": "esm", "lib/x.cjs": "cjs",
			"lib/data.json": "json", "lib/worker.js": "cjs", "lib/child.js": "cjs", "lib/sync.js": "cjs", "lib/sh.js": "cjs",
			"node_modules/dep/i.js": "cjs",
		}, loads); diff != "" {
			t.Error(diff)
		}
		edges := map[string]bool{}
		for _, e := range r.Edges {
			edges[short(e.From)+" > "+short(e.To)] = true
		}
		for _, want := range []string{
			"test.js > lib/app.js", "test.js > aid.js", "aid.js > node_modules/dep/i.js", "lib/app.js > node_modules/dep/i.js",
			"lib/app.js > lib/plugin.js", "lib/app.js > lib/mod.mjs", "lib/mod.mjs > lib/x.cjs", "lib/x.cjs > lib/data.json",
			"lib/app.js > lib/worker.js", "lib/worker.js > lib/plugin.js", "lib/app.js > lib/child.js", "lib/child.js > lib/x.cjs",
			"lib/app.js > lib/sync.js", "lib/app.js > lib/sh.js",
		} {
			if !edges[want] {
				t.Errorf("no edge %s", want)
			}
		}
		for edge := range edges {
			if strings.HasPrefix(edge, "lib/") && strings.HasSuffix(edge, " > aid.js") {
				t.Errorf("an edge that is none: %s", edge)
			}
		}
		var codes []string
		for _, c := range r.Codes {
			codes = append(codes, c.Way+" "+short(c.From)+" "+c.Text)
			if len(c.Text) < 200 && c.SHA256 != cas.Sum([]byte(c.Text)) {
				t.Errorf("the hash of %q", c.Text)
			}
		}
		slices.Sort(codes)
		if diff := cmp.Diff([]string{
			"eval lib/app.js local + 1", "function lib/app.js function anonymous(a\n) {\nreturn a\n}", "vm lib/app.js 1 + 1",
		}, codes); diff != "" {
			t.Error(diff)
		}
		if len(r.Binaries) != 1 || r.Binaries[0].SHA256 != cas.Sum([]byte(program["lib/x.wasm"])) || short(r.Binaries[0].From) != "lib/app.js" {
			t.Errorf("%v", r.Binaries)
		}
		if r.Processes < 5 || r.Blind || len(r.Changed) > 0 {
			t.Errorf("%d processes, blind %t, changed %v", r.Processes, r.Blind, r.Changed)
		}
	})
}

func TestRecorderReachesNodeThroughShellsAndNpm(t *testing.T) {
	if _, err := exec.LookPath("npm"); err != nil {
		t.Skip("no npm in PATH; CI installs it with Node")
	}
	dir := lay(t, map[string]string{"package.json": `{"scripts":{"test":"sh -c 'node a.js' && node b.js"}}`, "a.js": "1", "b.js": "2"})
	r := record(t, dir, "npm", "test")
	for _, name := range []string{"a.js", "b.js"} {
		if !slices.ContainsFunc(r.Loads, func(l recorder.Load) bool { return l.File == filepath.Join(dir, name) }) {
			t.Errorf("%s was not seen", name)
		}
	}
}

func TestRecordOfAKilledProcessHasWhatItDid(t *testing.T) {
	each(t, func(t *testing.T, node string) {
		dir := lay(t, map[string]string{
			"main.js":   `require("child_process").spawnSync(process.execPath, ["child.js"])`,
			"child.js":  `require("./loaded"); process.kill(process.pid, "SIGKILL"); require("./never")`,
			"loaded.js": "1", "never.js": "2",
		})
		r := record(t, dir, node, "main.js")
		if !slices.ContainsFunc(r.Loads, func(l recorder.Load) bool { return l.File == filepath.Join(dir, "loaded.js") }) {
			t.Errorf("%v", r.Loads)
		}
	})
}

func TestRecorderTellsWhatAToolChanged(t *testing.T) {
	each(t, func(t *testing.T, node string) {
		dir := lay(t, map[string]string{
			"main.js": `const m = require("module"), js = m._extensions[".js"];
m._extensions[".js"] = (module, file) => module._compile("/* covered */" + require("fs").readFileSync(file, "utf8"), file);
require("./a"); m._extensions[".js"] = js; require("./b"); require("./c");`,
			"a.js": "1", "b.js": "\uFEFF2", "c.js": "#!/usr/bin/env node\n3",
		})
		r := record(t, dir, node, "main.js")
		if diff := cmp.Diff([]string{filepath.Join(dir, "a.js")}, r.Changed); diff != "" {
			t.Error(diff)
		}
	})
}

func TestReadRefusesWhatTheRecorderDidNotWrite(t *testing.T) {
	for name, text := range map[string]string{
		"no JSON": "x\n", "an unknown kind": `{"t":"more"}` + "\n", "a relative path": `{"t":"edge","to":"a.js"}` + "\n",
		"a path that is not clean": `{"t":"edge","to":"/a/../b.js"}` + "\n", "no hash": `{"t":"load","file":"/a.js","format":"cjs"}` + "\n",
	} {
		dir := lay(t, map[string]string{"1.jsonl": text})
		if r, err := recorder.Read(dir); err == nil {
			t.Errorf("%s: %v", name, r)
		}
	}
	dir := lay(t, map[string]string{"1.jsonl": `{"t":"process"}` + "\n" + `{"t":"full"}` + "\n"})
	if _, err := recorder.Read(dir); !errors.Is(err, recorder.ErrFull) {
		t.Errorf("%v", err)
	}
	load := `{"t":"load","file":"/a.js","format":"cjs","sha256":"` + cas.Sum(nil).String() + `"}` + "\n"
	for text, want := range map[string]bool{"": false, load: true} {
		dir := lay(t, map[string]string{"1.jsonl": `{"t":"blind"}` + "\n" + text, "2.jsonl": load})
		if r, err := recorder.Read(dir); err != nil || r.Blind != want {
			t.Errorf("blind with %q: %v, %v", text, r, err)
		}
	}
	dir = lay(t, map[string]string{"1.jsonl": `{"t":"process"}` + "\n" + `{"t":"ed`})
	if r, err := recorder.Read(dir); err != nil || r.Processes != 1 {
		t.Errorf("a line that was cut short: %v, %v", r, err)
	}
}

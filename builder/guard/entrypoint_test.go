package guard

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/nbuild/nbuild/internal/diag"
)

func TestEntryPointPutsTheGuardFirst(t *testing.T) {
	got, env, files, err := EntryPoint([]string{"/usr/bin/node", "--enable-source-maps", "server.js", "-e"}, Enforce, Options{
		Node: 26, Permission: &Permission{Write: []string{"/tmp/*"}, Workers: true, Net: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Fields("/usr/bin/node --require /.nbuild/guard.cjs --disallow-code-generation-from-strings --disable-sigusr1 " +
		"--permission --allow-fs-read=* --allow-fs-write=/tmp/* --allow-net --allow-worker --enable-source-maps server.js -e")
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entry point (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"NODE_DISABLE_COMPILE_CACHE=1"}, env); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	if len(files) != 2 || len(files["/.nbuild/guard.cjs"]) == 0 {
		t.Errorf("files: %d", len(files))
	}
	holds(t, "nbuild.guard-config.v1", files["/.nbuild/guard.json"])
}

func TestEntryPointLeavesAnUnguardedCommandAlone(t *testing.T) {
	cmd := []string{"sh", "-c", "node server.js"}
	got, env, files, err := EntryPoint(cmd, Off, Options{})
	if err != nil || !cmp.Equal(cmd, got) || env != nil || files != nil {
		t.Errorf("EntryPoint = %q, %q, %d files, %v", got, env, len(files), err)
	}
}

func TestEntryPointRefusesWhatCouldStartAnUnguardedNode(t *testing.T) {
	for name, test := range map[string]struct {
		cmd  string
		want diag.Code
	}{
		"nothing":                              {"", CodeCommand},
		"a shell":                              {"sh -c node", CodeCommand},
		"npm":                                  {"npm start", CodeCommand},
		"no file":                              {"node", CodeCommand},
		"stdin":                                {"node -", CodeCommand},
		"a debugger":                           {"node inspect server.js", CodeCommand},
		"a value and no file":                  {"node --title server.js", CodeCommand},
		"an option behind a value":             {"node --trace-event-categories v8 --env-file=x server.js", CodeFlag},
		"an engine's option without its value": {"node --stack-size 100 server.js", CodeFlag},
		"a value that is no value":             {"node --no-warnings=1 server.js", CodeFlag},
		"variables from a file by the program": {"node server.js --env-file=x", CodeFlag},
		"settings by the program":              {"node -- server.js --experimental-config-file=x", CodeFlag},
		"flags alone":                          {"node --no-warnings", CodeCommand},
		"an evaluation":                        {"node -e 1", CodeFlag},
		"a loader":                             {"node --loader x server.js", CodeFlag},
		"preload alone":                        {"node --import ./x.mjs", CodeCommand},
		"an inspector":                         {"node --inspect=0.0.0.0 server.js", CodeFlag},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, _, err := EntryPoint(strings.Fields(test.cmd), Report, Options{})
			var p *diag.Problem
			if !errors.As(err, &p) || p.Code != test.want || p.Remedy == "" {
				t.Errorf("err = %v, want %s with a remedy", err, test.want)
			}
		})
	}
}

// holds checks a document against its schema.
func holds(t *testing.T, schema string, doc []byte) {
	t.Helper()
	s, err := jsonschema.NewCompiler().Compile("../../docs/schemas/" + schema + ".schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(doc, &v); err != nil {
		t.Fatalf("%v: %s", err, doc)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%v\n%s", err, doc)
	}
}

func TestReportTellsAndLetsPass(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, victims)
		w.mode = Report
		w.write("main.js", `
			require('./unlisted/evil.js'); delete require.cache[require.resolve('./unlisted/evil.js')]; require('./unlisted/evil.js');
			console.log(eval('1 + 1'), new Function('a', 'return a')(3), require('vm').runInThisContext('4'));
			console.log(String(require('child_process').execFileSync('/bin/echo', ['child'])));
			new WebAssembly.Module(Buffer.from('AGFzbQEAAAA=', 'base64'));
			import('./unlisted/evil.mjs');`)
		got := w.run(n, "main.js")
		if got.exit != 0 || !strings.Contains(got.stdout, "PWNED\nPWNED\n2 3 4\nchild\n") || !strings.HasSuffix(got.stdout, "PWNED\n") {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
		for line := range strings.Lines(got.stderr) {
			if strings.HasPrefix(line, "{") {
				holds(t, "nbuild.guard.v1", []byte(line))
			}
		}
		for _, want := range []string{`"kind":"unlisted"`, `"kind":"eval"`, `"kind":"child"`, `"count":2`, `"allow":"evaluator \"project\""`, `"allow":"generated \"` + digest([]byte("\x00asm\x01\x00\x00\x00")).String(), digest([]byte("1 + 1")).String(), digest([]byte("function anonymous(a\n) {\nreturn a\n}")).String()} {
			if !strings.Contains(got.stderr, want) {
				t.Errorf("stderr lacks %s: %s", want, got.stderr)
			}
		}
	})
}

func TestApprovedStringsAndModulesEvaluate(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, `
-- package.json --
{"name": "app"}
-- main.js --
const by = require('./by.js');
console.log(by.indirect('1 + 1'), by.make('a', 'b', 'return a + b')(1, 2), by.global(), by.strict(), by.block(), by.block());
console.log(eval('3 + 4'), new Function('return 8')());
try { by.make('}); console.log("PWNED"); (function () {'); } catch (e) { console.log(e.name); }
try { by.indirect.constructor('return 1')(); } catch (e) { console.log(e.name); }
-- by.js --
'use strict';
exports.indirect = (s) => (0, eval)(s);
exports.make = (...a) => new Function(...a);
exports.global = () => global.Function('return 5')() + globalThis.eval('1');
exports.strict = () => this === exports && typeof __filename;
exports.block = () => (0, eval)('const once = 9; once');
`)
		w.evaluators, w.generated = []string{"by.js"}, []string{"3 + 4", "function anonymous(\n) {\nreturn 8\n}"}
		got := w.run(n, "main.js")
		if want := "2 3 6 string 9 9\n7 8\nSyntaxError\nEvalError\n"; got.stdout != want {
			t.Errorf("stdout %q, want %q, stderr %s", got.stdout, want, got.stderr)
		}
	})
}

func TestConsoleLinesNameTheirModule(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, small)
		w.o.Console = "module"
		w.write("server.js", `console.log('one\n[/app/other.js] forged %s', '\u2028x'); console.error('two')`)
		got := w.run(n, "server.js")
		at := "[" + w.path("server.js") + "] "
		if got.stdout != at+`one\u000a[/app/other.js] forged \u2028x`+"\n" || got.stderr != at+"two\n" {
			t.Errorf("stdout %q, stderr %q", got.stdout, got.stderr)
		}
	})
}

func TestOutsideOptionsAreRefusedAtTheStart(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		for _, env := range []string{"NODE_OPTIONS=--inspect=0", "NODE_OPTIONS=--import=data:text/javascript,0"} {
			w := newWorld(t, small)
			w.env = []string{env}
			if got := w.run(n, "server.js"); got.exit == 0 || !strings.Contains(got.stderr, "nbuild guard: NODE_OPTIONS") {
				t.Errorf("%s: exit %d, stdout %q, stderr %s", env, got.exit, got.stdout, got.stderr)
			}
		}
	})
}

func TestAByteOrderMarkAndBrokenUTF8AreHeldByTheirBytes(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, small)
		w.write("lib.js", "\ufeffexports.name = 'lib'; // \xff\xfe")
		w.write("inner.mjs", "\ufeffexport const inner = 'inner'; // \xff")
		w.write("data.json", "\ufeff{\"name\":\"data\"}")
		if got := w.run(n, "server.js"); got.exit != 0 || got.stdout != "lib data mod:data inner lib 2 0\n" {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
		w.write("lib.js", "\ufeffexports.name = 'lib'; // \xfe\xfe")
		if got := w.start(n, "server.js"); got.exit == 0 || got.stdout != "" {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
	})
}

// Node's permission model closes ways that the guard takes where they are open.
func TestTheGuardStartsUnderNodesPermissions(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, `
-- package.json --
{"name": "app"}
-- main.js --
try { require('child_process').spawnSync(process.execPath, ['main.js']); } catch (e) { console.log(e.code); }
try { eval('1'); } catch (e) { console.log(e.code); }
import('./mod.mjs').then((m) => console.log(m.name), (e) => console.log(e.code));
-- mod.mjs --
export const name = 'mod';
`)
		w.o.Permission = &Permission{Write: []string{"*"}, Workers: n.major == 20} // its hooks run in a thread
		want := "ERR_ACCESS_DENIED\nERR_NBUILD_GUARD\nmod\n"
		if got := w.run(n, "main.js"); got.exit != 0 || got.stdout != want {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
	})
}

// What no hook of Node 20 sees is turned off where that line has it on.
func TestNode20RequiresNoModules(t *testing.T) {
	const flag = "--no-experimental-require-module"
	for _, c := range []struct {
		major, minor int
		want         bool
	}{{20, 12, false}, {20, 19, true}, {20, 20, true}, {20, 1 << 30, true}, {22, 20, false}, {26, 10, false}} {
		argv, _, _, err := EntryPoint([]string{"node", "server.js"}, Enforce, Options{Node: c.major, Minor: c.minor})
		if err != nil || slices.Contains(argv, flag) != c.want {
			t.Errorf("Node %d.%d: %q, %v", c.major, c.minor, argv, err)
		}
	}
}

package guard

import (
	"os"
	"strings"
	"testing"
)

const small = `
-- package.json --
{"name": "app"}
-- server.js --
const lib = require('./lib.js');
const data = require('./data.json');
import('./mod.mjs').then((m) => import('./lib.js').then((l) => {
  console.log(lib.name, data.name, m.name, m.inner, l.default.name, process.argv.length, process.execArgv.length);
}));
-- lib.js --
exports.name = 'lib';
-- data.json --
{"name": "data"}
-- mod.mjs --
import { inner } from './inner.mjs';
import data from './data.json' with { type: 'json' };
export const name = 'mod:' + data.name;
export { inner };
-- inner.mjs --
// name
export const inner = 'inner';
`

func TestGuardLetsListedSourcesRun(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		got := newWorld(t, small).run(n, "server.js")
		if got.exit != 0 || got.stdout != "lib data mod:data inner lib 2 0\n" {
			t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
		}
	})
}

func TestGuardRefusesATamperedFile(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		for _, name := range []string{"server.js", "lib.js", "data.json", "mod.mjs", "inner.mjs", "package.json"} {
			t.Run(name, func(t *testing.T) {
				w := newWorld(t, small)
				w.list()
				w.write(name, strings.Replace(readFile(t, w.path(name)), "name", "nane", 1)+" ")
				got := w.start(n, "server.js")
				if got.exit == 0 || got.stdout != "" || !strings.Contains(got.stderr, "nbuild guard: "+w.path(name)+" is not the file that was signed") {
					t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
				}
			})
		}
	})
}

// A program's own file that is a script starts without hooks: nothing that is done to
// the files around it makes it a module that no one looks at.
func TestGuardHoldsAScriptThatIsMadeAModule(t *testing.T) {
	const program = `
-- package.json --
{"name": "app", "type": "commonjs"}
-- src/main.js --
console.log('fine');
-- untyped/main.js --
console.log('fine');
-- untyped/package.json --
{}
`
	const evil = "import 'node:fs'; console.log('PWNED');\n"
	for _, c := range []struct {
		name, main string
		harm       map[string]string // "" removes
	}{
		{"untouched", "src/main.js", nil},
		{"its text", "src/main.js", map[string]string{"src/main.js": evil}},
		{"its text, and what governs it", "src/main.js", map[string]string{"src/main.js": evil, "package.json": `{"type":"module"}`}},
		{"what governs it alone", "src/main.js", map[string]string{"package.json": `{"type":"module"}`}},
		{"its text, and what governs it from nearer", "src/main.js", map[string]string{"src/main.js": evil, "src/package.json": `{"type":"module"}`}},
		{"its text, and nothing governs it", "src/main.js", map[string]string{"src/main.js": evil, "package.json": ""}},
		{"its text, by which Node decides", "untyped/main.js", map[string]string{"untyped/main.js": evil}},
		{"its text, where Node decided by it", "untyped/main.js", map[string]string{"untyped/main.js": evil, "untyped/package.json": `{"type":"module"}`}},
		{"a module beside it that Node takes first", "src/main", map[string]string{"src/main": evil, "src/package.json": `{"type":"module"}`}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				for _, imports := range [][]string{nil, {}} {
					w := newWorld(t, program)
					w.o.Imports = imports
					w.list()
					w.meanings(n, "src/main.js", "untyped/main.js")
					for name, text := range c.harm {
						if text != "" {
							w.write(name, text)
						} else if err := os.Remove(w.path(name)); err != nil {
							t.Fatal(err)
						}
					}
					got := w.start(n, c.main)
					if c.harm == nil && (got.exit != 0 || got.stdout != "fine\n") || c.harm != nil && (got.exit == 0 || got.stdout != "") {
						t.Errorf("exit %d, stdout %q, stderr %s", got.exit, got.stdout, got.stderr)
					}
				}
			})
		})
	}
}

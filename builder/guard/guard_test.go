package guard

import (
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

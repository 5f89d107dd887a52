package guard

import (
	"flag"
	"os"
	"strings"
	"testing"
)

// attack is one way to run code that is on no list. Its code runs in a listed file,
// as if listed code were on the attacker's side; "PWNED" on stdout is success.
type attack struct {
	name  string
	code  string
	kinds string // kinds of refusal, any of which must be recorded; "" where nothing need be
	wants string // what is said where listed code runs, and has to run
	since int    // the first major version that has what is attacked

	files      map[string]string   // listed beside the victims
	evaluators []string            // those that may turn strings into code
	rewriters  []string            // those that may rewrite what loads
	said       bool                // the guard is given which files have an import(), as in an image
	libraries  map[string][]string // of listed addons
	prepare    func(*world)        // done once the list is written
	notIn      string              // "worker" where a worker can't do it
	thread     bool                // it runs in a worker
	permission bool                // ... and Node's permission model is on
}

// victims are the files of each attack. What is below unlisted must never run.
const victims = `
-- package.json --
{"name": "app"}
-- good.js --
exports.name = 'good';
-- good.mjs --
export const name = 'good';
-- good.json --
{"name": "good"}
-- worker.js --
console.log('worker ran');
require('./unlisted/evil.js');
-- worker-eval.js --
try { console.log(eval('"PW" + "NED"')); } catch (e) { console.log(e.name); }
-- fine.js --
console.log('fine');
-- thread.js --
new (require('worker_threads').Worker)(__dirname + '/attack.js').on('error', (e) => console.log('CAUGHT', e.code, e.message));
-- child.js --
require('./unlisted/evil.js');
-- node_modules/plain/package.json --
{"name": "plain", "main": "index.js"}
-- node_modules/plain/index.js --
exports.plain = true;
-- node_modules/plain/test/fixture.js --
console.log('PWNED');
-- unlisted/evil.js --
console.log('PWNED'); exports.evil = true;
-- unlisted/evil.cjs --
console.log('PWNED');
-- unlisted/evil.mjs --
console.log('PWNED'); export default 1;
-- unlisted/evil.json --
{"evil": "PWNED"}
-- unlisted/evil --
console.log('PWNED');
-- unlisted/evil.txt --
console.log('PWNED');
-- unlisted/good.js --
exports.name = 'good';
-- unlisted/loader.mjs --
console.log('PWNED');
export async function load(url, context, nextLoad) {
  return { format: 'module', shortCircuit: true, source: 'console.log("PWNED")' };
}
-- loader.mjs --
export async function load(url, context, nextLoad) {
  if (url.endsWith('good.mjs')) return { format: 'module', shortCircuit: true, source: 'console.log("PWNED")' };
  if (url.endsWith('good.js')) return { format: 'commonjs', shortCircuit: true, source: 'console.log("PWNED")' };
  return nextLoad(url, context);
}
`

const around = `
const fs = require('fs'); const path = require('path'); const Module = require('module');
const here = __dirname; const evil = here + '/unlisted/';
const say = (e) => console.log('CAUGHT', e && (e.code || e.name), e && String(e.message).slice(0, 300));
process.on('uncaughtException', say);
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
(async () => {
CODE
})().catch(say);
`

func (a attack) run(t *testing.T, n node) {
	if n.major < a.since {
		return
	}
	w := newWorld(t, victims)
	w.unlisted = []string{"node_modules/plain/test/fixture.js"}
	for name, data := range a.files {
		w.write(name, data)
	}
	w.evaluators, w.rewriters = a.evaluators, a.rewriters
	w.write("attack.js", strings.Replace(around, "CODE", a.code, 1))
	if a.said {
		w.o.Imports = w.imports()
	}
	if a.permission {
		w.o.Permission = &Permission{Write: []string{"*"}, Addons: true, Children: true, Workers: true, Net: true}
	}
	for name, all := range a.libraries {
		linked := Linked{Load: []string{}, Absent: []string{w.path("early/libz.so.1")}}
		for _, l := range all {
			linked.Load = append(linked.Load, w.path(l))
		}
		w.o.Libraries = map[string]Linked{w.path(name): linked}
	}
	w.list()
	if a.prepare != nil {
		a.prepare(w)
	}
	program := "attack.js"
	if a.thread {
		program = "thread.js"
	}
	got := w.start(n, program)
	if strings.Contains("\n"+got.stdout, "\nPWNED") || strings.Contains("\n"+got.stderr, "\nPWNED") {
		t.Errorf("unlisted code ran\nstdout %s\nstderr %s", got.stdout, got.stderr)
		return
	}
	helpful(t, got.stderr)
	if !strings.Contains(got.stdout, a.wants) {
		t.Errorf("%q was not said\nexit %d\nstdout %s\nstderr %s", a.wants, got.exit, got.stdout, got.stderr)
	}
	if a.kinds == "" {
		return
	}
	for kind := range strings.FieldsSeq(a.kinds) {
		if strings.Contains(got.stderr, `"event":"denied","kind":"`+kind+`"`) {
			return
		}
	}
	t.Errorf("no refusal of kind %s\nexit %d\nstdout %s\nstderr %s", a.kinds, got.exit, got.stdout, got.stderr)
}

// chosen are the attacks that are run: all where Nodes are named, as in CI's stage of the
// guard, and else every fifth of a list, on the one Node that there is.
func chosen(all []attack) []attack {
	if os.Getenv("NBUILD_TEST_NODES") != "" {
		return all
	}
	var few []attack
	for i := 0; i < len(all); i += 5 {
		few = append(few, all[i])
	}
	return few
}

func TestGuardHoldsAgainst(t *testing.T) {
	for _, group := range [][]attack{loads, hooksAttacks, strings_, builtinsAttacks, processes, patches} {
		for _, a := range chosen(group) {
			t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
				eachNode(t, func(t *testing.T, n node) {
					t.Parallel()
					a.run(t, n)
				})
			})
		}
	}
}

var crossed = flag.Bool("crossed", false, "run each attack on each Node both without and with Node's permission model")

// withPermission says whether the attack at i of a list runs with Node's permission model on
// a Node. Where not both are asked for, every attack meets both on the Nodes that CI has,
// and every Node meets both in the list: half the time of running all.
func withPermission(i int, n node) []bool {
	if *crossed {
		return []bool{false, true}
	}
	return []bool{(i+n.major/2)%2 == 1}
}

// eachPermission runs attacks on each Node, without Node's permission model or with it.
func eachPermission(t *testing.T, all []attack, with func(*attack)) {
	for i, a := range chosen(all) {
		with(&a)
		t.Run(strings.ReplaceAll(a.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				t.Parallel()
				for _, permission := range withPermission(i, n) {
					a := a // each Node has its own
					a.permission = permission
					t.Logf("with Node's permission model: %t", permission)
					a.run(t, n)
				}
			})
		})
	}
}

package guard

import (
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"

	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
)

// speaking is machine code for this machine that says a text as it is loaded.
func speaking(says, name string, folders []string, needs ...string) string {
	o := linkage.Object{Platform: "linux/" + runtime.GOARCH, Name: name, RunPath: folders}
	for _, n := range needs {
		o.Needs = append(o.Needs, linkage.Need{Library: n})
	}
	return string(linkagetest.Loadable(o, says))
}

// opening loads an addon, which has nothing that Node could register.
const opening = `const open = (f, ...flags) => { try { process.dlopen({ exports: {} }, f, ...flags); } catch (e) { say(e); if (/proc/.test(e.message)) console.log('PWNED ' + e.message); } };
`

// machineCode are attacks on addons and on what they link to.
func machineCode() []attack {
	linking := speaking("addon\n", "", []string{"$ORIGIN/early", "$ORIGIN/lib"}, "liba.so.1")
	with := func(more map[string]string) map[string]string {
		all := map[string]string{
			"alone.node":         speaking("alone\n", "", nil),
			"fine.node":          linking,
			"lib/liba.so":        speaking("library\n", "liba.so.1", []string{"$ORIGIN"}, "libb.so.2"),
			"lib/libb.so":        speaking("deepest\n", "libb.so.2", nil),
			"unlisted/evil.node": speaking("PWNED\n", "", nil),
			"unlisted/evil.so":   speaking("PWNED\n", "liba.so.1", nil),
		}
		for name, data := range more {
			all[name] = data
		}
		return all
	}
	libraries := map[string][]string{"fine.node": {"lib/libb.so", "lib/liba.so"}}
	links := `const lib = here + '/lib/'; fs.symlinkSync('liba.so', lib + 'liba.so.1'); fs.symlinkSync('libb.so', lib + 'libb.so.2');
`
	all := []attack{
		{name: "a listed addon runs", wants: "alone\n", code: `open(here + '/alone.node'); open(here + '/alone.node', require('os').constants.dlopen.RTLD_NOW)`},
		{name: "a listed addon and its libraries run", wants: "deepest\nlibrary\naddon\n", libraries: libraries, code: links + `open(here + '/fine.node')`},
		{name: "an unlisted addon does not", kinds: "unlisted", code: `open(evil + 'evil.node')`},
		{name: "a library that was changed", kinds: "changed", libraries: libraries, code: links + `fs.copyFileSync(evil + 'evil.so', lib + 'liba.so'); open(here + '/fine.node')`},
		{name: "a library of a library that was changed", kinds: "changed", libraries: libraries, code: links + `fs.copyFileSync(evil + 'evil.so', lib + 'libb.so'); open(here + '/fine.node')`},
		{name: "a library behind another link", wants: "library\naddon\n", libraries: libraries, code: links + `fs.unlinkSync(lib + 'liba.so.1'); fs.symlinkSync(evil + 'evil.so', lib + 'liba.so.1'); open(here + '/fine.node')`},
		{name: "a library in a folder that is looked in before", wants: "library\naddon\n", libraries: libraries, code: links + `fs.mkdirSync(here + '/early'); fs.copyFileSync(evil + 'evil.so', here + '/early/liba.so.1'); open(here + '/fine.node')`},
		{name: "a library found by a variable that is set late", libraries: libraries, code: links + `process.env.LD_LIBRARY_PATH = evil; fs.copyFileSync(evil + 'evil.so', evil + 'liba.so.1'); process.chdir(evil); open(here + '/fine.node')`},
		{name: "a library opened as if it were an addon", kinds: "format", libraries: libraries, code: `open(here + '/lib/liba.so')`},
		{name: "a pipe in the place of an addon", kinds: "unlisted", prepare: pipe("alone.node"), code: `open(here + '/alone.node')`},
		{name: "a pipe in the place of an addon that someone writes", kinds: "unlisted", prepare: pipe("alone.node"), code: `
			const fd = fs.openSync(here + '/alone.node', fs.constants.O_RDWR); fs.writeSync(fd, fs.readFileSync(evil + 'evil.node')); open(here + '/alone.node')`},
		{name: "a pipe in the place of a library", kinds: "unlisted", libraries: libraries, prepare: pipe("lib/liba.so"), code: links + `open(here + '/fine.node')`},
		{name: "a pipe in the place of the guard's list", kinds: "changed", code: `
			const home = path.join(here, '..', 'nbuild') + '/'; fs.renameSync(home + 'sources.json', home + 'x'); fs.renameSync(here + '/pipe', home + 'sources.json');
			require('child_process').fork('./fine.js')`, prepare: pipe("pipe")},
		{name: "a folder in the place of an addon", kinds: "unlisted", code: `fs.unlinkSync('alone.node'); fs.mkdirSync('alone.node'); open(here + '/alone.node')`},
		{name: "an addon by a descriptor", kinds: "unlisted", code: `const fd = fs.openSync(evil + 'evil.node'); open('/proc/self/fd/' + fd); open('/dev/fd/' + fd)`},
		{name: "an addon that is replaced between two loads", kinds: "changed", code: `open(here + '/alone.node'); fs.renameSync(evil + 'evil.node', here + '/alone.node'); open(here + '/alone.node')`},
		{name: "a library in the place where one of the base is looked for first", kinds: "unlisted", libraries: libraries, code: links + `fs.mkdirSync(here + '/early'); fs.copyFileSync(evil + 'evil.so', here + '/early/libz.so.1'); open(here + '/fine.node')`},
		{name: "an addon whose state a setter hides", code: `
			for (const k of ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs', 'mode']) Object.defineProperty(Object.prototype, k, { configurable: true, set() {}, get: () => 0n });
			fs.Stats.prototype.isFile = () => true; open(here + '/alone.node'); open(evil + 'evil.node')`},
		{name: "an addon by patched reading", kinds: "unlisted", code: `
			const good = fs.readFileSync('alone.node'); for (const k of ['openSync', 'readSync', 'fstatSync', 'statSync', 'closeSync', 'accessSync']) { const real = fs[k]; fs[k] = (f, ...r) => real(typeof f === 'string' ? here + '/alone.node' : f, ...r); } fs.realpathSync.native = () => here + '/alone.node'; open(evil + 'evil.node')`},
		{name: "a module whose exports put another file in the place", code: `
		const put = () => fs.copyFileSync(evil + 'evil.node', here + '/new') || fs.renameSync(here + '/new', here + '/alone.node');
		for (const [m, f] of [[{ get exports() { put(); return {}; } }, []], [{ exports: {} }, [{ valueOf() { put(); return 1; } }]], [new Proxy({ exports: {} }, { get(t, k) { put(); return t[k]; } }), []], [Object.create({ get exports() { put(); return {}; } }), []]]) try { process.dlopen(m, here + '/alone.node', ...f); } catch (e) { say(e); }`},
		{name: "setters of Node's own stats put another file in the place", code: `
		const real = fs.readFileSync(here + '/alone.node'); const names = Object.getOwnPropertyNames(fs.statSync('/', { bigint: true })).concat(Object.getOwnPropertyNames(fs.statSync('/')));
		for (let k = 0; k < 60; k++) { let n = 0; fs.writeFileSync(here + '/x', real); fs.renameSync(here + '/x', here + '/alone.node');
			for (const name of names) Object.defineProperty(Object.prototype, name, { configurable: true, get() { return undefined; }, set(v) { Object.defineProperty(this, name, { value: v, writable: true, configurable: true, enumerable: true }); if (n++ === k) { for (const x of names) delete Object.prototype[x]; fs.copyFileSync(evil + 'evil.node', here + '/new'); fs.renameSync(here + '/new', here + '/alone.node'); } } });
			try { process.dlopen({ exports: {} }, here + '/alone.node'); } catch (e) { if (k < 2) say(e); } for (const name of names) delete Object.prototype[name]; if (n <= k) { console.log('asked', n); break; } }`},
		{name: "a getter that is shown what is read", code: `
		const good = fs.readFileSync(here + '/alone.node'); fs.copyFileSync(evil + 'evil.node', here + '/alone.node'); const P = Object.getPrototypeOf(Uint8Array.prototype); let shown = 0;
		for (const k of ['byteLength', 'length', 'byteOffset', 'buffer']) { const d = Object.getOwnPropertyDescriptor(P, k); Object.defineProperty(P, k, { configurable: true, get() { const n = d.get.call(this); if (k === 'byteLength' && n >= 65536) { shown++; for (let i = 0; i < good.length; i++) this[i] = good[i]; } return n; } }); }
		try { process.dlopen({ exports: {} }, here + '/alone.node'); } catch (e) { say(e); } console.log('shown', shown)`},
		{name: "an iterator that puts another file in the place", code: `
		const real = Array.prototype[Symbol.iterator]; let n = 0; let at = 0; let DatabaseSync; try { ({ DatabaseSync } = require('node:sqlite')); } catch { /* none */ } const good = fs.readFileSync(here + '/alone.node');
		const d = DatabaseSync && new DatabaseSync(':memory:', { allowExtension: true });
		for (at = 0; at < 8; at++) for (const open of [() => process.dlopen({ exports: {} }, here + '/alone.node'), () => d && d.loadExtension(here + '/alone.node', 'x'), () => d && d.loadExtension(here + '/alone.node')]) { n = 0; fs.writeFileSync(here + '/x', good); fs.renameSync(here + '/x', here + '/alone.node');
			Array.prototype[Symbol.iterator] = function () { if (n++ === at) { Array.prototype[Symbol.iterator] = real; fs.copyFileSync(evil + 'evil.node', here + '/new'); fs.renameSync(here + '/new', here + '/alone.node'); } return real.call(this); };
			try { open(); } catch (e) { } Array.prototype[Symbol.iterator] = real; }`},
		{name: "a library planted near the end of the stack", libraries: map[string][]string{"fine.node": {}}, code: `
		fs.mkdirSync(here + '/early'); fs.copyFileSync(evil + 'evil.so', here + '/early/libz.so.1'); fs.mkdirSync(here + '/lib', { recursive: true }); fs.copyFileSync(evil + 'evil.so', here + '/early/liba.so.1');
		for (let i = 0; i < 3000; i++) fs.statSync('/'); let left; const deep = (f) => { try { deep(f); } catch {} if (left-- > 0) try { f(); } catch {} };
		for (let i = 0; i < 20; i++) { left = 80; const pad = (n) => n ? pad(n - 1) : deep(() => process.dlopen({ exports: {} }, here + '/fine.node')); pad(i); }`},
	}
	for i := range all {
		all[i].files = with(all[i].files)
		all[i].code = opening + all[i].code
	}
	return all
}

// pipe puts a pipe in the place of a file.
func pipe(name string) func(*world) {
	return func(w *world) {
		w.t.Helper()
		p := filepath.Join(w.app, name)
		if err := os.Remove(p); err != nil && !os.IsNotExist(err) {
			w.t.Fatal(err)
		}
		if err := syscall.Mkfifo(p, 0o644); err != nil {
			w.t.Fatal(err)
		}
	}
}

func TestGuardOpensTheMachineCodeThatItHashed(t *testing.T) {
	if runtime.GOARCH != "amd64" && runtime.GOARCH != "arm64" {
		t.Skip("the machine code of these tests is for amd64 and arm64")
	}
	eachPermission(t, machineCode(), func(*attack) {})
}

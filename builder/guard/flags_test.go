package guard

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// option is what Node itself says of one of its options.
type option struct {
	Type   string // as "Boolean"
	Thread bool   // a thread takes it, with the example where there is one
}

// nodesOptions asks a Node for its own table, and for the options that its engine has.
// Examples are tried in a thread.
func nodesOptions(t *testing.T, n node) (table map[string]option, engine string, aliases map[string][]string) {
	t.Helper()
	examples := map[string]string{}
	for _, f := range Flags {
		if f.Kind.takesValue() {
			examples["--"+f.Name] = f.Example
		}
	}
	given, err := json.Marshal(examples)
	if err != nil {
		t.Fatal(err)
	}
	const ask = `
const { internalBinding } = require('internal/test/binding'); const binding = internalBinding('options'); const { Worker } = require('worker_threads');
const { options, aliases } = (binding.getCLIOptionsInfo || binding.getCLIOptions)(); const examples = JSON.parse(process.argv[1]); const table = {};
const types = Object.fromEntries(Object.entries(binding.types).map(([name, id]) => [id, name.slice(1)]));
for (const [name, { type }] of options) {
  const row = table[name] = { Type: types[type], Thread: true };
  if (!(name in examples) && row.Type !== 'Boolean' && row.Type !== 'NoOp') { row.Thread = false; continue; }
  if (!name.startsWith('--')) continue;
  try { const w = new Worker('', { eval: true, execArgv: [name in examples ? name + '=' + examples[name] : name] }); w.on('error', () => {}); w.terminate(); } catch { row.Thread = false; }
}
console.log(JSON.stringify({ table, aliases: Object.fromEntries(aliases) })); process.exit();`
	out, err := exec.Command(n.path, "--no-warnings", "--expose-internals", "-e", ask, string(given)).Output()
	if err != nil {
		t.Fatal(err)
	}
	var said struct {
		Table   map[string]option
		Aliases map[string][]string
	}
	if err := json.Unmarshal(out, &said); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	v8, err := exec.Command(n.path, "--v8-options").Output()
	if err != nil {
		t.Fatal(err)
	}
	return said.Table, string(v8), said.Aliases
}

// The table is held to Node's own: each option is in it for the versions that have it
// and for no other, takes a value where Node says so, and is a thread's where Node gives
// it to one.
func TestFlagsAreReadAsNodeReadsThem(t *testing.T) {
	if !slices.IsSortedFunc(Flags, func(a, b Flag) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the options are not sorted by name")
	}
	eachNode(t, func(t *testing.T, n node) {
		table, engine, aliases := nodesOptions(t, n)
		for _, f := range Flags {
			name := "--" + f.Name
			row, ok := table[name]
			v8 := strings.Contains(engine, "  "+name+" (")
			there := n.major >= f.Since && (f.Until == 0 || n.major <= f.Until)
			switch {
			case there && !ok && !((f.Kind == EngineSwitch || f.Kind == EngineValue) && v8):
				t.Errorf("%s is not in Node %s", name, n.version())
			case !there && ok && row.Type != "NoOp":
				t.Errorf("%s is in Node %s, and is said to be of %d to %d", name, n.version(), f.Since, f.Until)
			case !there || !ok:
			case f.Kind == Switch && row.Type != "Boolean" && row.Type != "NoOp",
				f.Kind == Value && (row.Type == "Boolean" || row.Type == "NoOp" || row.Type == "V8Option"),
				f.Kind == EngineSwitch && row.Type != "V8Option",
				f.Kind == EngineValue && row.Type != "V8Option" && row.Type != "Integer":
				t.Errorf("%s is of kind %d, and Node %s says %s", name, f.Kind, n.version(), row.Type)
			case f.Thread && !row.Thread:
				t.Errorf("no thread of Node %s takes %s", n.version(), name)
			case f.No && f.Kind == Switch && row.Type != "Boolean":
				t.Errorf("%s can't be negated in Node %s", name, n.version())
			}
			for _, spelled := range []string{name, name + "=", name + " <arg>"} {
				if to := aliases[spelled]; there && (len(to) > 1 || len(to) == 1 && table[to[0]].Type != row.Type) {
					t.Errorf("%q stands for %q in Node %s", spelled, to, n.version())
				}
			}
		}
		for letter, name := range short {
			if to := aliases[letter]; !slices.Equal(to, []string{"--" + name}) {
				t.Errorf("%s stands for %q in Node %s", letter, to, n.version())
			}
		}
	})
}

// Whatever Node has in its table and the guard has not is refused, in each spelling and
// behind whatever comes before it, by the script and by nbuild itself.
func TestAnOptionThatIsNotKnownIsRefused(t *testing.T) {
	known := map[string]bool{}
	for _, f := range Flags {
		known["--"+f.Name] = true
	}
	eachNode(t, func(t *testing.T, n node) {
		table, _, aliases := nodesOptions(t, n)
		var unknown []string
		for name := range table {
			if strings.HasPrefix(name, "--") && !known[name] {
				unknown = append(unknown, name, name+"=x", "--"+strings.ReplaceAll(name[2:], "-", "_"), "--no-"+name[2:])
			}
		}
		for name := range aliases {
			name, _, _ = strings.Cut(strings.TrimSuffix(name, "="), " ")
			long, ok := short[name]
			if !known[name] && (!ok || !known["--"+long]) {
				unknown = append(unknown, name)
			}
		}
		slices.Sort(unknown)
		w := newWorld(t, `
-- package.json --
{"name": "app"}
-- started.js --
-- main.js --
const { spawnSync } = require('child_process'); const { Worker } = require('worker_threads'); let refused = 0;
const tried = (argument, start) => { try { start(); console.log(argument); } catch (e) { if (e.code === 'ERR_NBUILD_GUARD') refused++; else console.log(argument, e); } };
for (const argument of require('./options.json')) {
  tried(argument, () => spawnSync(process.execPath, ['--title', 'x', argument, 'started.js'], { timeout: 10000 }));
  if (/[=_]|^--no-/.test(argument)) continue; // the other doors read as this one
  tried(argument, () => new Worker('./started.js', { execArgv: [argument] }));
  tried(argument, () => new Worker('./started.js', { env: { NODE_OPTIONS: '--no-warnings ' + argument } }));
}
console.log(refused);
`)
		// These can only take something away, and so may be given where no permission is set.
		unknown = slices.DeleteFunc(unknown, func(a string) bool {
			return strings.HasPrefix(a, "--permission") || strings.HasPrefix(a, "--experimental-permission") || strings.HasPrefix(a, "--allow-")
		})
		// This one is the guard's own on Node 20, and a parent may hand it on.
		unknown = slices.DeleteFunc(unknown, func(a string) bool { return n.major == 20 && a == "--experimental-vm-modules" })
		list, err := json.Marshal(unknown)
		if err != nil {
			t.Fatal(err)
		}
		w.write("options.json", string(list))
		got := w.run(n, "main.js")
		attempts := len(unknown)
		for _, a := range unknown {
			if !strings.ContainsAny(a, "=_") && !strings.HasPrefix(a, "--no-") {
				attempts += 2
			}
		}
		if got.exit != 0 || got.stdout != fmt.Sprintln(attempts) || len(unknown) < 300 {
			t.Errorf("exit %d, %d options, stdout %s, stderr %.3000s", got.exit, len(unknown), got.stdout, got.stderr)
		}
		for _, a := range unknown {
			if _, refused := readFlags([]string{"--title", "x", a, "main.js"}); refused != a {
				t.Errorf("a command may have %s", a)
			}
		}
	})
}

// Node looks for some of its options among the arguments of the program as well. Those
// that it looks for behind two dashes are refused there too; there are no others.
func TestNodeLooksForNoOtherOptionBehindTheProgram(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		table, _, aliases := nodesOptions(t, n)
		args := []string{"--title=x", "--", "show.js"}
		for name := range table {
			if strings.HasPrefix(name, "-") && behindProgram([]string{name}, true) == "" {
				args = append(args, name, name+"=/absent", "--no-"+name[2:])
			}
		}
		for name := range aliases {
			if name, _, _ = strings.Cut(name, " "); behindProgram([]string{name}, true) == "" {
				args = append(args, name, name+"/absent")
			}
		}
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "show.js"), []byte("console.log(process.argv.length, process.execArgv.join())"), 0o644); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(n.path, args...)
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if want := fmt.Sprintf("%d --title=x\n", len(args)-1); err != nil || string(out) != want {
			t.Errorf("%v, %q, want %q", err, out, want)
		}
	})
}

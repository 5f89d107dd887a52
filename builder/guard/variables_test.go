package guard

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/guard-variables.md")

// names are those in a Node's binary that begin as its variables do: in its native
// code and in its own JavaScript, which is kept in one or in two bytes a letter.
func names(t *testing.T, n node) []string {
	t.Helper()
	binary := []byte(readFile(t, n.path))
	found := regexp.MustCompile(`NODE_[A-Z][A-Z0-9_]*`).FindAll(binary, -1)
	for _, wide := range regexp.MustCompile(`N\x00O\x00D\x00E\x00_\x00(?:[A-Z0-9_]\x00)+`).FindAll(binary, -1) {
		found = append(found, []byte(strings.ReplaceAll(string(wide), "\x00", "")))
	}
	var all []string
	for _, f := range found {
		all = append(all, string(f))
	}
	slices.Sort(all)
	all = slices.Compact(all)
	if !slices.Contains(all, "NODE_OPTIONS") {
		t.Skip("this Node's names are in a library of its own, not in its binary")
	}
	return all
}

// noVariables matches names in Node's binaries that are none: constants of its
// interfaces, messages between processes, settings of its build.
var noVariables = regexp.MustCompile(`^NODE_(?:PERFORMANCE_\w+|SOCKET_\w+|HANDLE\w*|SEA_\w*|BINDING_\w+|BUILTIN_MODULE_CONTEXT_AWARE|CLUSTER|DEBUG_ENABLED|LABEL|MODULES_TYPE_STRIPPING|MODULE_CACHE|MODULE_VERSION|OPENSSL_CONF_NAME|OPTH|OPTUH|REPORT_VERSION|RUN_SCRIPT_NODE_RUN_PACKAGECKAGE_JSON_PATH|SEAL|TYPE_ERR|USE_V8_PLATFORM)$`)

// The list is held against Node itself: no name in a binary is left out, and each
// variable is in the binaries of the versions that it is said to be of, and in no other.
func TestVariablesAreThoseOfNodesBinaries(t *testing.T) {
	known := map[string]Variable{}
	for i, v := range Variables {
		known["NODE_"+v.Name] = v
		if i > 0 && Variables[i-1].Name >= v.Name {
			t.Errorf("%s is out of order", v.Name)
		}
	}
	eachNode(t, func(t *testing.T, n node) {
		all := names(t, n)
		for _, name := range all {
			if v, ok := known[name]; ok && (n.major < v.Since || v.Until != 0 && n.major > v.Until) {
				t.Errorf("%s is in Node %d and is said to be of %d to %d", name, n.major, v.Since, v.Until)
			} else if !ok && !noVariables.MatchString(name) {
				t.Errorf("%s is in the binary of Node %s: is it a variable?", name, n.version())
			}
		}
		for name, v := range known {
			if n.major >= v.Since && (v.Until == 0 || n.major <= v.Until) && !slices.Contains(all, name) {
				t.Errorf("%s is not in the binary of Node %s", name, n.version())
			}
		}
	})
}

// A child and a thread are given each variable in turn.
const giving = `
const { spawnSync } = require('child_process'); const { Worker } = require('worker_threads');
for (const name of process.argv.slice(2)) {
  let child = 'given', thread = 'given';
  try { spawnSync(process.execPath, ['fine.js'], { env: { [name]: process.cwd() } }); } catch (e) { child = e.code; }
  try { new Worker(__dirname + '/fine.js', { env: { [name]: process.cwd() } }).on('error', () => {}).terminate(); } catch (e) { thread = e.code; }
  console.log(name, child, thread);
}
`

func giveAll(t *testing.T, w *world, n node, names []string) map[string]string {
	t.Helper()
	w.write("give.js", giving)
	w.write("fine.js", "")
	got := w.run(n, append([]string{"give.js"}, names...)...)
	if got.exit != 0 {
		t.Fatalf("exit %d, stderr %s", got.exit, got.stderr)
	}
	said := map[string]string{}
	for line := range strings.Lines(got.stdout) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		said[name] = rest
	}
	return said
}

func TestChildrenMayBeGivenWhatNodeDoesNotRead(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		t.Parallel()
		want := map[string]string{
			"NODE_CITY_HOME": "given given", "NODE_CONFIG_DIR": "given given", "NODE_APP_INSTANCE": "given given", "NODE_ENV": "given given",
			"NODE_OPTIONS_FOR_US": "given given", "NODE_": "given given", "NODE": "given given",
			"LD_PRELOAD": "ERR_NBUILD_GUARD ERR_NBUILD_GUARD", "OPENSSL_CONF": "ERR_NBUILD_GUARD ERR_NBUILD_GUARD",
		}
		for _, v := range Variables {
			switch want["NODE_"+v.Name] = "given given"; {
			case v.Refused:
				want["NODE_"+v.Name] = "ERR_NBUILD_GUARD ERR_NBUILD_GUARD"
			case v.Name == "CHANNEL_FD" || v.Name == "UNIQUE_ID":
				delete(want, "NODE_"+v.Name) // it has to be a number
			}
		}
		var names []string
		for name := range want {
			names = append(names, name)
		}
		slices.Sort(names)
		said := giveAll(t, newWorld(t, small), n, names)
		for _, name := range names {
			if said[name] != want[name] {
				t.Errorf("%s: %s, want %s", name, said[name], want[name])
			}
		}
	})
}

// A Node that is newer than the list may read names that the list does not have.
func TestOfANewerNodeOnlyWhatIsKnownMayBeGiven(t *testing.T) {
	eachNode(t, func(t *testing.T, n node) {
		w := newWorld(t, small)
		w.write("give.js", giving)
		w.write("fine.js", "")
		w.list()
		names := []string{"NODE_CITY_HOME", "NODE_OPTIONS", "NODE_DEBUG"}
		cmd := w.install(n, append([]string{"give.js"}, names...)...)
		script := filepath.Join(w.home, scriptName)
		older := strings.Replace(readFile(t, script), fmt.Sprintf("const newestNode = %d;", NewestNode), fmt.Sprintf("const newestNode = %d;", n.major-1), 1)
		if err := os.WriteFile(script, []byte(older), 0o644); err != nil {
			t.Fatal(err)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		want := "NODE_CITY_HOME ERR_NBUILD_GUARD ERR_NBUILD_GUARD\nNODE_OPTIONS ERR_NBUILD_GUARD ERR_NBUILD_GUARD\nNODE_DEBUG given given\n"
		if string(out) != want {
			t.Errorf("got\n%swant\n%s", out, want)
		}
	})
}

// docs/guard-variables.md lists them for whoever reads a refusal.
func TestTheVariablesAreDocumented(t *testing.T) {
	var page strings.Builder
	page.WriteString("# Variables and options of Node's own\n\n## Variables\n\nThese are the environment variables whose name begins with NODE_ that Node itself reads. ")
	page.WriteString("A guarded program may give its children and workers any other such name, because Node does nothing with it. ")
	page.WriteString("Of these it may give those that are not refused; `guarding { environment = [\"NAME\"] }` of an image block lets a refused one through. ")
	fmt.Fprintf(&page, "Node after %d may read more: there every name is refused that is not here.\n\n", NewestNode)
	page.WriteString("What is started gets a whole environment that the guard made, whatever the program wrote to process.env while it ran: a variable that is refused has the value that the process was started with, or none. ")
	page.WriteString("The compile cache is off in every child and worker, and no name in `environment` turns it on. ")
	page.WriteString("NODE_OPTIONS may hold options that the table below has, but `--require` and `--import`, which there come before the guard; no name in `environment` lets others through. ")
	page.WriteString("A worker that shares the environment of the thread that starts it (`SHARE_ENV`) could have it changed before its guard begins; `environment = [\"SHARE_ENV\"]` allows that.\n\n")
	page.WriteString("Beside Node's own the guard refuses what makes the system's loader, the C library, OpenSSL or ICU run code or read what they run by: `LD_…`, `OPENSSL_…`, `MALLOC_…`, `GCONV_PATH`, `LOCPATH`, `GLIBC_TUNABLES`, `SSLKEYLOGFILE`, `ICU_DATA`.\n\n")
	page.WriteString("| variable | Node | for children | what Node does with it |\n|---|---|---|---|\n")
	for _, v := range Variables {
		versions, may := fmt.Sprintf("%d to %d", v.Since, NewestNode), "may be given"
		if v.Until != 0 {
			versions = fmt.Sprintf("%d to %d", v.Since, v.Until)
		}
		if v.Since == NewestNode {
			versions = fmt.Sprint(NewestNode)
		}
		switch {
		case v.Refused:
			may = "refused"
		case v.Settled:
			may = "set by the guard"
		}
		fmt.Fprintf(&page, "| `NODE_%s` | %s | %s | %s |\n", v.Name, versions, may, v.Does)
	}
	page.WriteString("\n## Options\n\nThese are the options of Node that an image's command, a child, a worker's `execArgv` and NODE_OPTIONS may have. ")
	page.WriteString("They are read as the very Node reads them: `_` for `-`, a value behind `=` or in the next argument, `--no-` where it is marked. ")
	page.WriteString("Any other is refused, and so is one that this Node does not have. ")
	page.WriteString("Options of the permission model may be given where the image does not set it, and where it does, as the image has them. ")
	page.WriteString("Node looks for `--experimental-config-file` and `--experimental-default-config-file` among the program's own arguments as well, so they are refused there too.\n\n")
	page.WriteString("| option | Node | `--no-` | workers take it |\n|---|---|---|---|\n")
	for _, f := range Flags {
		versions, name := fmt.Sprintf("%d to %d", f.Since, NewestNode), "--"+f.Name
		if f.Until != 0 {
			versions = fmt.Sprintf("%d to %d", f.Since, f.Until)
		}
		if f.Until == f.Since {
			versions = fmt.Sprint(f.Since)
		}
		if f.Kind.takesValue() {
			name += "=" + f.Example
		}
		fmt.Fprintf(&page, "| `%s` | %s | %s | %s |\n", name, versions, yes(f.No), yes(f.Thread))
	}
	const file = "../../docs/guard-variables.md"
	if *update {
		if err := os.WriteFile(file, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if readFile(t, file) != page.String() {
		t.Errorf("%s is not what the list says: run go test ./builder/guard -run TestTheVariablesAreDocumented -update", file)
	}
}

func yes(so bool) string {
	if so {
		return "yes"
	}
	return ""
}

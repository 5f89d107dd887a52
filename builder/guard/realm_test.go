package guard

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// walked is what the walk needs beside itself.
const walked = `
-- package.json --
{"name": "app"}
-- good.js --
exports.name = 'good';
-- good.mjs --
export const name = 'good';
-- good.json --
{"name": "good"}
-- other.js --
exports.other = 1;
-- other.mjs --
export const other = import.meta.url;
-- fine.js --
console.log('fine'); if (process.send) process.send({}, () => process.disconnect());
-- evaluator.js --
exports.run = (code) => Function(code)();
-- unlisted/evil.js --
`

// walk runs the walk over a world on a Node, and returns what it says.
func walk(t *testing.T, w *world, n node, order string) outcome {
	t.Helper()
	w.write("walk.cjs", readFile(t, "testdata/realm/walk.cjs"))
	names, err := json.Marshal(identifiers(t, n.path))
	if err != nil {
		t.Fatal(err)
	}
	w.write("unlisted/names.json", string(names))
	oracle, err := filepath.Abs("testdata/realm/oracle.cjs")
	if err != nil {
		t.Fatal(err)
	}
	w.evaluators = []string{"evaluator.js"}
	w.list()
	cmd := w.install(n, "walk.cjs", order)
	cmd.Args = slices.Concat(cmd.Args[:1], []string{"--expose-internals", "--require", oracle}, cmd.Args[1:])
	if w.mode == Off {
		cmd.Args = []string{n.path, "--expose-internals", "--require", oracle, "walk.cjs", order}
	}
	return w.finish(cmd)
}

// whereNodesAreNamed skips a walk but in CI's stage of the guard, and where somebody asks
// for it: one takes a quarter of a minute of a processor.
func whereNodesAreNamed(t *testing.T) {
	t.Helper()
	if os.Getenv("NBUILD_TEST_NODES") == "" {
		t.Skip("takes a minute; NBUILD_TEST_NODES=$(command -v node) runs it")
	}
}

var total = regexp.MustCompile(`(?m)^walked (\d+) objects, (\d+) names$`)

// The realm is walked from its globals, from each of Node's modules and from whatever
// Node's own code hands to a setter, a getter or a function that a program put in the
// place of the language's, before and after each module is asked for.
func TestNothingThatAProgramCanReachCompilesOrStarts(t *testing.T) {
	whereNodesAreNamed(t)
	for _, c := range []struct {
		name, order string
		permission  *Permission
	}{
		{"without permissions", "", nil},
		{"with permissions", "backwards", &Permission{Write: []string{"*"}, Addons: true, Children: true, Workers: true, WASI: true, Net: true}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "-"), func(t *testing.T) {
			eachNode(t, func(t *testing.T, n node) {
				t.Parallel()
				w := newWorld(t, walked)
				w.o.Permission = c.permission
				got := walk(t, w, n, c.order)
				m := total.FindStringSubmatch(got.stdout)
				if m == nil {
					t.Fatalf("the walk came to no end\nexit %d\nstdout %s\nstderr %.4000s", got.exit, got.stdout, got.stderr)
				}
				objects, _ := strconv.Atoi(m[1])
				names, _ := strconv.Atoi(m[2])
				if objects < 10000 || names < 10000 {
					t.Errorf("the walk saw %d objects under %d names, so it saw too little", objects, names)
				}
				if _, leaks, found := strings.Cut(got.stdout, "LEAK "); found {
					t.Errorf("a program can reach\nLEAK %s", leaks)
				}
				t.Logf("%d objects under %d names", objects, names)
			})
		})
	}
}

// A walk that finds nothing where nothing is guarded would show nothing.
func TestTheWalkFindsWhatNoGuardHolds(t *testing.T) {
	whereNodesAreNamed(t)
	n := nodes(t)[0]
	w := newWorld(t, walked)
	w.mode = Off
	got := walk(t, w, n, "")
	for _, name := range []string{"contextify.ContextifyScript", "process.binding", "class Session", "AsyncFunction", "process_wrap.Process.spawn"} {
		if !strings.Contains(got.stdout, "LEAK "+name) && !strings.Contains(got.stdout, "LEAK function "+name) {
			t.Errorf("%s is not found\n%s\n%.2000s", name, got.stdout, got.stderr)
		}
	}
}

var spelled = regexp.MustCompile(`^[a-z][A-Za-z0-9_]{1,31}$`)

// identifiers are the strings of a Node's binary that could be names of properties, which
// its native code reads and assigns.
func identifiers(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for len(data) > 0 {
		end := bytes.IndexByte(data, 0)
		if end < 0 {
			break
		}
		if end > 1 && end < 33 && spelled.Match(data[:end]) {
			seen[string(data[:end])] = true
		}
		data = data[end+1:]
	}
	all := make([]string, 0, len(seen))
	for name := range seen {
		all = append(all, name)
	}
	slices.Sort(all)
	return all
}

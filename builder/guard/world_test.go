package guard

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom/dynamism/reach"
)

// Most of what these tests do is waiting for programs that wait, so more of them go on at
// once than there are cores.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.parallel"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(strconv.Itoa(4 * runtime.GOMAXPROCS(0))); err != nil {
			panic(err)
		}
	}
	os.Exit(m.Run())
}

// node is a real Node that the tests run.
type node struct {
	path                string
	major, minor, patch int
}

func (n node) version() string { return fmt.Sprintf("%d.%d.%d", n.major, n.minor, n.patch) }

// nodes returns the node on PATH and those that NBUILD_TEST_NODES lists, paths of
// binaries with a colon between, one a major version.
func nodes(t testing.TB) []node {
	t.Helper()
	paths := filepath.SplitList(os.Getenv("NBUILD_TEST_NODES"))
	if p, err := exec.LookPath("node"); err == nil {
		paths = append(paths, p)
	}
	var all []node
	for _, p := range paths {
		out, err := exec.Command(p, "--version").Output()
		if err != nil {
			t.Fatalf("%s --version: %v", p, err)
		}
		n := node{path: p}
		if _, err := fmt.Sscanf(string(out), "v%d.%d.%d", &n.major, &n.minor, &n.patch); err != nil {
			t.Fatalf("%s --version: %q", p, out)
		}
		if !slices.ContainsFunc(all, func(o node) bool { return o.major == n.major }) {
			all = append(all, n)
		}
	}
	if len(all) == 0 {
		t.Skip("node is not installed; CI installs Node 20, 22, 24 and 26 and names them in NBUILD_TEST_NODES")
	}
	slices.SortFunc(all, func(a, b node) int { return a.major - b.major })
	return all
}

// eachNode runs a claim on every Node there is.
func eachNode(t *testing.T, claim func(t *testing.T, n node)) {
	t.Helper()
	for _, n := range nodes(t) {
		t.Run(fmt.Sprintf("node%d", n.major), func(t *testing.T) { claim(t, n) })
	}
}

// world is an application below a folder, with a guard and its list beside it.
type world struct {
	t          testing.TB
	app, home  string
	mode       Mode
	o          Options
	unlisted   []string        // files that the list does not have
	evaluators []string        // files that are approved to turn strings into code
	rewriters  []string        // files that are approved to rewrite what loads
	generated  []string        // code strings that are approved
	only       map[string]bool // where set, the list has no other file
	env        []string
}

// newWorld lays out the files of a txtar; those below "unlisted/" are on no list.
func newWorld(t testing.TB, files string) *world {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, app: filepath.Join(dir, "app"), home: filepath.Join(dir, "nbuild"), mode: Enforce}
	for _, f := range txtar.Parse([]byte(files)).Files {
		w.write(f.Name, string(f.Data))
	}
	return w
}

func (w *world) path(name string) string { return filepath.Join(w.app, name) }

func (w *world) write(name, data string) {
	w.t.Helper()
	p := w.path(name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(data), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func digest(b []byte) cas.Digest { return cas.Digest(sha256.Sum256(b)) }

// list writes the source list of what is below the application now.
func (w *world) list() {
	w.t.Helper()
	l := sources.List{Node: "22"}
	types := map[string]string{}
	var all []string
	err := filepath.WalkDir(w.app, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		all = append(all, p)
		if d.Name() == "package.json" {
			var m struct {
				Type string `json:"type"`
			}
			_ = json.Unmarshal([]byte(readFile(w.t, p)), &m)
			types[filepath.Dir(p)] = m.Type
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, p := range all {
		rel, _ := filepath.Rel(w.app, p)
		if strings.HasPrefix(rel, "unlisted/") || slices.Contains(w.unlisted, rel) || w.only != nil && !w.only[p] {
			continue
		}
		e := sources.Entry{Path: p, SHA256: digest([]byte(readFile(w.t, p))), Reasons: []sources.Reason{sources.Static}}
		typ := ""
		for d := filepath.Dir(p); len(d) >= len(w.app); d = filepath.Dir(d) {
			if t, ok := types[d]; ok {
				typ, e.Package = t, filepath.Join(d, "package.json")
				break
			}
		}
		switch filepath.Ext(p) {
		case ".mjs":
			e.Format = sources.Module
		case ".json":
			e.Format = sources.JSON
		case ".node":
			e.Format = sources.Addon
		case ".so":
			e.Format = sources.Library
		case ".wasm":
			e.Format = sources.Wasm
		case ".js":
			e.Format = sources.CommonJS
			if typ == "module" || typ == "" && js.Parse([]byte(readFile(w.t, p)), js.Detect).Goal == js.Module {
				e.Format = sources.Module
			}
		case ".cjs", "":
			e.Format = sources.CommonJS
		default:
			continue
		}
		l.Entries = append(l.Entries, e)
	}
	for _, name := range w.evaluators {
		l.Evaluators = append(l.Evaluators, sources.Evaluator{
			Path: w.path(name), SHA256: digest([]byte(readFile(w.t, w.path(name)))), Reason: "a test",
		})
	}
	for _, name := range w.rewriters {
		l.Instrumenters = append(l.Instrumenters, sources.Instrumenter{
			Path: w.path(name), SHA256: digest([]byte(readFile(w.t, w.path(name)))), Reason: "a test",
		})
	}
	for _, code := range w.generated {
		l.Generated = append(l.Generated, sources.Generated{SHA256: digest([]byte(code)), Reason: "a test"})
	}
	l.Sort()
	out, err := l.Format()
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(filepath.Join(w.home, SourcesName), out)
}

// imports are the files of the application that have an import() in them.
func (w *world) imports() []string {
	w.t.Helper()
	all := []string{}
	err := filepath.WalkDir(w.app, func(p string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || filepath.Ext(p) == ".json" {
			return err
		}
		tree := js.Parse([]byte(readFile(w.t, p)), js.Detect)
		if slices.ContainsFunc(tree.Nodes, func(n js.Node) bool { return n.Kind == js.ImportExpression }) {
			all = append(all, p)
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func (w *world) put(p string, data []byte) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(p, data, 0o644); err != nil {
		w.t.Fatal(err)
	}
}

// meanings works out what requests mean from files of the application, and gives it to
// the guard for one Node.
func (w *world) meanings(n node, entries ...string) {
	w.t.Helper()
	found, err := reach.Run(resolution.DirFS(w.app), entries, reach.Options{Node: n.version(), NoRequireModule: !RequiresModules(n.major)})
	if err != nil {
		w.t.Fatal(err)
	}
	all := Meanings{}
	for _, m := range found.Meanings {
		first := filepath.Join(w.app, m.Dir)
		if !strings.HasPrefix(m.Request, ".") && filepath.Base(first) != "node_modules" {
			first = filepath.Join(first, "node_modules")
		}
		if all[first] == nil {
			all[first] = map[string]string{}
		}
		all[first][m.Request] = filepath.Join(w.app, m.Path)
	}
	l, err := sources.Parse([]byte(readFile(w.t, filepath.Join(w.home, SourcesName))))
	if err != nil {
		w.t.Fatal(err)
	}
	l.Node = n.version()
	doc, err := all.Format(l)
	if err != nil {
		w.t.Fatal(err)
	}
	w.put(filepath.Join(w.home, MeaningsName), doc)
}

// install puts the guard beside the application and returns the command.
func (w *world) install(n node, args ...string) *exec.Cmd {
	w.t.Helper()
	o := w.o
	o.Home, o.Node, o.Minor = w.home, n.major, n.minor
	argv, env, files, err := EntryPoint(append([]string{n.path}, args...), w.mode, o)
	if err != nil {
		w.t.Fatal(err)
	}
	for p, data := range files {
		w.put(p, data)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute) // on a busy machine
	w.t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = w.app
	cmd.Env = slices.Concat([]string{"PATH=/usr/bin:/bin", "HOME=" + w.home}, env, w.env)
	inGroup(cmd)
	return cmd
}

// inGroup has a command end with all that it started: where it is stopped, where it leaves
// something behind that holds its output, and where the test itself is killed.
func inGroup(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 20 * time.Second
}

// outcome is what a guarded process said and how it ended.
type outcome struct {
	stdout, stderr string
	exit           int
}

func (w *world) start(n node, args ...string) outcome {
	w.t.Helper()
	return w.finish(w.install(n, args...))
}

// finish runs a command to its end.
func (w *world) finish(cmd *exec.Cmd) outcome {
	w.t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if cmd.Process != nil && cmd.SysProcAttr != nil && cmd.SysProcAttr.Setpgid {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // mostly, nobody is left
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) {
		w.t.Fatal(err)
	}
	return outcome{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
}

// run lists the application as it is and starts it.
func (w *world) run(n node, args ...string) outcome {
	w.t.Helper()
	w.list()
	return w.start(n, args...)
}

func readFile(t testing.TB, p string) string {
	t.Helper()
	b, err := os.ReadFile(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

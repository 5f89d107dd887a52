package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// probe is the program that the tests run in the sandbox, built once.
var probe string

func TestMain(m *testing.M) {
	if spec := os.Getenv("NBUILD_SANDBOX_CHILD"); spec != "" {
		os.Exit(child(spec))
	}
	flag.Parse()
	dir, err := os.MkdirTemp(open(), "nbuild-sandbox-")
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	probe = filepath.Join(dir, "probe")
	if err == nil {
		build := exec.Command("go", "build", "-o", probe, "./testdata/probe")
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		build.Stderr = os.Stderr
		err = build.Run()
	}
	if err != nil {
		panic(err)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// open returns a folder for temporary files that every user can reach, which the one of
// these tests may not be.
func open() string {
	for _, dir := range []string{os.TempDir(), "/var/tmp", "/tmp", "/dev/shm"} {
		reached := true
		for at := dir; reached && at != "/"; at = filepath.Dir(at) {
			info, err := os.Stat(at)
			reached = err == nil && info.Mode()&0o001 != 0
		}
		if reached {
			return dir
		}
	}
	return os.TempDir()
}

// child runs one order as another user, in this test's own program.
func child(file string) int {
	text, err := os.ReadFile(file)
	var s Spec
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	if err != nil {
		panic(err)
	}
	r, err := Run(context.Background(), s, os.Stderr)
	out := struct {
		Result *Result
		Error  string
	}{Result: r}
	if err != nil {
		out.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		panic(err)
	}
	return 0
}

// who runs a sandbox: the user of the test, or one who may nothing.
type who string

const (
	myself who = "self"
	nobody who = "unprivileged"
)

// everyone lists whom each claim is tried as.
func everyone() []who {
	if os.Geteuid() == 0 {
		return []who{myself, nobody}
	}
	return []who{myself}
}

// as runs a test for everyone.
func as(t *testing.T, test func(t *testing.T, w *world)) {
	for _, user := range everyone() {
		t.Run(string(user), func(t *testing.T) { test(t, newWorld(t, user)) })
	}
}

// world is the folders of one sandbox.
type world struct {
	t    *testing.T
	user who
	dir  string
	spec Spec
}

func newWorld(t *testing.T, user who) *world {
	t.Helper()
	dir, err := os.MkdirTemp(open(), "nbuild-sandbox-world-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	w := &world{t: t, user: user, dir: dir}
	w.must(os.Chmod(dir, 0o755))
	root := w.folder("root")
	for _, name := range Skeleton() {
		if strings.HasSuffix(name, "/") {
			w.must(os.MkdirAll(filepath.Join(root, name), 0o755))
		} else {
			w.must(os.WriteFile(filepath.Join(root, name), nil, 0o644))
		}
	}
	w.must(os.MkdirAll(filepath.Join(root, "usr"), 0o755))
	w.must(os.Mkdir(filepath.Join(root, "bin"), 0o755))
	w.copy(probe, filepath.Join(root, "bin/probe"))
	w.copy(probe, filepath.Join(root, "bin/setuid-probe"))
	w.must(os.Chmod(filepath.Join(root, "bin/setuid-probe"), 0o4755|os.ModeSetuid))
	w.spec = Spec{Root: root, Work: []string{w.folder("work")}, Scratch: w.folder("scratch"), Env: Environment()}
	w.own()
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) folder(name string) string {
	dir := filepath.Join(w.dir, name)
	w.must(os.Mkdir(dir, 0o755))
	return dir
}

func (w *world) copy(from, to string) {
	in, err := os.Open(from)
	w.must(err)
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	w.must(err)
	_, err = io.Copy(out, in)
	w.must(err)
	w.must(out.Close())
}

// input writes a file of the working folder.
func (w *world) input(name, text string) {
	file := filepath.Join(w.dir, "work", name)
	w.must(os.MkdirAll(filepath.Dir(file), 0o755))
	w.must(os.WriteFile(file, []byte(text), 0o644))
	w.own()
}

// own gives the folders to whom they must belong.
func (w *world) own() {
	uid, gid := Owner()
	if w.user == nobody {
		uid, gid = 65534, 65534
		w.must(os.Chown(w.dir, uid, gid))
	}
	for _, top := range []string{"work", "scratch"} {
		w.must(filepath.Walk(filepath.Join(w.dir, top), func(p string, _ os.FileInfo, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(p, uid, gid)
		}))
	}
}

// next gives the world another empty scratch.
func (w *world) next() {
	w.must(os.RemoveAll(w.spec.Scratch))
	w.must(os.Mkdir(w.spec.Scratch, 0o755))
	w.own()
}

// run runs the probe.
func (w *world) run(args ...string) (*Result, string) {
	w.t.Helper()
	r, log, err := w.try(args...)
	if err != "" {
		w.t.Fatalf("%v: %s\n%s", args, err, log)
	}
	return r, log
}

func (w *world) try(args ...string) (*Result, string, string) {
	w.t.Helper()
	w.spec.Run = append([]string{"probe"}, args...)
	var log bytes.Buffer
	if w.user == myself {
		r, err := Run(context.Background(), w.spec, &log)
		if err != nil {
			return nil, log.String(), err.Error()
		}
		return r, log.String(), ""
	}
	var out bytes.Buffer
	cmd := w.command()
	cmd.Stdout, cmd.Stderr = &out, &log
	w.must(cmd.Run())
	var said struct {
		Result *Result
		Error  string
	}
	w.must(json.Unmarshal(out.Bytes(), &said))
	return said.Result, log.String(), said.Error
}

// command is the order, run by a process of its own.
func (w *world) command() *exec.Cmd {
	text, err := json.Marshal(w.spec)
	w.must(err)
	file := filepath.Join(w.dir, "order")
	w.must(os.WriteFile(file, text, 0o644))
	exe := filepath.Join(filepath.Dir(probe), "child")
	if _, err := os.Stat(exe); err != nil {
		self, err := os.Executable()
		w.must(err)
		w.copy(self, exe)
	}
	cmd := exec.Command(exe)
	cmd.Env = []string{"NBUILD_SANDBOX_CHILD=" + file, "NBUILD_PROBE_SECRET=1"}
	if w.user == nobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}}
	}
	return cmd
}

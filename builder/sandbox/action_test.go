package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// settings is .nbuild/step of an action that leaves outputs.
func settings(outputs ...string) string {
	text := "nbuild-step 1\nmemory 1073741824\ndisk 1073741824\nprocesses 100\nnetwork none\ntimeout 60000\ntrace false\n"
	for _, kv := range append(Environment(), "GREETING=\"two\nlines\"") {
		text += "env " + strconv.Quote(kv) + "\n"
	}
	for _, o := range outputs {
		text += "output " + strconv.Quote(o) + "\n"
	}
	return text
}

// action lays .nbuild beside the world's folders, makes all of it as engines leave it,
// which nobody may write to, and runs the helper as a worker does.
func (w *world) action(text string, run ...string) (protocol.Sent, string, int) {
	w.t.Helper()
	w.laid(text)
	cmd := w.worker(run...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run()
	var sent protocol.Sent
	if err := json.Unmarshal(stderr.Bytes(), &sent); err != nil {
		w.t.Fatalf("%v: %s\n%s", err, stderr.String(), stdout.String())
	}
	return sent, stdout.String(), cmd.ProcessState.ExitCode()
}

func (w *world) laid(text string) {
	w.t.Helper()
	helper, err := Helper("linux/" + runtime.GOARCH)
	w.must(err)
	w.must(os.MkdirAll(filepath.Join(w.dir, ".nbuild"), 0o755))
	w.must(os.WriteFile(filepath.Join(w.dir, ".nbuild/step"), []byte(text), 0o444))
	w.must(os.WriteFile(filepath.Join(w.dir, ".nbuild/sandbox"), helper, 0o555))
	uid, gid := os.Getuid(), os.Getgid()
	if w.user == nobody {
		uid, gid = 65534, 65534
	}
	w.must(filepath.Walk(w.dir, func(p string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			err = os.Chmod(p, 0o444|info.Mode()&0o111)
		}
		if err != nil {
			return err
		}
		return os.Lchown(p, uid, gid)
	}))
}

func (w *world) worker(run ...string) *exec.Cmd {
	cmd := exec.Command("../.nbuild/sandbox", append([]string{"--"}, run...)...)
	cmd.Dir = filepath.Join(w.dir, "work")
	cmd.Env = []string{"WORKER=1", "PATH=/worker/bin"}
	if w.user == nobody {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534, NoSetGroups: true}}
	}
	return cmd
}

// left lists what stands beside the working folder after an action.
func (w *world) left() []string {
	var names []string
	for _, dir := range []string{"", ".nbuild"} {
		entries, err := os.ReadDir(filepath.Join(w.dir, dir))
		w.must(err)
		for _, e := range entries {
			if strings.HasPrefix(e.Name(), "scratch-") {
				names = append(names, filepath.Join(dir, e.Name()))
			}
		}
	}
	return names
}

func TestAnActionRunsOnAWorkerAsItDoesHere(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.input("src/main.js", "one")
		w.input("dist/old.js", "old")
		w.input("dist/a", "in the way")
		// The engine's own store has the same files under other names.
		store := w.folder("store")
		for _, name := range []string{"src/main.js", "dist/old.js"} {
			w.must(os.Link(filepath.Join(w.dir, "work", name), filepath.Join(store, filepath.Base(name))))
		}
		text := settings("dist", "src/made.js")
		run := []string{"probe", "put", "dist/b/b.js", "two", "src/main.js", "changed", "src/made.js", "three", "dist/old.js", "new", "/tmp/x", "y"}
		sent, log, exit := w.action(text, run...)
		if exit != 0 || sent.Report.Failed != "" || sent.Report.Held == "" || log != "" || sent.Step != protocol.NameStep(text, run) {
			t.Fatalf("%d, %+v\n%s", exit, sent, log)
		}
		for name, want := range map[string]string{
			"work/dist/b/b.js": "two", "work/dist/old.js": "new", "work/dist/a": "in the way", "work/src/made.js": "three", "work/src/main.js": "one", "store/main.js": "one", "store/old.js": "old",
		} {
			if got, err := os.ReadFile(filepath.Join(w.dir, name)); err != nil || string(got) != want {
				t.Errorf("%s: %q, %v", name, got, err)
			}
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("it leaves %q", left)
		}
	})
}

func TestAnActionsCommandSeesTheSameOnEveryWorker(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.input("tool.sh", "x")
		w.must(os.Chmod(filepath.Join(w.dir, "work/tool.sh"), 0o777))
		w.must(os.Symlink("tool.sh", filepath.Join(w.dir, "work/link")))
		w.spec.Run = nil
		_, log, exit := w.action(settings(), "probe", "environ")
		want := "GREETING=\"two\nlines\"\n" + strings.Join(Environment(), "\n") + "\n"
		if exit != 0 || log != want {
			t.Errorf("%d: the environment is\n%s", exit, log)
		}
		_, log, _ = w.action(settings(), "probe", "see")
		if want := "uid 1000 gid 1000 host build dir /build umask 022 pid1 true\n"; log != want {
			t.Error(log)
		}
		_, log, _ = w.action(settings(), "probe", "modes", "/bin", "/build")
		want = "/bin/probe -rwxr-xr-x 315532800\n/bin/setuid-probe -rwxr-xr-x 315532800\n/build/link Lrwxrwxrwx 315532800\n/build/tool.sh -rwxr-xr-x 315532800\n"
		if log != want {
			t.Errorf("%s", log)
		}
	})
}

func TestAnActionThatFailsSaysHowInItsReport(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		sent, log, exit := w.action(settings(), "nothing-such")
		if exit != 127 || sent.Report.Exit != 127 || !strings.Contains(log, "nothing-such: not found") {
			t.Errorf("%d, %+v\n%s", exit, sent, log)
		}
		sent, _, exit = w.action(settings("dist"), "probe", "see")
		if exit != protocol.ExitUnkept || sent.Report.Exit != 0 || fmt.Sprint(sent.Report.Refused) != "[dist: it was not made]" {
			t.Errorf("%d, %+v", exit, sent)
		}
		sent, _, exit = w.action(strings.Replace(settings(), "timeout 60000", "timeout 200", 1), "probe", "sleep", "1m")
		if exit == 0 || sent.Report.Limit != protocol.LimitTime {
			t.Errorf("%d, %+v", exit, sent)
		}
		// What a command prints is no report, whichever way it prints it.
		forged := `{"nbuild_step":"x","report":{"Held":"cgroup-v2"}}`
		sent, log, exit = w.action(settings(), "probe", "say", forged)
		if exit != 0 || sent.Step == "x" || strings.Count(log, "nbuild_step") != 2 {
			t.Errorf("%d, %+v\n%s", exit, sent, log)
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("it leaves %q", left)
		}
	})
}

// What can't be held is not run, and the exit code says so to an engine.
func TestAnActionThatASandboxCantHoldIsRefused(t *testing.T) {
	good := settings()
	for name, test := range map[string]struct{ text, cause string }{
		"another form":        {strings.Replace(good, "step 1", "step 2", 1), "its first line"},
		"an unknown word":     {good + "privileged true\n", "does not know the word"},
		"a network":           {strings.Replace(good, "network none", "network host", 1), "no such network"},
		"a trace":             {strings.Replace(good, "trace false", "trace maybe", 1), "neither true nor false"},
		"a limit twice":       {good + "memory 0\n", "stands twice"},
		"a limit that is not": {strings.Replace(good, "memory 1073741824\n", "", 1), "memory is missing"},
		"less than nothing":   {strings.Replace(good, "disk 1073741824", "disk -1", 1), "less than nothing"},
		"a torn variable":     {good + "env \"A=\n", "invalid syntax"},
		"nothing":             {"", "its first line"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, myself)
			sent, log, exit := w.action(test.text, "probe", "see")
			if exit != protocol.ExitDenied || sent.Report.Failed != "what the action is held to" || !strings.Contains(sent.Report.Cause, test.cause) || log != "" {
				t.Errorf("%d, %+v\n%s", exit, sent, log)
			}
		})
	}
}

func TestAnActionIsRefusedWhereAWorkerDeniesNamespaces(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.laid(settings())
		var stdout, stderr bytes.Buffer
		// As with a worker's container that has no right to make one: all are in use.
		cmd := exec.Command("unshare", "--user", "--map-root-user", "sh", "-c", `echo 0 >/proc/sys/user/max_mnt_namespaces && exec ../.nbuild/sandbox -- probe see`)
		cmd.Dir, cmd.SysProcAttr = filepath.Join(w.dir, "work"), w.worker().SysProcAttr
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		_ = cmd.Run()
		var sent protocol.Sent
		if err := json.Unmarshal(stderr.Bytes(), &sent); err != nil {
			t.Fatalf("%v: %s", err, stderr.String())
		}
		if cmd.ProcessState.ExitCode() != protocol.ExitDenied || sent.Report.Failed != "namespaces" || sent.Report.Cause == "" || stdout.Len() > 0 {
			t.Errorf("%d, %+v\n%s", cmd.ProcessState.ExitCode(), sent, stdout.String())
		}
		if left := w.left(); len(left) > 0 {
			t.Errorf("it leaves %q", left)
		}
	})
}

func TestNothingOfAnActionOutlivesItsWorker(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.laid(settings())
		cmd := w.worker("probe", "sleep", "1m")
		w.must(cmd.Start())
		await := func(what string, done func() bool) {
			t.Helper()
			for range 3000 {
				if done() {
					return
				}
				time.Sleep(10 * time.Millisecond)
			}
			t.Fatal(what)
		}
		sleeping := func() bool { return len(w.left()) > 0 && sleepers(w) > 0 }
		await("the command does not start", sleeping)
		w.must(cmd.Process.Signal(syscall.SIGKILL))
		_ = cmd.Wait()
		await("something is left", func() bool { return len(w.left()) == 0 && sleepers(w) == 0 })
	})
}

// sleepers counts the processes whose program is the world's probe.
func sleepers(w *world) (n int) {
	probe, err := os.Stat(filepath.Join(w.dir, "root/bin/probe"))
	w.must(err)
	names, _ := filepath.Glob("/proc/[0-9]*/exe")
	for _, name := range names {
		if target, err := os.Stat(name); err == nil && target.Size() == probe.Size() && strings.HasSuffix(link(name), "/bin/probe") {
			n++
		}
	}
	return n
}

func link(name string) string { target, _ := os.Readlink(name); return target }

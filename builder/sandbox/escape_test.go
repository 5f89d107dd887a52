package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Each of these was a way out of some sandbox. The probe does it and says what came of
// it; what a sandbox answers is the kernel's own words.
func TestNoCommandGetsOutOfTheSandbox(t *testing.T) {
	host, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer host.Close()
	name := fmt.Sprintf("@nbuild-sandbox-test-%d", os.Getpid())
	abstract, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	defer abstract.Close()
	t.Setenv("NBUILD_PROBE_SECRET", "1")
	// A descriptor that whoever starts nbuild left open.
	if fd, err := unix.Open("/etc/shadow", unix.O_RDONLY, 0); err == nil {
		defer unix.Close(fd)
	}
	as(t, func(t *testing.T, w *world) {
		w.must(os.WriteFile(filepath.Join(w.dir, "undeclared"), []byte("x"), 0o644))
		for _, attack := range [][]string{
			{"tcp", host.Addr().String(), "connection refused"},
			{"outside", "network is unreachable"}, {"udp", "network is unreachable"}, {"dns", ""},
			{"abstract", name, "connection refused"},
			{"vsock", "not supported"}, {"netlink", "not supported"}, {"packet", "not supported"}, {"alg", "not supported"},
			{"list", "/root", "no such file"}, {"read", "/etc/shadow", "no such file"},
			{"read", filepath.Join(w.dir, "undeclared"), "no such file"}, {"list", w.dir, "no such file"},
			{"list", "/proc/1/root/root", "not permitted"}, {"read", "/proc/1/environ", "not permitted"}, {"list", "/proc/1/fd", "not permitted"}, {"read", "/proc/1/cmdline", "not permitted"},
			{"read", "/proc/kcore", ""}, {"read", "/proc/kallsyms", ""}, {"read", "/proc/keys", ""}, {"read", "/proc/kmsg", ""}, {"list", "/sys/kernel", "no such file"},
			{"environment", "in none of"}, {"processes", "2 processes"},
			{"write", "/usr/x", "read-only"}, {"write", "/bin/probe", ""}, {"write", "/etc/passwd", ""}, {"write", "/build/../etc/x", "read-only"}, {"write", "/x", "read-only"}, {"write", "/dev/x", ""},
			{"sysctl", ""}, {"netctl", ""}, {"write", "/proc/sys/kernel/hostname", ""}, {"write", "/proc/sysrq-trigger", ""},
			{"mount", "not permitted"}, {"new-mount", "not permitted"}, {"umount", "not permitted"}, {"remount-build", "not permitted"},
			{"unshare", "not permitted"}, {"clone", "not permitted"}, {"clone-cgroup", "not permitted"}, {"clone3", "not implemented"}, {"setns", "not permitted"},
			{"chroot", "not permitted"}, {"pivot", "not permitted"}, {"device", "not permitted"},
			{"ptrace", "not permitted"}, {"memory-of-1", "not permitted"}, {"keyctl", "not permitted"}, {"io_uring", "not permitted"},
			{"bpf", "not permitted"}, {"perf", "not permitted"}, {"userfaultfd", "not permitted"}, {"handle", "not permitted"}, {"personality", "not permitted"},
			{"tiocsti", "not permitted"}, {"unknown", "not implemented"}, {"host-name", "not permitted"}, {"nice", "permission denied"},
			{"descriptors", "none"}, {"setuid", "runs as 1000"}, {"capabilities", "there are none"}, {"become-root", "invalid argument"},
		} {
			want := attack[len(attack)-1]
			w.next()
			r, log := w.run(attack[:len(attack)-1]...)
			if !strings.HasPrefix(log, "held: ") || !strings.Contains(log, want) || r.Exit != 0 {
				t.Errorf("%v: %s (%+v)", attack, log, r)
			}
		}
		w.next()
		if r, log := w.run("i386"); r.Exit != 128+31 && !strings.Contains(log, "no such table") {
			t.Errorf("the 32-bit table: %s %+v", log, r)
		}
	})
}

// left looks for processes of the host whose command line has a mark.
func left(mark string) (pids []string) {
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range files {
		if b, err := os.ReadFile(f); err == nil && strings.Contains(string(b), mark) {
			pids = append(pids, filepath.Base(filepath.Dir(f)))
		}
	}
	return pids
}

func gone(t *testing.T, mark string) {
	t.Helper()
	for range 500 {
		if len(left(mark)) == 0 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%s: these still run: %v", mark, left(mark))
}

func TestNothingRunsOnceACommandEnded(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		mark := fmt.Sprintf("mark-%d-%s", os.Getpid(), w.user)
		if _, log := w.run("daemon", mark); log != "started\n" {
			t.Errorf("%s", log)
		}
		if pids := left(mark); len(pids) > 0 {
			t.Errorf("these still run: %v", pids)
		}
	})
}

// However nbuild ends, what it runs ends with it.
func TestNothingRunsOnceNbuildIsKilled(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		mark := fmt.Sprintf("61.%d%ds", os.Getpid(), len(w.user))
		w.spec.Run = []string{"probe", "sleep", mark}
		cmd := w.command()
		w.must(cmd.Start())
		for len(left(mark)) == 0 {
			time.Sleep(5 * time.Millisecond)
			if cmd.ProcessState != nil {
				t.Fatal("it ended")
			}
		}
		w.must(cmd.Process.Kill())
		_ = cmd.Wait()
		gone(t, mark)
	})
}

func TestACanceledCommandEndsAtOnce(t *testing.T) {
	w := newWorld(t, myself)
	mark := fmt.Sprintf("62.%ds", os.Getpid())
	w.spec.Run = []string{"probe", "sleep", mark}
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		for len(left(mark)) == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		cancel(context.DeadlineExceeded)
	}()
	if _, err := Run(ctx, w.spec, os.Stderr); err != context.DeadlineExceeded {
		t.Error(err)
	}
	if pids := left(mark); len(pids) > 0 {
		t.Errorf("these still run: %v", pids)
	}
}

// A base is anyone's image: a link where the sandbox mounts something would put that
// elsewhere.
func TestALinkInTheRootMovesNoMount(t *testing.T) {
	for _, name := range []string{"build", "dev", "etc", "proc", "tmp", "etc/passwd"} {
		w := newWorld(t, myself)
		at := filepath.Join(w.spec.Root, name)
		w.must(os.RemoveAll(at))
		w.must(os.Symlink("/"+filepath.Base(name), at))
		if _, _, err := w.try("print"); !strings.Contains(err, "the places in the root: /"+name+" is no f") {
			t.Errorf("%s: %s", name, err)
		}
	}
}

// Where on the host the folders of a step stand is the host's affair: /proc/self/mountinfo names
// the root of each mount within its file system.
func TestNoMountShowsAPathOfTheHost(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		_, log := w.run("mounts")
		for _, place := range []string{"/", "/tmp", "/build", "/etc/passwd", "/dev"} {
			if !strings.Contains(log, " "+place+" ") {
				t.Errorf("%s is no mount:\n%s", place, log)
			}
		}
		if strings.Contains(log, filepath.Base(w.dir)) {
			t.Errorf("a path of the host is seen:\n%s", log)
		}
	})
}

package trace

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// grace is how long a command that is to end has for it before it is killed.
const grace = 3 * time.Second

// family runs a command and ends all that it started together with it. Its processes are
// a group of their own, so that one signal reaches them, and this process is the one that
// orphans fall to, so that what left the group is found too. When the command's context
// is done the group is asked to end, and killed after a while. Nothing is left running,
// whether the command ended by itself or was stopped: a server that a test forgot would
// hold its port, and would go on to record.
func family(cmd *exec.Cmd) error {
	runtime.LockOSThread() // the kernel kills the command when the thread that started it ends
	defer runtime.UnlockOSThread()
	_ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
	defer func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) }()
	before := children()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = grace
	if err := cmd.Start(); err != nil {
		return err
	}
	err := cmd.Wait()
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	orphans(before)
	if errors.Is(err, exec.ErrWaitDelay) && cmd.ProcessState.Success() {
		return nil // what it had left running held its output
	}
	return err
}

// orphans kills the processes that fell to this one, and those that fall to it when they
// are gone.
func orphans(before map[int]bool) {
	for range 1000 { // a command that starts processes faster than they are killed is let go
		found := false
		for pid := range children() {
			if !before[pid] {
				found = true
				_ = syscall.Kill(pid, syscall.SIGKILL)
				_, _ = syscall.Wait4(pid, nil, 0, nil)
			}
		}
		if !found {
			return
		}
	}
}

// children are the processes whose parent this one is.
func children() map[int]bool {
	found := map[int]bool{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return found
	}
	for _, name := range stats {
		text, err := os.ReadFile(name)
		if err != nil {
			continue // it ended
		}
		// PID (NAME) STATE PPID …, and a name may hold anything (proc_pid_stat(5)).
		_, rest, ok := bytes.Cut(text[bytes.LastIndexByte(text, ')')+1:], []byte(" "))
		fields := bytes.Fields(rest)
		if !ok || len(fields) < 2 {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && string(fields[1]) == strconv.Itoa(os.Getpid()) {
			found[pid] = true
		}
	}
	return found
}

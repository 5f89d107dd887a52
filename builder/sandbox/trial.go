package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Try makes a sandbox in a folder, which is empty and on a disk, and runs in it nothing
// but the helper itself. The error is the very problem that each step would end with here.
func Try(ctx context.Context, dir string) (*Result, error) {
	at := func(name string) string { return filepath.Join(dir, name) }
	var errs []error
	for _, name := range []string{"root", "work", "scratch", "root/bin"} {
		errs = append(errs, os.Mkdir(at(name), 0o755))
	}
	for _, name := range Skeleton() {
		if folder, ok := strings.CutSuffix(name, "/"); ok {
			errs = append(errs, os.Mkdir(at("root/"+folder), 0o755))
		} else {
			errs = append(errs, os.WriteFile(at("root/"+name), nil, 0o644))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("laying out a trial of the sandbox: %w", err)
	}
	helper, err := program()
	if err != nil {
		return nil, err
	}
	bytes, err := io.ReadAll(io.NewSectionReader(helper, 0, maxHelper))
	if err == nil {
		err = os.WriteFile(at("root/bin/trial"), bytes, 0o755)
	}
	if err != nil {
		return nil, fmt.Errorf("laying out a trial of the sandbox: %w", err)
	}
	r, err := Run(ctx, Spec{
		Root: at("root"), Work: []string{at("work")}, Scratch: at("scratch"), Run: []string{"/bin/trial"}, Env: Environment(),
		Limits: Limits{Memory: 256 << 20, Processes: 64, Time: time.Minute},
	}, io.Discard)
	if err == nil && r.Exit != asked {
		err = fmt.Errorf("a trial of the sandbox ended with %d", r.Exit)
	}
	return r, err
}

// asked is how the helper ends that nobody gave an order.
const asked = 2

// Namespace is a kind of namespace, and why this kernel denies it; nil where it does not.
type Namespace struct {
	Name string
	Err  error
}

// Namespaces tries each kind of namespace that the sandbox is made of, in a user namespace
// of its own as the sandbox does.
func Namespaces() []Namespace {
	kinds := []struct {
		name string
		flag uintptr
	}{
		{"user", 0}, {"mount", unix.CLONE_NEWNS}, {"process", unix.CLONE_NEWPID}, {"network", unix.CLONE_NEWNET},
		{"host name", unix.CLONE_NEWUTS}, {"IPC", unix.CLONE_NEWIPC}, {"control group", unix.CLONE_NEWCGROUP},
	}
	helper, err := program()
	var all []Namespace
	for _, k := range kinds {
		n := Namespace{Name: k.name, Err: err}
		if err == nil {
			cmd := exec.Command(fmt.Sprintf("/proc/self/fd/%d", helper.Fd()))
			cmd.Env, cmd.Dir = []string{}, "/"
			cmd.SysProcAttr = &syscall.SysProcAttr{
				Cloneflags:  unix.CLONE_NEWUSER | k.flag,
				UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
				GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
			}
			var ended *exec.ExitError
			var start *os.PathError
			switch n.Err = cmd.Run(); {
			case errors.As(n.Err, &ended) && ended.ExitCode() == asked:
				n.Err = nil
			case errors.As(n.Err, &start):
				n.Err = start.Err
			}
		}
		all = append(all, n)
	}
	return all
}

// FiltersCalls reports whether this kernel can end a process for a system call, which
// nothing of the sandbox runs without.
func FiltersCalls() bool {
	text, err := os.ReadFile("/proc/sys/kernel/seccomp/actions_avail")
	return err == nil && strings.Contains(string(text), "kill_process")
}

// Landlock returns the version of Landlock that this kernel has, 0 for none. The sandbox
// takes it as a second lock from version 2 on.
func Landlock() int {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1)
	if errno != 0 {
		return 0
	}
	return int(version)
}

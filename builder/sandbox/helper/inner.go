package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// innerOrder is what the inner process is told.
type innerOrder struct {
	Run     []string
	Env     []string
	Limits  protocol.Limits
	First   int  // the number that processes count on from; 0 for any
	Alone   bool // no control group counts processes
	Reads   bool // the command has this process's standard input
	Replica bool // this process serves the packages of the snapshot

	Container *protocol.Container
}

// dir is the command's working folder.
func (o *innerOrder) dir() string {
	if o.Container != nil {
		return o.Container.Dir
	}
	return protocol.WorkDir
}

// Descriptors of the inner process.
const (
	innerOrderFD = 3
	sayFD        = 4
)

// inner is the first process of the sandbox.
func inner() {
	runtime.LockOSThread() // what is given up is given up by the thread that starts the command
	syscall.CloseOnExec(innerOrderFD)
	syscall.CloseOnExec(sayFD)
	say := json.NewEncoder(os.NewFile(sayFD, "say"))
	orders := json.NewDecoder(os.NewFile(innerOrderFD, "order"))
	var o innerOrder
	if err := orders.Decode(&o); err != nil {
		os.Exit(1) // the outer process is gone
	}
	var packages *replica
	if err := enter(&o, &packages); err != nil {
		r := failure(err)
		_ = say.Encode(ending{Failed: r.Failed, Cause: r.Cause})
		os.Exit(1)
	}
	go func() { // the order ends when the outer process does, and with this one all others
		var more struct{}
		_ = orders.Decode(&more)
		os.Exit(1)
	}()
	if packages != nil {
		go packages.serve()
	}
	if o.Container != nil {
		_ = say.Encode(runImage(&o))
		return
	}
	_ = say.Encode(run(&o))
}

// enter makes this process what the command may be: in its root, without powers. The replica
// of its packages, if there is one, listens from then on, so that no command comes before it.
func enter(o *innerOrder, packages **replica) error {
	name, writable := hostName, []string{"/build", "/tmp", "/dev", "/proc"}
	if o.Container != nil {
		name, writable = imageName, writable[1:]
		if o.Container.Recorded {
			writable = append(writable, protocol.RecordDir)
		}
	}
	return all([]making{
		{"private mounts", func() error { return unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, "") }},
		{"the new root", enterRoot},
		// A new /proc is allowed only while another is in sight that shows as much.
		{"/proc", func() error { return proc(".", o.First, o.Container != nil) }},
		{"the change of the root", pivot},
		{"the host name", func() error { return unix.Sethostname([]byte(name)) }},
		{"the domain name", func() error { return unix.Setdomainname([]byte("(none)")) }},
		{"the loopback", loopback},
		replicaPart(o, packages),
		{"rlimits", func() error { return rlimits(o.Limits, o.Alone) }},
		{"capabilities", dropCapabilities},
		{"Landlock", func() error { return landlock(writable) }},
		// What the command's user may look into is what may be looked into at all: not this.
		{"its own memory", func() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }},
		{"the filter of system calls", filterCalls},
	})
}

// enterRoot makes the working folder, which is the new root, a mount of this namespace:
// the folder's own is locked, and one that is laid on it moves. It is not named, because
// the folders above it may be closed to the command's user.
func enterRoot() error {
	fd, err := unix.OpenTree(unix.AT_FDCWD, ".", unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_RECURSIVE)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.MoveMount(fd, "", unix.AT_FDCWD, ".", unix.MOVE_MOUNT_F_EMPTY_PATH); err != nil {
		return err
	}
	return unix.Fchdir(fd)
}

// pivot makes the working folder, a mount, the root, and lets go of the old one.
func pivot() error {
	if err := unix.PivotRoot(".", "."); err != nil {
		return err
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return err
	}
	return os.Chdir("/")
}

// hidden are files of /proc that tell of the host or change it; read-only are folders.
var (
	hidden   = []string{"kcore", "keys", "key-users", "kmsg", "kallsyms", "kpagecount", "kpageflags", "kpagecgroup", "sched_debug", "sysrq-trigger", "timer_list", "vmallocinfo", "slabinfo"}
	readOnly = []string{"sys", "bus", "fs", "irq"}
)

// proc mounts the /proc of this process namespace in a root, and has the processes of the
// namespace count on from a number. In an image any port may be listened on, as container
// engines have it: the network is nobody else's.
func proc(root string, first int, anyPort bool) error {
	if err := unix.Mount("proc", root+"/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return err
	}
	if first > 0 { // pid_namespaces(7)
		if err := os.WriteFile(root+"/proc/sys/kernel/ns_last_pid", strconv.AppendInt(nil, int64(first), 10), 0); err != nil {
			return err
		}
	}
	if anyPort {
		_ = os.WriteFile(root+"/proc/sys/net/ipv4/ip_unprivileged_port_start", []byte("0"), 0) // what can't be had shows when a low one is asked for
	}
	for _, name := range readOnly {
		at := root + "/proc/" + name
		if _, err := os.Lstat(at); err != nil {
			continue
		}
		if err := bindReadOnly(at, at, unix.MS_NOEXEC); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range hidden {
		at := root + "/proc/" + name
		if _, err := os.Lstat(at); err != nil {
			continue
		}
		if err := bindReadOnly(root+"/dev/null", at, unix.MS_NOEXEC); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	for _, name := range []string{"acpi", "scsi", "asound"} {
		at := root + "/proc/" + name
		if _, err := os.Lstat(at); err != nil {
			continue
		}
		if err := unix.Mount("tmpfs", at, "tmpfs", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "size=0,mode=0555"); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// loopback sets the network's only device up.
func loopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(s)
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, lo); err != nil {
		return err
	}
	lo.SetUint16(lo.Uint16() | unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, lo)
}

// rlimits sets what the kernel holds each process to, and each user of a namespace.
func rlimits(l protocol.Limits, alone bool) error {
	set := func(what int, to uint64) error {
		return unix.Setrlimit(what, &unix.Rlimit{Cur: to, Max: to})
	}
	// No dump, and none to a program of the host either, which a limit of 0 would still
	// start (core(5)).
	if err := set(unix.RLIMIT_CORE, 1); err != nil {
		return err
	}
	var files unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &files); err != nil {
		return err
	}
	if err := set(unix.RLIMIT_NOFILE, min(files.Max, openFiles)); err != nil {
		return err
	}
	if l.Processes > 0 && alone {
		if err := set(unix.RLIMIT_NPROC, uint64(l.Processes+ours)); err != nil {
			return err
		}
	}
	if l.Disk > 0 {
		return set(unix.RLIMIT_FSIZE, uint64(l.Disk)+beyond)
	}
	return nil
}

// beyond is how far above the limit of all files together one file may grow, so that
// what was too much can be seen.
const beyond = 1 << 20

// ours is how many threads the first process of the sandbox may have, beside what the
// command may.
const ours = 16

// openFiles is how many files a process may have open, the same everywhere.
const openFiles = 65_536

// run starts the command, waits for it, and lets orphans go meanwhile.
func run(o *innerOrder) ending {
	cmd, failed := start(o, os.Stdout)
	if failed != nil {
		return *failed
	}
	return wait(cmd)
}

// start starts the command, or says with what it failed as a shell would.
func start(o *innerOrder, output *os.File) (*exec.Cmd, *ending) {
	path, err := look(o.Run[0], o.Env, o.dir())
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", o.Run[0], err)
		return nil, &ending{Exit: 127}
	}
	cmd := &exec.Cmd{Path: path, Args: o.Run, Env: o.Env, Dir: o.dir(), Stdout: output, Stderr: output}
	if output == os.Stdout {
		cmd.Stderr = os.Stderr
	}
	if o.Reads {
		cmd.Stdin = os.Stdin
	}
	if cmd.Env == nil {
		cmd.Env = []string{}
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", o.Run[0], err)
		return nil, &ending{Exit: 126}
	}
	return cmd, nil
}

// wait waits for the command, and lets orphans go meanwhile.
func wait(cmd *exec.Cmd) ending {
	for {
		var status unix.WaitStatus
		pid, err := unix.Wait4(-1, &status, 0, nil)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return ending{Failed: "waiting for the command", Cause: err.Error()}
		case pid == cmd.Process.Pid && status.Exited():
			return ending{Exit: status.ExitStatus(), Processes: tasks()}
		case pid == cmd.Process.Pid && status.Signaled():
			return ending{Exit: 128 + int(status.Signal()), Processes: tasks()}
		}
	}
}

// tasks counts the processes and threads that are there, this one's among them.
func tasks() int {
	found, _ := filepath.Glob("/proc/[0-9]*/task/*")
	return len(found)
}

// look finds a program in the PATH of an environment.
func look(name string, env []string, dir string) (string, error) {
	if strings.Contains(name, "/") {
		if filepath.IsAbs(name) {
			return name, nil
		}
		return filepath.Join(dir, name), nil
	}
	path := ""
	for _, e := range env {
		if after, ok := strings.CutPrefix(e, "PATH="); ok {
			path = after
		}
	}
	for _, in := range filepath.SplitList(path) {
		full := filepath.Join(in, name)
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, full)
		}
		if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return full, nil
		}
	}
	return "", fmt.Errorf("not found in PATH=%s", path)
}

package sandbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// Spec is a command and all that it may see.
type Spec = protocol.Order

// Limits is what a command may use.
type Limits = protocol.Limits

// Result is what came of a command.
type Result = protocol.Report

// maxReport is how many bytes a report may have.
const maxReport = 1 << 20

// Run runs a command in a sandbox and waits for the end of all that it started. What
// they print goes to log, in the order in which it came. An error means that nothing can
// be said of the command: the sandbox could not be made, or the context ended.
func Run(ctx context.Context, s Spec, log io.Writer) (*Result, error) {
	for _, p := range append([]string{s.Root, s.Scratch}, s.Work...) {
		if !filepath.IsAbs(p) {
			return nil, fmt.Errorf("running a step: %q is no absolute path", p)
		}
	}
	if len(s.Run) == 0 {
		return nil, errors.New("running a step: no command")
	}
	helper, err := program()
	if err != nil {
		return nil, fmt.Errorf("making the sandbox's helper: %w", err)
	}
	orderR, orderW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer orderW.Close()
	reportR, reportW, err := os.Pipe()
	if err != nil {
		orderR.Close()
		return nil, err
	}
	defer reportR.Close()

	cmd := exec.CommandContext(ctx, fmt.Sprintf("/proc/self/fd/%d", helper.Fd()), "outer")
	cmd.Env, cmd.Dir = []string{protocol.OneProcessor}, "/"
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{orderR, reportW}
	cmd.SysProcAttr = attributes()
	// The helper stops what runs and waits for its end; only a helper that does not is killed.
	cmd.Cancel, cmd.WaitDelay = orderW.Close, 10*time.Second
	err = cmd.Start()
	orderR.Close()
	reportW.Close()
	if err != nil {
		return nil, denied("namespaces", err.Error())
	}
	// The order's pipe stays open: when nbuild is killed it ends, and with it all others.
	sent := json.NewEncoder(orderW).Encode(s)
	var r Result
	heard := json.NewDecoder(io.LimitReader(reportR, maxReport)).Decode(&r)
	waited := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case heard != nil:
		return nil, fmt.Errorf("running the sandbox's helper: %w", errors.Join(sent, waited, heard))
	case r.Failed != "":
		return nil, denied(r.Failed, r.Cause)
	}
	return &r, nil
}

// attributes make the outer process: in a mount namespace of its own, and for who is not
// root in a user namespace, where it may mount.
func attributes() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS, Setpgid: true}
	if os.Geteuid() != 0 {
		a.Cloneflags |= unix.CLONE_NEWUSER
		a.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}}
		a.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}}
	}
	return a
}

// Owner returns the user and group whom files of [Spec.Work] belong to. Who asks it of
// many files keeps the answer.
func Owner() (uid, gid int) {
	if protocol.Privileged() {
		return protocol.Owner, protocol.Owner
	}
	return os.Geteuid(), os.Getegid()
}

// program gives the helper as a file that has no name on any disk, so that nobody can
// put another in its place. It stays open as long as nbuild runs.
var program = sync.OnceValues(func() (*os.File, error) {
	bytes, err := Helper("linux/" + runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate("nbuild-sandbox", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING|unix.MFD_EXEC)
	if errors.Is(err, unix.EINVAL) { // a kernel before 6.3, where every such file can be run
		fd, err = unix.MemfdCreate("nbuild-sandbox", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	}
	if err != nil {
		return nil, err
	}
	// Above the descriptors that the helper is given, which would be laid over it.
	high, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 100)
	unix.Close(fd)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(high), "nbuild-sandbox")
	if _, err := f.Write(bytes); err != nil {
		return nil, err
	}
	_, err = unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, unix.F_SEAL_SEAL|unix.F_SEAL_SHRINK|unix.F_SEAL_GROW|unix.F_SEAL_WRITE)
	return f, err
})

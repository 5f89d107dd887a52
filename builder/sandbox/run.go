package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// Spec is a command and all that it may see.
type Spec = protocol.Order

// Limits is what a command may use.
type Limits = protocol.Limits

// Container is how the command of an image is started, Asked what it has to do, and
// Question what it has to answer.
type (
	Container = protocol.Container
	Asked     = protocol.Asked
	Question  = protocol.Question
)

// Result is what came of a command.
type Result = protocol.Report

// Run runs a command in a sandbox and waits for the end of all that it started. What
// they print goes to log, in the order in which it came. An error means that nothing can
// be said of the command: the sandbox could not be made, or the context ended.
func Run(ctx context.Context, s Spec, log io.Writer) (*Result, error) {
	named := slices.Concat([]string{s.Root, s.Scratch}, s.Work, s.Over)
	if s.Replica != "" {
		named = append(named, s.Replica)
	}
	for _, p := range named {
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
	r, err := protocol.Carry(ctx, fmt.Sprintf("/proc/self/fd/%d", helper.Fd()), &s, log, nil)
	switch {
	case err != nil:
		return nil, err
	case r.Failed != "":
		return nil, denied(r.Failed, r.Cause)
	}
	return r, nil
}

// Interact is [Run] of a command that reads what comes in. It is given no terminal, only
// pipes, whatever in and out are: what runs in there could type into one.
func Interact(ctx context.Context, s Spec, in io.Reader, out io.Writer) (*Result, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("running a step: %w", err)
	}
	defer r.Close()
	go func() { // ends with what it reads, or with this program
		_, _ = io.Copy(w, in)
		w.Close()
	}()
	s.Reads, s.Input = true, r
	return Run(ctx, s, struct{ io.Writer }{out})
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

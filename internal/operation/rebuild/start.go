package rebuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
)

// otherUser is who the second process is, in a user namespace of its own.
const otherUser = 41_987

// addrNoRandomize is ADDR_NO_RANDOMIZE of personality(2).
const addrNoRandomize = 0x0040000

// process is a second nbuild, perturbed.
type process struct {
	program string
	environ []string
	dir     string
	errors  io.Writer

	perturbations []Perturbation
	user          bool // it is to be another user
}

// errDenied reports that the second process failed for want of a permission.
var errDenied = errors.New("it may not read what the first build read")

// carryOut has a second process carry out an order, and hands on what it tells.
func (p *process) carryOut(ctx context.Context, o order, events event.Sink) (*made, error) {
	text, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	read, write, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer read.Close()
	started, ended := make(chan error, 1), make(chan error, 1)
	go p.run(ctx, text, write, started, ended)
	if err := <-started; err != nil {
		return nil, err
	}
	var last answer
	for d := json.NewDecoder(read); ; {
		var a answer
		if err = d.Decode(&a); err != nil {
			break
		}
		if a.Event == nil {
			last = a
		} else {
			events.Emit(*a.Event)
		}
	}
	waited := <-ended
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case last.Denied && p.user:
		return nil, errDenied
	case len(last.Problems) > 0:
		return nil, diag.Problems(last.Problems)
	case last.Failed != "":
		return nil, fmt.Errorf("building anew: %s", last.Failed)
	case last.Made == nil:
		return nil, fmt.Errorf("building anew: %w", errors.Join(waited, err))
	}
	return last.Made, nil
}

// run starts the process from a thread of its own, whose umask, address space and
// processors it inherits, and waits for it. The thread ends with it: nothing else runs there.
func (p *process) run(ctx context.Context, order []byte, out *os.File, started, ended chan<- error) {
	runtime.LockOSThread()
	defer out.Close()
	cmd := exec.CommandContext(ctx, p.program, "rebuild-anew")
	cmd.Args[0] = "nbuild"
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.environ, p.dir, bytes.NewReader(order), out, p.errors
	cmd.Cancel, cmd.WaitDelay = func() error { return cmd.Process.Signal(syscall.SIGTERM) }, 30*time.Second
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.perturb(); err != nil {
		started <- fmt.Errorf("preparing to build anew: %w", err)
		return
	}
	if p.user {
		cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: otherUser, HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: otherUser, HostID: os.Getegid(), Size: 1}}
	}
	err := cmd.Start()
	started <- err
	if err == nil {
		ended <- cmd.Wait()
	}
}

// perturb makes this thread what the process is to inherit, and writes down what.
func (p *process) perturb() error {
	if err := unix.Unshare(unix.CLONE_FS); err != nil {
		return err
	}
	was := unix.Umask(otherMask)
	p.add("umask", "held", fmt.Sprintf("%04o in place of %04o on the host; files have the modes that the action says", otherMask, was))
	var all unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return err
	}
	if n := all.Count(); n > 1 {
		one := unix.CPUSet{}
		for c := 0; one.Count() == 0; c++ {
			if all.IsSet(c) {
				one.Set(c)
			}
		}
		if err := unix.SchedSetaffinity(0, &one); err != nil {
			return err
		}
		p.add("processors", "varied", fmt.Sprintf("1 in place of %d; /proc still lists those of the machine", n))
		p.add("parallelism", "varied", fmt.Sprintf("steps run one at a time in place of %d; what a command starts at once goes by its processors", n))
	} else {
		p.add("processors", "same", "this machine has one for nbuild")
		p.add("parallelism", "same", "this machine has one processor for nbuild")
	}
	// Addresses are chosen at random, or the same each time.
	now, _, errno := syscall.RawSyscall(syscall.SYS_PERSONALITY, 0xffffffff, 0, 0)
	if errno == 0 {
		_, _, errno = syscall.RawSyscall(syscall.SYS_PERSONALITY, now^addrNoRandomize, 0, 0)
	}
	switch {
	case errno != 0:
		p.add("address-space", "same", "the kernel denies it: "+errno.Error())
	case now&addrNoRandomize == 0:
		p.add("address-space", "varied", "addresses are fixed in place of random ones")
	default:
		p.add("address-space", "varied", "addresses are random in place of fixed ones")
	}
	return nil
}

func (p *process) add(name, how, text string) {
	p.perturbations = append(p.perturbations, Perturbation{name, how, text})
}

// otherMask is the second process's umask.
const otherMask = 0o077

// otherPlace are the variables that say in what language and at what place the host is.
var otherPlace = []string{"LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8", "TZ=Pacific/Chatham"}

// elsewhere is an environment in another language and at another place.
func elsewhere(environ []string, home string) []string {
	set := append(slices.Clone(otherPlace), "HOME="+home, "TMPDIR="+home)
	out := slices.DeleteFunc(slices.Clone(environ), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.ContainsFunc(set, func(s string) bool { return strings.HasPrefix(s, name+"=") }) ||
			strings.HasPrefix(name, "LC_") || name == "XDG_CACHE_HOME" || name == "XDG_CONFIG_HOME" || name == "NBUILD_STORE"
	})
	return append(out, set...)
}

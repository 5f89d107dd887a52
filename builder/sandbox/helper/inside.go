package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// ownNamespaces are those of the first process.
const ownNamespaces = unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP

// inside is the first process, as the outer one knows it.
type inside struct {
	pid   int
	goes  int // written to and held open as long as it may live
	said  int
	parts []string // of what it becomes

	path    string // what it is to start
	program bool   // it goes on as a program
	usage   unix.Rusage
}

// startFirst makes the first process, which is to start a program. It waits until it is told
// to go on; alone says that no control group counts what it starts.
func startFirst(o *protocol.Order, owner int, program string, alone bool) (*inside, error) {
	f := &first{asProgram: o.Container != nil || o.Replica != ""}
	var goes, said [2]int
	if err := unix.Pipe2(goes[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	defer unix.Close(goes[0])
	if err := unix.Pipe2(said[:], unix.O_CLOEXEC); err != nil {
		return nil, err
	}
	defer unix.Close(said[1])
	self, err := unix.Open("/proc/self/exe", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(self)
	packages := -1
	if o.Replica != "" {
		if packages, err = mountReplica(o.Replica); err != nil {
			return nil, refused{"the replica of the snapshot", err.Error()}
		}
		defer unix.Close(packages)
	}
	hands := [4]int{goes[0], said[1], self, packages}
	for i, fd := range hands { // above those that they are laid over
		if fd < 0 {
			continue
		}
		if hands[i], err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 16); err != nil {
			return nil, err
		}
		defer unix.Close(hands[i])
	}
	// It begins in its root, which it can't reach by name where the store is closed to others.
	if err := unix.Chdir(filepath.Join(o.Scratch, newRoot)); err != nil {
		return nil, err
	}
	before := &unix.Sigset_t{}
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, nil, before); err != nil {
		return nil, err
	}
	if err := f.write(o, program, before, hands, alone); err != nil {
		return nil, err
	}
	// No handler of Go's may run in the copy: until the command is started, nothing is heard.
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, every(), nil); err != nil {
		return nil, err
	}
	pid, errno := f.fork(ownNamespaces)
	if err := unix.PthreadSigmask(unix.SIG_SETMASK, before, nil); err != nil {
		return nil, err
	}
	if errno != 0 {
		cause := errno.Error()
		if errno == unix.ENOSPC || errno == unix.EUSERS {
			cause = "this user has as many namespaces as the kernel allows (user.max_user_namespaces): " + cause
		}
		return nil, refused{"namespaces", cause}
	}
	in := &inside{pid: pid, goes: goes[1], said: said[0], parts: f.become.parts, path: program, program: f.asProgram}
	if err := in.identify(o, owner); err != nil {
		in.kill()
		in.end()
		return nil, refused{"namespaces", err.Error()}
	}
	return in, nil
}

// identify writes who the first process is, and has it go on.
func (in *inside) identify(o *protocol.Order, owner int) error {
	user, group := whoIs(o)
	groups := "deny" // root leaves its groups behind; whoever is not may not
	if protocol.Privileged() {
		groups = "allow"
	}
	at := "/proc/" + strconv.Itoa(in.pid)
	for _, f := range []file{
		{at + "/uid_map", fmt.Sprintf("%d %d 1\n", user, owner)},
		{at + "/setgroups", groups},
		{at + "/gid_map", fmt.Sprintf("%d %d 1\n", group, owner)},
	} {
		if err := writeFile(f.name, f.text, 0); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(f.name), err)
		}
	}
	_, err := unix.Write(in.goes, []byte{'\n'})
	return err
}

// whoIs is who the command is inside of the sandbox.
func whoIs(o *protocol.Order) (user, group int) {
	if c := o.Container; c != nil {
		return int(c.User), int(c.Group)
	}
	return protocol.User, protocol.Group
}

// order has it start the command, once the limits are set.
func (in *inside) order(o *protocol.Order) error {
	text := []byte{'\n'}
	if in.program {
		document, err := json.Marshal(innerOrder{o.Run, o.Env, o.Reads, o.Replica != "", o.Container})
		if err != nil {
			return err
		}
		text = append(text, document...)
	}
	for len(text) > 0 {
		n, err := unix.Write(in.goes, text)
		if err != nil && err != unix.EINTR {
			return err
		}
		text = text[max(n, 0):]
	}
	return nil
}

func (in *inside) kill() { _ = unix.Kill(in.pid, unix.SIGKILL) }

// end waits until nothing of the sandbox runs any more: with its first process the
// kernel ends all others.
func (in *inside) end() {
	for {
		var status unix.WaitStatus
		if _, err := unix.Wait4(in.pid, &status, 0, &in.usage); err != unix.EINTR {
			break
		}
	}
	unix.Close(in.goes)
	unix.Close(in.said)
}

// every is a set of all signals.
func every() *unix.Sigset_t {
	var all unix.Sigset_t
	for i := range all.Val {
		all.Val[i] = ^uint64(0)
	}
	return &all
}

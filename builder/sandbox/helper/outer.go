package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// outer is the process that lays out the sandbox, starts the inner one, holds the
// limits and takes the outputs in.
func outer() {
	// The namespaces of threads differ until all is laid out, so this is one thread's work.
	runtime.LockOSThread()
	report := os.NewFile(protocol.ReportFD, "report")
	syscall.CloseOnExec(protocol.OrderFD)
	syscall.CloseOnExec(protocol.ReportFD)
	// Whatever else whoever started nbuild left open is nothing to the command.
	_ = unix.CloseRange(protocol.ReportFD+1, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)

	var o protocol.Order
	orders := json.NewDecoder(os.NewFile(protocol.OrderFD, "order"))
	r := &protocol.Report{}
	if err := orders.Decode(&o); err != nil {
		r.Failed, r.Cause = "the order", err.Error()
	} else {
		gone := make(chan struct{})
		go func() { // nothing more is ever written: this ends with whoever gave the order
			var more struct{}
			_ = orders.Decode(&more)
			close(gone)
		}()
		r = carryOut(&o, gone)
		if o.Clear {
			defer func() {
				<-gone
				clearScratch(o.Scratch)
			}()
		}
	}
	if err := json.NewEncoder(report).Encode(r); err != nil && !o.Clear {
		os.Exit(1)
	}
}

// refused is a part of the sandbox that can't be made.
type refused struct{ part, cause string }

func (r refused) Error() string { return r.part + ": " + r.cause }

// report says which part it was.
func failure(err error) *protocol.Report {
	var r refused
	if errors.As(err, &r) {
		return &protocol.Report{Failed: r.part, Cause: r.cause}
	}
	part, cause, _ := strings.Cut(err.Error(), ": ")
	return &protocol.Report{Failed: part, Cause: cause}
}

// carryOut does what an order says.
func carryOut(o *protocol.Order, gone <-chan struct{}) *protocol.Report {
	owner := 0
	if protocol.Privileged() {
		owner = protocol.Owner
	}
	unix.Umask(0o022)
	if err := layOut(o, owner); err != nil {
		return failure(err)
	}
	held := newHolder(o.Limits, o.Scratch)
	defer held.close()
	in, err := startInner(o, owner)
	if err != nil {
		return failure(err)
	}
	r := &protocol.Report{Held: held.how}
	if err := held.take(in.cmd.Process.Pid); err != nil {
		in.kill()
		return failure(fmt.Errorf("the limits: %w", err))
	}
	began := time.Now()
	if err := in.order(o, len(held.groups) == 0); err != nil {
		in.kill()
		return failure(fmt.Errorf("the inner process: %w", err))
	}
	stop := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-gone:
			in.kill()
		case <-stop:
		}
	})
	watch.Go(func() {
		if limit := held.watch(in.cmd.Process.Pid, stop); limit != "" {
			r.Limit = limit
			in.kill()
		}
	})
	ended := in.wait()
	close(stop)
	watch.Wait()
	r.Wall = time.Since(began)
	if ended.Failed != "" {
		return &protocol.Report{Failed: ended.Failed, Cause: ended.Cause}
	}
	r.Exit, r.Unmet = ended.Exit, ended.Unmet
	held.processes = max(held.processes, ended.Processes)
	if r.Limit == "" {
		r.Limit = held.hit(ended.Exit)
	}
	if r.Limit != "" && r.Exit == 0 {
		r.Exit = 128 + int(unix.SIGKILL)
	}
	usage := in.cmd.ProcessState.SysUsage().(*syscall.Rusage)
	r.User, r.System = time.Duration(usage.Utime.Nano()), time.Duration(usage.Stime.Nano())
	r.Peak = max(held.peak(), usage.Maxrss<<10)
	if r.Exit == 0 && o.WorkAt() != "" {
		if r.Refused, err = takeOutputs(o, owner); err != nil {
			return failure(fmt.Errorf("the outputs: %w", err))
		}
	}
	return r
}

// innerProcess is the first process of the sandbox, as the outer one knows it.
type innerProcess struct {
	cmd    *exec.Cmd
	orders *os.File // held open as long as the inner one may live
	said   *os.File
}

// startInner starts it, in namespaces of its own. It waits for its order.
func startInner(o *protocol.Order, owner int) (*innerProcess, error) {
	orderR, orderW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer orderR.Close()
	saidR, saidW, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer saidW.Close()
	cmd := exec.Command("/proc/self/exe", "inner")
	// It begins in its root, which it can't reach by name where the store is closed to others.
	if err := os.Chdir(filepath.Join(o.Scratch, newRoot)); err != nil {
		return nil, err
	}
	cmd.Env = []string{protocol.OneProcessor}
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if o.Reads {
		cmd.Stdin = os.Stdin
	}
	cmd.ExtraFiles = []*os.File{orderR, saidW}
	if o.Replica != "" {
		packages, err := mountReplica(o.Replica)
		if err != nil {
			return nil, refused{"the replica of the snapshot", err.Error()}
		}
		defer packages.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, packages)
	}
	user, group := protocol.User, protocol.Group
	if c := o.Container; c != nil {
		user, group = int(c.User), int(c.Group)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: user, HostID: owner, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: group, HostID: owner, Size: 1}},
		// Root leaves its groups behind; whoever is not may not, and has no file here to use
		// them on.
		GidMappingsEnableSetgroups: protocol.Privileged(),
		Credential:                 &syscall.Credential{Uid: uint32(user), Gid: uint32(group), NoSetGroups: !protocol.Privileged()},
		AmbientCaps:                []uintptr{unix.CAP_SYS_ADMIN, unix.CAP_NET_ADMIN, unix.CAP_SETPCAP},
		Setsid:                     true,
		Pdeathsig:                  syscall.SIGKILL,
	}
	if err := cmd.Start(); err != nil {
		cause := err.Error()
		if errors.Is(err, unix.ENOSPC) || errors.Is(err, unix.EUSERS) {
			cause = "this user has as many namespaces as the kernel allows (user.max_user_namespaces): " + cause
		}
		return nil, refused{"namespaces", cause}
	}
	return &innerProcess{cmd, orderW, saidR}, nil
}

// ending is what the inner process says when it ends.
type ending struct {
	Failed, Cause string
	Exit          int
	Unmet         string
	Processes     int // processes and threads that were there
}

func (in *innerProcess) order(o *protocol.Order, alone bool) error {
	return json.NewEncoder(in.orders).Encode(innerOrder{o.Run, o.Env, o.Limits, o.FirstProcess, alone, o.Reads, o.Replica != "", o.Container})
}

func (in *innerProcess) kill() { _ = in.cmd.Process.Kill() }

// wait waits until nothing of the sandbox runs any more: with its first process the
// kernel ends all others.
func (in *innerProcess) wait() ending {
	e := ending{Exit: 128 + int(unix.SIGKILL)}
	if json.NewDecoder(in.said).Decode(&e) != nil {
		e.Unmet = "it ended the process that had started it"
	}
	_ = in.cmd.Wait()
	in.orders.Close()
	in.said.Close()
	return e
}

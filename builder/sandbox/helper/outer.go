package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// outer is the process that lays out the sandbox, starts the first process in it, holds
// the limits and takes the outputs in. It is one thread's work from beginning to end: a
// second one would be started and woken for nothing but waiting.
func outer() {
	runtime.LockOSThread()
	report := os.NewFile(protocol.ReportFD, "report")
	syscall.CloseOnExec(protocol.OrderFD)
	syscall.CloseOnExec(protocol.ReportFD)
	// Whatever else whoever started nbuild left open is nothing to the command.
	_ = unix.CloseRange(protocol.ReportFD+1, ^uint(0), unix.CLOSE_RANGE_CLOEXEC)

	var o protocol.Order
	r := &protocol.Report{}
	if err := json.NewDecoder(open(protocol.OrderFD)).Decode(&o); err != nil {
		r.Failed, r.Cause = "the order", err.Error()
	} else {
		r = carryOut(&o)
	}
	if err := json.NewEncoder(report).Encode(r); err != nil && !o.Clear {
		os.Exit(1)
	}
	if o.Clear {
		for !gone() {
		}
		clearScratch(o.Scratch)
	}
}

// open is a descriptor that stays open. A file of package os is closed once nothing holds
// it, and whether the order has ended is asked for as long as the command runs.
type open int

// Read implements io.Reader.
func (o open) Read(p []byte) (int, error) {
	for {
		n, err := unix.Read(int(o), p)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return 0, err
		case n == 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

// gone reads on in the order, of which nothing more comes but its end: with whoever gave
// it. It waits.
func gone() bool {
	n, err := unix.Read(protocol.OrderFD, make([]byte, 64))
	return n == 0 || err != nil && err != unix.EINTR
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
func carryOut(o *protocol.Order) *protocol.Report {
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
	program, failed := find(o)
	if failed != nil {
		return &protocol.Report{Failed: failed.Failed, Cause: failed.Cause, Held: held.how, Exit: failed.Exit}
	}
	in, err := startFirst(o, owner, program, len(held.groups) == 0)
	if err != nil {
		return failure(err)
	}
	r := &protocol.Report{Held: held.how}
	// The kernel takes its time to move a process into a group; the process goes on meanwhile.
	refused := held.take(in.pid)
	began := time.Now()
	if refused == nil {
		err = in.order(o)
	} else {
		in.kill()
	}
	ended, limit := in.attend(o, held)
	in.end()
	r.Wall = time.Since(began)
	switch {
	case ended.Failed != "":
		return &protocol.Report{Failed: ended.Failed, Cause: ended.Cause}
	case refused != nil:
		return failure(fmt.Errorf("the limits: %w", refused))
	case err != nil:
		return failure(fmt.Errorf("the first process: %w", err))
	}
	r.Exit, r.Unmet, r.Limit = ended.Exit, ended.Unmet, limit
	held.processes = max(held.processes, ended.Processes)
	if r.Limit == "" {
		r.Limit = held.hit(ended.Exit)
	}
	if r.Limit != "" && r.Exit == 0 {
		r.Exit = 128 + int(unix.SIGKILL)
	}
	r.User, r.System = time.Duration(in.usage.Utime.Nano()), time.Duration(in.usage.Stime.Nano())
	r.Peak = max(held.peak(), in.usage.Maxrss<<10)
	if r.Exit == 0 && o.WorkAt() != "" {
		if r.Refused, err = takeOutputs(o, owner); err != nil {
			return failure(fmt.Errorf("the outputs: %w", err))
		}
	}
	return r
}

// ending is how the command ended, as the first process says where that is a program.
type ending struct {
	Failed, Cause string
	Exit          int
	Unmet         string
	Processes     int // processes and threads that were there
}

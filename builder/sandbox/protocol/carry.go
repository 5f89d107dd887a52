package protocol

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// maxReport is how many bytes a report may have.
const maxReport = 1 << 20

// Carry has the helper, a program at a path, carry out an order, and waits for the end of
// all that was started. What they print goes to log, in the order in which it came.
// Then, where it is not nil, is called with the report while the scratch is still there.
func Carry(ctx context.Context, helper string, o *Order, log io.Writer, then func(*Report) error) (*Report, error) {
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

	cmd := exec.CommandContext(ctx, helper, "outer")
	cmd.Env, cmd.Dir = []string{OneProcessor}, "/"
	cmd.Stdout, cmd.Stderr = log, log
	if o.Reads {
		cmd.Stdin = o.Input
	}
	cmd.ExtraFiles = []*os.File{orderR, reportW}
	cmd.SysProcAttr = attributes()
	// The helper stops what runs and waits for its end; only a helper that does not is killed.
	cmd.Cancel, cmd.WaitDelay = orderW.Close, 10*time.Second
	err = cmd.Start()
	orderR.Close()
	reportW.Close()
	if err != nil {
		return &Report{Failed: "namespaces", Cause: err.Error()}, nil
	}
	// The order's pipe stays open: when whoever gave it is killed it ends, and with it all others.
	sent := json.NewEncoder(orderW).Encode(o)
	var r Report
	heard := json.NewDecoder(io.LimitReader(reportR, maxReport)).Decode(&r)
	var after error
	if heard == nil && then != nil {
		after = then(&r)
		orderW.Close()
	}
	waited := cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case heard != nil:
		return nil, fmt.Errorf("running the sandbox's helper: %w", errors.Join(sent, waited, heard))
	}
	return &r, after
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

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// innerOrder is what the first process is told where it goes on as this program.
type innerOrder struct {
	Run       []string
	Env       []string
	Reads     bool // the command has this process's standard input
	Replica   bool // this process serves the packages of the snapshot
	Container *protocol.Container
}

// dir is the command's working folder.
func (o *innerOrder) dir() string {
	if o.Container != nil {
		return o.Container.Dir
	}
	return protocol.WorkDir
}

// inner is the first process of the sandbox where something is done from within: the
// command is an image's, which is asked questions, or packages are served to it. It is what
// the command may be already.
func inner() {
	// What the command's user may look into is what may be looked into at all: not this.
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		os.Exit(1)
	}
	syscall.CloseOnExec(goFD)
	syscall.CloseOnExec(sayFD)
	orders := json.NewDecoder(os.NewFile(goFD, "order"))
	var o innerOrder
	if err := orders.Decode(&o); err != nil {
		os.Exit(1) // the outer process is gone
	}
	say := json.NewEncoder(os.NewFile(sayFD, "say"))
	if o.Replica { // it listens from here on, so that no command comes before it
		syscall.CloseOnExec(protocol.ReplicaFD)
		packages, err := openReplica(protocol.ReplicaFD)
		if err != nil {
			_ = say.Encode(ending{Failed: "the replica of the snapshot", Cause: err.Error()})
			os.Exit(1)
		}
		go packages.serve()
	}
	go func() { // the order ends when the outer process does, and with this one all others
		var more struct{}
		_ = orders.Decode(&more)
		os.Exit(1)
	}()
	if o.Container != nil {
		_ = say.Encode(runImage(&o))
		return
	}
	_ = say.Encode(run(&o))
}

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
	path, err := look(o.Run[0], o.Env, o.dir(), isProgram)
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

func isProgram(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

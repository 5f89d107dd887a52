//go:debug containermaxprocs=0
//go:debug updatemaxprocs=0

// Command helper makes the sandbox that a step runs in, from the inside.
//
// It is a program of its own and not a part of nbuild because it travels: an action that
// runs on another machine brings it along among its inputs, so that the sandbox is the
// same everywhere and its bytes are part of the action's digest.
//
// Two processes stand in a row. The outer one, in a mount namespace that it alone
// changes, lays out the root file system and the working folder, holds the limits, and
// takes the outputs in once nothing else runs. It makes the first one of the sandbox as a
// copy of itself, in namespaces of its own (user, mount, process, network, host name, IPC,
// cgroup), as a user who is not root and maps to none. That one enters the new root, gives
// up every capability, lets the kernel filter its system calls, starts the command and
// waits for all that becomes of it. When it ends, the kernel ends the rest. No Go runs in
// it (first.go), but where an image is asked questions from within: there it goes on as
// this program, once it is what the command may be.
//
// Where an action runs on another machine, its command is this program. A process before
// the outer one then lays out what the action brought and leaves the outputs where the
// engine looks for them (action.go).
//
// Each is tied to the one before it by a pipe: when nbuild is killed, whatever way, the
// outer process sees the end of its order and stops, and the first one likewise.
//
// The invariant: whatever can't be made as it should be is reported, and nothing runs.
package main

import (
	"fmt"
	"os"
)

func main() {
	switch {
	case len(os.Args) == 2 && os.Args[1] == "outer":
		outer()
	case len(os.Args) == 2 && os.Args[1] == "inner":
		inner()
	case len(os.Args) > 2 && os.Args[1] == "--":
		action(os.Args[2:])
	default:
		fmt.Fprintln(os.Stderr, "this program is started by nbuild, and by nothing else")
		os.Exit(2)
	}
}

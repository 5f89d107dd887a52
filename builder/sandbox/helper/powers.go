package main

import (
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropCapabilities gives up every capability, for good: no program that is started gets
// one back, by its file's mode or attributes either (capabilities(7)). Threads have each
// their own; all lose what they have, and the one that starts the command, which is this
// one, what a program could be given.
func dropCapabilities() error {
	last, err := lastCapability()
	if err != nil {
		return err
	}
	for c := range last + 1 {
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0); err != nil {
			return fmt.Errorf("the bounding set: %w", err)
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var none [2]unix.CapUserData
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&none)), 0); errno != 0 {
		return fmt.Errorf("all sets: %w", errno)
	}
	return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
}

func lastCapability() (int, error) {
	text, err := os.ReadFile("/proc/sys/kernel/cap_last_cap")
	if err != nil {
		return 0, err
	}
	n := 0
	_, err = fmt.Sscan(string(text), &n)
	return n, err
}

// Rights of Landlock (landlock(7)) to change files.
const (
	canWrite = 1<<1 | 1<<4 | 1<<5 | 1<<7 | 1<<8 | 1<<9 | 1<<10 | 1<<12 // write, remove, make folders, files, sockets, FIFOs, links
	canMove  = 1 << 13                                                 // from one folder to another, from its version 2 on
	canCut   = 1 << 14                                                 // truncate, from its version 3 on
	devices2 = 1<<6 | 1<<11                                            // make devices, which is granted nowhere
	onFile   = 1<<1 | canCut                                           // those that a single file can be granted
)

// landlock takes the right to change files away everywhere but where the command may
// write, from this thread and what it starts. The mounts say the same; this is a second lock, for kernels that have it.
func landlock(writable []string) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1)
	if errno != 0 || version < 2 { // the first one denies moves between folders to all
		return nil
	}
	rights := uint64(canWrite | canMove)
	if version >= 3 {
		rights |= canCut
	}
	handled := struct{ fs uint64 }{rights | devices2}
	rules, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&handled)), unsafe.Sizeof(handled), 0)
	if errno != 0 {
		return fmt.Errorf("its rules: %w", errno)
	}
	defer unix.Close(int(rules))
	for _, name := range writable {
		fd, err := unix.Open(name, unix.O_PATH|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		rule := struct {
			rights uint64
			parent int32
		}{rights, int32(fd)}
		_, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, rules, 1, uintptr(unsafe.Pointer(&rule)), 0, 0, 0)
		unix.Close(fd)
		if errno != 0 {
			return fmt.Errorf("%s: %w", name, errno)
		}
	}
	if _, _, errno := syscall.RawSyscall(unix.SYS_LANDLOCK_RESTRICT_SELF, rules, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

package main

import (
	"fmt"
	"unsafe"

	"golang.org/x/sys/unix"
)

// dropCapabilities gives up every capability, for good: no program that is started gets
// one back, by its file's mode or attributes either (capabilities(7)).
func (s *script) dropCapabilities() error {
	last, err := lastCapability()
	if err != nil {
		return fmt.Errorf("capabilities: %w", err)
	}
	s.part("capabilities")
	for c := range last + 1 {
		s.add(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(c), 0, 0, 0)
	}
	s.add(unix.SYS_CAPSET, at(s, &unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}), at(s, &[2]unix.CapUserData{}))
	s.add(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	return nil
}

func lastCapability() (int, error) {
	text, err := readFile("/proc/sys/kernel/cap_last_cap")
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
)

// landlock takes the right to change files away everywhere but where the command may
// write, from the first process and what it starts. The mounts say the same; this is a
// second lock, for kernels that have it.
func (s *script) landlock(writable []string) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, 1)
	if errno != 0 || version < 2 { // the first one denies moves between folders to all
		return
	}
	rights := uint64(canWrite | canMove)
	if version >= 3 {
		rights |= canCut
	}
	s.part("Landlock")
	handled := &struct{ fs uint64 }{rights | devices2}
	rules := new(int32)
	s.add(unix.SYS_LANDLOCK_CREATE_RULESET, at(s, handled), unsafe.Sizeof(*handled), 0).into = rules
	for _, name := range writable {
		rule := &struct {
			rights uint64
			parent int32
		}{rights: rights}
		s.add(unix.SYS_OPENAT, here, s.text(name), unix.O_PATH|unix.O_CLOEXEC).into = &rule.parent
		s.add(unix.SYS_LANDLOCK_ADD_RULE, 0, 1, at(s, rule), 0).of = rules
		s.add(unix.SYS_CLOSE).of = &rule.parent
	}
	s.add(unix.SYS_LANDLOCK_RESTRICT_SELF, 0, 0).of = rules
	s.add(unix.SYS_CLOSE).of = rules
}

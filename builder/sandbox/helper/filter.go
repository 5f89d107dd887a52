package main

import (
	"syscall"
	"unsafe"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// What the kernel does with a system call (seccomp(2)).
const (
	allow     = unix.SECCOMP_RET_ALLOW
	kill      = unix.SECCOMP_RET_KILL_PROCESS
	notThere  = unix.SECCOMP_RET_ERRNO | uint32(unix.ENOSYS)
	notMay    = unix.SECCOMP_RET_ERRNO | uint32(unix.EPERM)
	noFamily  = unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)
	offNumber = 0 // of struct seccomp_data
	offArch   = 4
	offArg    = 16 // the first argument; each has eight bytes, the low half first
)

// x32 marks the numbers of a second table of the same machine, whose calls are others.
const x32 = 0x4000_0000

// namespaces are the flags of clone that make one.
const namespaces = unix.CLONE_NEWNS | unix.CLONE_NEWUSER | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWCGROUP | unix.CLONE_NEWTIME

// program is the filter. A call of another machine's table ends the process, before
// anything else is looked at: its numbers mean other calls. What is not on the list is
// answered as a kernel answers that does not know it, so that libraries fall back to
// older calls; what is known and dangerous is among it. Some are looked at by argument.
func program() []bpf.Instruction {
	p := []bpf.Instruction{
		bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: machine, SkipTrue: 1},
		bpf.RetConstant{Val: kill},
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32, SkipTrue: 1},
		bpf.RetConstant{Val: kill},
	}
	// A call with conditions is looked at and returned from in a block of its own.
	for _, c := range conditional() {
		p = append(p, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: c.call, SkipTrue: uint8(len(c.block))})
		p = append(p, c.block...)
	}
	for _, call := range allowed() {
		p = append(p, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(call), SkipTrue: 1}, bpf.RetConstant{Val: allow})
	}
	for _, call := range denied() {
		p = append(p, bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: uint32(call), SkipTrue: 1}, bpf.RetConstant{Val: notMay})
	}
	return append(p, bpf.RetConstant{Val: notThere})
}

// looked is a call whose argument decides.
type looked struct {
	call  uint32
	block []bpf.Instruction
}

func conditional() []looked {
	arg := func(n uint32) bpf.Instruction { return bpf.LoadAbsolute{Off: offArg + 8*n, Size: 4} }
	// oneOf allows the values, and answers all others with otherwise.
	oneOf := func(n uint32, otherwise uint32, values ...uint32) []bpf.Instruction {
		b := []bpf.Instruction{arg(n)}
		for i, v := range values {
			b = append(b, bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: uint8(len(values) - i)})
		}
		return append(b, bpf.RetConstant{Val: otherwise}, bpf.RetConstant{Val: allow})
	}
	// noneOf is the other way round.
	noneOf := func(n uint32, otherwise uint32, values ...uint32) []bpf.Instruction {
		b := []bpf.Instruction{arg(n)}
		for i, v := range values {
			b = append(b, bpf.JumpIf{Cond: bpf.JumpEqual, Val: v, SkipTrue: uint8(len(values) - i)})
		}
		return append(b, bpf.RetConstant{Val: allow}, bpf.RetConstant{Val: otherwise})
	}
	noBits := func(n uint32, otherwise, bits uint32) []bpf.Instruction {
		return []bpf.Instruction{
			arg(n), bpf.JumpIf{Cond: bpf.JumpBitsSet, Val: bits, SkipTrue: 1},
			bpf.RetConstant{Val: allow}, bpf.RetConstant{Val: otherwise},
		}
	}
	// A device needs a capability, and is refused before that.
	node := func(n uint32) []bpf.Instruction {
		return append([]bpf.Instruction{arg(n), bpf.ALUOpConstant{Op: bpf.ALUOpAnd, Val: unix.S_IFMT}},
			oneOf(n, notMay, 0, unix.S_IFREG, unix.S_IFIFO, unix.S_IFSOCK)[1:]...)
	}
	return append([]looked{
		{unix.SYS_SOCKET, oneOf(0, noFamily, unix.AF_UNIX, unix.AF_INET, unix.AF_INET6)},
		{unix.SYS_SOCKETPAIR, oneOf(0, noFamily, unix.AF_UNIX)},
		{unix.SYS_CLONE, noBits(0, notMay, namespaces)},
		// What is written into a terminal as if it had been typed, and what takes one over.
		{unix.SYS_IOCTL, noneOf(1, notMay, unix.TIOCSTI, unix.TIOCLINUX, unix.TIOCSCTTY, unix.TIOCSETD)},
		{unix.SYS_PERSONALITY, oneOf(0, notMay, 0, 0xffff_ffff)},
		{unix.SYS_MKNODAT, node(2)},
	}, conditionalHere(node)...)
}

// filterCalls lets the kernel filter the system calls of every thread, and of all that
// they start.
func filterCalls() error {
	raw, err := bpf.Assemble(program())
	if err != nil {
		return err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	prog := unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}
	_, _, errno := syscall.RawSyscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC, uintptr(unsafe.Pointer(&prog)))
	if errno != 0 {
		return errno
	}
	return nil
}

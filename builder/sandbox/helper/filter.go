package main

import (
	"maps"
	"slices"

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
//
// It is a tree and not a list: the kernel tries each number when it takes a filter in, to
// remember which are allowed whatever their arguments.
func program() []bpf.Instruction {
	return append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: offArch, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: machine, SkipTrue: 1},
		bpf.RetConstant{Val: kill},
		bpf.LoadAbsolute{Off: offNumber, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpLessThan, Val: x32, SkipTrue: 1},
		bpf.RetConstant{Val: kill},
	}, decide(spans())...)
}

// span is the numbers from one on, up to the next span's, and what is done with them.
type span struct {
	from uint32
	do   []bpf.Instruction // which end with an answer
}

// spans are all numbers, in order.
func spans() []span {
	what := map[uint32][]bpf.Instruction{}
	for _, call := range allowed() {
		what[uint32(call)] = []bpf.Instruction{bpf.RetConstant{Val: allow}}
	}
	for _, call := range denied() {
		what[uint32(call)] = []bpf.Instruction{bpf.RetConstant{Val: notMay}}
	}
	for _, c := range conditional() {
		what[c.call] = c.block
	}
	none := []bpf.Instruction{bpf.RetConstant{Val: notThere}}
	all := []span{{0, none}}
	add := func(from uint32, do []bpf.Instruction) {
		last := &all[len(all)-1]
		switch {
		case last.from == from:
			last.do = do
		case !slices.Equal(last.do, do):
			all = append(all, span{from, do})
		}
	}
	for _, call := range slices.Sorted(maps.Keys(what)) {
		add(call, what[call])
		if _, is := what[call+1]; !is {
			add(call+1, none)
		}
	}
	return all
}

// decide halves the spans until one is left.
func decide(spans []span) []bpf.Instruction {
	if len(spans) == 1 {
		return spans[0].do
	}
	half := len(spans) / 2
	low, high := decide(spans[:half]), decide(spans[half:])
	at := bpf.JumpIf{Cond: bpf.JumpGreaterOrEqual, Val: spans[half].from, SkipFalse: 1}
	over := bpf.Jump{Skip: uint32(len(low))} // a condition alone skips no more than 255
	return slices.Concat([]bpf.Instruction{at, over}, low, high)
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

// filterProgram is the filter as the kernel takes it.
func filterProgram() (*unix.SockFprog, error) {
	raw, err := bpf.Assemble(program())
	if err != nil {
		return nil, err
	}
	code := make([]unix.SockFilter, len(raw))
	for i, r := range raw {
		code[i] = unix.SockFilter{Code: r.Op, Jt: r.Jt, Jf: r.Jf, K: r.K}
	}
	return &unix.SockFprog{Len: uint16(len(code)), Filter: &code[0]}, nil
}

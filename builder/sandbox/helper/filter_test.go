package main

import (
	"encoding/binary"
	"slices"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// answer runs the filter as the kernel does, over a struct seccomp_data. The machine of
// package bpf reads the most significant byte first, as on a network, so the fields are
// laid down that way; the filter reads 32 bits at a time and sees the same numbers.
func answer(t *testing.T, arch, number uint32, args ...uint64) uint32 {
	t.Helper()
	vm, err := bpf.NewVM(program())
	if err != nil {
		t.Fatal(err)
	}
	data := make([]byte, 64)
	binary.BigEndian.PutUint32(data[offNumber:], number)
	binary.BigEndian.PutUint32(data[offArch:], arch)
	for i, a := range args {
		binary.BigEndian.PutUint32(data[offArg+8*i:], uint32(a)) // the low half comes first
		binary.BigEndian.PutUint32(data[offArg+8*i+4:], uint32(a>>32))
	}
	n, err := vm.Run(data)
	if err != nil {
		t.Fatal(err)
	}
	return uint32(n)
}

func TestEachCallIsAnsweredAsItsListSays(t *testing.T) {
	for _, c := range allowed() {
		if got := answer(t, machine, uint32(c)); got != allow {
			t.Errorf("call %d, which is allowed: %#x", c, got)
		}
	}
	for _, c := range denied() {
		if got := answer(t, machine, uint32(c)); got != notMay {
			t.Errorf("call %d, which is denied: %#x", c, got)
		}
		if slices.Contains(allowed(), c) {
			t.Errorf("call %d is on both lists", c)
		}
	}
	for _, c := range conditional() {
		if slices.Contains(allowed(), int(c.call)) || slices.Contains(denied(), int(c.call)) {
			t.Errorf("call %d is looked at by argument, and on a list", c.call)
		}
	}
}

func TestAnotherTableEndsTheProcess(t *testing.T) {
	for name, arch := range map[string]uint32{"i386": unix.AUDIT_ARCH_I386, "arm": unix.AUDIT_ARCH_ARM, "riscv": unix.AUDIT_ARCH_RISCV64, "none": 0} {
		for number := range uint32(512) {
			if got := answer(t, arch, number); got != kill {
				t.Fatalf("%s %d: %#x", name, number, got)
			}
		}
	}
	for number := range uint32(600) {
		if got := answer(t, machine, x32|number); got != kill {
			t.Fatalf("x32 %d: %#x", number, got)
		}
	}
	if got := answer(t, machine, ^uint32(0)); got != kill {
		t.Errorf("-1: %#x", got)
	}
}

func TestCallsAreLookedAtByArgument(t *testing.T) {
	for name, test := range map[string]struct {
		call uint32
		args []uint64
		want uint32
	}{
		"unix socket":         {unix.SYS_SOCKET, []uint64{unix.AF_UNIX}, allow},
		"inet socket":         {unix.SYS_SOCKET, []uint64{unix.AF_INET}, allow},
		"vsock":               {unix.SYS_SOCKET, []uint64{unix.AF_VSOCK}, noFamily},
		"netlink":             {unix.SYS_SOCKET, []uint64{unix.AF_NETLINK}, noFamily},
		"a high half":         {unix.SYS_SOCKET, []uint64{1<<32 | unix.AF_VSOCK}, noFamily},
		"pair":                {unix.SYS_SOCKETPAIR, []uint64{unix.AF_UNIX}, allow},
		"another pair":        {unix.SYS_SOCKETPAIR, []uint64{unix.AF_INET}, noFamily},
		"thread":              {unix.SYS_CLONE, []uint64{unix.CLONE_VM | unix.CLONE_THREAD | unix.CLONE_SIGHAND}, allow},
		"user namespace":      {unix.SYS_CLONE, []uint64{unix.CLONE_NEWUSER | uint64(unix.SIGCHLD)}, notMay},
		"time namespace":      {unix.SYS_CLONE, []uint64{unix.CLONE_NEWTIME}, notMay},
		"cgroup namespace":    {unix.SYS_CLONE, []uint64{unix.CLONE_NEWCGROUP}, notMay},
		"clone3":              {unix.SYS_CLONE3, nil, notThere},
		"window size":         {unix.SYS_IOCTL, []uint64{0, unix.TIOCGWINSZ}, allow},
		"typing":              {unix.SYS_IOCTL, []uint64{0, unix.TIOCSTI}, notMay},
		"typing, high half":   {unix.SYS_IOCTL, []uint64{0, 1<<32 | unix.TIOCSTI}, notMay},
		"linux console":       {unix.SYS_IOCTL, []uint64{0, unix.TIOCLINUX}, notMay},
		"personality":         {unix.SYS_PERSONALITY, []uint64{0}, allow},
		"asking personality":  {unix.SYS_PERSONALITY, []uint64{0xffff_ffff}, allow},
		"no random addresses": {unix.SYS_PERSONALITY, []uint64{0x0040000}, notMay},
		"FIFO":                {unix.SYS_MKNODAT, []uint64{0, 0, unix.S_IFIFO | 0o644}, allow},
		"file":                {unix.SYS_MKNODAT, []uint64{0, 0, 0o644}, allow},
		"block device":        {unix.SYS_MKNODAT, []uint64{0, 0, unix.S_IFBLK | 0o644}, notMay},
		"character device":    {unix.SYS_MKNODAT, []uint64{0, 0, unix.S_IFCHR}, notMay},
		"what is not yet":     {1000, nil, notThere},
		"a list of mounts":    {457, nil, notThere},
	} {
		if got := answer(t, machine, test.call, test.args...); got != test.want {
			t.Errorf("%s: %#x, want %#x", name, got, test.want)
		}
	}
}

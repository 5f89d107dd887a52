package main

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const machine = unix.AUDIT_ARCH_AARCH64

// allowedHere are calls that only other machines than amd64 call so.
var allowedHere = []int{
	unix.SYS_FSTATAT, unix.SYS_GETRLIMIT, unix.SYS_RENAMEAT, unix.SYS_SETRLIMIT, unix.SYS_SIGNALFD4,
}

var deniedHere []int

// conditionalHere are calls by argument that this machine alone has.
func conditionalHere(func(uint32) []bpf.Instruction) []looked { return nil }

package main

import (
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

const machine = unix.AUDIT_ARCH_X86_64

// allowedHere are older calls, which this machine alone has.
var allowedHere = []int{
	unix.SYS_ACCESS, unix.SYS_ALARM, unix.SYS_ARCH_PRCTL, unix.SYS_CHMOD, unix.SYS_CHOWN, unix.SYS_CREAT, unix.SYS_DUP2,
	unix.SYS_EPOLL_CREATE, unix.SYS_EPOLL_WAIT, unix.SYS_EVENTFD, unix.SYS_FORK, unix.SYS_FUTIMESAT, unix.SYS_GETDENTS,
	unix.SYS_GETPGRP, unix.SYS_GETRLIMIT, unix.SYS_INOTIFY_INIT, unix.SYS_LCHOWN, unix.SYS_LINK, unix.SYS_LSTAT, unix.SYS_MKDIR,
	unix.SYS_NEWFSTATAT, unix.SYS_OPEN, unix.SYS_PAUSE, unix.SYS_PIPE, unix.SYS_POLL, unix.SYS_READLINK, unix.SYS_RENAME,
	unix.SYS_RENAMEAT, unix.SYS_RMDIR, unix.SYS_SELECT, unix.SYS_SETRLIMIT, unix.SYS_SIGNALFD, unix.SYS_SIGNALFD4, unix.SYS_STAT,
	unix.SYS_SYMLINK, unix.SYS_TIME, unix.SYS_UNLINK, unix.SYS_UTIME, unix.SYS_UTIMES, unix.SYS_VFORK,
}

var deniedHere = []int{unix.SYS_IOPERM, unix.SYS_IOPL, unix.SYS_MODIFY_LDT, unix.SYS_USELIB, unix.SYS_USTAT, unix.SYS_SYSFS, unix.SYS__SYSCTL}

// conditionalHere are calls by argument that this machine alone has.
func conditionalHere(node func(uint32) []bpf.Instruction) []looked {
	return []looked{{unix.SYS_MKNOD, node(1)}}
}

package main

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Descriptors of the first process.
const (
	goFD   = 3 // a byte comes when it may go on, and its end when the outer process is gone
	sayFD  = 4 // what it says
	selfFD = 6 // this program, where it goes on as that
)

// What the first process says: records of two numbers of 32 bits.
const (
	saidFailed  = 1 << 16 // and the part of the script; then the error's number
	saidNotRun  = 2 << 16 // the command can't be started; then the error's number
	saidEnded   = 3 << 16 // then what wait4(2) tells of the command
	maskOfParts = 1<<16 - 1
)

// first is the first process of the sandbox. It is a copy of the outer one, which makes
// itself what the command may be, starts it and takes in what becomes an orphan: system
// calls written beforehand, and no Go. A program of Go would start threads and a
// collector before it came to any of that, which took longer than all of it.
//
// All of this is memory of the copy, which nobody else writes to.
type first struct {
	hands   script // it lets go of all descriptors but its own
	become  script // it makes itself what the command may be
	command script // in a copy of its own: starts the command
	aside   script // in place of the command: it goes on as this program

	asProgram bool
	word      [2]uint32
	byte1     byte
	signals   [128]byte
	watched   [2]unix.PollFd // for the end of the outer process, and for those of children
	status    int32
}

// live is the whole life of the process. It never returns.
//
//go:norace
//go:nosplit
func (f *first) live() {
	if _, errno := f.hands.perform(); errno != 0 {
		f.leave(1)
	}
	f.await() // until who it is is written
	if part, errno := f.become.perform(); errno != 0 {
		f.say(saidFailed|uint32(part), uint32(errno))
		f.leave(1)
	}
	f.await() // until the limits are set
	if f.asProgram {
		_, errno := f.aside.perform()
		f.say(saidNotRun, uint32(errno))
		f.leave(1)
	}
	child, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && child == 0 {
		_, errno = f.command.perform()
		f.say(saidNotRun, uint32(errno))
		f.leave(126)
	}
	if errno != 0 {
		f.say(saidNotRun, uint32(errno))
		f.leave(1)
	}
	for {
		syscall.RawSyscall6(unix.SYS_PPOLL, uintptr(unsafe.Pointer(&f.watched[0])), uintptr(len(f.watched)), 0, 0, 8, 0)
		if f.watched[0].Revents != 0 {
			f.leave(1)
		}
		syscall.RawSyscall(unix.SYS_READ, uintptr(f.watched[1].Fd), uintptr(unsafe.Pointer(&f.signals[0])), uintptr(len(f.signals)))
		for {
			pid, _, errno := syscall.RawSyscall6(unix.SYS_WAIT4, ^uintptr(0), uintptr(unsafe.Pointer(&f.status)), unix.WNOHANG, 0, 0, 0)
			if errno != 0 || pid == 0 {
				break
			}
			if pid == child {
				f.say(saidEnded, uint32(f.status))
			}
		}
	}
}

// await waits for the outer process's word.
//
//go:norace
//go:nosplit
func (f *first) await() {
	if n, _, _ := syscall.RawSyscall(unix.SYS_READ, goFD, uintptr(unsafe.Pointer(&f.byte1)), 1); n != 1 {
		f.leave(1)
	}
}

//go:norace
//go:nosplit
func (f *first) say(what, value uint32) {
	f.word[0], f.word[1] = what, value
	syscall.RawSyscall(unix.SYS_WRITE, sayFD, uintptr(unsafe.Pointer(&f.word[0])), unsafe.Sizeof(f.word))
}

//go:norace
//go:nosplit
func (f *first) leave(code uintptr) {
	for {
		syscall.RawSyscall(unix.SYS_EXIT_GROUP, code, 0, 0)
	}
}

// fork makes the copy, in namespaces of its own.
//
//go:norace
//go:nosplit
//go:noinline
func (f *first) fork(flags uintptr) (int, syscall.Errno) {
	pid, _, errno := syscall.RawSyscall6(unix.SYS_CLONE, flags|uintptr(unix.SIGCHLD), 0, 0, 0, 0, 0)
	if errno == 0 && pid == 0 {
		f.live()
	}
	return int(pid), errno
}

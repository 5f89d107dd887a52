package main

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// script is a list of system calls that is written by Go and made by a process in which
// no Go runs: a copy of this one, without its threads, its scheduler and its collector. All
// that a call points to is there before the copy is made.
type script struct {
	calls []call
	parts []string // what calls belong to, by call.part
	alive []any    // what they point to
	room  []byte   // for texts, most of which are short
}

// call is one system call.
type call struct {
	part    int
	number  uintptr
	args    [6]uintptr
	into    *int32 // where its result goes; nil where nobody asks
	of      *int32 // what is its argument number at; nil where that stands in args
	at      int
	absent  bool // what it names may not be there
	without int  // how many calls after it fall away then
	maybe   bool // it may fail
}

// part begins a part of the script, which is named where a call of it fails.
func (s *script) part(name string) { s.parts = append(s.parts, name) }

// add adds a call and returns it, until the next is added.
func (s *script) add(number uintptr, args ...uintptr) *call {
	c := call{part: len(s.parts) - 1, number: number}
	copy(c.args[:], args)
	s.calls = append(s.calls, c)
	return &s.calls[len(s.calls)-1]
}

// text is the address of a text as system calls take it. No name of this program has a
// byte that ends a text, and what an order has is looked at before.
func (s *script) text(of string) uintptr {
	return s.bytes(append(make([]byte, 0, 128), of...), 0)
}

// bytes is the address of a copy of bytes that stays where it is.
func (s *script) bytes(b []byte, end ...byte) uintptr {
	if need := len(b) + len(end); cap(s.room)-len(s.room) < need {
		s.room = make([]byte, 0, max(need, 4096)) // what points into the one before keeps that
	}
	from := len(s.room)
	s.room = append(append(s.room, b...), end...)
	first := &s.room[from]
	s.alive = append(s.alive, first)
	return uintptr(unsafe.Pointer(first))
}

// texts is the address of a list of texts that ends with none.
func (s *script) texts(of []string) uintptr {
	list := make([]uintptr, len(of)+1)
	for i, one := range of {
		list[i] = s.text(one)
	}
	s.alive = append(s.alive, list)
	return uintptr(unsafe.Pointer(&list[0]))
}

// at is the address of a value that stays where it is.
func at[T any](s *script, value *T) uintptr {
	s.alive = append(s.alive, value)
	return uintptr(unsafe.Pointer(value))
}

// perform makes the calls. It runs in the copy: it allocates nothing, its stack does not
// grow, and it calls nothing that would.
//
//go:norace
//go:nosplit
func (s *script) perform() (part int, errno syscall.Errno) {
	for i := 0; i < len(s.calls); i++ {
		c := &s.calls[i]
		if c.of != nil {
			c.args[c.at] = uintptr(*c.of)
		}
		got, _, errno := syscall.RawSyscall6(c.number, c.args[0], c.args[1], c.args[2], c.args[3], c.args[4], c.args[5])
		switch {
		case errno == 0:
			if c.into != nil {
				*c.into = int32(got)
			}
		case errno == unix.ENOENT && c.absent:
			i += c.without
		case !c.maybe:
			return c.part, errno
		}
	}
	return 0, 0
}

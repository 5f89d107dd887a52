package diag

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// The codes of what no operation foresaw. All of them end with exit code 1.
const (
	// CodeUnexpected is an error that nothing here knows: a fault of nbuild.
	CodeUnexpected Code = "NB0100"
	// CodeDiskFull is a disk, or a quota of one, that has no room left.
	CodeDiskFull Code = "NB0101"
	// CodeForbidden is what the file system or its permissions do not allow.
	CodeForbidden Code = "NB0102"
	// CodePath is a path that can't be used: a folder on it is missing, is a file,
	// or has too long a name.
	CodePath Code = "NB0103"
	// CodeExhausted is a limit of the machine: open files, processes, memory.
	CodeExhausted Code = "NB0104"
	// CodeDevice is any other refusal of the operating system.
	CodeDevice Code = "NB0105"
	// CodeNetwork is a connection that can't be made or that broke.
	CodeNetwork Code = "NB0106"
)

// fault is what one group of the operating system's errors says about the machine.
type fault struct {
	code   Code
	what   string
	remedy func(path string) string
	errnos []syscall.Errno
	// overrules is set where the machine's remedy is the right one even for a
	// problem that an operation made of the error, and that has a remedy of its own.
	overrules bool
}

// faults is the one classification of the operating system's errors. What is in no
// group of it is CodeDevice, but for programming errors.
var faults = []fault{
	{CodeDiskFull, "the disk is full", func(path string) string {
		return fmt.Sprintf("free room on the disk of %s (`df -h` shows it), then run the command again; where the store is what fills it, `nbuild cache prune` removes what was not used for longest", orHere(path))
	}, []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT, syscall.EFBIG}, true},
	{CodeForbidden, "this user may not do that here", func(path string) string {
		return fmt.Sprintf("give the user that runs nbuild the right to %s, or name another place: NBUILD_STORE=DIR for the store, --to oci:DIR for images", orHere(path))
	}, []syscall.Errno{syscall.EROFS, syscall.EACCES, syscall.EPERM}, true},
	{CodePath, "a path can't be used", func(path string) string {
		return fmt.Sprintf("look at %s: each folder on its way must be there and be a folder; make it (`mkdir -p DIR`), or name another", orHere(path))
	}, []syscall.Errno{syscall.ENOENT, syscall.ENOTDIR, syscall.EISDIR, syscall.EEXIST, syscall.ENOTEMPTY, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EXDEV, syscall.EBUSY}, false},
	{CodeExhausted, "the machine has run out", func(string) string {
		return "raise the limit that the cause names (`ulimit -a` shows them), or run the command again when the machine has less to do"
	}, []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EAGAIN, syscall.ENOLCK, syscall.ENOBUFS}, true},
	{CodeNetwork, "the network does not answer", func(string) string {
		return "check the network and the proxy (HTTPS_PROXY, `npm config get https-proxy`), then run the command again"
	}, []syscall.Errno{
		syscall.ECONNREFUSED, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.ENETDOWN, syscall.ETIMEDOUT,
		syscall.EADDRNOTAVAIL, syscall.EADDRINUSE,
	}, false},
	{CodeDevice, "the operating system refused", func(path string) string {
		return fmt.Sprintf("look at the disk and the file system of %s (`dmesg` names failing ones), or name a place on another", orHere(path))
	}, []syscall.Errno{syscall.EIO, syscall.ENXIO, syscall.ENODEV, syscall.ESTALE, syscall.ENOTSUP, syscall.ENOSYS, syscall.ETXTBSY, syscall.EPIPE}, false},
}

// ours are the errors of the operating system that a caller earns by calling it
// wrongly: those are faults of nbuild.
var ours = []syscall.Errno{syscall.EINVAL, syscall.EBADF, syscall.EFAULT, syscall.ENOTTY, syscall.ESRCH, syscall.ECHILD}

// machineFault finds what err says about the machine; path is the folder or
// file to look at, where one is named.
func machineFault(err error) (f fault, path string, ok bool) {
	var errno syscall.Errno
	errors.As(err, &errno)
	var at *fs.PathError
	if errors.As(err, &at) && filepath.IsAbs(at.Path) {
		path = at.Path
		if errno != syscall.ENOTDIR && errno != syscall.ENAMETOOLONG && errno != syscall.EISDIR {
			path = filepath.Dir(path) // what is written is often a temporary file in it
		}
	}
	if errno != 0 {
		if slices.Contains(ours, errno) {
			return fault{}, "", false
		}
		for _, f := range faults {
			if slices.Contains(f.errnos, errno) {
				return f, path, true
			}
		}
		return faults[len(faults)-1], path, true
	}
	code := Code("")
	var timeout net.Error
	switch {
	case errors.Is(err, fs.ErrPermission):
		code = CodeForbidden
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, fs.ErrExist):
		code = CodePath
	case errors.As(err, &timeout), errors.Is(err, context.DeadlineExceeded):
		code = CodeNetwork
	default:
		return fault{}, "", false
	}
	return faults[slices.IndexFunc(faults, func(f fault) bool { return f.code == code })], path, true
}

func orHere(path string) string {
	if path == "" {
		return "the file that the message names"
	}
	return path
}

// Shown lists what a person is shown of err: its problems, or one that is made of an
// error that no operation foresaw. Whose fault such an error is is decided here alone:
// what the operating system or the network refused is the machine's, and only the rest
// is nbuild's, to be reported. A problem that a full disk or a missing right caused
// keeps its code, and its remedy is what mends the cause.
func Shown(err error) Problems {
	ps := All(err)
	if len(ps) == 0 && err != nil {
		return Problems{unforeseen(err)}
	}
	var shown Problems
	for _, p := range ps {
		if slices.ContainsFunc(shown, func(q *Problem) bool { return q.Code == p.Code && q.Pos == p.Pos && q.What == p.What }) {
			continue // both sides of a comparison, for one, are asked for in the same way
		}
		if f, path, ok := machineFault(p.Err); p.Err != nil && ok && f.overrules {
			mended := *p
			mended.Remedy = f.remedy(path)
			p = &mended
		}
		shown = append(shown, p)
	}
	return shown
}

// oneLine is the text of an error, several of which stand a line each where they are
// joined.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// unforeseen makes a problem of an error that no operation made one of.
func unforeseen(err error) *Problem {
	if f, path, ok := machineFault(err); ok {
		return &Problem{
			Code: f.code, What: f.what + ": " + oneLine(err),
			Why:    "the machine refused it; what stood there before stands as it was",
			Remedy: f.remedy(path),
		}
	}
	return &Problem{
		Code: CodeUnexpected, What: oneLine(err),
		Why:    "this is a fault of nbuild",
		Remedy: "run it again with -v, and report what it prints",
	}
}

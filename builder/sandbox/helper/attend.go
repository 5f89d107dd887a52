package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
)

// maxSaid is how much the first process says.
const maxSaid = 1 << 20

// attend waits for the end of the command, and looks meanwhile that it keeps its limits
// and that whoever gave the order is there.
func (in *inside) attend(o *protocol.Order, held *holder) (e ending, limit string) {
	began, pause := time.Now(), firstLook
	next := began.Add(pause)
	var said []byte
	buf := make([]byte, 4096)
	for len(said) < maxSaid {
		until := next
		if end := began.Add(o.Limits.Time); o.Limits.Time > 0 && end.Before(until) {
			until = end
		}
		wait := unix.NsecToTimespec(max(time.Until(until), 0).Nanoseconds())
		heard := []unix.PollFd{{Fd: int32(in.said), Events: unix.POLLIN}, {Fd: protocol.OrderFD, Events: unix.POLLIN}}
		if _, err := unix.Ppoll(heard, &wait, nil); err != nil && err != unix.EINTR {
			return ending{Failed: "waiting for the command", Cause: err.Error()}, limit
		}
		if heard[0].Revents != 0 {
			n, err := unix.Read(in.said, buf)
			if said = append(said, buf[:max(n, 0)]...); n > 0 && in.program {
				continue // it says all there is to say in one document, and ends
			}
			if e, ended := in.ending(o, said, held); ended || n == 0 || err != nil && err != unix.EINTR {
				return e, limit
			}
			continue
		}
		if heard[1].Revents != 0 && gone() {
			in.kill()
			return killed(), limit
		}
		if time.Now().Before(until) || limit != "" {
			continue
		}
		if o.Limits.Time > 0 && time.Since(began) >= o.Limits.Time {
			limit = protocol.LimitTime
		} else if limit, pause = held.look(in.pid); limit == "" {
			next = time.Now().Add(pause)
			continue
		}
		in.kill()
	}
	return killed(), limit
}

// killed is the end of a command that nobody told of.
func killed() ending {
	return ending{Exit: 128 + int(unix.SIGKILL), Unmet: "it ended the process that had started it"}
}

// ending reads what the first process has said so far; without an end in it, that one
// was killed.
func (in *inside) ending(o *protocol.Order, said []byte, held *holder) (e ending, ended bool) {
	if bytes.HasPrefix(said, []byte("{")) {
		if err := json.Unmarshal(said, &e); err != nil {
			return killed(), true
		}
		return e, true
	}
	if len(said) < 8 {
		return killed(), false
	}
	what, value := binary.NativeEndian.Uint32(said), binary.NativeEndian.Uint32(said[4:])
	switch what &^ maskOfParts {
	case saidFailed:
		return ending{Failed: in.parts[what&maskOfParts], Cause: unix.Errno(value).Error()}, true
	case saidNotRun:
		fmt.Fprintf(os.Stderr, "%s: %v\n", o.Run[0], &os.PathError{Op: "fork/exec", Path: in.path, Err: unix.Errno(value)})
		e = ending{Exit: 126}
	default:
		status := unix.WaitStatus(value)
		if e.Exit = status.ExitStatus(); status.Signaled() {
			e.Exit = 128 + int(status.Signal())
		}
		if held.how == protocol.HeldSampled {
			_, e.Processes = usage(in.pid)
		}
	}
	in.kill() // and with it what the command has left
	return e, true
}

// find finds the program of a command in its root, or says with what it failed as a shell
// would. Where the first process is a program, that looks by itself.
func find(o *protocol.Order) (string, *ending) {
	if o.Container != nil || o.Replica != "" {
		return "", nil
	}
	for _, text := range append(o.Run, o.Env...) {
		if strings.Contains(text, "\x00") {
			fmt.Fprintf(os.Stderr, "%s: a NUL stands in its arguments or its environment\n", o.Run[0])
			return "", &ending{Exit: 126}
		}
	}
	root, err := unix.Open(filepath.Join(o.Scratch, newRoot), unix.O_PATH|unix.O_CLOEXEC|unix.O_DIRECTORY, 0)
	if err != nil {
		return "", &ending{Failed: "the root file system", Cause: err.Error()}
	}
	defer unix.Close(root)
	path, err := look(o.Run[0], o.Env, protocol.WorkDir, func(name string) bool {
		fd, err := unix.Openat2(root, name, &unix.OpenHow{Flags: unix.O_PATH | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS})
		if err != nil {
			return false
		}
		defer unix.Close(fd)
		var st unix.Stat_t
		return unix.Fstat(fd, &st) == nil && st.Mode&unix.S_IFMT == unix.S_IFREG && st.Mode&0o111 != 0
	})
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", o.Run[0], err)
		return "", &ending{Exit: 127}
	}
	return path, nil
}

// look finds a program in the PATH of an environment.
func look(name string, env []string, dir string, runs func(path string) bool) (string, error) {
	if strings.Contains(name, "/") {
		if filepath.IsAbs(name) {
			return name, nil
		}
		return filepath.Join(dir, name), nil
	}
	path := ""
	for _, e := range env {
		if after, ok := strings.CutPrefix(e, "PATH="); ok {
			path = after
		}
	}
	for _, in := range filepath.SplitList(path) {
		full := filepath.Join(in, name)
		if !filepath.IsAbs(full) {
			full = filepath.Join(dir, full)
		}
		if runs(full) {
			return full, nil
		}
	}
	return "", fmt.Errorf("not found in PATH=%s", path)
}

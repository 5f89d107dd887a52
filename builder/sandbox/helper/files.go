package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// readFile reads a file of the kernel's. A file of package os would first be asked
// whether it can be waited for, with six more calls.
func readFile(name string) ([]byte, error) {
	fd, err := unix.Open(name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	defer unix.Close(fd)
	var all []byte
	for buf := make([]byte, 4096); ; {
		n, err := unix.Read(fd, buf)
		switch {
		case err == unix.EINTR:
		case err != nil:
			return nil, &os.PathError{Op: "read", Path: name, Err: err}
		case n == 0:
			return all, nil
		default:
			all = append(all, buf[:n]...)
		}
	}
}

// writeFile writes a text into a file at once, as files of the kernel's are written.
func writeFile(name, text string, flags int) error {
	fd, err := unix.Open(name, unix.O_WRONLY|unix.O_CLOEXEC|flags, 0o644)
	if err != nil {
		return &os.PathError{Op: "open", Path: name, Err: err}
	}
	if text != "" {
		_, err = unix.Write(fd, []byte(text))
	}
	if closed := unix.Close(fd); err == nil {
		err = closed
	}
	if err != nil {
		return &os.PathError{Op: "write", Path: name, Err: err}
	}
	return nil
}

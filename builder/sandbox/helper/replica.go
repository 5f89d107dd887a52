package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
)

// maxList is how large the catalogue of a replica may be, in bytes.
const maxList = 256 << 20

// replica serves the packages of a snapshot to a step: from within, on the loopback of its own
// network, by a process that has no more powers than the command. What a request could make of
// this one it could do itself. Its files are reached by a descriptor that the command has not.
type replica struct {
	list      *catalogue.Catalogue
	dir       int      // the folder of its files
	documents *os.File // one behind the other
	listens   *os.File
	hosts     []string      // what it goes by
	reading   chan struct{} // as many files are read at once: each read keeps a thread
}

// mountReplica gives the folder of a replica as a mount of its own, which has no name and
// from which no path leads up, read-only.
func mountReplica(folder string) (int, error) {
	fd, err := unix.OpenTree(unix.AT_FDCWD, folder, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return -1, err
	}
	attributes := unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY | unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC}
	if err := unix.MountSetattr(fd, "", unix.AT_EMPTY_PATH, &attributes); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// openReplica reads what a replica has and listens for who asks for it.
func openReplica(dir int) (*replica, error) {
	list, err := openIn(dir, catalogue.ListFile)
	if err != nil {
		return nil, err
	}
	defer list.Close()
	text, err := io.ReadAll(io.LimitReader(list, maxList+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxList {
		return nil, fmt.Errorf("its catalogue has more than %d bytes", maxList)
	}
	r := &replica{dir: dir, reading: make(chan struct{}, 4)}
	if r.list, err = catalogue.Parse(string(text)); err != nil {
		return nil, err
	}
	if r.documents, err = openIn(dir, catalogue.DocumentsFile); err != nil {
		return nil, err
	}
	_, port, _ := strings.Cut(catalogue.StepAddress, ":")
	r.hosts = []string{catalogue.StepAddress, "localhost:" + port}
	r.listens, err = listenOn(catalogue.StepAddress)
	return r, err
}

// openIn opens a regular file of a folder. Its name is one of nbuild's own, and holds no slash.
func openIn(dir int, name string) (*os.File, error) {
	if strings.ContainsAny(name, "/\x00") || slices.Contains([]string{"", ".", ".."}, name) {
		return nil, fmt.Errorf("%q is no name of a file", name)
	}
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f := os.NewFile(uintptr(fd), name)
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s is no file (%w)", name, err)
	}
	return f, nil
}

// content opens what an entry is made of, and says where in it that begins.
func (r *replica) content(e *catalogue.Entry) (f *os.File, at int64, end func(), err error) {
	if e.Kind != catalogue.Tarball {
		return r.documents, e.Offset, func() {}, nil
	}
	f, err = openIn(r.dir, e.SHA256)
	if err != nil {
		return nil, 0, nil, err
	}
	return f, 0, func() { f.Close() }, nil
}

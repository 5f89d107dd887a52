package nodemodules

import (
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// writer makes the files of one package. It keeps the folders from the package's
// own down to the current one open: entries come sorted, so each folder is
// entered once, and each file costs three calls of the kernel.
type writer struct {
	top  *os.File
	dirs []openDir
}

type openDir struct {
	name string
	fd   int
}

func (s *stage) write(src *source) error {
	folder, err := s.tree.OpenRoot(src.Path)
	if err != nil {
		return err
	}
	defer folder.Close()
	top, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer top.Close()
	w := &writer{top: top}
	defer w.leave(0)
	for i, e := range src.entries {
		content, err := src.content(i)
		if err == nil {
			err = w.file(e, content)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", e.Path, err)
		}
	}
	return nil
}

func (w *writer) file(e snapshot.Entry, content []byte) error {
	dir, name := "", e.Path
	if i := strings.LastIndexByte(e.Path, '/'); i >= 0 {
		dir, name = e.Path[:i], e.Path[i+1:]
	}
	fd, err := w.enter(dir)
	if err != nil {
		return err
	}
	if e.Link != "" { // npm unpacks none: install scripts left it
		return unix.Symlinkat(e.Link, fd, name)
	}
	f, err := ignoringEINTR(func() (int, error) {
		return unix.Openat(fd, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW|unix.O_CLOEXEC, created(e.Mode))
	})
	if err != nil {
		return err
	}
	for len(content) > 0 {
		n, err := ignoringEINTR(func() (int, error) { return unix.Write(f, content) })
		if err != nil {
			unix.Close(f)
			return err
		}
		content = content[n:]
	}
	return unix.Close(f)
}

// created is the mode that a file is made with, as npm makes it: everyone may read and
// write, whoever may execute in the archive may execute, and the umask takes its part.
func created(mode uint32) uint32 { return mode | 0o666 }

// enter returns the folder dir, opened, and makes what of it is not there.
func (w *writer) enter(dir string) (int, error) {
	depth := 0
	for rest := dir; rest != ""; depth++ {
		var name string
		name, rest, _ = strings.Cut(rest, "/")
		if depth < len(w.dirs) && w.dirs[depth].name == name {
			continue
		}
		w.leave(depth)
		parent := w.fd()
		if err := unix.Mkdirat(parent, name, 0o777); err != nil && err != unix.EEXIST {
			return 0, err
		}
		fd, err := ignoringEINTR(func() (int, error) {
			return unix.Openat(parent, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
		})
		if err != nil {
			return 0, err
		}
		w.dirs = append(w.dirs, openDir{name, fd})
	}
	w.leave(depth)
	return w.fd(), nil
}

// leave closes the folders below a depth.
func (w *writer) leave(depth int) {
	for _, d := range w.dirs[min(depth, len(w.dirs)):] {
		unix.Close(d.fd)
	}
	w.dirs = w.dirs[:min(depth, len(w.dirs))]
}

func (w *writer) fd() int {
	if n := len(w.dirs); n > 0 {
		return w.dirs[n-1].fd
	}
	return int(w.top.Fd())
}

func ignoringEINTR(call func() (int, error)) (int, error) {
	for {
		n, err := call()
		if err != unix.EINTR {
			return n, err
		}
	}
}

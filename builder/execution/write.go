package execution

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/pipelines"
)

// writer lays out files of an input root in a folder.
type writer struct {
	store   *cas.Store
	project *os.Root
	dir     string

	backwards bool // entries are made in the other order
}

// write lays out inputs below the writer's folder, which is there and empty. What a
// program could see of how that was done is the same everywhere: modes, whatever the
// umask, owners, times, and the order in which the entries of a folder were made, which
// some file systems list them in. Each file is held to the digest that its input has.
func (w *writer) write(ctx context.Context, inputs []pipelines.Input) error {
	folders, err := w.make(inputs)
	if err != nil {
		return err
	}
	groups := map[cas.Digest][]pipelines.Input{}
	for _, in := range inputs {
		switch {
		case in.Link != "" || in.Folder:
		case in.Archive.IsZero():
			if err := w.loose(ctx, in); err != nil {
				return fmt.Errorf("writing %s: %w", in.Path, err)
			}
		default:
			groups[in.Archive] = append(groups[in.Archive], in)
		}
	}
	archives := slices.Collect(maps.Values(groups)) // each writes its own files
	slices.SortFunc(archives, func(a, b []pipelines.Input) int { return len(b) - len(a) })
	errs := make([]error, len(archives))
	free := make(chan struct{}, runtime.GOMAXPROCS(0))
	var work sync.WaitGroup
	for i, group := range archives {
		free <- struct{}{}
		work.Go(func() {
			defer func() { <-free }()
			if errs[i] = ctx.Err(); errs[i] == nil {
				errs[i] = w.archive(ctx, group)
			}
		})
	}
	work.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	for _, in := range inputs {
		if !in.Folder {
			if err := settle(w.at(in.Path)); err != nil {
				return err
			}
		}
	}
	for _, p := range folders {
		if err := settle(w.at(p)); err != nil {
			return err
		}
	}
	return nil
}

// make makes every entry, empty, in bytewise order of the names, and returns the folders.
func (w *writer) make(inputs []pipelines.Input) (folders []string, err error) {
	order := slices.Clone(inputs)
	slices.SortFunc(order, func(a, b pipelines.Input) int {
		return slices.Compare(strings.Split(a.Path, "/"), strings.Split(b.Path, "/"))
	})
	if w.backwards {
		slices.Reverse(order)
	}
	made := map[string]bool{".": true}
	var folder func(p string) error
	folder = func(p string) error {
		if made[p] {
			return nil
		}
		if err := folder(path.Dir(p)); err != nil {
			return err
		}
		made[p] = true
		folders = append(folders, p)
		return errors.Join(os.Mkdir(w.at(p), 0o755), os.Chmod(w.at(p), 0o755))
	}
	folders = append(folders, ".")
	for _, in := range order {
		dir := path.Dir(in.Path)
		if in.Folder {
			dir = in.Path
		}
		if err := folder(dir); err != nil {
			return nil, err
		}
		switch {
		case in.Folder:
		case in.Link != "":
			err = os.Symlink(in.Link, w.at(in.Path))
		default:
			var f *os.File
			if f, err = os.OpenFile(w.at(in.Path), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err == nil {
				err = f.Close()
			}
		}
		if err != nil {
			return nil, err
		}
	}
	slices.Reverse(folders) // what is inside of one before itself
	return folders, nil
}

// epoch is the time of every file that a step reads.
var epoch = func() unix.Timespec {
	seconds, _ := strconv.ParseInt(pipelines.Epoch, 10, 64)
	t, _ := unix.TimeToTimespec(time.Unix(seconds, 0))
	return t
}()

// owner is whom everything that a step reads belongs to.
var owner = sync.OnceValues(sandbox.Owner)

// settle gives an entry the owner and the time that all have.
func settle(name string) error {
	if uid, gid := owner(); uid != os.Geteuid() {
		if err := os.Lchown(name, uid, gid); err != nil {
			return err
		}
	}
	return unix.UtimesNanoAt(unix.AT_FDCWD, name, []unix.Timespec{epoch, epoch}, unix.AT_SYMLINK_NOFOLLOW)
}

// loose writes a file that stands in no archive.
func (w *writer) loose(ctx context.Context, in pipelines.Input) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	switch {
	case in.Content != nil:
		return w.file(in, bytes.NewReader(in.Content))
	case in.Project != "":
		return w.opened(in, func() (io.ReadCloser, error) { return w.project.Open(in.Project) })
	}
	return w.opened(in, func() (io.ReadCloser, error) { return w.store.Open(ctx, in.SHA256) })
}

func (w *writer) opened(in pipelines.Input, open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	return w.file(in, r)
}

func (w *writer) at(p string) string { return filepath.Join(w.dir, filepath.FromSlash(p)) }

// errChanged reports bytes that are not those that an action names.
var errChanged = errors.New("its bytes are not those that were planned")

// file fills a file that is there, and holds it to its digest.
func (w *writer) file(in pipelines.Input, from io.Reader) error {
	mode := os.FileMode(0o644)
	if in.Executable {
		mode = 0o755
	}
	f, err := os.OpenFile(w.at(in.Path), os.O_WRONLY|os.O_TRUNC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(from, in.Size+1))
	if err == nil && (n != in.Size || cas.Digest(sum.Sum(nil)) != in.SHA256) {
		err = errChanged
	}
	return errors.Join(err, f.Chmod(mode), f.Close())
}

package cas

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/unfinished"
)

// A tree is a folder of files that the store has laid out once, for whoever needs them on
// a disk: KEY/files, and beside it KEY/manifest, which says what was there when it was
// whole. Its key is the digest of what is in it, by the rules of whoever lays it out.
const (
	treeFiles    = "files"
	treeManifest = "manifest"
)

// ErrReadOnly reports a store that can't be written to.
var ErrReadOnly = errors.New("the store can't be written to")

func (s *Store) treePath(key Digest) string {
	name := key.String()
	return filepath.Join(s.dir, treeDir, name[:2], name)
}

// Tree returns the folder of a tree. Fill lays it out in a folder that is empty, where the
// store has none, or one that is not as it was left: a file that was changed, added or
// taken away shows in names, sizes, modes and change times, which nobody can set back.
// Within one process each tree is looked at once. Whoever uses a tree holds its key in a
// lease, and changes nothing in it.
func (s *Store) Tree(ctx context.Context, key Digest, fill func(dir string) error) (string, error) {
	s.trees.Lock()
	defer s.trees.Unlock()
	dir := s.treePath(key)
	files := filepath.Join(dir, treeFiles)
	if s.whole[key] {
		return files, nil
	}
	if !s.unchanged(dir) {
		if s.readOnly {
			return "", ErrReadOnly
		}
		if err := s.layTree(ctx, dir, fill); err != nil {
			return "", fmt.Errorf("laying out a tree: %w", err)
		}
	}
	now := []unix.Timespec{{Nsec: unix.UTIME_NOW}, {Nsec: unix.UTIME_NOW}}
	_ = unix.UtimesNanoAt(unix.AT_FDCWD, filepath.Join(dir, treeManifest), now, unix.AT_SYMLINK_NOFOLLOW) // for the sake of Prune
	if s.whole == nil {
		s.whole = map[Digest]bool{}
	}
	s.whole[key] = true
	return files, nil
}

// layTree makes a tree beside its place and moves it there.
func (s *Store) layTree(ctx context.Context, dir string, fill func(dir string) error) error {
	temp, end, err := s.Unfinished("tree-")
	if err != nil {
		return err
	}
	defer end()
	made := filepath.Join(temp, "tree")
	files := filepath.Join(made, treeFiles)
	if err := os.MkdirAll(files, 0o755); err != nil {
		return err
	}
	if err := os.Chmod(files, 0o755); err != nil { // whatever the umask: others than its owner look into it
		return err
	}
	if err := fill(files); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	sum, bytes, err := seen(files)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(made, treeManifest), fmt.Appendf(nil, "%s %d\n", sum, bytes), 0o600); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o700); err != nil {
		return err
	}
	if err := os.Rename(dir, filepath.Join(temp, "old")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = os.Rename(made, dir)
	if (errors.Is(err, fs.ErrExist) || errors.Is(err, unix.ENOTEMPTY)) && s.unchanged(dir) {
		return nil // another process has laid out the same
	}
	return err
}

// unchanged reports whether a tree is there as it was left.
func (s *Store) unchanged(dir string) bool {
	want, _, ok := readManifest(dir)
	if !ok {
		return false
	}
	sum, _, err := seen(filepath.Join(dir, treeFiles))
	return err == nil && sum == want
}

func readManifest(dir string) (sum Digest, bytes int64, ok bool) {
	text, err := os.ReadFile(filepath.Join(dir, treeManifest))
	if err != nil || len(text) > 128 {
		return sum, 0, false
	}
	digest, size, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	sum, err = ParseDigest(digest)
	bytes, sizeErr := strconv.ParseInt(size, 10, 64)
	return sum, bytes, err == nil && sizeErr == nil
}

// seen is the digest of what can be seen of the files of a tree without reading them,
// and how many bytes they have. The change time of a folder is not in it: it is another
// once the folder was moved.
func seen(dir string) (Digest, int64, error) {
	sum := sha256.New()
	var bytes int64
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			return errors.ErrUnsupported
		}
		line := append(strconv.AppendQuote(make([]byte, 0, 256), path[len(dir):]), ' ')
		line = strconv.AppendUint(line, uint64(info.Mode()), 8)
		if !d.IsDir() {
			line = strconv.AppendInt(append(line, ' '), info.Size(), 10)
			line = strconv.AppendInt(append(line, ' '), time.Unix(stat.Ctim.Unix()).UnixNano(), 10)
			line = strconv.AppendUint(append(line, ' '), uint64(stat.Ino), 10)
			bytes += info.Size()
		}
		sum.Write(append(line, '\n'))
		return nil
	})
	return Digest(sum.Sum(nil)), bytes, err
}

// laidOut lists the trees of the store.
func (s *Store) laidOut(ctx context.Context) ([]file, error) {
	dirs, err := filepath.Glob(filepath.Join(s.dir, treeDir, "??", "*"))
	if err != nil {
		return nil, fmt.Errorf("listing store: %w", err)
	}
	var all []file
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := file{path: dir}
		if f.digest, err = ParseDigest(filepath.Base(dir)); err != nil {
			continue
		}
		if info, err := os.Lstat(filepath.Join(dir, treeManifest)); err == nil {
			f.used = info.ModTime()
		}
		_, f.size, _ = readManifest(dir)
		all = append(all, f)
	}
	return all, nil
}

// kept lists what failed runs left.
func (s *Store) kept(ctx context.Context) ([]file, error) {
	dirs, err := filepath.Glob(filepath.Join(s.dir, failedDir, "*"))
	if err != nil {
		return nil, fmt.Errorf("listing store: %w", err)
	}
	var all []file
	for _, dir := range dirs {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f := file{path: dir}
		if info, err := os.Lstat(dir); err == nil {
			f.used = info.ModTime()
		}
		_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil
			}
			if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
				f.size += info.Size()
			}
			return nil
		})
		all = append(all, f)
	}
	return all, nil
}

// Failed moves a folder that a failed run has made to where it is found under a name, in
// the place of what an earlier one left there, and returns that. Prune takes it.
func (s *Store) Failed(dir, name string) (string, error) {
	to := s.FailedDir(name)
	if err := os.MkdirAll(filepath.Dir(to), 0o700); err != nil {
		return "", fmt.Errorf("keeping what failed: %w", err)
	}
	if err := s.discard(to); err != nil {
		return "", fmt.Errorf("keeping what failed: %w", err)
	}
	if err := os.Rename(dir, to); err != nil {
		return "", fmt.Errorf("keeping what failed: %w", err)
	}
	return to, nil
}

// FailedDir is where a failed run's folder is found under a name, if there is one.
func (s *Store) FailedDir(name string) string { return filepath.Join(s.dir, failedDir, name) }

// discard removes a folder of the store, which nobody sees half removed.
func (s *Store) discard(dir string) error {
	temp, err := unfinished.Dir(filepath.Join(s.dir, tempDir), "old-")
	if err != nil {
		return err
	}
	defer temp.Close()
	err = os.Rename(dir, filepath.Join(temp.Name(), "old"))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, unfinished.RemoveAll(temp.Name()))
}

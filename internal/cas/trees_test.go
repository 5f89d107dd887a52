package cas

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// laid lays out a tree of one file in a store that is opened anew, as another process
// would, and reports whether it had to.
func laid(t *testing.T, dir string, key Digest) (files string, filled bool) {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	files, err = s.Tree(t.Context(), key, func(to string) error {
		filled = true
		if err := os.MkdirAll(filepath.Join(to, "a"), 0o755); err != nil {
			return err
		}
		return errors.Join(os.WriteFile(filepath.Join(to, "a/b"), []byte("content"), 0o644), os.Symlink("a/b", filepath.Join(to, "c")))
	})
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(filepath.Join(files, "c")); err != nil || string(text) != "content" {
		t.Errorf("%q, %v", text, err)
	}
	return files, filled
}

// TestATreeThatWasChangedIsLaidOutAgain changes a tree in every way that a program with
// the user's rights can.
func TestATreeThatWasChangedIsLaidOutAgain(t *testing.T) {
	key := Sum([]byte("tree"))
	for name, change := range map[string]func(files string) error{
		"not at all": nil,
		"a content of the same size and time": func(files string) error {
			info, err := os.Stat(files + "/a/b")
			if err != nil {
				return err
			}
			return errors.Join(os.WriteFile(files+"/a/b", []byte("CONTENT"), 0o644), os.Chtimes(files+"/a/b", info.ModTime(), info.ModTime()))
		},
		"another file in its place": func(files string) error {
			return errors.Join(os.WriteFile(files+"/new", []byte("content"), 0o644), os.Rename(files+"/new", files+"/a/b"))
		},
		"a mode":          func(files string) error { return os.Chmod(files+"/a/b", 0o755) },
		"a folder's mode": func(files string) error { return os.Chmod(files+"/a", 0o700) },
		"one more":        func(files string) error { return os.WriteFile(files+"/a/d", nil, 0o644) },
		"an empty folder": func(files string) error { return os.Mkdir(files+"/e", 0o755) },
		"one less":        func(files string) error { return os.Remove(files + "/c") },
		"a link":          func(files string) error { return errors.Join(os.Remove(files+"/c"), os.Symlink("a/b", files+"/c")) },
		"all of it":       func(files string) error { return os.RemoveAll(files) },
		"its manifest":    func(files string) error { return os.Remove(filepath.Join(filepath.Dir(files), "manifest")) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files, filled := laid(t, dir, key)
			if !filled {
				t.Fatal("nothing was laid out")
			}
			if change != nil {
				if err := change(files); err != nil {
					t.Fatal(err)
				}
			}
			if _, filled := laid(t, dir, key); filled != (change != nil) {
				t.Errorf("laid out again: %t", filled)
			}
			if _, filled := laid(t, dir, key); filled {
				t.Error("laid out a third time")
			}
		})
	}
}

func TestATreeThatIsNotWholeIsNotThere(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("broken")
	_, err = s.Tree(t.Context(), Digest{}, func(dir string) error {
		return errors.Join(os.WriteFile(filepath.Join(dir, "half"), nil, 0o644), broken)
	})
	if !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
	for _, under := range []string{treeDir, tempDir} {
		_ = filepath.WalkDir(filepath.Join(s.Dir(), under), func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				t.Errorf("%s is left", path)
			}
			return err
		})
	}
}

func TestPruneTakesTreesThatNobodyHolds(t *testing.T) {
	dir := t.TempDir()
	held, free := Sum([]byte("held")), Sum([]byte("free"))
	heldAt, _ := laid(t, dir, held)
	freeAt, _ := laid(t, dir, free)
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	lease, err := s.Lease()
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Close()
	if err := lease.Hold(held); err != nil {
		t.Fatal(err)
	}
	left := filepath.Join(t.TempDir(), "left")
	if err := errors.Join(os.MkdirAll(filepath.Join(left, "closed"), 0o755), os.WriteFile(filepath.Join(left, "closed/x"), []byte("12345"), 0o600), os.Chmod(filepath.Join(left, "closed"), 0)); err != nil {
		t.Fatal(err)
	}
	failedAt, err := s.Failed(left, "step")
	if err != nil {
		t.Fatal(err)
	}
	u, err := s.Usage(t.Context())
	if err != nil || u.Trees != 2 || u.TreeBytes == 0 || u.Failed != 1 {
		t.Errorf("%+v, %v", u, err)
	}
	if p, err := s.Prune(t.Context(), PruneOptions{Keep: 1 << 30}); err != nil || p.Trees != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	p, err := s.Prune(t.Context(), PruneOptions{})
	if err != nil || p.Trees != 2 || p.Bytes == 0 {
		t.Errorf("%+v, %v", p, err)
	}
	for at, there := range map[string]bool{heldAt: true, freeAt: false, failedAt: false} {
		if _, err := os.Stat(at); (err == nil) != there {
			t.Errorf("%s: %v", strings.TrimPrefix(at, dir), err)
		}
	}
	if corrupt, err := s.Verify(t.Context()); err != nil || len(corrupt) > 0 {
		t.Errorf("%v, %v", corrupt, err)
	}
}

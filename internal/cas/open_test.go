package cas

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// things are what is done with a store, by name, those that end badly among them.
func things(t *testing.T, s *Store) map[string]func() error {
	ctx := t.Context()
	good, bad := put(t, s, "good"), put(t, s, "bad")
	damage(t, s, bad, "BAD")
	link := Sum([]byte("link"))
	if err := os.MkdirAll(filepath.Dir(s.blobPath(link)), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(s.blobPath(good), s.blobPath(link)); err != nil {
		t.Fatal(err)
	}
	long := strings.Repeat("x", resultLimit+1)
	return map[string]func() error{
		"opened":              func() error { _, err := Open(s.Dir()); return err },
		"stored":              func() error { _, err := s.PutBytes(ctx, []byte("more")); return err },
		"stored again":        func() error { _, err := s.PutBytes(ctx, []byte("good")); return err },
		"over its limit":      func() error { _, _, err := s.Put(ctx, strings.NewReader("long"), 3); return err },
		"from what breaks":    func() error { _, _, err := s.Put(ctx, io.MultiReader(strings.NewReader("x"), broken{}), 9); return err },
		"read":                func() error { _, err := s.Read(ctx, good, 9); return err },
		"read, too large":     func() error { _, err := s.Read(ctx, good, 1); return err },
		"read, damaged":       func() error { _, err := s.Read(ctx, bad, 9); return err },
		"read, absent":        func() error { _, err := s.Read(ctx, Sum([]byte("none")), 9); return err },
		"read, a link":        func() error { _, err := s.Read(ctx, link, 9); return err },
		"recorded":            func() error { return s.PutResult(ctx, "kind", good, []byte("value")) },
		"recorded, too large": func() error { return s.PutResult(ctx, "kind", good, []byte(long)) },
		"asked for a record":  func() error { s.Result("kind", good); return nil },
		"asked for none":      func() error { s.Result("kind", bad); return nil },
		"counted":             func() error { _, err := s.Usage(ctx); return err },
		"verified":            func() error { _, err := s.Verify(ctx); return err },
		"joined": func() error {
			_, err := s.Joined(ctx, "list", []Digest{good}, 9, func() ([]byte, error) { return []byte("made"), nil })
			return err
		},
		"joined again": func() error {
			_, err := s.Joined(ctx, "list", []Digest{good}, 9, func() ([]byte, error) { return nil, errBroken })
			return err
		},
		"leased": func() error {
			l, err := s.Lease()
			if err != nil {
				return err
			}
			return errors.Join(l.Hold(good), l.Close())
		},
		"begun and dropped": func() error {
			w, err := s.Create(ctx)
			if err != nil {
				return err
			}
			_, err = w.Write([]byte("half"))
			w.Abort()
			return err
		},
		"spilt": func() error {
			f, err := s.Spill()
			if err != nil {
				return err
			}
			return f.Close()
		},
		"worked beside": func() error {
			_, end, err := s.Unfinished("work-")
			if err == nil {
				end()
			}
			return err
		},
		"removed": func() error { return s.Remove(ctx, bad) },
		"pruned":  func() error { _, err := s.Prune(ctx, PruneOptions{}); return err },
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, errBroken }

// Whatever is done with a store, and however it ends, no file of it stays open and nothing
// unfinished is left: a store is used by programs that run for long.
func TestNothingOfAStoreStaysOpenOrUnfinished(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // which would close what is forgotten
	s := open(t)
	bad := map[string]bool{"over its limit": true, "from what breaks": true, "read, too large": true, "read, damaged": true, "read, absent": true, "read, a link": true, "recorded, too large": true}
	for name := range things(t, s) {
		s := open(t)
		if err := things(t, s)[name](); (err != nil) != bad[name] && name != "joined again" {
			t.Errorf("%s: %v", name, err)
		}
		all, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("this machine does not say which files are open")
		}
		for _, fd := range all {
			if to, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(to, s.Dir()) {
				t.Errorf("%s: %s is open", name, to)
			}
		}
		for _, dir := range []string{tempDir, leaseDir} {
			if left, err := os.ReadDir(filepath.Join(s.Dir(), dir)); err != nil || len(left) > 0 {
				t.Errorf("%s: left in %s: %v, %v", name, dir, left, err)
			}
		}
	}
}

// A store may hold a private package's source: its folders are its user's alone, and a
// blob can be changed by nobody.
func TestAStoreIsItsUsersAlone(t *testing.T) {
	mask := unix.Umask(0)
	defer unix.Umask(mask)
	s := open(t)
	for name, do := range things(t, s) {
		if name != "pruned" && name != "removed" {
			_ = do()
		}
	}
	fresh, err := s.PutBytes(t.Context(), []byte("fresh"))
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(s.blobPath(fresh)); err != nil || info.Mode().Perm() != 0o444 {
		t.Errorf("a blob has mode %v, %v", info.Mode(), err)
	}
	err = filepath.WalkDir(s.Dir(), func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if d.IsDir() && path != s.Dir() && info.Mode().Perm() != 0o700 {
			t.Errorf("the folder %s has mode %o", path, info.Mode().Perm())
		}
		if rel, _ := filepath.Rel(s.Dir(), path); d.Type().IsRegular() && !strings.HasPrefix(rel, blobDir) && info.Mode().Perm() != 0o600 {
			t.Errorf("the file %s has mode %o", path, info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// Each folder that a store needs may be in the way of what it is for, as after a disk that
// was full or a hand that was busy: it is an error, and no panic and no success.
func TestWhatIsInTheWayIsReported(t *testing.T) {
	ctx := t.Context()
	for dir, does := range map[string]map[string]func(s *Store) error{
		tempDir: {
			"PutBytes":   func(s *Store) error { return second(s.PutBytes(ctx, []byte("x"))) },
			"PutResult":  func(s *Store) error { return s.PutResult(ctx, "kind", Digest{}, nil) },
			"Spill":      func(s *Store) error { return second(s.Spill()) },
			"Unfinished": func(s *Store) error { _, _, err := s.Unfinished("x"); return err },
			"Joined": func(s *Store) error {
				return second(s.Joined(ctx, "list", nil, 9, func() ([]byte, error) { return []byte("made"), nil }))
			},
		},
		blobDir: {
			"PutBytes": func(s *Store) error { return second(s.PutBytes(ctx, []byte("x"))) },
			"Open":     func(s *Store) error { return second(s.Open(ctx, Sum(nil))) },
			"Remove":   func(s *Store) error { return s.Remove(ctx, Sum(nil)) },
		},
		resultDir: {"PutResult": func(s *Store) error { return s.PutResult(ctx, "kind", Digest{}, nil) }},
		leaseDir:  {"Lease": func(s *Store) error { return second(s.Lease()) }},
		lockName: {
			"Lease": func(s *Store) error { return second(s.Lease()) },
			"Prune": func(s *Store) error { return second(s.Prune(ctx, PruneOptions{})) },
			"Usage": func(s *Store) error { return second(s.Usage(ctx)) },
		},
	} {
		for name, do := range does {
			s := open(t)
			path := filepath.Join(s.Dir(), dir)
			if err := os.RemoveAll(path); err != nil {
				t.Fatal(err)
			}
			inTheWay := func() error { return os.WriteFile(path, nil, 0o600) }
			if dir == lockName {
				inTheWay = func() error { return os.Mkdir(path, 0o700) }
			}
			if err := inTheWay(); err != nil {
				t.Fatal(err)
			}
			if err := do(s); err == nil {
				t.Errorf("with %s in the way, %s is no error", dir, name)
			}
		}
	}
}

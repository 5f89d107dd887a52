package attest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

func stateIn(t *testing.T) *DirState {
	t.Helper()
	s, err := OpenState(filepath.Join(t.TempDir(), "a", "state"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAFloorOnlyRises(t *testing.T) {
	ctx := t.Context()
	s := stateIn(t)
	a, b := cas.Sum([]byte("a")), cas.Sum([]byte("b"))
	if f, err := s.Floor(ctx, "key"); err != nil || f != (Floor{}) {
		t.Errorf("of what was never seen: %v, %v", f, err)
	}
	for i, step := range []struct {
		raise, want Floor
		err         error
	}{
		{Floor{5, a}, Floor{5, a}, nil},
		{Floor{5, a}, Floor{5, a}, nil},
		{Floor{5, b}, Floor{5, a}, ErrFloor},
		{Floor{4, a}, Floor{5, a}, ErrFloor},
		{Floor{4, b}, Floor{5, a}, ErrFloor},
		{Floor{6, b}, Floor{6, b}, nil},
		{Floor{5, a}, Floor{6, b}, ErrFloor},
	} {
		if err := s.Raise(ctx, "key", step.raise); !errors.Is(err, step.err) {
			t.Errorf("step %d: %v, want %v", i, err, step.err)
		}
		again, err := OpenState(s.dir) // as the next process has it
		if err != nil {
			t.Fatal(err)
		}
		if f, err := again.Floor(ctx, "key"); err != nil || f != step.want {
			t.Errorf("step %d: %v, %v, want %v", i, f, err, step.want)
		}
	}
	if f, err := s.Floor(ctx, "another key"); err != nil || f != (Floor{}) {
		t.Errorf("another key: %v, %v", f, err)
	}
	left, err := filepath.Glob(filepath.Join(s.dir, ".new-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// Of many processes that raise a floor, the one with the highest has it at the end.
func TestManyRaisesKeepTheHighest(t *testing.T) {
	s := stateIn(t)
	var turn sync.WaitGroup
	for i := range 20 {
		turn.Go(func() {
			own, err := OpenState(s.dir)
			if err != nil {
				t.Error(err)
				return
			}
			n := int64(1 + (7*i)%20)
			if err := own.Raise(t.Context(), "key", Floor{n, cas.Sum([]byte(fmt.Sprint(n)))}); err != nil && !errors.Is(err, ErrFloor) {
				t.Error(err)
			}
		})
	}
	turn.Wait()
	if f, err := s.Floor(t.Context(), "key"); err != nil || f.Counter != 20 {
		t.Errorf("%v, %v", f, err)
	}
}

func TestARaiseWaitsForTheLockAndNoLongerThanItsContext(t *testing.T) {
	s := stateIn(t)
	lock, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	f := Floor{1, cas.Sum([]byte("a"))}
	if err := s.Raise(ctx, "key", f); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("under another's lock: %v", err)
	}
	if got, err := s.Floor(t.Context(), "key"); err != nil || got != (Floor{}) {
		t.Errorf("it was written all the same: %v, %v", got, err)
	}
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	if err := s.Raise(t.Context(), "key", f); err != nil {
		t.Error(err)
	}
}

// A record that says anything else than what Raise writes is a memory that can't be
// used: read as nothing, it would let an older release pass.
func TestADamagedFloorIsNoFloor(t *testing.T) {
	s := stateIn(t)
	if err := s.Raise(t.Context(), "key", Floor{5, cas.Sum([]byte("a"))}); err != nil {
		t.Fatal(err)
	}
	whole := string(readFile(t, s.path("key")))
	for name, text := range map[string]string{
		"nothing":               "",
		"the half of it":        whole[:len(whole)/2],
		"another key's":         strings.Replace(whole, `"key":"key"`, `"key":"kex"`, 1),
		"another schema":        strings.Replace(whole, stateSchema, "nbuild.state/v2", 1),
		"a counter of nothing":  strings.Replace(whole, `"counter":5`, `"counter":0`, 1),
		"a negative counter":    strings.Replace(whole, `"counter":5`, `"counter":-5`, 1),
		"a digest of nothing":   strings.Replace(whole, cas.Sum([]byte("a")).String(), strings.Repeat("0", 64), 1),
		"a key more":            strings.Replace(whole, `{`, `{"more":1,`, 1),
		"a key twice":           strings.Replace(whole, `{`, `{"counter":9,`, 1),
		"other spaces":          strings.Replace(whole, `:5`, `: 5`, 1),
		"no line break":         strings.TrimSuffix(whole, "\n"),
		"something after it":    whole + "{}\n",
		"larger than its bound": whole + strings.Repeat(" ", 64<<10),
	} {
		if text == whole {
			t.Fatalf("%s: the test changes nothing", name)
		}
		if err := os.WriteFile(s.path("key"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		for what, err := range map[string]error{
			"Floor": func() error { _, err := s.Floor(t.Context(), "key"); return err }(),
			"Raise": s.Raise(t.Context(), "key", Floor{9, cas.Sum([]byte("b"))}),
		} {
			if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeState || ps[0].Remedy == "" {
				t.Errorf("%s: %s: %v", name, what, err)
			}
		}
		if got := string(readFile(t, s.path("key"))); got != text {
			t.Errorf("%s: it was written over", name)
		}
	}
}

func TestAStateThatCannotBeWrittenSaysSo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenState(filepath.Join(file, "state")); diag.All(err)[0].Code != CodeState {
		t.Errorf("below a file: %v", err)
	}
	for name, spoil := range map[string]func(s *DirState) error{
		"the lock is a folder":   func(s *DirState) error { return os.Mkdir(filepath.Join(s.dir, "lock"), 0o755) },
		"the record is a folder": func(s *DirState) error { return os.MkdirAll(filepath.Join(s.path("key"), "in"), 0o755) },
	} {
		s := stateIn(t)
		if err := spoil(s); err != nil {
			t.Fatal(err)
		}
		err := s.Raise(t.Context(), "key", Floor{1, cas.Sum([]byte("a"))})
		if ps := diag.All(err); len(ps) != 1 || ps[0].Code != CodeState {
			t.Errorf("%s: %v", name, err)
		}
	}
}

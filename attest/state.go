package attest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// Floor is the highest counter that was accepted, and of what. The zero Floor is
// that of what was never seen.
type Floor struct {
	Counter int64      `json:"counter"`
	Digest  cas.Digest `json:"digest"` // of the image or the trust file
}

// State remembers floors between verdicts. It only ever adds to what the trust
// file says. A key is any text.
type State interface {
	// Floor returns what is remembered under the key, the zero Floor where nothing is.
	Floor(ctx context.Context, key string) (Floor, error)
	// Raise remembers f unless a higher counter, or another digest with the same
	// counter, is there by now: that is ErrFloor. Many processes may call it.
	Raise(ctx context.Context, key string, f Floor) error
}

// ErrFloor reports that a higher floor is remembered than the one to be written.
var ErrFloor = errors.New("a newer one was accepted meanwhile")

// allows reports whether what has this counter and digest is not behind f.
func (f Floor) allows(counter int64, digest cas.Digest) bool {
	return counter > f.Counter || counter == f.Counter && digest == f.Digest
}

// DirState is a State in a folder, a file a key, each replaced atomically under a
// lock.
type DirState struct{ dir string }

// OpenState opens the folder, and makes it where it is not there.
func OpenState(dir string) (*DirState, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, stateProblem(dir, err)
	}
	return &DirState{dir}, nil
}

// record is the file of one key.
type record struct {
	Schema string `json:"schema"`
	Key    string `json:"key"`
	Floor
}

const stateSchema = "nbuild.state/v1"

// Floor implements State.
func (s *DirState) Floor(_ context.Context, key string) (Floor, error) { return s.read(key) }

func (s *DirState) path(key string) string {
	return filepath.Join(s.dir, cas.Sum([]byte(key)).String()+".json")
}

func (s *DirState) read(key string) (Floor, error) {
	f, err := os.Open(s.path(key))
	if errors.Is(err, fs.ErrNotExist) {
		return Floor{}, nil
	}
	if err != nil {
		return Floor{}, stateProblem(s.dir, err)
	}
	defer f.Close()
	raw, err := readBounded(f, 64<<10)
	if err != nil {
		return Floor{}, stateProblem(s.dir, err)
	}
	var r record
	if err := strictjson.Decode(raw, 64<<10, &r); err != nil {
		return Floor{}, stateProblem(s.dir, err)
	}
	again, err := strictjson.Marshal(r)
	if err != nil || string(again)+"\n" != string(raw) || r.Schema != stateSchema || r.Key != key || r.Counter < 1 || r.Digest.IsZero() {
		return Floor{}, stateProblem(s.dir, fmt.Errorf("%s is damaged", f.Name()))
	}
	return r.Floor, nil
}

// Raise implements State.
func (s *DirState) Raise(ctx context.Context, key string, f Floor) error {
	lock, err := os.OpenFile(filepath.Join(s.dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return stateProblem(s.dir, err)
	}
	defer lock.Close()
	for unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(10 * time.Millisecond):
		}
	}
	have, err := s.read(key)
	if err != nil {
		return err
	}
	if have == f {
		return nil
	}
	if !have.allows(f.Counter, f.Digest) {
		return ErrFloor
	}
	raw, err := strictjson.Marshal(record{stateSchema, key, f})
	if err != nil {
		return fmt.Errorf("encoding floor: %w", err)
	}
	if err := replace(s.path(key), append(raw, '\n')); err != nil {
		return stateProblem(s.dir, err)
	}
	return nil
}

// replace writes a file beside path and moves it there when it is whole.
func replace(path string, raw []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	if _, err = f.Write(raw); err == nil {
		err = f.Sync()
	}
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func stateProblem(dir string, err error) error {
	return &diag.Problem{
		Code: CodeState, Pos: diag.Pos{File: dir}, What: "the memory of releases can't be used",
		Why:    "without it an older release could not be distinguished from a newer one",
		Remedy: "make the folder of --state readable and writable, or restore it from a copy", Err: err,
	}
}

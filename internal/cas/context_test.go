package cas

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// countdown is a context that is looked at so many times, and then something happens.
type countdown struct {
	context.Context
	left *atomic.Int32
	then func() error
}

func after(t *testing.T, looks int, then func() error) countdown {
	c := countdown{t.Context(), new(atomic.Int32), then}
	c.left.Store(int32(looks))
	return c
}

func (c countdown) Err() error {
	if c.left.Add(-1) < 0 {
		return c.then()
	}
	return nil
}

// At whichever look a context has ended, what was to be done ends with it and says so.
func TestEachLookAtTheContextCounts(t *testing.T) {
	for name, do := range map[string]func(ctx context.Context, s *Store, d Digest) error{
		"Put":       func(ctx context.Context, s *Store, d Digest) error { return second(s.PutBytes(ctx, []byte("more"))) },
		"Read":      func(ctx context.Context, s *Store, d Digest) error { return second(s.Read(ctx, d, 9)) },
		"PutResult": func(ctx context.Context, s *Store, d Digest) error { return s.PutResult(ctx, "kind", d, nil) },
		"Usage":     func(ctx context.Context, s *Store, d Digest) error { return second(s.Usage(ctx)) },
		"Verify":    func(ctx context.Context, s *Store, d Digest) error { return second(s.Verify(ctx)) },
		"Prune":     func(ctx context.Context, s *Store, d Digest) error { return second(s.Prune(ctx, PruneOptions{})) },
		"Remove":    func(ctx context.Context, s *Store, d Digest) error { return s.Remove(ctx, d) },
		"Joined": func(ctx context.Context, s *Store, d Digest) error {
			return second(s.Joined(ctx, "list", []Digest{d}, 9, func() ([]byte, error) { return []byte("made"), nil }))
		},
	} {
		for looks := 0; ; looks++ {
			s := open(t)
			d := put(t, s, "here")
			if err := s.PutResult(t.Context(), "other", d, []byte("value")); err != nil {
				t.Fatal(err)
			}
			ctx := after(t, looks, func() error { return context.Canceled })
			err := do(ctx, s, d)
			if ctx.left.Load() >= 0 {
				if err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if looks == 0 {
					t.Errorf("%s does not look at its context", name)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("%s, with a context that ended at look %d: %v", name, looks+1, err)
			}
		}
	}
	s := open(t)
	ctx, cancel := context.WithCancel(t.Context())
	blob, err := s.Open(ctx, put(t, s, "here"))
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	w, err := s.Create(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	cancel()
	if n, err := blob.Read(make([]byte, 9)); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("reading on gives %d, %v", n, err)
	}
	if n, err := w.Write([]byte("x")); n != 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("writing on takes %d, %v", n, err)
	}
}

// Other processes prune while this one looks: a blob that goes between two looks is not
// there, and no trouble.
func TestABlobMayGoAtAnyTime(t *testing.T) {
	for looks := range 12 {
		s := open(t)
		d, other := put(t, s, "goes"), put(t, s, "stays")
		gone := after(t, looks, func() error { _ = os.Remove(s.blobPath(d)); return nil })
		if corrupt, err := s.Verify(gone); err != nil || len(corrupt) > 0 {
			t.Errorf("at look %d: %v, %v", looks, corrupt, err)
		}
		d = put(t, s, "goes")
		gone = after(t, looks, func() error { _ = os.Remove(s.blobPath(d)); return nil })
		if _, err := s.Usage(gone); err != nil {
			t.Errorf("at look %d: %v", looks, err)
		}
		d = put(t, s, "goes")
		gone = after(t, looks, func() error { _ = os.Remove(s.blobPath(d)); return nil })
		if _, err := s.Prune(gone, PruneOptions{}); err != nil {
			t.Errorf("at look %d: %v", looks, err)
		}
		if _, ok := s.Stat(other); ok {
			t.Errorf("at look %d: what is not held stayed", looks)
		}
	}
}

// Where a store has what is a part of its format: a store that is found elsewhere is none.
func TestWhereAStoreHasThings(t *testing.T) {
	s := open(t)
	d := put(t, s, "here")
	if err := s.PutResult(t.Context(), "kind", d, nil); err != nil {
		t.Fatal(err)
	}
	if value, ok := s.Result("kind", d); !ok || len(value) != 0 {
		t.Errorf("a record of nothing is %q, %t", value, ok)
	}
	name := d.String()
	for _, path := range []string{"blobs/" + name[:2] + "/" + name, "results/kind/" + name[:2] + "/" + name, "format"} {
		if _, err := os.Stat(filepath.Join(s.Dir(), path)); err != nil {
			t.Error(err)
		}
	}
}

// A blob that is larger than what is asked for is refused by its size, before there is room
// for it.
func TestALargeBlobTakesNoRoom(t *testing.T) {
	s := open(t)
	d := put(t, s, "small")
	if err := os.Chmod(s.blobPath(d), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(s.blobPath(d), 1<<43); err != nil {
		t.Skip("the file system has no such files: ", err)
	}
	if _, err := s.Read(t.Context(), d, 100); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

// What is written in pieces is what is read, and its digest and size are those of all.
func TestABlobOfManyPieces(t *testing.T) {
	s := open(t)
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for i := range 50 {
		piece := strings.Repeat("p", i)
		text += piece
		if n, err := w.Write([]byte(piece)); n != i || err != nil {
			t.Fatalf("piece %d: %d, %v", i, n, err)
		}
	}
	d, size, err := w.Commit()
	if err != nil || d != Sum([]byte(text)) || size != int64(len(text)) {
		t.Errorf("%s, %d, %v", d, size, err)
	}
	w.Abort() // after Commit it does nothing
	blob, err := s.Open(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	defer blob.Close()
	if got, err := io.ReadAll(blob); err != nil || string(got) != text {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

package cas

import (
	"errors"
	"path/filepath"
	"testing"
)

func TestAStoreOverAnotherReadsItsBlobsAndNothingElse(t *testing.T) {
	dir := t.TempDir()
	under, err := Open(filepath.Join(dir, "under"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	d, err := under.PutBytes(ctx, []byte("fetched"))
	if err != nil {
		t.Fatal(err)
	}
	if err := under.PutResult(ctx, "kind", d, []byte("made")); err != nil {
		t.Fatal(err)
	}
	s, err := OpenOver(filepath.Join(dir, "over"), under.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if text, err := s.Read(ctx, d, 100); err != nil || string(text) != "fetched" {
		t.Errorf("read %q, %v", text, err)
	}
	if size, ok := s.Stat(d); !ok || size != 7 {
		t.Errorf("%d bytes, %v", size, ok)
	}
	if value, ok := s.Result("kind", d); ok {
		t.Errorf("the result %q of the store behind was taken", value)
	}
	own, err := s.PutBytes(ctx, []byte("own"))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := under.Stat(own); ok {
		t.Error("the store behind was written to")
	}
	if _, err := s.Open(ctx, Sum([]byte("nowhere"))); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

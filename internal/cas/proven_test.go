package cas

import (
	"errors"
	"io"
	"os"
	"testing"
)

// A blob that is served is verified once, and again when something changed about its file.
func TestProvenVerifiesWhatChanged(t *testing.T) {
	s, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.PutBytes(t.Context(), []byte("content"))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		f, err := s.Proven(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(f); err != nil || string(b) != "content" {
			t.Errorf("%q, %v", b, err)
		}
		f.Close()
		// Another process uses the blob, which moves its times and no byte.
		blob, err := s.Open(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		blob.Close()
	}
	if err := os.Chmod(s.blobPath(d), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.blobPath(d), []byte("CONTENT"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Proven(t.Context(), d); !errors.Is(err, ErrCorrupt) {
		t.Errorf("a damaged blob is served: %v", err)
	}
	if err := s.Remove(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Proven(t.Context(), d); !errors.Is(err, ErrNotFound) {
		t.Errorf("a blob that is gone: %v", err)
	}
}

package image

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
)

// A layer is put together in a bounded number of bytes, so no buffer may hold more than
// what is in it needs, whatever it held before.
func TestABufferIsAsLargeAsWhatItHolds(t *testing.T) {
	k := &packer{}
	for _, size := range []int64{1, common / 2, 4 << 20, 10, common, 2 << 20, common - bytes.MinRead} {
		plain, body := k.buffer(size), k.buffer(size/3)
		for _, b := range []*bytes.Buffer{plain, body} {
			if b.Len() != 0 || int64(b.Cap()) > max(common, size+bytes.MinRead) {
				t.Errorf("for %d bytes: %d in it, %d held", size, b.Len(), b.Cap())
			}
		}
		if int64(plain.Cap()) < size {
			t.Errorf("for %d bytes there is room for %d", size, plain.Cap())
		}
		body.Write(make([]byte, 3*size+common)) // it may have to grow
		k.release(plain, body, nil)
	}
}

// The larger files of packages wait in a file of the store, and are what they were.
func TestLargeFilesOfPackagesAreSetAside(t *testing.T) {
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	large := func(letter string) []byte { return bytes.Repeat([]byte(letter), spilled+len(letter)) }
	want := map[string][]byte{"a": large("a"), "b": []byte("small"), "c": large("c"), "d": nil}
	parts := []debian.Part{
		{Name: "one", Files: []debian.File{{Path: "a", Mode: 0o755, Data: want["a"]}, {Path: "b", Mode: 0o644, Data: want["b"]}}},
		{Name: "two", Files: []debian.File{{Path: "c", Mode: 0o644, Data: want["c"]}, {Path: "d", Mode: 0o644}, {Path: "link", Link: "c"}}},
	}
	root := &rootParts{store: store, parts: parts}
	if root.spills, err = spill(store, parts); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"one", "two"} {
		for range 2 {
			err := root.files(context.Background(), i, name, func(f File) error {
				if f.Link != "" {
					return nil
				}
				if len(f.Data) >= spilled || f.Open != nil && f.Size != int64(len(want[f.Path])) {
					t.Errorf("%s: %d bytes in memory, of %d", f.Path, len(f.Data), f.Size)
				}
				in, err := f.content()
				if err != nil {
					return err
				}
				defer in.Close()
				data, err := io.ReadAll(in)
				if !bytes.Equal(data, want[f.Path]) {
					t.Errorf("%s: %d bytes, want %d", f.Path, len(data), len(want[f.Path]))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

package images_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
)

// damage overwrites a blob of a layout with as many other bytes.
func damage(t *testing.T, layout string, blob []byte) {
	t.Helper()
	name := filepath.Join(layout, "blobs", "sha256", cas.Sum(blob).String())
	if err := os.Chmod(name, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, bytes.Repeat([]byte("x"), len(blob)), 0o600); err != nil {
		t.Fatal(err)
	}
}

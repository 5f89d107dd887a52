package unfinished

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// RemoveAll removes a folder, also where a program has taken itself the right to write to
// one inside of it.
func RemoveAll(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil || !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
	return os.RemoveAll(dir)
}

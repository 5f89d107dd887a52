package resolution

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// DirFS returns the files of a folder of this machine, given by its absolute path.
// An absolute link to what is inside leads there; any other leads nowhere.
func DirFS(dir string) fs.FS { return dirFS{os.DirFS(dir), filepath.Clean(dir)} }

type dirFS struct {
	fs.FS
	dir string
}

// ReadDir reads a folder.
func (d dirFS) ReadDir(name string) ([]fs.DirEntry, error) { return fs.ReadDir(d.FS, name) }

// ReadFile reads a file.
func (d dirFS) ReadFile(name string) ([]byte, error) { return fs.ReadFile(d.FS, name) }

// Lstat describes a name itself.
func (d dirFS) Lstat(name string) (fs.FileInfo, error) { return fs.Lstat(d.FS, name) }

// ReadLink returns where a link leads, below the folder.
func (d dirFS) ReadLink(name string) (string, error) {
	target, err := fs.ReadLink(d.FS, name)
	if err != nil || !filepath.IsAbs(target) {
		return target, err
	}
	inside, ok := strings.CutPrefix(filepath.Clean(target), strings.TrimSuffix(d.dir, "/"))
	if !ok || inside != "" && !strings.HasPrefix(inside, "/") {
		return "../" + strings.Repeat("../", strings.Count(name, "/")) + "outside", nil
	}
	return filepath.ToSlash("/" + inside), nil
}

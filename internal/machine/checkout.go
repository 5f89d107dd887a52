package machine

import (
	"os"
	"path/filepath"
)

// Checkout returns the folder whose files are being judged: the git work tree that
// the host's folder is in, else the folder itself. It is "" where no project is, as in
// the folder of whoever operates production: nothing there is on trial.
//
// Git is not asked, as its answer depends on the configuration of the repository;
// what counts is where a .git stands.
func (h Host) Checkout() string {
	project := false
	for dir := filepath.Clean(h.Dir); ; dir = filepath.Dir(dir) {
		for _, name := range []string{h.File, "build.hcl", "package.json"} {
			project = project || name != "" && !filepath.IsAbs(name) && exists(filepath.Join(dir, name))
		}
		if exists(filepath.Join(dir, ".git")) {
			if !project {
				return ""
			}
			return dir
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	for _, name := range []string{h.File, "build.hcl", "package.json"} {
		if name != "" && exists(filepath.Join(h.Dir, name)) {
			return filepath.Clean(h.Dir)
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

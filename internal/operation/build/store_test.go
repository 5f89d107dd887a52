package build_test

import (
	"io/fs"
	"path/filepath"

	"github.com/nbuild/nbuild/internal/cas"
)

// eachBlob walks the blobs of a store, in the order of their digests.
func eachBlob(dir string, each func(cas.Digest)) error {
	return filepath.WalkDir(filepath.Join(dir, "blobs"), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		d, err := cas.ParseDigest(e.Name())
		if err == nil {
			each(d)
		}
		return err
	})
}

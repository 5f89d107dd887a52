package tarball

import (
	"crypto/sha256"
	"fmt"

	"github.com/nbuild/nbuild/internal/cas"
)

// VerifyFile reports with ErrOtherIndex that the content of index.Entries[i] has
// another SHA-256 than the index says.
func (c *Contents) VerifyFile(i int) error {
	body, err := c.Bytes(i)
	if err != nil {
		return err
	}
	if e := &c.index.Entries[i]; cas.Digest(sha256.Sum256(body)) != e.SHA256 {
		return fmt.Errorf("%w: the content of %q", ErrOtherIndex, e.Path)
	}
	return nil
}

// Verify is VerifyFile of every file.
func (c *Contents) Verify() error {
	for i := range c.index.Entries {
		if err := c.VerifyFile(i); err != nil {
			return err
		}
	}
	return nil
}

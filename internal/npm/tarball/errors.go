package tarball

import (
	"errors"
	"fmt"
)

// ErrHostile is in the tree of every error that means the archive tries
// something: to leave its root, to be two things at once, to exhaust its reader.
var ErrHostile = errors.New("hostile archive")

// ErrMalformed is in the tree of every error that means the archive, or the
// package.json in it, can't be read.
var ErrMalformed = errors.New("malformed archive")

// ErrOtherIndex means that an index does not describe the archive.
var ErrOtherIndex = errors.New("index is of another archive")

func hostile(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrHostile}, args...)...)
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrMalformed}, args...)...)
}

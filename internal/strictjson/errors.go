package strictjson

import (
	"errors"
	"fmt"
)

// ErrBound is in the tree of an error, beside ErrSyntax, where text is longer than it may
// be.
var ErrBound = errors.New("over the bound")

// tooLong is text that is longer than it may be.
type tooLong struct {
	what  string
	limit int64
}

// Error names the bound: whether the text is JSON was not found out.
func (t tooLong) Error() string { return fmt.Sprintf("%sover the bound of %d bytes", t.what, t.limit) }

// Unwrap returns what the error counts as.
func (t tooLong) Unwrap() []error { return []error{ErrSyntax, ErrBound} }

// ErrSyntax reports text that is not JSON as this package takes it.
var ErrSyntax = errors.New("not JSON")

// Error is where a text stops being JSON as this package takes it.
type Error struct {
	Offset int // in bytes from the start
	Err    error
}

// Error says what is wrong, and where.
func (e *Error) Error() string { return fmt.Sprintf("%v, at byte %d", e.Err, e.Offset) }

// Unwrap returns what is wrong there.
func (e *Error) Unwrap() error { return e.Err }

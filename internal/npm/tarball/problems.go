package tarball

import (
	"errors"
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
)

// The problems of tarballs.
const (
	CodeHostile   diag.Code = "NB1141" // the archive tries something
	CodeMalformed diag.Code = "NB1142" // the archive can't be read
)

// Explain makes a Problem of an error of Index or Unpack, for the package that id
// names ("npm lodash@4.17.21"). Other errors are returned as they are.
func Explain(id string, err error) error {
	switch {
	case errors.Is(err, ErrHostile):
		return &diag.Problem{
			Code: CodeHostile, Err: err, What: fmt.Sprintf("the tarball of %s is refused", id),
			Why:    "it holds what no honest package needs, and what different tools would unpack differently",
			Remedy: "pin another version: run `npm install PACKAGE@VERSION --package-lock-only`, then `nbuild pin`; and tell the registry's security team",
		}
	case errors.Is(err, ErrMalformed):
		return &diag.Problem{
			Code: CodeMalformed, Err: err, What: fmt.Sprintf("the tarball of %s can't be read", id),
			Why:    "it has the integrity that the lockfile names, so it was published that way",
			Remedy: "pin another version: run `npm install PACKAGE@VERSION --package-lock-only`, then `nbuild pin`",
		}
	}
	return err
}

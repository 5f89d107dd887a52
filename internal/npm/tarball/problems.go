package tarball

import (
	"errors"
	"fmt"
	"strings"

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
			Remedy: AnotherVersion(nameIn(id)) + "; and report it to the registry's security team",
		}
	case errors.Is(err, ErrMalformed):
		return &diag.Problem{
			Code: CodeMalformed, Err: err, What: fmt.Sprintf("the tarball of %s can't be read", id),
			Why:    "it has the integrity that the lockfile names, so it was published that way",
			Remedy: AnotherVersion(nameIn(id)),
		}
	}
	return err
}

// AnotherVersion is the remedy for a version that can't be used. npm takes the newest
// within the range that package.json and the dependents ask for; it lowers none, so the
// way back is the lockfile of before. Neither touches package.json.
func AnotherVersion(name string) string {
	return "take a newer version, `npm update " + diag.Word(name) + " --package-lock-only`, or the lockfile of before, `git checkout HEAD -- package-lock.json`; then `nbuild pin`"
}

// nameIn takes the name out of what Explain is given: "npm lodash@4.17.21".
func nameIn(id string) string {
	_, name, found := strings.Cut(id, " ")
	if at := strings.LastIndexByte(name, '@'); found && at > 0 {
		return name[:at]
	}
	return "NAME"
}

package rule

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/rulefile"
)

// The problems of this package.
const (
	CodeUnknown diag.Code = "NB0391" // a dynamism block names a rule that is not there, or takes an id of a set
	CodeDenied  diag.Code = "NB1301" // a package does what the project denies
	CodeExpired diag.Code = "NB1303" // an exception has ended
	CodeSites   diag.Code = "NB1304" // a package does it at more places than were allowed
)

func taken(own rulefile.Rule, of string) *diag.Problem {
	return &diag.Problem{
		Code: CodeUnknown, Pos: own.At, What: fmt.Sprintf("%s is a rule of the set %s", own.ID, of),
		Why:    "a rule of a set can't be replaced, so that its id means the same everywhere",
		Remedy: fmt.Sprintf("give yours another id, as TEAM-1; to change what %s does write deny = [%q] or warn = [%q]", own.ID, own.ID, own.ID),
	}
}

func missing(id string, at diag.Pos, known []Rule) *diag.Problem {
	var names []string
	for _, r := range known {
		if r.Kind == "" {
			names = append(names, r.ID)
		}
	}
	remedy := "use one of " + strings.Join(names, ", ")
	if near := diag.Nearest(id, names); near != "" {
		remedy = fmt.Sprintf("did you mean %q?", near)
	}
	return &diag.Problem{
		Code: CodeUnknown, Pos: at, What: fmt.Sprintf("there is no rule %s", id),
		Why: "an exception or a severity for a rule that is not there would be nothing", Remedy: remedy,
	}
}

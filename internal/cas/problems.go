package cas

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
)

// CodeCorrupt is a blob in the store whose bytes are not what its name says.
const CodeCorrupt diag.Code = "NB1129"

// Damaged is the problem of a corrupt blob. ErrCorrupt is in its tree. The store
// makes it itself, because whoever reads a blob can do the same about it.
func Damaged(d Digest) *diag.Problem {
	return &diag.Problem{
		Code: CodeCorrupt, What: fmt.Sprintf("the blob %s is damaged", d.OCI()), Err: ErrCorrupt,
		Why:    "its bytes are not those that its name says; a build that needs it stops",
		Remedy: "run `nbuild cache verify --repair`, then `nbuild vendor` in the projects that need it",
	}
}

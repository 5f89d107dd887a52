package nodemodules

import (
	"errors"
	"fmt"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// The problems of an installation.
const (
	CodeUnpinned  diag.Code = "NB1120" // the lockfile has a package that nbuild.lock does not
	CodeIntegrity diag.Code = "NB1121" // the lockfile and nbuild.lock have different digests of a package
	CodeAbsent    diag.Code = "NB1122" // a pinned artefact is not in the store
	CodeCorrupt   diag.Code = "NB1123" // a stored artefact is not what its digest says
	CodeDiffers   diag.Code = "NB1124" // node_modules is not what would be installed
	CodeBusy      diag.Code = "NB1125" // another installation runs in the folder
	CodeInTheWay  diag.Code = "NB1126" // node_modules can't be replaced
	CodeBundle    diag.Code = "NB1127" // a tarball does not hold what it is said to bundle
	CodeOverlap   diag.Code = "NB1128" // two packages have a file at one path
)

// broken makes a Problem of an artefact that could not be read from the store.
func broken(p *locked.Package, a snapshot.Artefact, err error) error {
	switch {
	case errors.Is(err, cas.ErrNotFound):
		return &diag.Problem{
			Code: CodeAbsent, Pos: p.Pos, What: a.ID() + " is not in the store",
			Why: "it is pinned, and nothing is fetched while installing", Remedy: "run `nbuild vendor`", Err: err,
		}
	case errors.Is(err, cas.ErrCorrupt):
		return &diag.Problem{
			Code: CodeCorrupt, Pos: p.Pos, What: a.ID() + " in the store is not what nbuild.lock says",
			Why: "the store was changed or its disk is failing; nothing of it was installed", Remedy: "run `nbuild cache verify --repair` to drop what is damaged, then `nbuild vendor`", Err: err,
		}
	}
	return fmt.Errorf("installing %s: %w", p.Path, err)
}

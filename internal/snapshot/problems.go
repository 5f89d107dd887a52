package snapshot

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodeLockSyntax is an nbuild.lock that is not in its one canonical form.
	CodeLockSyntax diag.Code = "NB0380"
	// CodeLockVersion is an nbuild.lock of a version that this nbuild can't read.
	CodeLockVersion diag.Code = "NB0381"
	// CodeLockConflict is an nbuild.lock that pins one artefact twice.
	CodeLockConflict diag.Code = "NB0382"
	// CodeBasis is an artefact whose bytes are named by what the project denies.
	CodeBasis diag.Code = "NB1149"
)

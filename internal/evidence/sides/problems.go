package sides

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodeNoBOM is an image that has no BOM attached, or several different ones.
	CodeNoBOM diag.Code = "NB0375"
	// CodeUnknownForm is a file that is nothing that can be compared.
	CodeUnknownForm diag.Code = "NB0376"
)

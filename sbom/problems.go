package sbom

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodeInvalid is a document that the CycloneDX schema refuses.
	CodeInvalid diag.Code = "NB0370"
	// CodeUnreadable is a document that is not JSON within the bounds.
	CodeUnreadable diag.Code = "NB0371"
	// CodeVersion is a document of a CycloneDX version that is not supported, or
	// of none.
	CodeVersion diag.Code = "NB0372"
	// CodeReference is a document whose references name nothing, or two things.
	CodeReference diag.Code = "NB0373"
)

package sbom

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodeInvalid is a document that the CycloneDX schema refuses.
	CodeInvalid diag.Code = "NB0370"
	// CodeUnreadable is a document that is no JSON within the bounds.
	CodeUnreadable diag.Code = "NB0371"
	// CodeVersion is a document of a CycloneDX version that is not supported, or
	// of none.
	CodeVersion diag.Code = "NB0372"
	// CodeReference is a document whose references name nothing, or two things.
	CodeReference diag.Code = "NB0373"
	// CodeDenied is a change that a gate denies.
	CodeDenied diag.Code = "NB3000"
	// CodeGate is a gate that names a class of change that does not exist.
	CodeGate diag.Code = "NB0374"
	// CodeReview is a change that must be approved first.
	CodeReview diag.Code = "NB3100"
	// CodeLicence is a package under a licence that the project denies.
	CodeLicence diag.Code = "NB1300"
)

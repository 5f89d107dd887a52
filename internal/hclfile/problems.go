package hclfile

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodeSyntax is a file that is not HCL.
	CodeSyntax diag.Code = "NB0300"
	// CodeUnknown is a block or an attribute that the language does not have.
	CodeUnknown diag.Code = "NB0301"
	// CodeMissing is a block, a label or an attribute that must be there.
	CodeMissing diag.Code = "NB0302"
	// CodeDuplicate is a block or an attribute that stands twice.
	CodeDuplicate diag.Code = "NB0303"
	// CodeValue is a value of the wrong type, or one that the attribute can't have.
	CodeValue diag.Code = "NB0304"
	// CodeBounds is a file that is too large or nested too deeply.
	CodeBounds diag.Code = "NB0305"
	// CodeReference is a name that refers to nothing, or a call that failed.
	CodeReference diag.Code = "NB0306"
	// CodeSensitive is a sensitive value in a place that is written or shown.
	CodeSensitive diag.Code = "NB0307"
	// CodeCost is an expression that would cost too much to evaluate.
	CodeCost diag.Code = "NB0318"
)

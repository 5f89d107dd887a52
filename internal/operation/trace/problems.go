package trace

import "github.com/nbuild/nbuild/internal/diag"

// The problems of tracing.
const (
	CodeEntry     diag.Code = "NB0240" // where production starts can't be found out, or is not there
	CodeTraceFile diag.Code = "NB0395" // nbuild.trace is not what nbuild wrote
	CodeCommand   diag.Code = "NB1010" // the command that was recorded failed
	CodeNoTrace   diag.Code = "NB0220" // none of the project's steps is traced
	CodeNothing   diag.Code = "NB1011" // no Node ran in it
)

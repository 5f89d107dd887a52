package rulefile

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package. Those of reading the file are in hclfile.
const (
	// CodeRule is a rule or an exception that can't be matched with anything.
	CodeRule diag.Code = "NB0390"
)

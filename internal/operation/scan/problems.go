package scan

import "github.com/nbuild/nbuild/internal/diag"

// The problems of scanning.
const (
	CodeUnreadable   diag.Code = "NB0230" // the path can't be read
	CodeNotPinned    diag.Code = "NB1150" // no such package in nbuild.lock
	CodeNoProduction diag.Code = "NB0231" // what production needs can't be found out from a folder
)

package image

import "github.com/nbuild/nbuild/internal/diag"

// The problems of layers and images.
const (
	CodeConflict diag.Code = "NB1180" // two different files at one path
	CodeShape    diag.Code = "NB1181" // a path is a file or link to one owner and a directory to another
	CodePath     diag.Code = "NB1182" // a path, link or mode that no layer may hold
	CodeBase     diag.Code = "NB1183" // a base image that can't be built on
	CodeChanged  diag.Code = "NB1184" // a file is not what its listing says
	CodeCase     diag.Code = "NB0190" // a warning: two paths are one on other systems
)

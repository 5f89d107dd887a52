package guard

import "github.com/nbuild/nbuild/internal/diag"

// The problems of putting the guard in an image.
const (
	CodeCommand diag.Code = "NB0325" // the image's command does not start node with a file
	CodeFlag    diag.Code = "NB0326" // the command gives node a flag that may weaken the guard
)

package launch

import "github.com/nbuild/nbuild/internal/diag"

// The problems of an image that can't start.
const (
	CodeEntry   diag.Code = "NB1176" // a file that the command gives to Node is not in the image
	CodeProgram diag.Code = "NB1155" // the program of the command is not in the image, or can't be run there
	CodeFormat  diag.Code = "NB1156" // Node refuses the file of the command for its name
	CodeLibrary diag.Code = "NB1152" // a program or an addon asks for a library that the image lacks
	CodeMember  diag.Code = "NB1158" // a folder of the project that a package is linked to is not in the image
	CodeUnbuilt diag.Code = "NB1153" // a package came without what its install script makes
	CodeNeeded  diag.Code = "NB1154" // an unbuilt block names no package that it could mean
)

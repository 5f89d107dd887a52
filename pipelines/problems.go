package pipelines

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package. Those of reading the file are in hclfile.
const (
	// CodeEdition is a build.hcl of another edition of the language.
	CodeEdition diag.Code = "NB0310"
	// CodeCycle is a block that refers to itself, by way of others or not.
	CodeCycle diag.Code = "NB0311"
	// CodeSource is a reference of the wrong kind: a fetch where a base belongs.
	CodeSource diag.Code = "NB0312"
	// CodeFiles is a files() or file() that matches nothing, or leaves the project.
	CodeFiles diag.Code = "NB0313"
	// CodeVariable is a variable without a value, or a --var without a variable.
	CodeVariable diag.Code = "NB0314"
	// CodeForm is a text that is not what it must be: a name, a path, a size, a time.
	CodeForm diag.Code = "NB0315"
	// CodeNoFile is a project without a build file.
	CodeNoFile diag.Code = "NB0316"
	// CodeStandard is a standard pipeline that is not there.
	CodeStandard diag.Code = "NB0317"
	// CodeScript is a script block that means no package, or no script of it.
	CodeScript diag.Code = "NB0319"
	// CodeUnpinned is a reference to something outside that nbuild.lock does not have.
	CodeUnpinned diag.Code = "NB1190"
)

// Package docs carries the pages that the command prints, so that an explanation
// is there where the error is: on a machine with nothing but the binary.
//
// The pages under errors are one a problem code, named for it. The invariant, held
// by a test of the house: each code that the source declares has its page and each
// page its code. Those under kinds are one a kind of finding; their examples are run
// by a test of sbom/dynamism.
package docs

import "embed"

// Man holds man/COMMAND.1, the manual pages of the commands.
//
//go:embed man/*.1
var Man embed.FS

// Errors holds errors/CODE.md for each problem code.
//
//go:embed errors/*.md
var Errors embed.FS

// Kinds holds kinds/KIND.md for each kind of finding of the dynamism inventory.
//
//go:embed kinds/*.md
var Kinds embed.FS

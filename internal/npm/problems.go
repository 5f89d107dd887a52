package npm

import (
	"bytes"
	"unicode/utf16"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// The problems of a lockfile.
const (
	CodeSyntax      diag.Code = "NB0350" // the lockfile is not JSON, is over a bound, or has a field of another type
	CodeFormat      diag.Code = "NB0351" // another package manager's lockfile, or another version of npm's
	CodeDuplicate   diag.Code = "NB0352" // a key stands twice in one object
	CodePath        diag.Code = "NB0353" // a folder that node_modules can't have
	CodeCollision   diag.Code = "NB0354" // two folders that are one on other systems
	CodeNoIntegrity diag.Code = "NB0355" // an artefact whose integrity can't be read
	CodeConflict    diag.Code = "NB0357" // one version with two digests
	CodeLink        diag.Code = "NB0358" // a link that leads nowhere, or round in a circle
	CodeWorkspaces  diag.Code = "NB0359" // a folder that can't stand for a package
	CodeMissing     diag.Code = "NB0360" // a dependency that the lockfile does not have
	CodePlatform    diag.Code = "NB0361" // a required package that does not run on the platform
	CodeManifest    diag.Code = "NB0362" // package.json and the lockfile disagree
	CodeEntry       diag.Code = "NB0363" // an entry without a usable name or version
	CodeGit         diag.Code = "NB0364" // a package that comes from git
	CodeOrigin      diag.Code = "NB0365" // a package whose bytes come from where nbuild can't take them
	CodePacked      diag.Code = "NB0369" // a packed block that means no package
	CodeEngine      diag.Code = "NB0367" // a required package that refuses the version of Node or npm
	CodeDevEngines  diag.Code = "NB0368" // devEngines of package.json do not take this machine
	CodeDiffers     diag.Code = "NB0366" // the lockfile has another package or version than one of its packages asks for
)

// place turns an offset in src into a position.
func place(src []byte, file string, off int) diag.Pos {
	off = min(off, len(src))
	start := bytes.LastIndexByte(src[:off], '\n') + 1
	column := 1
	for _, r := range string(src[start:min(off, start+bounds.Path)]) {
		column += utf16.RuneLen(r)
	}
	return diag.Pos{File: file, Line: bytes.Count(src[:off], []byte("\n")) + 1, Column: column}
}

// snippet shows a line of a lockfile, unless it is a file of one long line.
func snippet(src []byte, pos diag.Pos, off int) string {
	start := bytes.LastIndexByte(src[:min(off, len(src))], '\n') + 1
	window := src[start:min(len(src), start+bounds.Path)]
	end := bytes.IndexByte(window, '\n')
	if end < 0 {
		if len(window) == bounds.Path {
			return ""
		}
		end = len(window)
	}
	return diag.Snippet(append(bytes.Repeat([]byte("\n"), pos.Line-1), window[:end]...), pos)
}

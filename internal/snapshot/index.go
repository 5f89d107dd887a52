package snapshot

import (
	"encoding/json"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
)

// Index is what an artefact unpacks to, in its normalised form, and what its
// manifest says. It is computed from the artefact alone, so it can be made again
// and must come out the same.
type Index struct {
	Version int                      // of the document: 2 of npm's packages, 1 of all else; 0 means 1
	Entries []Entry                  // sorted by Path, bytewise; files and links
	Package *PackageFacts            // of the artefact's own package.json or control file; nil where it has none
	Bundled map[string]*PackageFacts // of packages inside it, by their folder ("node_modules/a")
}

// Entry is one file of an artefact. Path is relative, with slashes, cleaned, and
// never leaves its root. A folder is not listed: it is there because of its files.
type Entry struct {
	Path    string
	Mode    uint32     // permission bits; 0644 or 0755 in version 1
	Size    int64      // bytes, 0 of a link
	SHA256  cas.Digest // of the content, zero of a link
	Link    string     // where it points, if it is a symbolic link
	Command *Content   // what it is when it is linked as a command, where that differs; version 2
}

// Content is what a file holds.
type Content struct {
	Size   int64 // in bytes
	SHA256 cas.Digest
}

// AsCommand returns the entry as npm leaves it where the lockfile makes it a command:
// executable, and with a line feed alone behind its shebang.
func (e Entry) AsCommand() Entry {
	e.Mode = 0o755
	if e.Command != nil {
		e.Size, e.SHA256, e.Command = e.Command.Size, e.Command.SHA256, nil
	}
	return e
}

// Executable reports whether anyone may run the file.
func (e Entry) Executable() bool { return e.Mode&0o111 != 0 }

// PackageFacts is what a manifest says that the rest of nbuild wants to know
// without reading it again. It is a claim of the package's author, not a finding.
type PackageFacts struct {
	Name         string            `json:"name,omitempty"`
	Version      string            `json:"version,omitempty"`
	License      string            `json:"license,omitempty"` // an SPDX expression or whatever stands there
	Type         string            `json:"type,omitempty"`    // "module" or "commonjs"
	Description  string            `json:"description,omitempty"`
	Author       string            `json:"author,omitempty"`
	Homepage     string            `json:"homepage,omitempty"`
	Repository   string            `json:"repository,omitempty"`
	Scripts      map[string]string `json:"scripts,omitempty"` // those that an install runs
	Bin          map[string]string `json:"bin,omitempty"`     // command to file
	Engines      map[string]string `json:"engines,omitempty"`
	Exports      json.RawMessage   `json:"exports,omitempty"`      // as it stands there
	Gyp          bool              `json:"gyp,omitempty"`          // a binding.gyp stands beside it
	Natives      []string          `json:"natives,omitempty"`      // files that are machine code, by their content
	LicenseFiles []string          `json:"licenseFiles,omitempty"` // files that hold a licence's text, by their name
}

// Bins are the commands of the package at an install path, whose tarball is its own, or
// that of the package at bundler, of which this is the index.
func (x *Index) Bins(at, bundler string) map[string]string {
	facts := x.Package
	if bundler != "" {
		facts = x.Bundled[strings.TrimPrefix(at, bundler+"/")]
	}
	if facts == nil {
		return nil
	}
	return facts.Bin
}

package reach

import (
	"github.com/nbuild/nbuild/internal/resolution"
)

// Options say for which Node and where. The zero value is the newest release of
// Node 22 on Linux, started in the top folder.
type Options struct {
	// Node is the target's version: "22", "22.15.0". "" is "22".
	Node string
	// Loaded are files that are loaded in ways that no code spells. They are followed as
	// entries are, but no process starts with them.
	Loaded []string
	// Cwd is the folder that the program starts in, "" for the top.
	Cwd string
	// Platform is what addons are loaded for, as prebuilds name it: "linux-arm64"; "" is
	// "linux-x64".
	Platform string
	// Conditions are those that Node is given with --conditions.
	Conditions []string
	// NoRequireModule is Node's --no-experimental-require-module.
	NoRequireModule bool
	// Bundled follows, beside what Node loads, what TypeScript and bundlers accept in
	// its place: imports without extension, .ts and .tsx for .js, main beside exports.
	Bundled bool
	// Depth is how many loads away from an entry are followed; 0 is no limit, and
	// Shallow follows none.
	Depth int
}

// Shallow as Options.Depth lists the entries themselves.
const Shallow = -1

// Reason is how a file was reached.
type Reason string

// The reasons, from the strongest to the weakest: a File has the first that holds.
const (
	Entry    Reason = "entry"
	Required Reason = "require"
	Imported Reason = "import"
	Resolved Reason = "resolve" // require.resolve, import.meta.resolve
	Worker   Reason = "worker"
	Forked   Reason = "fork"
	Plugin   Reason = "plugin"   // a loader of packages was given its name
	Wildcard Reason = "wildcard" // a specifier that is known in part could name it
	Asset    Reason = "asset"    // a path to it is spelled in the code
	Known    Reason = "known"    // its package is known to load it
	Governs  Reason = "governs"  // a package.json that says what a file is, or where a package's main is
)

var strength = map[Reason]int{Entry: 11, Required: 10, Imported: 9, Resolved: 8, Worker: 7, Forked: 6, Plugin: 5, Wildcard: 4, Asset: 3, Known: 2, Governs: 1}

// File is one file that production can reach. Path is its realpath, a name of the
// fs.FS; Package the package.json that governs it, "" where none does; From are the
// files that lead to it, sorted, none for an entry that nothing else names. Format is
// as in resolution.Format, resolution.Other for what is only read.
type File struct {
	Path    string            `json:"path"`
	Format  resolution.Format `json:"format"`
	Package string            `json:"package,omitempty"`
	From    []string          `json:"from"`
	Reason  Reason            `json:"reason"`
}

// Warning is a place where more may be loaded than could be found out. Line and Column
// count from 1, Column in UTF-16 units; both are 0 where the whole file is meant.
type Warning struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// Meaning is what require and require.resolve answer to a request in the files of a
// folder: the realpath of a file. Requests are relative or name a package.
type Meaning struct {
	Dir, Request string
	Path         string
}

// Result is what production can load: Files by path, Links the symbolic links on
// the way to them, sorted, Warnings by file and place, Meanings by folder and request.
type Result struct {
	Files    []File
	Links    []string
	Warnings []Warning
	Meanings []Meaning
}

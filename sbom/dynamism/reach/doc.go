// Package reach finds, without running anything, the files that production can
// load: everything that an entry point requires, imports, forks, starts as a worker
// or reads by a name that its code spells, and what those do in turn.
//
// It answers "may", and errs on the side of too much: both branches of a condition
// are followed, a require in a try block is followed and may fail, and a specifier
// that is only known in part (`require('./lang/' + name)`) stands for every file
// that it could name. What is missing from a production source list stops a
// program at night; a file too many is one that the program could have asked for.
// Where a specifier can't be narrowed at all, that is a [Warning] with its place, and a
// trace or the developer's own list has to fill in.
//
// Specifiers are resolved as Node itself does it (internal/resolution). How an
// expression comes to a path is worked out from the constants of the file, through
// variables, path.join, new URL and their like, and what a callee is from
// internal/js/denote, so that an alias or a shadowed name does not mislead it. A name
// that is handed on to where something is asked for is followed through functions of
// any file (carry.go), and constants from file to file (value.go). What frameworks and
// packages load in ways that no reading of their code shows stands in tables
// (frameworks.go, packages.go).
//
// The invariants: a [Result] depends on the files, the entries and the [Options] alone,
// and every file in it is a realpath within the fs.FS. Bounds hold for the work a file
// can cause. What it gives is the "static" reason of sources/v1 (formats,
// "sources/v1").
package reach

// Package semver reads versions and ranges as npm does.
//
// npm's word for what fits a range is the library node-semver, and lockfiles are
// full of what it alone decides: "1.2.3beta" is a version where it is loose, ">1.2"
// begins at 1.3.0, "~>1" has a space or not, a prerelease fits only where the range
// names one of the same three numbers. A lockfile is judged by this package, so it
// follows that library and no other reading of the same text; its tests hold it to
// the library itself.
//
// The invariant: a text that node-semver can't read is not read here either, and
// what is not read fits nothing.
//
// The forms are Semantic Versioning 2.0.0 §9 to §11 and node-semver's README,
// "Ranges" and "Advanced Range Syntax".
package semver

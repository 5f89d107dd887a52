// Package dynamism is the inventory of where code can come to life: by package what
// an install would run and what machine code it brings, by file what package source
// finds in its text. A reviewer reads it before anything else, because that is where
// attacks on the npm ecosystem have stood.
//
// A finding is a fact of the artefact, not a verdict. It names a file of the package,
// its line and column, what is used there (Symbol) and, where a package is what gives
// the capability, which (Through). Each kind has a page in docs/kinds.
//
// By package, what npm does without being asked counts as much as what a manifest
// says: a binding.gyp makes npm run node-gyp, and gyp runs commands of its own.
//
// The invariant: the findings of a package depend on its artefact alone and come in
// one order, by kind, then place.
package dynamism

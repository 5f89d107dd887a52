// Package dynamism is the inventory of where code can come to life: by package
// what an install would run and what machine code it brings. A reviewer reads it
// before anything else, because that is where attacks on the npm ecosystem have
// stood.
//
// A finding is a fact of the artefact, not a verdict: an install script may be
// harmless, and nbuild runs none in any case. It names a file of the package and,
// where the manifest's text is at hand, the line of the key.
//
// The kinds by package are a closed list. What npm does without being asked counts
// as much as what a manifest says: a binding.gyp makes npm run node-gyp, and gyp
// runs commands of its own.
//
// The invariant: the findings of a package depend on its artefact alone and come
// in one order, by kind, file and excerpt.
package dynamism

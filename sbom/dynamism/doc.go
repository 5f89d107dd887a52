// Package dynamism is the inventory of where code can come to life: by package what
// an install would run and what machine code it brings, by file where a string
// becomes code, what is loaded by a name that no reader can see, and what reaches
// beyond the process. A reviewer reads it before anything else, because that is
// where attacks on the npm ecosystem have stood.
//
// A finding is a fact of the artefact, not a verdict. It names a file of the package,
// its line and column, what is used there (Symbol) and, where a package is what gives
// the capability, which (Through). Each kind has a page in docs/kinds.
//
// By file a use is what is told: a call, a construction, or a reference that hands
// the thing to code out of sight, each once. What only brings a thing in (a require,
// an import, another name for it) is told where nothing in the file uses it, so that
// a file with ten calls of fs has ten findings and not eleven. Comparing and testing
// are no uses. What a name means is told by scopes, constants and aliases
// (internal/js/denote), so a local function called eval is nothing and a global one
// spelled in pieces is found. What a value may be counts: of two assignments both.
//
// By package, what npm does without being asked counts as much as what a manifest
// says: a binding.gyp makes npm run node-gyp, and gyp runs commands of its own.
//
// The invariant: the findings of a package depend on its artefact alone and come in
// one order, by kind, then place.
package dynamism

// Package source finds in one JavaScript text where a string becomes code, what is
// loaded by a name that no reader can see, and what reaches beyond the process; and it
// keeps the calls that a project's rules ask about.
//
// A use is what counts: a call, a construction, or a reference that hands the thing to
// code out of sight, each once. What only brings a thing in (a require, an import,
// another name for it) counts where nothing in the file uses it, so that a file with
// ten calls of fs has ten findings and not eleven. Comparing and testing are no uses.
// What a name means follows from scopes, constants and aliases (internal/js/denote), so
// a local function called eval is nothing, and a global one that is spelled in pieces is
// found. What a value may be counts: of two assignments both.
//
// The invariant: a [Report] depends on the text, the extension of its name and the
// [Options] alone, and no text makes [Analyse] fail.
package source

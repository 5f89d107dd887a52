// Package js reads JavaScript: all of ECMAScript 2025 (ECMA-262, 16th edition) with
// the web-compatible oddities of Annex B, as a script, a module or a CommonJS body,
// into a tree in which every node knows its bytes, and finds for every name in it
// the declaration that it means.
//
// It exists because an inventory of what code can do must not be fooled by a
// comment, a string or a local function that is called eval, and must look into
// every function of every file that an image ships: so it parses all, resolves all,
// and is fast enough for that to cost seconds for a hundred megabytes.
//
// A tree is one flat slice of nodes without a pointer in it: a node is a kind, a
// span of bytes, and the indices of its first child, next sibling and parent. That
// is what makes it quick to build, free for the garbage collector, and possible to
// scan from end to end without recursion. The kinds carry the names of ESTree,
// because that is what everybody who reads about JavaScript syntax knows; where
// ESTree leaves something to the reader's care (which identifier is a reference,
// which optional part is missing) the kinds here say it.
//
// A syntax error does not lose a file: it is recorded with its place, and reading
// goes on behind it. The invariants: [Parse] never panics, its work is linear in the
// length of the input, nesting is bounded, and every node lies within its parent.
package js

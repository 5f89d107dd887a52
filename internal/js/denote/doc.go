// Package denote works out what an expression of a JavaScript file denotes: which
// global ("eval", "process.env"), which member of which builtin module
// ("node:child_process.exec") or of which package ("npm:lodash.template"), whatever way
// the file took to it.
//
// The ways are many, and one who hides takes the odd ones: an alias, a computed
// member whose name is joined from pieces, destructuring with another name, a
// namespace import, createRequire, process.getBuiltinModule, the constructor of a
// constructor, Reflect.apply, a bound function, require handed to a function of the
// same file. A reader of text is fooled by each of them. This package follows them
// through the scopes and the constants of the tree.
//
// What it says is "may": a variable that is written twice denotes both values. It
// forgets the order of execution and follows no value out of the file. The
// invariants: sets are bounded, each node is worked out once, recursion is bounded,
// and a name that a declaration of the file binds is never taken for the global.
//
// Names follow ECMA-262 §19 (the global object) and the documentation of Node's
// modules; see [Name].
package denote

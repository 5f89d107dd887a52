// Package recorder writes down what Node loads while a command runs, such as a
// project's tests: which file asked for which, as what it was loaded, the hash of its
// bytes, and the strings that became code.
//
// It is a script that Node preloads through NODE_OPTIONS, so the command need not be
// node: npm, npx and shells hand the variable on, and the script hands itself to
// workers and children that are given an environment of their own. Every process,
// worker and thread of hooks appends to a file of its own in one private folder, a
// line an observation, so a process that is killed leaves what it did until then.
//
// CommonJS is seen at Module._load and _compile, ECMAScript modules by hooks (the
// synchronous ones, or module.register on a Node without them), addons at
// process.dlopen, WebAssembly by the hash of its bytes, and strings that become code
// by the engine's own debugger, which sees direct eval as well.
//
// It records and stops nothing: code that means to hide from it can. What a test runner
// compiles by itself from text that it read (a runner with a module system of its own)
// is seen as a string that became code, not as a file. What it writes is outside bytes
// to this package, and is read with bounds.
//
// The invariant: [Read] gives each observation once, sorted, whatever the number of
// processes and their order. It is the source of the reason "traced" of sources/v1
// (docs/formats.md).
package recorder

// Package guard holds a running Node process to the production source list.
//
// The guard is one JavaScript file that Node preloads in the process, in each of its
// workers and in each child that runs Node. It hashes the very text that is handed to
// the compiler, never a second reading of the file, and asks the list (sources/v1 of
// docs/formats.md) whether that text may run at that path in that format. CommonJS is
// held at Module.prototype._compile, through which every such text passes; ECMAScript
// modules by a load hook that is always the last to see a source, and that is in place
// whenever a text runs that could import; addons at process.dlopen; WebAssembly at its
// constructors. Strings become code only in approved modules (bounded eval): V8 refuses
// everywhere else.
//
// The image's entry point installs it: [EntryPoint] rewrites the command
// ["node", "server.js"] to node with the guard's flags before the same arguments, so
// the application is unchanged and sees its own argv. The flags are on the command line
// and not in NODE_OPTIONS, which a program may change for its children and an operator
// for a container; children get them anew, because the guard starts them. A command
// that is not node itself, such as a shell or npm, could start a node without them and
// is refused.
//
// What require answers was worked out with the list ([Meanings]), and the guard says
// it: nothing that is added to the image changes what a name means, and Node need not
// look for files. That is why a guarded server starts in less CPU than a bare one, as
// long as the guard's own start stays cheap: docs/decisions/meanings.md says what it
// costs.
//
// Mode report writes to stderr what enforce would refuse, one JSON line an event
// (nbuild.guard/v1), and lets it pass. In enforce a refusal is an Error with the code
// ERR_NBUILD_GUARD whose one line names the file and what to do.
//
// The JavaScript is in small files under js, joined by Go in a fixed order; they
// share one scope. Everything they use of the language and of Node is taken before
// other code runs, since that code may patch it.
//
// The invariant: in enforce, no text is compiled in the process that is neither on
// the list, at its path and in its format, nor approved by its hash, nor a string of
// an approved module. What this rests on, and what it does not hold, is in
// docs/threat-model.md.
package guard

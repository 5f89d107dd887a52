// Package sources is the production source list: every file that an image's Node may
// load, by its real path in the image, its SHA-256 and what it is loaded as.
//
// A hash alone would not do. The same bytes at another path resolve other names, and
// under a package.json of another type they are another program; so an entry binds
// path, hash, format and the package.json that governs it, and a package.json is an
// entry itself. Beside the entries stand the modules that may turn strings into code
// (evaluators) and the hashes of code that no file holds (generated). The guard
// refuses whatever is not on the list, so a reader of it knows what production runs.
//
// The text is made to be reviewed and compared: an entry a line, sorted by path, each
// with the reasons why it may load. It is sources/v1 of docs/formats.md.
//
// The invariant: there is one way to write a list. [Parse] of l.Format() gives l, and
// for every src that Parse takes, Format gives src back; so two lists are equal exactly
// when their digests are.
package sources

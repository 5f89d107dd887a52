// Package strictjson reads JSON from outside, within bounds and in one sense.
//
// JSON leaves much to its readers: which of two equal keys counts, whether case does,
// what half a surrogate pair is, how deep is too deep. Whoever writes a document that
// two readers understand differently can show one thing to a review and another to
// production. So every room that reads JSON asks here, and what could be understood in
// two ways is an error.
//
// There are four ways to read, for four needs. [Decode] fills a Go value. [Parse] makes
// a tree, and [Canonical] writes the one form of it that is signed (RFC 8785). [Reader]
// pulls values and knows where it stands, for lockfiles, whose problems are reported by
// line; its methods that begin with As take what npm and Node take of a package.json.
// [Stream] walks a document that is too large to hold.
//
// The invariant: nothing nests deeper than bounds.JSONDepth, and no reader keeps more
// than its caller's bound.
//
// RFC 8259 is the grammar, RFC 7493 (I-JSON) what is taken of it.
package strictjson

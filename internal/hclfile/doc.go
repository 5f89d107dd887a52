// Package hclfile reads the project's two languages, build.hcl and trust.hcl: HCL
// native syntax (HCL Native Syntax Specification, hcl v2) and its JSON form.
//
// It is the part that both have in common. A [Schema] says which blocks and attributes
// a language has, what they hold and what they are for. [Parse] bounds and parses the
// bytes, [File.Decode] holds them to the Schema, and a [Reader] evaluates attributes to
// Go values. Nothing that the Schema does not name is let through, and a value marked
// [Sensitive] never leaves a Reader.
//
// Whatever is wrong becomes a diag.Problem with its line, a caret, the nearest
// right spelling and the line to change, all of a file at once and in source order.
//
// The invariant: [Parse] never panics and never recurses deeper than the bounds,
// whatever the bytes; and [Format] of Format(x) equals Format(x), with the same
// meaning.
package hclfile

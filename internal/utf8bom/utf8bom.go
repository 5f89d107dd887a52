// Package utf8bom drops the byte order mark that some editors put before a text.
//
// npm and Node read a package.json or a package-lock.json that begins with one
// (U+FEFF, in UTF-8 the bytes EF BB BF) as if it were not there, once; and editors
// do not show it, so lines and columns are counted without it. RFC 8259 §8.1 leaves
// that to the reader. Every reader of those files asks here, so that none of them is
// stricter than the others.
//
// The invariant: [Trim] drops the three bytes at the start, at most once, and nothing
// else.
package utf8bom

import "bytes"

var mark = []byte("\xef\xbb\xbf")

// Trim returns a text without the mark before it.
func Trim(text []byte) []byte { return bytes.TrimPrefix(text, mark) }

// Package damage finds out what happened to a text file that its reader can't read.
//
// "Not JSON" is true of an unresolved merge, of a file that was never fetched from
// Git LFS and of the page that a proxy puts in a file's place, and helps with none of
// them. Each leaves its own traces in the bytes, and each is mended in another way.
// So a reader that has failed asks here for the cause, and says itself what to do:
// who can write the file anew differs from file to file.
//
// It is asked after a failure and never before: a lockfile may well hold a line of
// seven angle brackets in a string.
//
// The invariant: what [Of] returns depends on the bytes alone, and costs one pass.
package damage

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/diag"
)

// Kind is what happened to a file. The list is closed.
type Kind string

// The kinds of damage.
const (
	Merge Kind = "merge" // git left both sides of a conflict in it
	Empty Kind = "empty" // nothing is in it, or nothing but white space
	LFS   Kind = "lfs"   // it is a pointer of Git LFS (git-lfs spec, v1)
	Page  Kind = "page"  // it is a page of HTML or XML, as servers and proxies answer
	UTF16 Kind = "utf16" // it is UTF-16, as some editors and shells write it
)

// Damage is what happened to a file, in words for a person.
type Damage struct {
	Kind Kind
	Line int    // where it begins, from 1
	What string // to follow the file's name: "is empty"
	Why  string
}

// Of returns what happened to a file whose reader failed, and whether that can be found
// out.
func Of(src []byte) (Damage, bool) {
	head := bytes.TrimLeft(src[:min(len(src), 1<<10)], "\xef\xbb\xbf \t\r\n")
	lower := strings.ToLower(string(head[:min(len(head), 64)]))
	switch {
	case len(bytes.TrimSpace(src)) == 0:
		return Damage{Empty, 1, "is empty", "it was cut off, or written by something that failed"}, true
	case wide(src):
		return Damage{UTF16, 1, "is written in UTF-16", "an editor or a shell saved it so; it is read as UTF-8, by npm too"}, true
	case strings.HasPrefix(lower, "version https://git-lfs.github.com/spec/"):
		return Damage{LFS, 1, "is a pointer of Git LFS and not the file itself", "the repository was cloned without Git LFS"}, true
	case strings.HasPrefix(lower, "<!doctype"), strings.HasPrefix(lower, "<html"), strings.HasPrefix(lower, "<?xml"):
		return Damage{Page, 1, "is a page for a browser", "a server or a proxy answered with a page of its own when the file was fetched"}, true
	}
	return merge(src)
}

// wide reports whether a text begins with a byte order mark of UTF-16, or as ASCII
// does in UTF-16 without one.
func wide(src []byte) bool {
	return bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) ||
		len(src) > 1 && (src[0] == 0) != (src[1] == 0)
}

// The markers of a conflict (git-merge, "How conflicts are presented").
var (
	begins = []byte("<<<<<<<")
	parts  = []byte("=======")
	ends   = []byte(">>>>>>>")
)

// merge finds the conflicts: lines that begin with the markers, in their order.
func merge(src []byte) (Damage, bool) {
	var ours, theirs string
	first, last, conflicts := 0, 0, 0
	open, parted := 0, false
	number := 0
	for len(src) > 0 {
		var line []byte
		line, src, _ = bytes.Cut(src, []byte("\n"))
		line = bytes.TrimRight(line, "\r")
		number++
		switch {
		case marks(line, begins):
			open, parted = number, false
			if conflicts == 0 {
				ours = label(line)
			}
		case open > 0 && bytes.Equal(line, parts):
			parted = true
		case open > 0 && parted && marks(line, ends):
			if conflicts++; conflicts == 1 {
				first, last, theirs = open, number, label(line)
			}
			open = 0
		}
	}
	if conflicts == 0 {
		return Damage{}, false
	}
	what := fmt.Sprintf("holds an unresolved merge of %s and %s, in lines %d to %d", ours, theirs, first, last)
	if conflicts > 1 {
		what += fmt.Sprintf(" and at %d more places", conflicts-1)
	}
	return Damage{Merge, first, what, "git left both sides in it, and nobody has said which of them counts"}, true
}

func marks(line, marker []byte) bool {
	rest, ok := bytes.CutPrefix(line, marker)
	return ok && (len(rest) == 0 || rest[0] == ' ')
}

// label is the name of a side as its marker has it.
func label(line []byte) string {
	name := strings.TrimSpace(string(line[len(begins):]))
	switch {
	case name == "" || !utf8.ValidString(name):
		return "a side without a name"
	case len(name) > 80:
		name = strings.ToValidUTF8(name[:80], "") + "…"
	}
	return diag.Clean(name)
}

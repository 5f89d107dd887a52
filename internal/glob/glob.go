// Package glob matches paths with patterns, in build.hcl, trust.hcl, ignore files and
// package.json alike.
//
// A pattern is a path whose elements may hold wildcards. The element "**" stands for any
// number of folders, none among them, so that a/**/b is a/b as well; at the end it
// stands for what lies within, so that a/** is not a itself. That is so everywhere: a
// trust file in which stars meant something else than in build.hcl would be a trap.
// Which wildcards an element may hold depends on who invented the form, and each of the
// three forms has a function here.
//
// The invariant: matching costs at most the product of the two lengths, whatever the
// stars.
package glob

import (
	"path"
	"strings"
)

// Match reports whether a path has the form of a pattern: * and ? stand for characters
// inside an element, [a-z] for one, as in package path. A malformed element matches
// nothing.
func Match(pattern, name string) bool {
	return Elements(strings.Split(pattern, "/"), strings.Split(name, "/"), func(p, s string) bool {
		ok, err := path.Match(p, s)
		return ok && err == nil
	})
}

// Elements reports whether path elements have the form of a pattern's, where element
// judges one that is not "**".
func Elements(pattern, name []string, element func(pattern, s string) bool) bool {
	// reach[j] says that the pattern so far can end before name[j].
	reach := make([]bool, len(name)+1)
	reach[0] = true
	for i, p := range pattern {
		next := make([]bool, len(name)+1)
		before := false
		for j := range next {
			switch {
			case p != "**":
				next[j] = j > 0 && reach[j-1] && element(p, name[j-1])
			case i == len(pattern)-1:
				next[j] = before // what lies within
				before = before || reach[j]
			default:
				before = before || reach[j]
				next[j] = before
			}
		}
		reach = next
	}
	return reach[len(name)]
}

// Stars reports whether a text is a pattern in which each * stands for any text and
// nothing else is special.
func Stars(pattern, s string) bool { return Between(strings.Split(pattern, "*"), s) }

// Between reports whether a text is parts in their order, with any text between one
// and the next. Parts are at least one.
func Between(parts []string, s string) bool {
	if len(parts) == 1 {
		return parts[0] == s
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, part := range parts[1:last] {
		_, after, found := strings.Cut(rest, part)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}

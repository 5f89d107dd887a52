package npm

import (
	"strings"
)

// runs reports whether a package says that it runs on the platform (npm docs,
// package.json §os, §cpu, §libc). A package that names a libc runs on no system
// without a known one.
func (g *graph) runs(n *node) bool {
	return listed(g.o.OS, n.OS) && listed(g.o.CPU, n.CPU) && (g.o.OS == "" || len(n.Libc) == 0 || g.o.Libc != "" && listed(g.o.Libc, n.Libc))
}

// Listed reports whether a list of package.json's os, cpu or libc takes a value.
func Listed(value string, list []string) bool { return listed(value, list) }

// listed reports whether a value matches a list such as ["linux"] or ["!win32"].
func listed(value string, list []string) bool {
	if value == "" || len(list) == 0 || len(list) == 1 && list[0] == "any" {
		return true
	}
	negated, match := 0, false
	for _, word := range list {
		if word, not := strings.CutPrefix(word, "!"); not {
			negated++
			if word == value {
				return false
			}
			continue
		}
		match = match || word == value
	}
	return match || negated == len(list)
}

package reach

import (
	"path"
	"strings"
)

// The functions of Node's module path, on texts with holes: a hole is a segment, or
// part of one, like any other.

func joinPaths(a, b string) string {
	switch {
	case a == "":
		return b
	case b == "":
		return a
	}
	return normalise(a + "/" + b)
}

func normalise(p string) string {
	if p == "" {
		return "."
	}
	clean := path.Clean(p)
	if strings.HasSuffix(p, "/") && clean != "/" {
		clean += "/"
	}
	return clean
}

// resolvePaths is path.resolve of two: b where it is absolute.
func resolvePaths(a, b string) string {
	if strings.HasPrefix(b, "/") {
		return path.Clean(b)
	}
	return path.Clean(a + "/" + b)
}

// fromURL returns the path of a file URL; any other text is returned as it is.
func fromURL(s string) string {
	rest, ok := strings.CutPrefix(s, "file:")
	if !ok {
		return s
	}
	rest = strings.TrimPrefix(rest, "//")
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	return normalise(rest)
}

// resolveURL is new URL(ref, base), where base is a file URL; "" for another.
func resolveURL(ref, base string) string {
	if strings.HasPrefix(ref, "file:") {
		return "file://" + fromURL(ref)
	}
	if !strings.HasPrefix(base, "file:") || strings.Contains(strings.SplitN(ref, "/", 2)[0], ":") {
		return ""
	}
	if i := strings.IndexAny(ref, "?#"); i >= 0 {
		ref = ref[:i]
	}
	p := strings.TrimPrefix(strings.TrimPrefix(base, "file:"), "//")
	switch {
	case strings.HasPrefix(ref, "/"):
		p = ref
	case ref != "":
		p = p[:strings.LastIndexByte(p, '/')+1] + ref
		if ref == "." || ref == ".." || strings.HasSuffix(ref, "/.") || strings.HasSuffix(ref, "/..") {
			p += "/"
		}
	}
	return "file://" + normalise(p)
}

// absolute reports whether a text is an absolute path or a file URL.
func absolute(s string) bool {
	return len(s) > 1 && strings.HasPrefix(s, "/") && s[1] != '/' || strings.HasPrefix(s, "file:")
}

// top stands, in texts, for the top folder of the fs.FS, so that `__dirname + '/x'`
// is one path there as elsewhere.
const top = "/\x01"

// name returns the name in the fs.FS of an absolute path or file URL.
func name(s string) string {
	s = path.Clean(fromURL(s))
	if rest, ok := strings.CutPrefix(s, top); ok && (rest == "" || rest[0] == '/') {
		s = rest
	}
	if s = strings.TrimPrefix(s, "/"); s == "" {
		return "."
	}
	return s
}

// slashed returns the absolute path of a name in the fs.FS.
func slashed(name string) string {
	if name == "." {
		return top
	}
	return top + "/" + name
}

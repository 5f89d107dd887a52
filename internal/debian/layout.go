package debian

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// merged are the links of a merged /usr (file-hierarchy(7)), which Debian has had
// since bookworm: name to target.
var merged = map[string]string{
	"bin": "usr/bin", "sbin": "usr/sbin", "lib": "usr/lib",
	"lib32": "usr/lib32", "lib64": "usr/lib64", "libx32": "usr/libx32",
}

// place returns where a member of a .deb stands in a root with a merged /usr, and
// whether that is another place than it says.
func place(name string) (p string, moved bool, err error) {
	switch {
	case name == "" || strings.ContainsRune(name, 0):
		return "", false, refused("the path %q", name)
	case len(name) > bounds.Path:
		return "", false, refused("a path of %d bytes, over the bound of %d", len(name), bounds.Path)
	case strings.HasPrefix(name, "/"):
		return "", false, refused("the absolute path %q", name)
	case strings.Count(name, "/") > bounds.PathDepth:
		return "", false, refused("a path of more than %d elements", bounds.PathDepth)
	}
	for e := range strings.SplitSeq(name, "/") {
		if e == ".." {
			return "", false, refused("the path %q leaves its root", name)
		}
	}
	p = path.Clean(name)
	if first, rest, ok := strings.Cut(p, "/"); ok && merged[first] != "" {
		return merged[first] + "/" + rest, true, nil
	}
	return p, false, nil
}

// target checks where a link at p points, and writes a relative one anew where
// the merged /usr moved it.
func target(p, link string, moved bool) (string, error) {
	if link == "" || len(link) > bounds.Path || strings.ContainsRune(link, 0) {
		return "", refused("%q is a link to %q", p, link)
	}
	if strings.HasPrefix(link, "/") {
		return link, nil // of the root it stands in
	}
	from := strings.Split(path.Dir(p), "/")
	if moved {
		from = from[1:] // where it was before "usr/" came before it
	}
	var at []string
	if from[0] != "." {
		at = append(at, from...)
	}
	for e := range strings.SplitSeq(link, "/") {
		switch e {
		case "", ".":
		case "..":
			if len(at) == 0 {
				return "", refused("%q is a link to %q, out of the root", p, link)
			}
			at = at[:len(at)-1]
		default:
			at = append(at, e)
		}
	}
	if !moved {
		return link, nil
	}
	return "/" + strings.Join(at, "/"), nil
}

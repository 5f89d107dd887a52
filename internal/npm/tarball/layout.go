package tarball

import (
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// span is one file that npm would leave: its path in the package's folder, its
// normalised mode and where its bytes are.
type span struct {
	path       string
	mode       uint32
	start, end int
}

// layout is what an archive unpacks to, sorted by path, over its tar stream.
type layout struct {
	data  []byte
	spans []span
}

// lay reads the archive's members and lays out its files as npm does, but for
// what package.json says of them.
func lay(data []byte) (*layout, error) {
	l := &layout{data: data}
	s := scanner{data: data}
	places := map[string]int{}   // path to its span
	ignores := map[string]bool{} // .npmignore files seen so far, by their full name
	members := 0
	for {
		h, ok, err := s.scan()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		if members++; members > bounds.ArchiveEntries {
			return nil, hostile("more than %d entries", bounds.ArchiveEntries)
		}
		p, err := place(h, ignores)
		if err != nil {
			return nil, err
		}
		if p == "" {
			continue
		}
		file := span{path: p, mode: fileMode(h.mode), start: h.start, end: h.start + h.size}
		i, again := places[p]
		if !again {
			places[p] = len(l.spans)
			l.spans = append(l.spans, file)
			continue
		}
		old := l.spans[i]
		if !slices.Equal(data[old.start:old.end], data[file.start:file.end]) {
			return nil, hostile("%q is given two contents", p)
		}
	}
	if len(l.spans) == 0 {
		return nil, malformed("no file in it")
	}
	slices.SortFunc(l.spans, func(a, b span) int { return strings.Compare(a.path, b.path) })
	return l, l.collide()
}

// place checks a member and returns the path that npm unpacks it to, or "" where
// npm leaves it out.
func place(h header, ignores map[string]bool) (string, error) {
	name := h.name
	switch {
	case name == "":
		return "", malformed("a header without a name")
	case len(name) > bounds.Path:
		return "", hostile("a path of %d bytes, over the bound of %d", len(name), bounds.Path)
	case name[0] == '/':
		return "", hostile("the absolute path %q", name)
	}
	_, inner, _ := strings.Cut(name, "/")
	if escapes(inner) {
		return "", hostile("the path %q leaves the package", name)
	}
	switch h.kind {
	case typeFile, typeOldFile, typeContiguous:
	case typeDir, typeDumpDir:
		return "", nil
	case typeSymlink, typeHardLink:
		return "", checkLink(h, inner)
	case typeChar, typeBlock, typeFIFO:
		return "", hostile("%q is a device or a pipe", name)
	case typeSparse:
		return "", hostile("%q is a sparse file", name)
	default:
		return "", hostile("%q is of the unknown kind %q", name, h.kind)
	}
	switch path.Base(name) {
	case ".npmignore":
		ignores[name] = true
	case ".gitignore":
		if ignores[strings.TrimSuffix(name, ".gitignore")+".npmignore"] {
			return "", nil
		}
		inner = strings.TrimSuffix(inner, ".gitignore") + ".npmignore"
	}
	if inner == "" || path.Clean("/"+inner) == "/" {
		return "", nil // beside the package's folder, where npm unpacks nothing
	}
	inner = path.Clean("/" + inner)[1:]
	if strings.Count(inner, "/") >= bounds.PathDepth {
		return "", hostile("a path of more than %d elements", bounds.PathDepth)
	}
	return inner, nil
}

// escapes reports whether a path has an element "..", also where a reader takes
// backslashes for slashes, or starts with a drive letter.
func escapes(p string) bool {
	if len(p) > 1 && p[1] == ':' && (p[0]|0x20) >= 'a' && (p[0]|0x20) <= 'z' {
		return true
	}
	if !strings.Contains(p, "..") {
		return false
	}
	return slices.Contains(strings.Split(strings.ReplaceAll(p, `\`, "/"), "/"), "..")
}

// checkLink refuses a link that leads out of the package. Others are dropped, as
// npm drops all of them.
func checkLink(h header, inner string) error {
	target := strings.ReplaceAll(h.link, `\`, "/")
	if strings.HasPrefix(target, "/") || len(target) > 1 && target[1] == ':' {
		return hostile("%q is a link to the absolute path %q", h.name, h.link)
	}
	depth := 0
	from := path.Dir(inner)
	if h.kind == typeHardLink { // it names another member, by its full name
		from = "."
		_, target, _ = strings.Cut(target, "/")
	}
	for e := range strings.SplitSeq(from+"/"+target, "/") {
		switch e {
		case "", ".":
		case "..":
			if depth--; depth < 0 {
				return hostile("%q is a link to %q, out of the package", h.name, h.link)
			}
		default:
			depth++
		}
	}
	return nil
}

// fileMode is what npm leaves under umask 022, cut down to the two modes that
// layers know: pacote adds 0666, and whoever may execute makes it 0755.
func fileMode(mode int64) uint32 {
	if mode&0o111 != 0 {
		return 0o755
	}
	return 0o644
}

// collide refuses names that one file system takes for the same and another does
// not: two that differ by case, or one that is both a file and a folder.
func (l *layout) collide() error {
	files := make(map[string]string, len(l.spans)) // folded, to the one spelling
	folders := map[string]string{}
	for _, s := range l.spans {
		fold := strings.ToLower(s.path)
		if other, ok := files[fold]; ok {
			return hostile("%q and %q differ only by case", other, s.path)
		}
		files[fold] = s.path
		for dir := path.Dir(s.path); dir != "."; dir = path.Dir(dir) {
			fold := strings.ToLower(dir)
			if other, ok := folders[fold]; ok && other == dir {
				break
			} else if ok {
				return hostile("the folders %q and %q differ only by case", other, dir)
			}
			folders[fold] = dir
		}
	}
	for _, s := range l.spans {
		if dir, ok := folders[strings.ToLower(s.path)]; ok {
			return hostile("%q is a file and %q a folder", s.path, dir)
		}
	}
	return nil
}

// find returns the place of a path in spans.
func (l *layout) find(p string) (int, bool) {
	return slices.BinarySearchFunc(l.spans, p, func(s span, p string) int { return strings.Compare(s.path, p) })
}

func (l *layout) bytes(s span) []byte { return l.data[s.start:s.end:s.end] }

package tarball

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/samename"
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
	data  stream
	spans []span
	lost  []string // where a package.json stands that npm leaves no package of
}

// lay reads the archive's members and lays out its files as npm does.
func lay(data stream) (*layout, error) {
	l := &layout{data: data}
	s := scanner{data: data}
	p := placer{layout: l, places: map[string]int{}, full: map[string]span{}, renamed: map[string]bool{}, folders: map[string]bool{}}
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
		if err := p.place(h); err != nil {
			return nil, err
		}
	}
	if len(l.spans) == 0 {
		return nil, malformed("npm leaves no file of it%s", l.misplaced())
	}
	slices.SortFunc(l.spans, func(a, b span) int { return strings.Compare(a.path, b.path) })
	return l, l.collide(p.folders)
}

// misplaced says where the package.json stands that is not found where it must.
func (l *layout) misplaced() string {
	if len(l.lost) == 0 {
		return ""
	}
	_, inner, _ := strings.Cut(l.lost[0], "/")
	left := "nothing"
	if inner != "" {
		left = fmt.Sprintf("%q", inner)
	}
	return fmt.Sprintf(": npm drops the first element of every path, so that %s is left of %q", left, l.lost[0])
}

// placer puts the members of an archive into its layout, in their order.
type placer struct {
	*layout
	places  map[string]int  // path to its span
	full    map[string]span // ignore files by the name that the archive gives them
	renamed map[string]bool // paths whose content is that of a .gitignore
	folders map[string]bool // that the archive names; npm makes them for the files in them alone
}

// place checks a member and puts it where npm unpacks it.
func (p *placer) place(h header) error {
	inner, folder, err := inside(h)
	if err != nil || inner == "" {
		if path.Base(h.name) == "package.json" {
			p.lost = append(p.lost, h.name)
		}
		return err
	}
	if folder {
		p.folders[inner] = true
		return nil
	}
	if inner == "package/package.json" {
		p.lost = append(p.lost, h.name)
	}
	file := span{path: inner, mode: fileMode(h.mode), start: h.start, end: h.start + h.size}
	base := path.Base(inner)
	renamed := base == ".gitignore"
	if renamed || base == ".npmignore" {
		if other, again := p.full[h.name]; again {
			if same, err := p.same(other, file); err != nil {
				return err
			} else if !same {
				return hostile("%q is given two contents", h.name)
			}
		}
		p.full[h.name] = file
	}
	if renamed {
		// npm takes a .gitignore for the .npmignore that is not there (pacote).
		twin := strings.TrimSuffix(h.name, ".gitignore") + ".npmignore"
		if _, there := p.full[twin]; there {
			return nil
		}
		file.path = strings.TrimSuffix(inner, ".gitignore") + ".npmignore"
	}
	i, again := p.places[file.path]
	if !again {
		p.places[file.path] = len(p.spans)
		p.spans = append(p.spans, file)
		p.renamed[file.path] = renamed
		return nil
	}
	same, err := p.same(p.spans[i], file)
	switch {
	case err != nil || same:
		return err
	case renamed || p.renamed[file.path]:
		file.mode = p.spans[i].mode // the file is there: npm writes into it
		p.spans[i] = file
	default:
		return hostile("%q is given two contents", file.path)
	}
	p.renamed[file.path] = renamed
	return nil
}

// same reports whether two members have one content.
func (l *layout) same(a, b span) (bool, error) {
	if a.end-a.start != b.end-b.start {
		return false, nil
	}
	one, err := l.data.sum(a.start, a.end)
	if err != nil {
		return false, err
	}
	other, err := l.data.sum(b.start, b.end)
	return one == other, err
}

// inside checks a member and returns its path below the package's folder, "" where
// npm leaves it out, and whether it is a folder.
func inside(h header) (inner string, folder bool, err error) {
	name := h.name
	switch {
	case name == "":
		return "", false, malformed("a header without a name")
	case len(name) > bounds.Path:
		return "", false, hostile("a path of %d bytes, over the bound of %d", len(name), bounds.Path)
	case name[0] == '/':
		return "", false, hostile("the absolute path %q", name)
	}
	_, inner, _ = strings.Cut(name, "/")
	if escapes(inner) {
		return "", false, hostile("the path %q leaves the package", name)
	}
	switch h.kind {
	case typeFile, typeOldFile, typeContiguous, typeDir, typeDumpDir:
		if h.link != "" {
			return "", false, hostile("%q is no link and has the target %q, so that npm leaves it out", name, h.link)
		}
	case typeSymlink, typeHardLink:
		return "", false, checkLink(h, inner)
	case typeChar, typeBlock, typeFIFO:
		return "", false, hostile("%q is a device or a pipe", name)
	case typeSparse:
		return "", false, hostile("%q is a sparse file", name)
	default:
		return "", false, hostile("%q is of the unknown kind %q", name, h.kind)
	}
	if inner == "" || path.Clean("/"+inner) == "/" {
		return "", false, nil // beside the package's folder, where npm unpacks nothing
	}
	inner = path.Clean("/" + inner)[1:]
	return inner, h.kind == typeDir || h.kind == typeDumpDir, fits(inner)
}

// fits refuses a path that has no place on the file systems where packages are laid
// out. npm warns of a name that is too long and leaves the file out.
func fits(inner string) error {
	switch {
	case strings.Count(inner, "/") >= bounds.PathDepth:
		return hostile("a path of more than %d elements", bounds.PathDepth)
	case len(inner) > bounds.MemberPath:
		return hostile("the path %.40q… has %d bytes, over the bound of %d: Linux opens none of more than 4,095, with the folders that the package stands in", inner, len(inner), bounds.MemberPath)
	}
	for name := range strings.SplitSeq(inner, "/") {
		if len(name) > bounds.Name {
			return hostile("the name %.40q… has %d bytes, over the %d that a file system holds", name, len(name), bounds.Name)
		}
	}
	return nil
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

// fileMode is what npm leaves under umask 022: everyone may read, the owner may
// write (pacote adds 0666), and whoever may execute in the archive may execute. The
// set-id and sticky bits are left out: npm keeps them where root installs, and there
// they would let everyone run a publisher's file as root.
func fileMode(mode int64) uint32 { return uint32(mode|0o666) & 0o777 &^ 0o022 }

// collide refuses names that one file system takes for the same and another does
// not, and one that is both a file and a folder.
func (l *layout) collide(folders map[string]bool) error {
	files := make(map[string]string, len(l.spans)) // by key, the one spelling
	dirs := map[string]string{}
	above := func(dir string) error {
		for ; dir != "."; dir = path.Dir(dir) {
			key := samename.Key(dir)
			if other, ok := dirs[key]; ok && other == dir {
				break
			} else if ok {
				return hostile("the folders %q and %q are one where case or the form of accents does not count", other, dir)
			}
			dirs[key] = dir
		}
		return nil
	}
	for _, s := range l.spans {
		key := samename.Key(s.path)
		if other, ok := files[key]; ok {
			return hostile("%q and %q are one file where case or the form of accents does not count", other, s.path)
		}
		files[key] = s.path
		if err := above(path.Dir(s.path)); err != nil {
			return err
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(folders)) {
		if err := above(dir); err != nil {
			return err
		}
	}
	for _, s := range l.spans {
		if dir, ok := dirs[samename.Key(s.path)]; ok {
			return hostile("%q is a file and %q a folder", s.path, dir)
		}
	}
	return nil
}

// find returns the place of a path in spans.
func (l *layout) find(p string) (int, bool) {
	return slices.BinarySearchFunc(l.spans, p, func(s span, p string) int { return strings.Compare(s.path, p) })
}

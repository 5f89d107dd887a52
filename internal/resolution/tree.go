package resolution

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Kind is what stands at a name once links are followed.
type Kind uint8

// The kinds. What is neither file nor folder (a socket, a device) is Missing:
// Node loads none of them.
const (
	Missing Kind = iota
	File
	Dir
)

// maxLinks is how many links one name may lead through (Linux, MAXSYMLINKS).
const maxLinks = 40

// Tree answers what stands where in an fs.FS, reading each folder once. It holds
// that the files do not change while it is used; it may not be used from two
// goroutines at once.
type Tree struct {
	fsys fs.FS
	dirs map[string]map[string]fs.FileMode // of folders by realpath; nil for one that can't be read
	real map[string]place
}

type place struct {
	path  string
	kind  Kind
	links []string // that lead there, by their names below realpaths
}

// NewTree returns a Tree over fsys. Links are followed where fsys has fs.ReadLinkFS.
func NewTree(fsys fs.FS) *Tree {
	return &Tree{fsys: fsys, dirs: map[string]map[string]fs.FileMode{}, real: map[string]place{".": {path: ".", kind: Dir}}}
}

// Real returns the realpath of a name and what stands there. The path is "" where
// nothing does. A name that is not a valid one of fs.FS (fs.ValidPath) is Missing.
func (t *Tree) Real(name string) (string, Kind) {
	if p, ok := t.real[name]; ok {
		return p.path, p.kind
	}
	if !fs.ValidPath(name) || len(name) > bounds.Path {
		return "", Missing
	}
	p := t.walk(name, maxLinks)
	return p.path, p.kind
}

// Links returns the links that a name leads through, in that order, each by its own
// name below a realpath.
func (t *Tree) Links(name string) []string {
	if _, kind := t.Real(name); kind == Missing {
		return nil
	}
	return t.real[name].links
}

func (t *Tree) walk(name string, links int) place {
	if p, ok := t.real[name]; ok {
		return p
	}
	dir, base := path.Split(name)
	if dir = strings.TrimSuffix(dir, "/"); dir == "" {
		dir = "."
	}
	parent := t.walk(dir, links)
	var p place
	if parent.kind == Dir {
		mode, ok := t.list(parent.path)[base]
		full := path.Join(parent.path, base)
		switch {
		case !ok:
		case mode&fs.ModeSymlink != 0:
			p = t.follow(full, links-1)
			p.links = slices.Concat(parent.links, []string{full}, p.links)
		case mode.IsDir():
			p = place{full, Dir, parent.links}
		case mode.IsRegular():
			p = place{full, File, parent.links}
		}
	}
	if links == maxLinks || p.kind != Missing {
		t.real[name] = p
	}
	return p
}

func (t *Tree) follow(link string, links int) place {
	if links <= 0 {
		return place{}
	}
	target, err := fs.ReadLink(t.fsys, link)
	if err != nil {
		return place{}
	}
	if !strings.HasPrefix(target, "/") {
		target = path.Dir(link) + "/" + target
	}
	name, ok := within(target)
	if !ok || len(name) > bounds.Path {
		return place{}
	}
	return t.walk(name, links)
}

// within cleans a name with a meaning of its own for "..", and reports whether it
// stays below the top. Node's root folder has no parent but itself; a folder that
// merely stands for it does, which is why ".." above it leads nowhere.
func within(name string) (string, bool) {
	name = path.Clean(strings.TrimLeft(name, "/"))
	if name == "" {
		name = "."
	}
	return name, name != ".." && !strings.HasPrefix(name, "../")
}

func (t *Tree) list(dir string) map[string]fs.FileMode {
	if names, ok := t.dirs[dir]; ok {
		return names
	}
	var names map[string]fs.FileMode
	if entries, err := fs.ReadDir(t.fsys, dir); err == nil {
		names = make(map[string]fs.FileMode, len(entries))
		for _, e := range entries {
			names[e.Name()] = e.Type()
		}
	}
	t.dirs[dir] = names
	return names
}

// Names returns the names in a folder, links among them, sorted; none where it is
// not a folder.
func (t *Tree) Names(dir string) []string {
	real, kind := t.Real(dir)
	if kind != Dir {
		return nil
	}
	return sortedKeys(t.list(real))
}

// IsLink reports whether the name itself, below its parent's realpath, is a link.
func (t *Tree) IsLink(name string) bool {
	parent, kind := t.Real(path.Dir(name))
	return kind == Dir && t.list(parent)[path.Base(name)]&fs.ModeSymlink != 0
}

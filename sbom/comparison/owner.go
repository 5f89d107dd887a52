package comparison

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom"
)

// owners says which package brought a file of an image, by where the file stands. The
// folders are those where a BOM says that a package is; a folder of node_modules that
// no BOM names is nobody's, unless it is inside a package that one names, which then
// bundled it.
type owners struct {
	a, b map[string]*sbom.Item // the packages of each side by their folder in the image
}

const modulesFolder = "/node_modules/"

// nesting is how many folders of node_modules in each other are looked at, from the
// innermost. npm makes a handful.
const nesting = 64

// folders finds where the packages of which an image may load something stand in it.
// A BOM leaves the working folder out of install paths; what stands elsewhere has its
// whole path. One item of the BOM explains one folder, and a copy that it does not
// name is not explained by its name.
func folders(v *sbom.Inventory, g *sbom.Guard) map[string]*sbom.Item {
	out := make(map[string]*sbom.Item)
	for i := range v.Packages {
		p := &v.Packages[i]
		if p.Path == "" || !strings.HasPrefix(p.Purl, "pkg:npm/") {
			continue
		}
		for _, at := range []string{path.Join("/", g.Workdir, p.Path), path.Join("/", p.Path)} {
			if !holds(g.List, at) {
				continue
			}
			if out[at] == nil {
				out[at] = p
			}
			break
		}
	}
	return out
}

// first returns the place in a list of the first entry below a folder.
func first(l *sources.List, folder string) int {
	i, _ := slices.BinarySearchFunc(l.Entries, folder+"/", func(e sources.Entry, p string) int { return strings.Compare(e.Path, p) })
	return i
}

// holds reports whether a list has an entry below a folder.
func holds(l *sources.List, folder string) bool {
	i := first(l, folder)
	return i < len(l.Entries) && strings.HasPrefix(l.Entries[i].Path, folder+"/")
}

// folder returns the folder of the package that a file belongs to: the innermost that
// a BOM names, else the innermost of node_modules; "" of the project's own files.
func (o *owners) folder(file string) string {
	innermost := ""
	end := len(file)
	for range nesting {
		i := strings.LastIndex(file[:end], modulesFolder)
		if i < 0 {
			break
		}
		folder := file[:i+len(modulesFolder)-1]
		name, rest, inside := strings.Cut(file[i+len(modulesFolder):], "/")
		if inside {
			folder += "/" + name
		}
		if scoped, _, inside := strings.Cut(rest, "/"); inside && strings.HasPrefix(name, "@") {
			folder += "/" + scoped
		}
		if o.a[folder] != nil || o.b[folder] != nil {
			return folder
		}
		if innermost == "" {
			innermost = folder
		}
		end = i + 1 // the slash may end the folder above
	}
	return innermost
}

// count returns how many entries of a list belong to a folder.
func (o *owners) count(l *sources.List, folder string) int {
	n := 0
	for _, e := range l.Entries[first(l, folder):] {
		if !strings.HasPrefix(e.Path, folder+"/") {
			break
		}
		if o.folder(e.Path) == folder {
			n++
		}
	}
	return n
}

// origins is where the first side had its packages: by purl, and by purl without the
// version. Of several places one that is gone from the second side's list goes first,
// then the one whose name is.
type origins struct{ versions, names map[string]string }

func (o *owners) origins(gone func(folder string) bool) origins {
	out := origins{versions: map[string]string{}, names: map[string]string{}}
	keep := func(m map[string]string, key, at string, isGone bool) {
		if have, ok := m[key]; !ok || isGone && !gone(have) {
			m[key] = at
		}
	}
	for _, at := range slices.Sorted(maps.Keys(o.a)) {
		p, isGone := o.a[at], gone(at)
		keep(out.versions, p.Purl, at, isGone)
		keep(out.names, sbom.Identity(p.Purl), at, isGone)
	}
	return out
}

// of finds where the first side had the package of an item: the same version, else
// another; "" for none.
func (o origins) of(item *sbom.Item) (folder string, same bool) {
	if at, ok := o.versions[item.Purl]; ok {
		return at, true
	}
	return o.names[sbom.Identity(item.Purl)], false
}

package launch

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/builder/rootfs"
)

// Linked is what the loader takes for a file of machine code before it runs.
type Linked struct {
	Load   []string // libraries of the image, absolute paths, each behind all that it needs itself
	Before []string // absolute paths around the addon that the loader tries before it finds others in the base, sorted
}

// Libraries returns what the loader takes for an addon: the libraries of r that it links
// to, those that they link to in turn, and, for each that r does not have and that belongs
// to what is beneath, where the loader looks first.
//
// The loader looks for a library under the names in DT_NEEDED, in the folders of RPATH,
// LD_LIBRARY_PATH and RUNPATH, $ORIGIN being the folder of who asks (ld.so(8)). What an
// addon opens by itself while it runs stands in no such place.
func Libraries(r *rootfs.FS, s Start, addon string) (Linked, error) {
	c := &checker{root: r, start: s, env: map[string]string{}}
	for _, v := range s.Env {
		name, value, _ := strings.Cut(v, "=")
		c.env[name] = value
	}
	n := r.Find(addon)
	if n == nil || !n.Perm.IsRegular() {
		return Linked{}, fmt.Errorf("%s is no file of the image", addon)
	}
	if err := r.Facts(n); err != nil {
		return Linked{}, err
	}
	if n.Object == nil {
		return Linked{}, nil
	}
	w := &linking{checker: c, seen: map[string]bool{n.Path: true}, names: map[string]bool{}, top: top("/" + n.Path)}
	if err := w.follow(n, nil); err != nil {
		return Linked{}, err
	}
	slices.Sort(w.found.Before)
	w.found.Before = slices.Compact(w.found.Before)
	return w.found, nil
}

// linking follows an addon's libraries.
type linking struct {
	*checker
	seen  map[string]bool // by path
	names map[string]bool // that are loaded, and so are looked for nowhere
	top   string          // the first folder of the addon's path
	found Linked
}

// follow appends what a file needs. inherited are the folders of RPATH of who led to it.
func (w *linking) follow(n *rootfs.Node, inherited []string) error {
	rpath := append(expand(n.Object.RPath, n.Path), inherited...)
	search, runpath := rpath, expand(n.Object.RunPath, n.Path)
	if len(n.Object.RunPath) > 0 {
		search = nil
	}
	for _, need := range n.Object.Needs {
		if w.names[need.Library] {
			continue
		}
		found, err := w.library(need.Library, search, runpath)
		if err != nil {
			return err
		}
		if found == nil {
			if !strings.Contains(need.Library, "/") {
				w.before(need.Library, slices.Concat(search, runpath))
			}
			continue
		}
		if w.seen[found.Path] {
			continue
		}
		w.seen[found.Path] = true
		w.names[need.Library], w.names[found.Object.Name] = true, true
		if err := w.follow(found, rpath); err != nil {
			return err
		}
		w.found.Load = append(w.found.Load, "/"+found.Path)
	}
	return nil
}

// before notes where a library of the base is looked for first, in folders around the
// addon: what stands in others may be the base's as well.
func (w *linking) before(name string, folders []string) {
	system := systemFolders(w.start.Platform)
	for _, dir := range folders {
		dir = path.Clean(w.absolute(dir))
		if top(dir) == w.top && !slices.Contains(system, dir) {
			w.found.Before = append(w.found.Before, path.Join(dir, name))
			w.forProcessors(dir, name)
		}
	}
}

// forProcessors notes where the loader looks before it looks in a folder itself: in those
// that are for one kind of processor. One that is not there must not come to be there; of
// one that is, it is the library.
func (w *linking) forProcessors(dir, name string) {
	for _, first := range processors() {
		if w.root.Find(path.Join(dir, first[0])) == nil {
			w.found.Before = append(w.found.Before, path.Join(dir, first[0]))
			continue
		}
		for _, below := range first {
			w.found.Before = append(w.found.Before, path.Join(dir, below, name))
		}
	}
}

// processors are the folders for a kind of processor, those below a first one behind it.
// glibc looks in glibc-hwcaps (ld.so(8), "Hardware capabilities"), and until its version
// 2.36 in every row of the old names, each of which may be left out.
var processors = sync.OnceValue(func() [][]string {
	return append([][]string{{
		"glibc-hwcaps", "glibc-hwcaps/x86-64-v2", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v4",
	}}, rows([]string{"tls"}, []string{"haswell", "xeon_phi", "x86_64", "aarch64"}, []string{"avx512_1", "atomics"}, []string{"x86_64"})...)
})

// rows are all that begin with one of the names and go on with others, one of each set at
// the most and in their order, by the first.
func rows(sets ...[]string) [][]string {
	var all [][]string
	at := map[string]int{}
	for i, set := range sets {
		for _, first := range set {
			if _, ok := at[first]; !ok {
				at[first] = len(all)
				all = append(all, []string{first})
			}
			for _, rest := range rows(sets[i+1:]...) {
				for _, r := range rest {
					all[at[first]] = append(all[at[first]], path.Join(first, r))
				}
			}
		}
	}
	return all
}

// top is the first element of an absolute path.
func top(p string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(p, "/"), "/")
	return first
}

package locked

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Link is a symbolic link between two places of a tree, where pnpm keeps a package once
// and whoever asks for it finds it by a link; or from a Package with a Link to that folder
// of the project. Target is relative to the link's folder.
type Link struct {
	Path   string // "node_modules/.pnpm/a@1.0.0/node_modules/b"
	Target string // "../../b@2.0.0/node_modules/b"
}

// Leads returns the place of the tree that the link leads to.
func (l Link) Leads() string { return path.Join(path.Dir(l.Path), l.Target) }

// linksOf are those links that a part of the tree has: to its packages, from beside one of
// them or from a folder that belongs to none, and from the top to its first package alone.
func (t *Tree) linksOf(part *Tree, first string) []Link {
	beside := map[string]bool{} // folders in which packages stand, true where one of the part does
	for _, p := range t.Packages {
		modules, _ := splitModules(p.Path)
		_, has := part.Find(p.Path)
		beside[modules] = beside[modules] || has
	}
	var links []Link
	for _, l := range t.Links {
		leads := l.Leads()
		if _, linked := part.Find(l.Path); linked { // to a folder of the project
			links = append(links, l)
			continue
		}
		if _, has := part.Find(leads); !has {
			continue
		}
		modules, _ := splitModules(l.Path)
		kept, owned := beside[modules]
		if modules == "node_modules" {
			kept, owned = leads == first, true
		}
		if kept || !owned {
			links = append(links, l)
		}
	}
	return links
}

// BinFolder is a folder in which commands are linked, where a manager does not simply put
// the commands of a package into the folder beside it.
type BinFolder struct {
	Path     string   // "node_modules/.bin"
	Packages []string // whose commands it has, by install path; of one name the package of that name has it, else the first
	Besides  []string // ... and those whose commands it has where none of Packages has one of that name
}

// binsOf are the folders of commands that a part of the tree has: those in its packages,
// and of those that belong to none what its packages bring; at the top, its first one.
func (t *Tree) binsOf(part *Tree, first string) []BinFolder {
	if t.BinFolders == nil {
		return nil
	}
	folders := []BinFolder{}
	for _, f := range t.BinFolders {
		owner := strings.TrimSuffix(f.Path, "/node_modules/.bin")
		if _, inTree := t.Find(owner); inTree {
			if _, has := part.Find(owner); !has {
				continue
			}
		}
		if f.Path == "node_modules/.bin" {
			f.Packages = slices.DeleteFunc(slices.Clone(f.Packages), func(at string) bool { return at != first })
		}
		folders = append(folders, f)
	}
	return folders
}

// InManifests reports whether some package has commands that its own manifest alone names:
// npm's lockfile repeats them, those of pnpm and yarn do not.
func (t *Tree) InManifests() bool {
	return slices.ContainsFunc(t.Packages, func(p Package) bool { return p.HasBins })
}

// WithBins returns the tree with the commands of each package that HasBins as its manifest
// names them, which bins looks up; the tree itself where there is none.
func (t *Tree) WithBins(bins func(p *Package) (map[string]string, error)) (*Tree, error) {
	if !t.InManifests() {
		return t, nil
	}
	with := *t
	with.Packages = slices.Clone(t.Packages)
	for i := range with.Packages {
		p := &with.Packages[i]
		if !p.HasBins {
			continue
		}
		named, err := bins(p)
		if err != nil {
			return nil, err
		}
		p.Bins, p.HasBins = maps.Clone(named), false
	}
	return &with, nil
}

// laidBins are the links that the folders of BinFolders hold.
func (t *Tree) laidBins(exists func(p *Package, file string) bool) []BinLink {
	var links []BinLink
	for _, folder := range t.BinFolders {
		chosen := map[string]*Package{}
		for _, group := range [][]string{folder.Packages, folder.Besides} {
			for command, p := range t.choose(group) { // into a map
				if chosen[command] == nil {
					chosen[command] = p
				}
			}
		}
		for command, p := range chosen { // sorted below
			if exists(p, p.Bins[command]) {
				links = append(links, BinLink{Path: folder.Path + "/" + command, Target: relative(folder.Path, path.Join(p.Path, p.Bins[command]))})
			}
		}
	}
	slices.SortFunc(links, func(a, b BinLink) int { return strings.Compare(a.Path, b.Path) })
	return links
}

// choose says whose each command is, of packages that share a folder of commands.
func (t *Tree) choose(packages []string) map[string]*Package {
	chosen := map[string]*Package{}
	for _, at := range packages {
		p, ok := t.Find(at)
		if !ok {
			continue
		}
		for command := range p.Bins { // into a map
			if had := chosen[command]; had == nil || p.Name == command && had.Name != command {
				chosen[command] = p
			}
		}
	}
	return chosen
}

// Between makes the link at a path that leads to another place of the tree.
func Between(at, to string) Link { return Link{Path: at, Target: relative(path.Dir(at), to)} }

// relative is the way from a folder to a path, both clean and from the same root.
func relative(from, to string) string {
	a, b := strings.Split(from, "/"), strings.Split(to, "/")
	n := 0
	for n < len(a) && n < len(b)-1 && a[n] == b[n] {
		n++
	}
	return strings.Repeat("../", len(a)-n) + strings.Join(b[n:], "/")
}

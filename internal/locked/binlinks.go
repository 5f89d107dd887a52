package locked

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// BinLink is a symbolic link in a node_modules/.bin folder. Target is relative to
// the link's folder.
type BinLink struct {
	Path   string // "node_modules/.bin/tsc"
	Target string // "../typescript/bin/tsc"
}

// BinLinks returns the links that the manager makes, by Path, bytewise. Exists reports
// whether a package has a file (a folder counts); no link is made to what is not there.
// Of a tree whose commands stand InManifests it is asked once they are known (WithBins).
//
// Without BinFolders they stand where npm has them: where two packages in one node_modules have a command of one name, the first
// one gets it, in npm's order of paths, and whether or not it has the file.
func (t *Tree) BinLinks(exists func(p *Package, file string) bool) []BinLink {
	if t.Options.NoBinLinks {
		return nil
	}
	if t.BinFolders != nil {
		return t.laidBins(exists)
	}
	var order []*Package
	for i := range t.Packages {
		if len(t.Packages[i].Bins) > 0 {
			order = append(order, &t.Packages[i])
		}
	}
	slices.SortFunc(order, func(a, b *Package) int {
		return cmp.Or(cmp.Compare(depth(a.Path), depth(b.Path)), collate(a.Path, b.Path))
	})
	var links []BinLink
	seen := map[string]bool{}
	for _, p := range order {
		modules, folder := splitModules(p.Path)
		for command, file := range p.Bins { // sorted below; two commands of one package are two paths
			link := modules + "/.bin/" + command
			if seen[link] {
				continue
			}
			seen[link] = true
			if exists(p, file) {
				links = append(links, BinLink{Path: link, Target: path.Join("..", folder, file)})
			}
		}
	}
	slices.SortFunc(links, func(a, b BinLink) int { return strings.Compare(a.Path, b.Path) })
	return links
}

// Commands returns the files that links lead to, by their path from the project's
// folder: npm makes each executable and ends its shebang with a line feed.
func Commands(links []BinLink) map[string]bool {
	out := make(map[string]bool, len(links))
	for _, l := range links {
		out[path.Join(path.Dir(l.Path), l.Target)] = true
	}
	return out
}

// Marked returns the files that npm makes executable without linking them, by their
// path from the project's folder: where no command is linked (bin-links=false), and
// the lockfile has no address for a package, npm asks the registry for it and takes
// commands from its answer (pacote, isPackageBin), which the lockfile has as well.
func (t *Tree) Marked() map[string]bool {
	out := map[string]bool{}
	for i := range t.Packages {
		p := &t.Packages[i]
		if !t.Options.NoBinLinks || p.Bundler != "" || p.Resolved != "" {
			continue
		}
		for _, file := range p.Bins { // into a set
			out[path.Join(p.Path, file)] = true
		}
	}
	return out
}

// depth counts the node_modules folders of a path.
func depth(p string) int { return strings.Count("/"+p, "/node_modules/") }

// splitModules splits an install path after its last node_modules.
func splitModules(p string) (modules, folder string) {
	i := strings.LastIndex("/"+p, "/node_modules/") + len("node_modules")
	return p[:i], p[i+1:]
}

// collation is the order of ASCII's printable characters in the root collation of
// CLDR, which npm sorts paths by: punctuation, symbols, digits, letters; a letter
// before its capital where nothing else decides.
const collation = " _-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789"

// Collate is npm's order of names, localeCompare(…, "en") of what is ASCII.
func Collate(a, b string) int { return collate(a, b) }

// collate compares as localeCompare(…, "en") does for package paths, which are
// ASCII; what is not is compared by bytes.
func collate(a, b string) int {
	weight := func(c byte) int {
		if i := strings.IndexByte(collation, c); i >= 0 {
			return i
		}
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			return len(collation) + int(c|0x20)
		}
		return 512 + int(c)
	}
	for i := 0; i < len(a) && i < len(b); i++ {
		if d := weight(a[i]) - weight(b[i]); d != 0 {
			return d
		}
	}
	if d := len(a) - len(b); d != 0 {
		return d
	}
	return -strings.Compare(a, b) // lower case first
}

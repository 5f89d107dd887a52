package sbom

import (
	"cmp"
	"reflect"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// Inventory is what two things must become to be compared: packages by purl and
// install path, whatever they were read from.
type Inventory struct {
	Name     string // of what it is about, for people
	Packages []Item
	Settings []Setting // of an image's configuration; nil where it is not known
	Guards   []Guard   // of an image, one a platform; nil where it is not known
	Root     string    // the Ref that everything hangs on
	Image    string    // the digest of the image that it was read from, "" where it was none
}

// Item is one package at one place. What its source does not say is left zero and is
// not compared.
type Item struct {
	Ref         string         // unique in the Inventory
	Purl        string         // with the version
	Path        string         // the install path, "" where the source knows none
	Name        string         // for people: "@scope/name"
	Version     string         //
	Hashes      []string       // "SHA-512:hex", sorted
	License     string         // as Licence gives it; "" or NoAssertion for not known
	Basis       snapshot.Basis // what named its bytes, "unpinned" of a lockfile that does not; "" for not known
	Registry    string         // the scope its registry is bound to; "" for not known
	Origin      string         // where its bytes come from: one of the Origins, an address, or "file:" and a path; "" for not known
	Inventory   bool           // whether Scripts, Gyp, Addons and Binaries were looked for
	HasScript   *bool          // where only that is known: whether npm would run a script
	Scripts     []string       // "EVENT: text", sorted
	Gyp         bool
	Addons      []string // files, sorted
	Binaries    []string // files, sorted
	Searched    bool     // whether its files were looked into, so that Sites are all there are
	Sites       []Sites  // what was found in them, by kind
	Provenance  string   // a predicate type, "none", or "" for not known
	Maintainers []string // sorted; nil for not known
	DependsOn   []string // Refs
}

// The origins of a package that are no address.
const (
	OriginRegistry = "registry" // whichever registry npm is configured for
	OriginAddress  = "address"  // an address that is not known
	OriginFile     = "file"     // a tarball of the project that is not known
)

// Setting is one field of an image's configuration, such as "user" or "env.PATH".
type Setting struct {
	Name, Value string
}

// Canonical sorts everything in the inventory, so that order never counts, and
// merges items that say the same.
func (v *Inventory) Canonical() *Inventory {
	out := &Inventory{
		Name: v.Name, Root: v.Root, Packages: slices.Clone(v.Packages), Settings: slices.Clone(v.Settings), Guards: canonicalGuards(v.Guards),
	}
	for i := range out.Packages {
		p := &out.Packages[i]
		for _, list := range []*[]string{&p.Hashes, &p.Scripts, &p.Addons, &p.Binaries, &p.Maintainers, &p.DependsOn} {
			sorted := slices.Clone(*list)
			slices.Sort(sorted)
			*list = slices.Compact(sorted)
		}
	}
	for i := range out.Packages {
		out.Packages[i].Sites = canonicalSites(out.Packages[i].Sites)
	}
	slices.SortFunc(out.Packages, compareItems)
	slices.SortFunc(out.Settings, func(a, b Setting) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	return out
}

// Equal reports whether two inventories say the very same, in whatever order. It is
// stricter than that nothing changed between them: what only one side knows counts.
func (v *Inventory) Equal(other *Inventory) bool {
	return reflect.DeepEqual(v.Canonical(), other.Canonical())
}

// compareItems is a total order over everything that is compared, so that equal
// sets of items pair up alike.
func compareItems(a, b Item) int {
	return cmp.Or(
		strings.Compare(a.Purl, b.Purl),
		strings.Compare(a.Path, b.Path),
		strings.Compare(a.Version, b.Version),
		slices.Compare(a.Hashes, b.Hashes),
		strings.Compare(string(a.Basis), string(b.Basis)),
		strings.Compare(a.Registry, b.Registry),
		strings.Compare(a.Origin, b.Origin),
		strings.Compare(a.License, b.License),
		slices.Compare(a.Scripts, b.Scripts),
		slices.Compare(a.Addons, b.Addons),
		slices.Compare(a.Binaries, b.Binaries),
		strings.Compare(a.Provenance, b.Provenance),
		slices.Compare(a.Maintainers, b.Maintainers),
		slices.CompareFunc(a.Sites, b.Sites, compareSites),
		compareBools(a.Searched, b.Searched),
		compareBools(a.Inventory, b.Inventory),
		compareBools(a.Gyp, b.Gyp),
		compareBools(a.HasScript != nil && *a.HasScript, b.HasScript != nil && *b.HasScript),
		compareBools(a.HasScript != nil, b.HasScript != nil),
		strings.Compare(a.Ref, b.Ref),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// RunsScript reports whether npm would run a script, and whether that is known.
func (p *Item) RunsScript() (has, known bool) {
	switch {
	case p.Inventory:
		return len(p.Scripts) > 0 || p.Gyp, true
	case p.HasScript != nil:
		return *p.HasScript, true
	}
	return false, false
}

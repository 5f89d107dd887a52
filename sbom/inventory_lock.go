package sbom

import (
	"strings"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// FromLockfile returns what a package-lock.json says: every entry, whether or not this
// platform would install it, and where it comes from; the host that a scope resolves to
// is npm's configuration and not in the lockfile.
func FromLockfile(l *npm.Lockfile) *Inventory {
	const rootRef = "."
	v := &Inventory{Name: l.Root().Name, Root: rootRef}
	add := func(e *npm.Entry, item Item) {
		for _, group := range []map[string]string{e.Dependencies, e.OptionalDependencies, e.PeerDependencies, e.DevDependencies} {
			for name := range group { // DependsOn is sorted by canonical
				if to, ok := resolve(l, e.Path, name); ok {
					item.DependsOn = append(item.DependsOn, to)
				}
			}
		}
		v.Packages = append(v.Packages, item)
	}
	add(l.Root(), Item{Ref: rootRef, Name: l.Root().Name})
	for _, e := range l.Entries() {
		if e.Link || !strings.Contains(e.Path, "node_modules/") {
			continue
		}
		has := e.HasInstallScript
		item := Item{
			Ref: e.Path, Path: e.Path, Name: e.Name, Version: e.Version,
			Purl: npmPurl(e.Name, e.Version), License: Licence(e.License), HasScript: &has,
		}
		item.Basis = lockBasis(e)
		if l.Bundler(e) == nil {
			item.Origin = origin(e.Origin(), e.Name, e.Version)
		}
		if hs := hashes(e.Integrity, [32]byte{}); hs != nil {
			for _, h := range *hs {
				item.Hashes = append(item.Hashes, string(h.Algorithm)+":"+h.Value)
			}
		}
		add(e, item)
	}
	return v
}

// Unpinned is what a bare lockfile has of a version that it does not name by a strong
// digest: nobody can know what will before it is pinned.
const Unpinned snapshot.Basis = "unpinned"

// lockBasis is what an entry's own lockfile names its bytes by.
func lockBasis(e *npm.Entry) snapshot.Basis {
	own, _ := sri.Parse(e.Integrity) // the zero value of nothing, which is weak
	elsewhere, _ := sri.Parse(e.Elsewhere)
	switch {
	case e.InBundle:
		return "" // its bundler's digest names it
	case !own.Weak():
		return snapshot.BasisLockfile
	case !elsewhere.Weak():
		return snapshot.BasisTwin
	}
	return Unpinned
}

// origin is where bytes come from, as it is compared: what changes with every version
// is taken out.
func origin(o locked.Origin, name, version string) string {
	switch o.From {
	case locked.FromRegistry:
		return OriginRegistry
	case locked.FromAddress:
		return npm.Place(o.Address, name, version)
	}
	text := o.Shown()
	if version != "" {
		text = strings.ReplaceAll(text, version, "VERSION")
	}
	return text
}

// resolve finds the entry that a package at from gets for a name: the nearest
// node_modules on the way up (Node, "Loading from node_modules folders").
func resolve(l *npm.Lockfile, from, name string) (string, bool) {
	for dir := from; ; {
		candidate := "node_modules/" + name
		if dir != "" {
			candidate = dir + "/" + candidate
		}
		if e, ok := l.Find(candidate); ok {
			return e.Path, true
		}
		i := strings.LastIndex(dir, "node_modules/")
		if i < 0 {
			return "", false
		}
		dir = strings.TrimSuffix(dir[:i], "/")
	}
}

// FromSnapshot returns what an nbuild.lock says: artefacts without install paths, whose
// bytes and registry bindings are known.
func FromSnapshot(l *snapshot.Lock) *Inventory {
	v := &Inventory{Name: "nbuild.lock"}
	for a := range l.All() {
		item := Item{
			Ref: a.ID(), Name: a.Name, Version: a.Version,
			Hashes: []string{"SHA-256:" + a.SHA256.String()},
		}
		switch a.Kind {
		case snapshot.KindNPM, snapshot.KindGit:
			item.Purl = npmPurl(a.Name, a.Version)
			item.Basis = a.Basis()
			item.Registry = a.Facts["registry"]
			switch a.Facts["resolution"] {
			case "":
				item.Origin = OriginRegistry
				if item.Registry == "" {
					item.Registry = DefaultRegistry
				}
			case "file":
				item.Origin = OriginFile
			default:
				item.Origin = OriginAddress // nbuild.lock has no addresses
			}
			signals := a.Signals()
			item.Provenance, item.Maintainers = signals.Provenance, signals.Maintainers
		case snapshot.KindNode, snapshot.KindTool:
			item.Purl = npmPurl(a.Name, a.Version)
			if basis := a.Basis(); basis != snapshot.BasisRegistry { // which is usual for it
				item.Basis = basis
			}
		case snapshot.KindDeb:
			_, arch, _ := strings.Cut(a.Platform, "/")
			item.Purl = debPurl(Deb{Name: a.Name, Version: a.Version, Arch: arch}, nil)
		case snapshot.KindBase:
			item.Purl = ociPurl(a.Name, "sha256:"+a.SHA256.String(), a.Platform)
			item.Version = "sha256:" + a.SHA256.String()
		default:
			item.Purl = genericPurl(string(a.Kind)+"/"+a.Name, a.Version, nil)
		}
		if hs := hashes(a.Integrity, [32]byte{}); hs != nil {
			for _, h := range *hs {
				item.Hashes = append(item.Hashes, string(h.Algorithm)+":"+h.Value)
			}
		}
		v.Packages = append(v.Packages, item)
	}
	return v
}

package sbom

import (
	"slices"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Inventory returns what the document says, for Compare. Components inside components
// count as much as those at the top, to the depth that Read takes. Install paths are
// read from the properties that npm's and Anchore's tools write as well as from ours.
func (b *BOM) Inventory() *Inventory {
	root := &b.doc.Metadata.Component
	v := &Inventory{Name: root.Name, Root: root.Ref}
	edges := make(map[string][]string, len(b.doc.Dependencies))
	for _, d := range b.doc.Dependencies {
		edges[d.Ref] = append(edges[d.Ref], d.DependsOn...)
	}
	var walk func(cs []bomComponent)
	walk = func(cs []bomComponent) {
		for i := range cs {
			item := cs[i].item()
			item.DependsOn = edges[item.Ref]
			v.Packages = append(v.Packages, item)
			walk(cs[i].Components)
		}
	}
	walk(b.doc.Components)
	walk(root.Components)
	if root.Ref != "" {
		// The root is there for its edges; itself it is what is compared.
		v.Packages = append(v.Packages, Item{Ref: root.Ref, Name: root.Name, DependsOn: edges[root.Ref]})
	}
	return v
}

func (c *bomComponent) item() Item {
	item := Item{Ref: c.Ref, Purl: c.Purl, Name: c.Name, Version: c.Version, License: c.licence()}
	if c.Group != "" {
		item.Name = c.Group + "/" + c.Name
	}
	if item.Purl == "" && c.Type != "operating-system" {
		item.Purl = genericPurl(item.Name, c.Version, nil)
	}
	if item.Ref == "" {
		item.Ref = item.Purl
	}
	if c.Type == "operating-system" {
		item.Purl = genericPurl("os/"+c.Name, c.Version, nil)
	}
	for _, h := range c.Hashes {
		item.Hashes = append(item.Hashes, h.Algorithm+":"+strings.ToLower(h.Content))
	}
	for _, x := range c.External {
		if x.Type != "distribution" {
			continue
		}
		for _, h := range x.Hashes {
			item.Hashes = append(item.Hashes, h.Algorithm+":"+strings.ToLower(h.Content))
		}
	}
	for _, p := range c.Properties {
		item.property(p.Name, p.Value)
	}
	item.Origin = c.origin(item)
	if item.Basis == "" && (item.Registry != "" || item.Inventory && item.Origin != "") {
		item.Basis = snapshot.BasisLockfile // what is usual is not written
	}
	if item.Searched {
		item.occurrences(c.Evidence.Occurrences)
	}
	return item
}

// origin is where the purl says that a package comes from. A purl of npm without a
// qualifier means the registry only where nbuild wrote it: others leave it out.
func (c *bomComponent) origin(item Item) string {
	p, err := packageurl.FromString(c.Purl)
	if err != nil || p.Type != packageurl.TypeNPM {
		return ""
	}
	q := p.Qualifiers.Map()
	switch address, file := q["download_url"], q["file_name"]; {
	case address != "":
		return origin(locked.Origin{From: locked.FromAddress, Address: address}, item.Name, item.Version)
	case file != "":
		return origin(locked.Origin{From: locked.FromFile, Address: file}, item.Name, item.Version)
	case item.Registry != "":
		return OriginRegistry
	}
	return ""
}

func (item *Item) property(name, value string) {
	switch name {
	case propPath, "syft:location:0:path":
		if item.Path == "" || name == propPath {
			item.Path = strings.TrimSuffix(strings.TrimPrefix(value, "/"), "/package.json")
		}
	case propBasis:
		item.Basis = snapshot.Basis(value)
	case propRegistry:
		item.Registry = value
	case propInventory:
		item.Inventory = item.Inventory || value == "package"
		item.Searched = item.Searched || value == "file"
	case propScript:
		if value == UnknownScript {
			yes := true
			item.HasScript = &yes
			return
		}
		item.Scripts = append(item.Scripts, value)
	case propGyp:
		item.Gyp = true
	case propAddon:
		item.Addons = append(item.Addons, value)
	case propBinary:
		item.Binaries = append(item.Binaries, value)
	case propProvenance:
		item.Provenance = value
	case propMaintainer:
		item.Maintainers = append(item.Maintainers, value)
	default:
		item.sites(name, value)
	}
}

// licence joins what a component declares into one text.
func (c *bomComponent) licence() string {
	var all []string
	for _, l := range c.Licenses {
		for _, text := range []string{l.Expression, l.License.ID, l.License.Name} {
			if text != "" {
				all = append(all, Licence(text))
				break
			}
		}
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), " AND ")
}

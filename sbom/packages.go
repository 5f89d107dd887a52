package sbom

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// packageRef is the bom-ref of an npm package: its purl and its install path.
func packageRef(p *Package) string { return npmPurl(p.Name, p.Version) + "#" + p.Path }

// packages adds the npm packages and returns the bom-refs of the direct ones.
func (w *writer) packages() ([]string, error) {
	c := w.contents
	refs := make(map[string]string, len(c.Packages))
	for i := range c.Packages {
		p := &c.Packages[i]
		if _, twice := refs[p.Path]; twice {
			return nil, fmt.Errorf("writing BOM: %w: two packages at %s", ErrContents, p.Path)
		}
		refs[p.Path] = packageRef(p)
	}
	resolve := func(from string, paths []string) ([]string, error) {
		out := make([]string, len(paths))
		for i, to := range paths {
			ref, ok := refs[to]
			if !ok {
				return nil, fmt.Errorf("writing BOM: %w: %s depends on %s, which is not there", ErrContents, from, to)
			}
			out[i] = ref
		}
		return out, nil
	}
	for i := range c.Packages {
		p := &c.Packages[i]
		on, err := resolve(p.Path, p.DependsOn)
		if err != nil {
			return nil, err
		}
		w.add(w.npmComponent(p, refs[p.Path]), on...)
	}
	return resolve("the project", c.Project.DependsOn)
}

func (w *writer) npmComponent(p *Package, ref string) cdx.Component {
	group, name, scoped := strings.Cut(p.Name, "/")
	if !scoped {
		group, name = "", p.Name
	}
	c := cdx.Component{
		BOMRef: ref, Type: cdx.ComponentTypeLibrary, Group: group, Name: name, Version: p.Version,
		PackageURL: packagePurl(p),
		Hashes:     hashes(p.Integrity, p.SHA256),
		Properties: packageProperties(p),
		Evidence:   w.evidence(p.Found),
	}
	if p.Optional {
		c.Scope = cdx.ScopeOptional
	}
	if len(p.Built) > 0 {
		c.Pedigree = &cdx.Pedigree{Notes: "The hashes are those of the tarball. Install scripts ran on what it holds, in a sandbox without a network; the properties nbuild:action, nbuild:script-ran, nbuild:built-with and nbuild:output say which, with what, and what they made."}
	}
	links := p.distribution()
	if p.Facts == nil {
		c.Licenses = licences(NoAssertion, w.version)
		c.ExternalReferences = links.list()
		return c
	}
	c.Licenses = licences(p.Facts.License, w.version)
	c.Description = p.Facts.Description
	w.author(&c, p.Facts.Author)
	if u := publicURL(p.Facts.Homepage); u != "" {
		links = append(links, cdx.ExternalReference{Type: cdx.ERTypeWebsite, URL: u})
	}
	if u := publicURL(p.Facts.Repository); u != "" {
		links = append(links, cdx.ExternalReference{Type: cdx.ERTypeVCS, URL: u})
	}
	c.ExternalReferences = links.list()
	return c
}

// externals are what a component refers to.
type externals []cdx.ExternalReference

// list is nil where there are none.
func (r externals) list() *[]cdx.ExternalReference {
	if len(r) == 0 {
		return nil
	}
	return (*[]cdx.ExternalReference)(&r)
}

// distribution says where the tarball is had, where the lockfile or the project says
// it: an address without whatever could be a secret in it, or the project's file.
func (p *Package) distribution() externals {
	address, comment := p.Address, ""
	if p.Origin.From == locked.FromFile {
		address, comment = (&url.URL{Path: p.Origin.Address}).String(), "a tarball of the project"
	}
	if address == "" {
		return nil
	}
	return externals{{Type: cdx.ERTypeDistribution, URL: address, Comment: comment, Hashes: hashes(p.Integrity, p.SHA256)}}
}

// author names a component's author, without the address for mail that npm's
// "Name <mail> (url)" may hold: a name is what the BOM needs.
func (w *writer) author(c *cdx.Component, text string) {
	name, _, _ := strings.Cut(text, "<")
	name, _, _ = strings.Cut(name, "(")
	if name = strings.TrimSpace(name); name == "" {
		return
	}
	if w.version >= cdx.SpecVersion1_6 {
		c.Authors = &[]cdx.OrganizationalContact{{Name: name}}
		return
	}
	c.Author = name
}

// packageProperties lists what nbuild knows about a package beyond CycloneDX's own
// fields, sorted by name, then value.
func packageProperties(p *Package) *[]cdx.Property {
	out := make([]cdx.Property, 0, 6)
	add := func(name, value string) {
		if value != "" {
			out = append(out, cdx.Property{Name: name, Value: value})
		}
	}
	add(propPath, p.Path)
	if p.Bundler != "" {
		add(propBundled, "true")
	}
	if p.Dev {
		add(propDevelopment, "true")
	}
	if p.Basis != snapshot.BasisLockfile {
		add(propBasis, string(p.Basis))
	}
	add(propRegistry, p.Registry)
	add(propPublished, p.Published)
	switch {
	case p.Facts != nil:
		add(propInventory, "package")
		for _, f := range dynamism.OfPackage(p.Facts) {
			add("nbuild:"+string(f.Kind), f.Excerpt)
		}
		if p.Found != nil {
			add(propInventory, "file")
			for _, c := range siteProperties(p.Found) {
				add(c.Name, c.Value)
			}
		}
	case p.HasInstallScript:
		add(propScript, UnknownScript)
	}
	add(propUnbuilt, p.Unbuilt)
	for _, b := range p.Built {
		for _, made := range builtProperties(b) {
			if !slices.Contains(out, made) { // another platform's may be the same
				out = append(out, made)
			}
		}
	}
	add(propProvenance, p.Signals.Provenance)
	for _, m := range p.Signals.Maintainers {
		add(propMaintainer, m)
	}
	if p.Signals.Deprecated {
		add(propDeprecated, "true")
	}
	sortProperties(out)
	return &out
}

// builtProperties lists what install scripts made of a package, and how.
func builtProperties(b Built) []cdx.Property {
	out := []cdx.Property{{Name: propAction, Value: b.Action.Platform + " sha256:" + b.Action.SHA256.String()}}
	for _, s := range b.Scripts {
		out = append(out, cdx.Property{Name: propRan, Value: s})
	}
	for _, a := range b.With {
		out = append(out, cdx.Property{Name: propBuiltWith, Value: a.ID() + " sha256:" + a.SHA256.String()})
	}
	for _, f := range b.Files {
		out = append(out, cdx.Property{Name: propOutput, Value: "sha256:" + f.SHA256.String() + " " + f.Name})
	}
	for _, name := range b.Gone {
		out = append(out, cdx.Property{Name: propGone, Value: name})
	}
	return out
}

func sortProperties(ps []cdx.Property) {
	slices.SortFunc(ps, func(a, b cdx.Property) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Value, b.Value)
	})
}

// publicURL gives an address of a manifest in a form that the schema takes, or ""
// where it is none. npm's shorthand for GitHub is written out; a user name and a
// password are dropped.
func publicURL(text string) string {
	text = strings.TrimSpace(text)
	if rest, ok := strings.CutPrefix(text, "github:"); ok {
		text = rest
	}
	if !strings.Contains(text, ":") && strings.Count(text, "/") == 1 && !strings.ContainsAny(text, " \t<>@") {
		text = "https://github.com/" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || strings.ContainsAny(text, " <>\"{}|\\^`") {
		return ""
	}
	switch strings.TrimPrefix(u.Scheme, "git+") {
	case "http", "https", "git", "ssh":
	default:
		return ""
	}
	u.User = nil
	return u.String()
}

package sbom

import (
	"fmt"
	"strconv"

	cdx "github.com/CycloneDX/cyclonedx-go"
	"github.com/package-url/packageurl-go"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// runtimes adds each Node binary: the program itself, under the name and the CPE
// that advisories use, and the npm package it came in, which says who built it.
func (w *writer) runtimes(root string) {
	for _, r := range w.contents.Runtimes {
		purl := npmPurl(r.Package, r.Version)
		node := cdx.Component{
			BOMRef: genericPurl("node", r.Version, nil) + "#" + r.Package,
			Type:   cdx.ComponentTypePlatform, Name: "node", Version: r.Version,
			PackageURL: genericPurl("node", r.Version, nil),
			CPE:        "cpe:2.3:a:nodejs:node.js:" + r.Version + ":*:*:*:*:*:*:*",
			Hashes:     hashes("", r.Binary),
			Properties: &[]cdx.Property{{Name: propBuiltBy, Value: builtByNodeBinGen}},
		}
		carrier := cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeLibrary, Name: r.Package, Version: r.Version,
			PackageURL: purl,
			Hashes:     hashes(r.Integrity, r.SHA256),
			Properties: &[]cdx.Property{{Name: propBuiltBy, Value: builtByNodeBinGen}},
		}
		if r.Basis.Weaker(snapshot.BasisRegistry) && r.Basis != "" {
			*carrier.Properties = append(*carrier.Properties, cdx.Property{Name: propBasis, Value: string(r.Basis)})
		}
		w.add(node)
		w.add(carrier, node.BOMRef)
		w.edges[root] = append(w.edges[root], carrier.BOMRef)
	}
}

// debs adds the distribution and its packages. Scanners choose their advisories by
// the component of type operating-system. Which of the packages needs which is not
// known here, and said to be.
func (w *writer) debs(root string) error {
	c := w.contents
	if len(c.Debs) == 0 {
		return nil
	}
	if c.Distro == nil {
		return fmt.Errorf("writing BOM: %w: .debs of no distribution", ErrContents)
	}
	direct := []string{}
	for _, d := range c.Debs {
		ref := debPurl(d, c.Distro)
		component := cdx.Component{
			BOMRef: ref, Type: cdx.ComponentTypeLibrary, Name: d.Name, Version: d.Version,
			PackageURL: ref,
			Hashes:     hashes("", d.SHA256),
			Licenses:   licences(d.License, w.version),
		}
		if d.Maintainer != "" {
			component.Supplier = &cdx.OrganizationalEntity{Name: d.Maintainer}
		}
		if u := publicURL(d.Homepage); u != "" {
			component.ExternalReferences = &[]cdx.ExternalReference{{Type: cdx.ERTypeWebsite, URL: u}}
		}
		w.add(component)
		w.loose = append(w.loose, ref)
		direct = append(direct, ref)
	}
	w.add(cdx.Component{
		BOMRef: osRef, Type: cdx.ComponentTypeOS, Name: c.Distro.ID, Version: c.Distro.Version,
		Description: c.Distro.Name,
	}, direct...)
	w.edges[root] = append(w.edges[root], osRef)
	return nil
}

// bases adds images from registries, of which only the digest is known.
func (w *writer) bases(root string) {
	for _, b := range w.contents.Bases {
		purl := ociPurl(b.Name, b.Digest, b.Platform)
		component := cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeContainer, Name: b.Name, Version: b.Digest, PackageURL: purl,
		}
		w.add(component)
		w.unknown = append(w.unknown, purl)
		w.edges[root] = append(w.edges[root], purl)
	}
}

// steps adds what build steps have made of the project: one component a step. Its files
// are properties and no components, as the project's own files are none: a package is
// what somebody else answers for.
func (w *writer) steps(root string) {
	for _, s := range w.contents.Steps {
		var properties []cdx.Property
		for _, a := range s.Actions {
			properties = append(properties, cdx.Property{Name: propAction, Value: a.Platform + " sha256:" + a.SHA256.String()})
		}
		for _, f := range s.Outputs {
			properties = append(properties, cdx.Property{Name: propOutput, Value: "sha256:" + f.SHA256.String() + " " + f.Name})
		}
		sortProperties(properties)
		purl := genericPurl("step/"+s.Name, "", nil)
		w.add(cdx.Component{BOMRef: purl, Type: cdx.ComponentTypeFile, Name: "step." + s.Name, PackageURL: purl, Properties: &properties})
		w.edges[root] = append(w.edges[root], purl)
	}
}

// files adds fetched files.
func (w *writer) files(root string) {
	for _, f := range w.contents.Files {
		purl := genericPurl(f.Name, "", packageurl.Qualifiers{{Key: "checksum", Value: "sha256:" + f.SHA256.String()}})
		w.add(cdx.Component{
			BOMRef: purl, Type: cdx.ComponentTypeFile, Name: f.Name, PackageURL: purl,
			Hashes:     hashes("", f.SHA256),
			Properties: &[]cdx.Property{{Name: propSize, Value: strconv.FormatInt(f.Size, 10)}},
		})
		w.edges[root] = append(w.edges[root], purl)
	}
}

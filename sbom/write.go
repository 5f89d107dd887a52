package sbom

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/nbuild/nbuild/sbom/schema"
)

// DefaultVersion is the version of CycloneDX that is written where none is asked
// for.
const DefaultVersion = "1.6"

// Options says how a BOM is written.
type Options struct {
	Version string // "1.5", "1.6" or "1.7"; "" is DefaultVersion
	Pretty  bool   // indented, for people
}

// ErrContents reports Contents that no BOM can be written of.
var ErrContents = errors.New("contradictory contents")

// placeholder is what stands as serial number until the content is known.
const placeholder = "urn:uuid:00000000-0000-0000-0000-000000000000"

// Write gives the CycloneDX JSON document of c, ended by a line break. Its serial
// number is made from the SHA-256 of the document without it (RFC 9562 §5.8), so
// equal contents give equal bytes.
func Write(c *Contents, o Options) ([]byte, error) {
	version, err := specVersion(o.Version)
	if err != nil {
		return nil, err
	}
	w := &writer{contents: c, version: version}
	bom, err := w.document()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	b.Grow(1024 + 1536*len(w.components))
	encoder := cdx.NewBOMEncoder(&b, cdx.BOMFileFormatJSON).SetEscapeHTML(false).SetPretty(o.Pretty)
	if err := encoder.Encode(bom); err != nil {
		return nil, fmt.Errorf("encoding BOM: %w", err)
	}
	return bytes.Replace(b.Bytes(), []byte(placeholder), []byte(serial(b.Bytes())), 1), nil
}

func specVersion(text string) (cdx.SpecVersion, error) {
	switch text {
	case "", DefaultVersion:
		return cdx.SpecVersion1_6, nil
	case "1.5":
		return cdx.SpecVersion1_5, nil
	case "1.7":
		return cdx.SpecVersion1_7, nil
	}
	return 0, fmt.Errorf("writing BOM: CycloneDX %q is none of %s", text, strings.Join(schema.Versions(), ", "))
}

// serial makes a version 8 UUID of a digest.
func serial(doc []byte) string {
	id := sha256.Sum256(doc)
	id[6] = id[6]&0x0f | 0x80
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("urn:uuid:%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:16])
}

// writer makes the document of Contents.
type writer struct {
	contents   *Contents
	version    cdx.SpecVersion
	components []cdx.Component
	edges      map[string][]string // by bom-ref
	unknown    []string            // bom-refs of what is not known inside
	loose      []string            // bom-refs of what has edges that are not known
}

// add keeps a component and what it depends on.
func (w *writer) add(c cdx.Component, dependsOn ...string) {
	w.components = append(w.components, c)
	w.edges[c.BOMRef] = append(w.edges[c.BOMRef], dependsOn...)
}

const (
	projectRef = "project"
	imageRef   = "image"
	osRef      = "os"
)

func (w *writer) document() (*cdx.BOM, error) {
	c := w.contents
	w.edges, w.components = map[string][]string{}, []cdx.Component{}
	root := w.project()
	direct, err := w.packages()
	if err != nil {
		return nil, err
	}
	w.edges[projectRef] = direct
	if c.Image != nil {
		w.add(root)
		root = cdx.Component{
			BOMRef: imageRef, Type: cdx.ComponentTypeContainer, Name: c.Image.Name, Version: c.Image.Version,
		}
		w.edges[imageRef] = []string{projectRef}
	}
	w.runtimes(root.BOMRef)
	if err := w.debs(root.BOMRef); err != nil {
		return nil, err
	}
	w.bases(root.BOMRef)
	w.files(root.BOMRef)
	w.steps(root.BOMRef)

	slices.SortFunc(w.components, func(a, b cdx.Component) int { return strings.Compare(a.BOMRef, b.BOMRef) })
	for i := 1; i < len(w.components); i++ {
		if w.components[i].BOMRef == w.components[i-1].BOMRef {
			return nil, fmt.Errorf("writing BOM: %w: %s stands twice", ErrContents, w.components[i].BOMRef)
		}
	}
	bom := &cdx.BOM{
		JSONSchema:   schema.URL(w.version.String()),
		BOMFormat:    cdx.BOMFormat,
		SpecVersion:  w.version,
		SerialNumber: placeholder,
		Version:      1,
		Metadata:     w.metadata(&root),
		Components:   &w.components,
	}
	bom.Dependencies = w.dependencies()
	bom.Compositions = w.compositions(root.BOMRef, *bom.Dependencies)
	return bom, nil
}

func (w *writer) metadata(root *cdx.Component) *cdx.Metadata {
	c := w.contents
	phase := cdx.LifecyclePhaseBuild
	if !c.Complete {
		phase = cdx.LifecyclePhasePreBuild
	}
	m := &cdx.Metadata{
		Lifecycles: &[]cdx.Lifecycle{{Phase: phase}},
		Tools: &cdx.ToolsChoice{Components: &[]cdx.Component{{
			Type: cdx.ComponentTypeApplication, Name: "nbuild", Version: c.Tool,
		}}},
		Component: root,
	}
	if !c.Date.IsZero() {
		m.Timestamp = c.Date.UTC().Format(time.RFC3339)
	}
	var properties []cdx.Property
	if !c.Snapshot.IsZero() {
		properties = append(properties, cdx.Property{Name: propSnapshot, Value: "sha256:" + c.Snapshot.String()})
	}
	if properties = append(properties, totalProperties(c)...); len(properties) > 0 {
		sortProperties(properties)
		m.Properties = &properties
	}
	return m
}

func (w *writer) project() cdx.Component {
	p := w.contents.Project
	name := p.Name
	if name == "" {
		name = "project"
	}
	// A purl of type npm would make scanners take the project for whatever public
	// package has its name.
	c := cdx.Component{
		BOMRef: projectRef, Type: cdx.ComponentTypeApplication, Name: name, Version: p.Version,
		PackageURL: genericPurl(name, p.Version, nil),
		Licenses:   licences(p.License, w.version),
		Evidence:   w.evidence(p.Found),
	}
	if p.Found != nil {
		properties := append(siteProperties(p.Found), cdx.Property{Name: propInventory, Value: "file"})
		sortProperties(properties)
		c.Properties = &properties
	}
	return c
}

// dependencies lists every component's edges, by bom-ref; one that has none is
// there without any, which says so (CycloneDX 1.6 §dependencies), and one whose edges
// are not known is not there.
func (w *writer) dependencies() *[]cdx.Dependency {
	refs := make([]string, 0, len(w.edges))
	for ref := range w.edges { // sorted below
		if !slices.Contains(w.loose, ref) {
			refs = append(refs, ref)
		}
	}
	slices.Sort(refs)
	out := make([]cdx.Dependency, len(refs))
	for i, ref := range refs {
		out[i].Ref = ref
		if on := w.edges[ref]; len(on) > 0 {
			slices.Sort(on)
			on = slices.Compact(on)
			w.edges[ref] = on
			out[i].Dependencies = &on
		}
	}
	return &out
}

// compositions says what is known whole. References do not cascade (CycloneDX 1.6
// §compositions), so each component is named.
func (w *writer) compositions(root string, all []cdx.Dependency) *[]cdx.Composition {
	known := cdx.CompositionAggregateComplete
	if !w.contents.Complete {
		known = cdx.CompositionAggregateIncomplete
	}
	assemblies := []cdx.BOMReference{cdx.BOMReference(root)}
	refs := make([]cdx.BOMReference, 0, len(w.edges))
	for _, d := range all {
		if !slices.Contains(w.unknown, d.Ref) {
			refs = append(refs, cdx.BOMReference(d.Ref))
		}
	}
	out := []cdx.Composition{{Aggregate: known, Assemblies: &assemblies, Dependencies: &refs}}
	references := func(refs []string) *[]cdx.BOMReference {
		slices.Sort(refs)
		out := make([]cdx.BOMReference, len(refs))
		for i, ref := range refs {
			out[i] = cdx.BOMReference(ref)
		}
		return &out
	}
	if len(w.loose) > 0 {
		out = append(out, cdx.Composition{Aggregate: cdx.CompositionAggregateUnknown, Dependencies: references(w.loose)})
	}
	if len(w.unknown) > 0 {
		// An image whose base is not known inside is not known whole itself.
		out[0].Aggregate = cdx.CompositionAggregateIncomplete
		out = append(out, cdx.Composition{Aggregate: cdx.CompositionAggregateUnknown, Assemblies: references(w.unknown)})
	}
	return &out
}

package sbom

import (
	"strconv"
	"strings"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// evidence lists the places of a package's findings, at most bounds.Occurrences of
// each kind (CycloneDX 1.6 §evidence.occurrences). CycloneDX 1.5 has places without
// a line, a symbol or a context, which show nothing; there the counts must do.
func (w *writer) evidence(found *dynamism.Package) *cdx.Evidence {
	if found == nil || len(found.Findings) == 0 || w.version < cdx.SpecVersion1_6 {
		return nil
	}
	seen := map[source.Kind]int{}
	out := make([]cdx.EvidenceOccurrence, 0, min(len(found.Findings), 64))
	for i := range found.Findings {
		f := &found.Findings[i]
		if seen[f.Kind]++; seen[f.Kind] > bounds.Occurrences {
			continue
		}
		o := cdx.EvidenceOccurrence{Location: f.File, Symbol: f.Symbol, AdditionalContext: occurrenceContext(f)}
		if f.Line > 0 {
			o.Line, o.Offset = &f.Line, &f.Column
		}
		out = append(out, o)
	}
	return &cdx.Evidence{Occurrences: &out}
}

// occurrenceContext is "KIND: EXCERPT", or "KIND through PACKAGE: EXCERPT".
func occurrenceContext(f *source.Finding) string {
	text := string(f.Kind)
	if f.Through != "" {
		text += throughWord + f.Through
	}
	return text + ": " + strings.TrimSpace(f.Excerpt)
}

const throughWord = " through "

// occurrenceKind reads the kind of an occurrence that occurrenceContext wrote.
func occurrenceKind(context string) string {
	kind, _, _ := strings.Cut(context, ": ")
	kind, _, _ = strings.Cut(kind, throughWord)
	return kind
}

// siteProperties counts a package's findings by kind, those that are no occurrences,
// and the places that could not be read.
func siteProperties(found *dynamism.Package) []cdx.Property {
	var out []cdx.Property
	for _, c := range dynamism.Counts(found.Findings) {
		out = append(out, cdx.Property{Name: propSites + string(c.Kind), Value: strconv.Itoa(c.Sites)})
		if c.Sites > bounds.Occurrences {
			out = append(out, cdx.Property{Name: propMore + string(c.Kind), Value: strconv.Itoa(c.Sites - bounds.Occurrences)})
		}
	}
	if n := len(found.Unparsed); n > 0 {
		out = append(out, cdx.Property{Name: propUnparsed, Value: strconv.Itoa(n)})
	}
	return out
}

// totalProperties counts the findings of all packages, and of the project, by kind.
func totalProperties(c *Contents) []cdx.Property {
	sites := map[source.Kind]int{}
	count := func(found *dynamism.Package) {
		if found == nil {
			return
		}
		for _, f := range found.Findings {
			sites[f.Kind]++
		}
	}
	count(c.Project.Found)
	for i := range c.Packages {
		if c.Packages[i].Facts != nil {
			count(c.Packages[i].Found)
		}
	}
	var out []cdx.Property
	for _, k := range source.Kinds() {
		if sites[k] > 0 {
			out = append(out, cdx.Property{Name: propSites + string(k), Value: strconv.Itoa(sites[k])})
		}
	}
	return out
}

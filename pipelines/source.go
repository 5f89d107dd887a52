package pipelines

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// SourceKind is what a Source takes its files from.
type SourceKind string

// The kinds of source.
const (
	FromFiles   SourceKind = "files"   // files of the project that globs name
	FromProject SourceKind = "project" // the project's default files
	FromNpm     SourceKind = "npm"     // a tree of packages
	FromStep    SourceKind = "step"    // a step's outputs
	FromBase    SourceKind = "base"    // a root filesystem
	FromFetch   SourceKind = "fetch"   // a fetched file
)

// Source is a typed reference to files.
type Source struct {
	Kind    SourceKind
	Name    string   // of the block; the globs of files()
	Tree    string   // of npm: production, all, package
	Package string   // of npm, where Tree is package
	Files   []string // of files(): paths relative to the project's folder, sorted bytewise
}

// String writes the source as build.hcl would.
func (s Source) String() string {
	switch s.Kind {
	case FromFiles:
		return "files(" + s.Name + ")"
	case FromProject:
		return "the project's files"
	case FromNpm:
		if s.Tree == "package" {
			return fmt.Sprintf("npm.%s.package[%q]", s.Name, s.Package)
		}
		return "npm." + s.Name + "." + s.Tree
	}
	return string(s.Kind) + "." + s.Name
}

// sourceType carries a Source through an expression.
var sourceType = cty.Capsule("source", reflect.TypeFor[Source]())

func (s Source) value() cty.Value { return cty.CapsuleVal(sourceType, &s) }

// asSources takes one source, or a list of them, out of a value.
func asSources(v cty.Value) ([]Source, bool) {
	if v.Type().Equals(sourceType) {
		return []Source{*v.EncapsulatedValue().(*Source)}, true
	}
	if !v.CanIterateElements() || v.Type().IsMapType() || v.Type().IsObjectType() {
		return nil, false
	}
	var out []Source
	for it := v.ElementIterator(); it.Next(); {
		_, e := it.Element()
		if e.IsNull() {
			return nil, false
		}
		inner, ok := asSources(e)
		if !ok {
			return nil, false
		}
		out = append(out, inner...)
	}
	return out, true
}

// kinds joins kinds for a sentence.
func kinds(ks []SourceKind) string {
	var words []string
	for _, k := range ks {
		switch k {
		case FromFiles:
			words = append(words, "files(…)")
		case FromNpm:
			words = append(words, "npm.NAME.production or .all")
		case FromProject:
		default:
			words = append(words, string(k)+".NAME")
		}
	}
	return strings.Join(words, ", ")
}

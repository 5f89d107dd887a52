package pipelines

import (
	"fmt"
	"path"
	"reflect"
	"strings"

	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// SourceKind is what a Source takes its files from.
type SourceKind string

// The kinds of source.
const (
	FromFiles   SourceKind = "files"   // files of the project that globs name
	FromProject SourceKind = "project" // the project's own files
	FromNpm     SourceKind = "npm"     // a tree of packages
	FromStep    SourceKind = "step"    // a step's outputs
	FromBase    SourceKind = "base"    // a root filesystem
	FromFetch   SourceKind = "fetch"   // a fetched file
)

// Source is a typed reference to files.
type Source struct {
	Kind    SourceKind
	Name    string   // of the block; the globs of files()
	Tree    string   // of npm: production, all, package; of the project: production, all
	Package string   // of npm, where Tree is package
	Output  string   // of a step: one output, or what is in it; all of them where it is ""
	Files   []string // of files(): paths relative to the project's folder, sorted bytewise
}

// String writes the source as build.hcl would.
func (s Source) String() string {
	switch s.Kind {
	case FromFiles:
		return "files(" + s.Name + ")"
	case FromProject:
		if s.Tree == "all" {
			return "project.all"
		}
		return "the project's files"
	case FromNpm:
		if s.Tree == "package" {
			return fmt.Sprintf("npm.%s.package[%q]", s.Name, s.Package)
		}
		return "npm." + s.Name + "." + s.Tree
	}
	if s.Output != "" {
		return fmt.Sprintf("step.%s.output[%q]", s.Name, s.Output)
	}
	return string(s.Kind) + "." + s.Name
}

// Take returns those of a step's outputs that the source names, as they stand where it is
// laid: all of them below their own paths, or what is in one folder directly there, or one
// file by its own name.
func (s Source) Take(outputs []snapshot.Entry) []snapshot.Entry {
	if s.Output == "" {
		return outputs
	}
	var taken []snapshot.Entry
	for _, e := range outputs {
		if rest, ok := strings.CutPrefix(e.Path, s.Output+"/"); ok {
			e.Path = rest
			taken = append(taken, e)
		} else if e.Path == s.Output {
			e.Path = path.Base(e.Path)
			taken = append(taken, e)
		}
	}
	return taken
}

// Names reports whether one of a step's outputs, by its path, is of the source.
func (s Source) Names(output string) bool {
	return s.Output == "" || output == s.Output || strings.HasPrefix(output, s.Output+"/")
}

// sourceType carries a Source through an expression.
var sourceType = cty.Capsule("source", reflect.TypeFor[Source]())

// itself is the attribute of a step that stands for the step itself. No expression can
// spell it.
const itself = " itself"

func (s Source) value() cty.Value { return cty.CapsuleVal(sourceType, &s) }

// asSources takes one source, or a list of them, out of a value.
func asSources(v cty.Value) ([]Source, bool) {
	if v.Type().IsObjectType() && v.Type().HasAttribute(itself) {
		v = v.GetAttr(itself)
	}
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
			words = append(words, "project.production or .all")
		default:
			words = append(words, string(k)+".NAME")
		}
	}
	return strings.Join(words, ", ")
}

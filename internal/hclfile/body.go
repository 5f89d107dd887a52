package hclfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Body is a file or a block that was held to its Schema.
type Body struct {
	Type   string    // of the block, "" of the file
	Labels []string  // as many as the schema asks for
	Range  hcl.Range // of the block's header
	Blocks []*Body   // in source order
	attrs  map[string]*hcl.Attribute
	schema *Schema
}

// Has reports whether an attribute is there.
func (b *Body) Has(name string) bool { return b.attrs[name] != nil }

// Expr returns the expression of an attribute, nil where it is absent.
func (b *Body) Expr(name string) hcl.Expression {
	if a := b.attrs[name]; a != nil {
		return a.Expr
	}
	return nil
}

// Names lists the attributes that are there, in source order.
func (b *Body) Names() []string {
	return slices.SortedFunc(maps.Keys(b.attrs), func(x, y string) int {
		if c := b.attrs[x].Range.Start.Byte - b.attrs[y].Range.Start.Byte; c != 0 {
			return c
		}
		return cmp.Compare(x, y)
	})
}

// At returns the place of an attribute's value, or the block's header where the
// attribute is absent.
func (b *Body) At(name string) hcl.Range {
	if a := b.attrs[name]; a != nil {
		return a.Expr.Range()
	}
	return b.Range
}

// Of returns the blocks of one type, in source order.
func (b *Body) Of(typ string) []*Body {
	var out []*Body
	for _, c := range b.Blocks {
		if c.Type == typ {
			out = append(out, c)
		}
	}
	return out
}

// One returns the block of a type that stands at most once, or nil.
func (b *Body) One(typ string) *Body {
	if all := b.Of(typ); len(all) > 0 {
		return all[0]
	}
	return nil
}

// Decode holds the file to a schema. The Body holds whatever is right, so that
// evaluation can go on and report its own problems.
func (f *File) Decode(schema *Schema) (*Body, diag.Problems) {
	d := &decoder{file: f, problems: slices.Clone(f.loops)}
	body := d.body(f.body, schema, &Body{Range: hcl.Range{Filename: f.Name}})
	d.problems.Sort()
	return body, d.problems
}

type decoder struct {
	file     *File
	problems diag.Problems
}

func (d *decoder) problem(r hcl.Range, code diag.Code, what, why, remedy string) {
	if len(d.problems) < bounds.Problems {
		d.problems = append(d.problems, d.file.Problem(r, code, what, why, remedy))
	}
}

// within names the place for a message: `image "storefront"`.
func (b *Body) within() string {
	if b.Type == "" {
		return "the file"
	}
	name := b.Type
	for _, l := range b.Labels {
		name += fmt.Sprintf(" %q", l)
	}
	return name
}

func (d *decoder) body(src hcl.Body, schema *Schema, into *Body) *Body {
	into.schema, into.attrs = schema, map[string]*hcl.Attribute{}
	var blocks hcl.Blocks
	if native, ok := src.(*hclsyntax.Body); ok {
		blocks = d.native(native, schema, into)
	} else {
		blocks = d.json(src, schema, into)
	}
	for _, a := range schema.Attrs {
		if a.Required && into.attrs[a.Name] == nil {
			d.problem(into.Range, CodeMissing, fmt.Sprintf("%s has no %s", into.within(), a.Name), a.Doc,
				fmt.Sprintf("add a line: %s = …", a.Name))
		}
	}
	seen := map[string]bool{}
	for _, src := range blocks {
		kind, ok := schema.block(src.Type)
		if !ok {
			continue
		}
		child := &Body{Type: src.Type, Labels: src.Labels, Range: src.DefRange}
		switch {
		case len(src.Labels) < len(kind.Labels):
			d.problem(src.DefRange, CodeMissing, fmt.Sprintf("%s has no %s", src.Type, kind.Labels[len(src.Labels)]), kind.Doc,
				fmt.Sprintf(`write it as: %s "%s" {`, src.Type, strings.Join(kind.Labels, `" "`)))
			continue
		case len(src.Labels) > len(kind.Labels):
			r := src.DefRange
			if len(src.LabelRanges) > len(kind.Labels) {
				r = src.LabelRanges[len(kind.Labels)]
			}
			d.problem(r, CodeUnknown, fmt.Sprintf("%s takes %d labels, not %d", src.Type, len(kind.Labels), len(src.Labels)), "", "remove the label")
			continue
		}
		key := child.within()
		if seen[key] && !kind.Repeat {
			d.problem(src.DefRange, CodeDuplicate, key+" stands twice in "+into.within(), "", "join the two blocks, or give one another name")
			continue
		}
		seen[key] = true
		into.Blocks = append(into.Blocks, d.body(src.Body, &kind.Body, child))
	}
	for _, k := range schema.Blocks {
		if k.Required && into.One(k.Name) == nil && len(blocks.OfType(k.Name)) == 0 {
			label := ""
			for _, l := range k.Labels {
				label += fmt.Sprintf(" %q", l)
			}
			d.problem(into.Range, CodeMissing, fmt.Sprintf("%s has no %s block", into.within(), k.Name), k.Doc, fmt.Sprintf("add: %s%s {}", k.Name, label))
		}
	}
	return into
}

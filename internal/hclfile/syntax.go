package hclfile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nbuild/nbuild/internal/diag"
)

// native takes the attributes and blocks of a body in HCL's native syntax and
// reports those that the schema does not have.
func (d *decoder) native(src *hclsyntax.Body, schema *Schema, into *Body) hcl.Blocks {
	for _, name := range slices.Sorted(maps.Keys(src.Attributes)) {
		a := src.Attributes[name]
		if _, ok := schema.attr(name); ok || schema.Free {
			into.attrs[name] = a.AsHCLAttribute()
			continue
		}
		d.unknown(a.NameRange, "attribute", name, schema, into)
	}
	var blocks hcl.Blocks
	for _, b := range src.Blocks {
		if _, ok := schema.block(b.Type); !ok {
			d.unknown(b.TypeRange, "block", b.Type, schema, into)
			continue
		}
		blocks = append(blocks, b.AsHCLBlock())
	}
	return blocks
}

// json does the same for a body in HCL's JSON form, in which only a schema
// distinguishes attributes from blocks.
func (d *decoder) json(src hcl.Body, schema *Schema, into *Body) hcl.Blocks {
	if schema.Free {
		attrs, diags := src.JustAttributes()
		d.foreign(diags, schema, into)
		for name, a := range attrs {
			into.attrs[name] = a
		}
		return nil
	}
	want := &hcl.BodySchema{}
	for _, a := range schema.Attrs {
		want.Attributes = append(want.Attributes, hcl.AttributeSchema{Name: a.Name})
	}
	for _, b := range schema.Blocks {
		want.Blocks = append(want.Blocks, hcl.BlockHeaderSchema{Type: b.Name, LabelNames: b.Labels})
	}
	content, diags := src.Content(want)
	d.foreign(diags, schema, into)
	for name, a := range content.Attributes {
		into.attrs[name] = a
	}
	blocks := content.Blocks
	slices.SortStableFunc(blocks, func(a, b *hcl.Block) int { return a.DefRange.Start.Byte - b.DefRange.Start.Byte })
	return blocks
}

// foreign reports what the JSON form's reader found.
func (d *decoder) foreign(diags hcl.Diagnostics, schema *Schema, into *Body) {
	for _, g := range diags {
		at := into.Range
		if g.Subject != nil {
			at = *g.Subject
		}
		code := CodeValue
		switch g.Summary {
		case "Extraneous JSON object property":
			code = CodeUnknown
		case "Missing required argument", "Missing object":
			code = CodeMissing
		case "Duplicate argument", "Duplicate JSON object property":
			code = CodeDuplicate
		}
		names := append(schema.attrNames(), schema.blockNames()...)
		d.problem(at, code, sentence(g.Summary)+" in "+into.within(), g.Detail, "use "+list(names))
	}
}

// unknown reports a name that the schema does not have, with the nearest it has.
func (d *decoder) unknown(at hcl.Range, what, name string, schema *Schema, into *Body) {
	names, others, other := schema.attrNames(), schema.blockNames(), "block"
	if what == "block" {
		names, others, other = others, names, "attribute"
	}
	remedy := ""
	near := diag.Nearest(name, names)
	switch {
	case slices.Contains(others, name) && other == "block":
		remedy = fmt.Sprintf("write it as a block: %s { … }", name)
	case slices.Contains(others, name):
		remedy = fmt.Sprintf("write it as an attribute: %s = …", name)
	case near != "":
		remedy = fmt.Sprintf("did you mean %q?", near)
	case len(names) > 0:
		remedy = fmt.Sprintf("use %s, or remove it", list(names))
	default:
		remedy = "remove it"
	}
	d.problem(at, CodeUnknown, fmt.Sprintf("%s has no %s %q", into.within(), what, name), "", remedy)
}

// list joins names for a sentence: "one of a, b, c".
func list(names []string) string {
	if len(names) == 0 {
		return "nothing here"
	}
	out := "one of "
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

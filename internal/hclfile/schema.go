package hclfile

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// Schema is what the body of a file or of a block may hold.
type Schema struct {
	Attrs  []Attr
	Blocks []Block
	Free   bool // any attribute is allowed, as in locals
}

// Attr is an attribute of a body.
type Attr struct {
	Name     string
	Type     cty.Type // what the value is converted to; cty.DynamicPseudoType takes any
	Required bool
	OneOf    []string // the closed list of values of a string or of a list of strings
	Default  string   // what holds where it is absent, for the reference
	Holds    string   // for the reference, where Type does not say it: "a size", "files"
	Refers   string   // where a Reader is Plain: the kind of name that may stand for the value
	Doc      string   // one sentence for the reference
}

// Block is a kind of block in a body. One with labels may stand many times, each
// time with other labels; one without stands once, unless Repeat says otherwise.
type Block struct {
	Name     string
	Labels   []string // what each label is, for the reference and for problems
	Body     Schema
	Required bool
	Repeat   bool   // it may stand many times, with the same labels or none
	Doc      string // a sentence or two for the reference
}

// attr returns the attribute of that name.
func (s *Schema) attr(name string) (*Attr, bool) {
	for i := range s.Attrs {
		if s.Attrs[i].Name == name {
			return &s.Attrs[i], true
		}
	}
	return nil, false
}

// block returns the block of that name.
func (s *Schema) block(name string) (*Block, bool) {
	for i := range s.Blocks {
		if s.Blocks[i].Name == name {
			return &s.Blocks[i], true
		}
	}
	return nil, false
}

// attrNames lists the attributes in the order of the schema.
func (s *Schema) attrNames() []string {
	var names []string
	for _, a := range s.Attrs {
		names = append(names, a.Name)
	}
	return names
}

// blockNames lists the blocks in the order of the schema.
func (s *Schema) blockNames() []string {
	var names []string
	for _, b := range s.Blocks {
		names = append(names, b.Name)
	}
	return names
}

// TypeName says in words what an attribute holds: "string", "list of string",
// "map of string", "any value".
func (a Attr) TypeName() string {
	if a.Holds != "" {
		return a.Holds
	}
	if a.Type == cty.DynamicPseudoType || a.Type == cty.NilType {
		return "any value"
	}
	return strings.ReplaceAll(a.Type.FriendlyName(), "bool", "true or false")
}

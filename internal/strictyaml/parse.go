package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// Kind is what a value is.
type Kind uint8

// The kinds of value.
const (
	Text Kind = iota // a scalar; Null where it is the empty one
	Map
	List
)

// Value is a value of a document.
type Value struct {
	Kind    Kind
	Line    int
	Text    string
	Quoted  bool // a text in quotes or in a block, which is a string whatever it looks like
	Entries []Entry
	Items   []*Value
}

// Entry is one entry of a mapping.
type Entry struct {
	Key   string
	Line  int
	Value *Value
}

// Error is why a document was refused.
type Error struct {
	Line int
	Why  string
	Twin string // the key that stands twice, where that is why
}

// Error implements error.
func (e *Error) Error() string { return e.Why }

// Null reports whether nothing is said: an empty value, null or ~.
func (v *Value) Null() bool {
	return v == nil || v.Kind == Text && !v.Quoted && (v.Text == "" || v.Text == "~" || v.Text == "null")
}

// True reports whether the value is true.
func (v *Value) True() bool { return v != nil && v.Kind == Text && !v.Quoted && v.Text == "true" }

// Get returns the value of a key, nil where the mapping has none or it is no mapping.
func (v *Value) Get(key string) *Value {
	if v == nil {
		return nil
	}
	for i := range v.Entries {
		if v.Entries[i].Key == key {
			return v.Entries[i].Value
		}
	}
	return nil
}

// Parse reads the documents of a text of at most limit bytes. The error is an [Error].
func Parse(src []byte, limit int) ([]*Value, error) {
	if len(src) > limit {
		return nil, &Error{Line: 1, Why: fmt.Sprintf("it is larger than %d bytes", limit)}
	}
	if err := deep(src); err != nil {
		return nil, err
	}
	var documents []*Value
	for decoder := yaml.NewDecoder(bytes.NewReader(src)); ; {
		var root yaml.Node
		err := decoder.Decode(&root)
		if errors.Is(err, io.EOF) {
			return documents, nil
		}
		if err != nil {
			return nil, syntax(err)
		}
		c := converter{left: len(src) + 1}
		v, err := c.value(&root, 0)
		if err != nil {
			return nil, err
		}
		documents = append(documents, v)
	}
}

// deep refuses a text that nests deeper than a lockfile does before it is parsed: by its
// brackets, wherever they stand, and by how far a line is indented.
func deep(src []byte) error {
	line, depth, indent, first, dashes := 1, 0, 0, true, 0
	for _, c := range src {
		switch c {
		case '\n':
			line++
			indent, first, dashes = 0, true, 0
			continue
		case ' ':
			if first {
				indent++
			}
			continue
		case '-', '?', ':':
			if first {
				dashes++
				continue
			}
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(0, depth-1)
		}
		first = false
		if depth > maxBrackets || dashes > bounds.JSONDepth {
			return &Error{Line: line, Why: "it nests too deeply"}
		}
	}
	return nil
}

// maxBrackets is how many brackets may be open: a text may hold some that it never closes.
const maxBrackets = 10_000

var atLine = lazyregexp.New(`line (\d+): `)

// syntax is the parser's own error, with its line.
func syntax(err error) *Error {
	why := strings.TrimPrefix(err.Error(), "yaml: ")
	e := &Error{Line: 1, Why: why}
	if m := atLine().FindStringSubmatchIndex(why); m != nil {
		if n, err := strconv.Atoi(why[m[2]:m[3]]); err == nil {
			e.Line, e.Why = n, why[:m[0]]+why[m[1]:]
		}
	}
	return e
}

// converter makes values of the parser's nodes. Left is how many more it makes.
type converter struct{ left int }

func (c *converter) value(n *yaml.Node, depth int) (*Value, error) {
	c.left--
	switch {
	case depth > bounds.JSONDepth || c.left < 0:
		return nil, &Error{Line: n.Line, Why: "it nests too deeply"}
	case n.Kind == yaml.AliasNode:
		return nil, &Error{Line: n.Line, Why: "the alias *" + n.Value + " stands for another part of the file"}
	case n.Anchor != "":
		return nil, &Error{Line: n.Line, Why: "the anchor &" + n.Anchor + " lets another part of the file stand for this one"}
	case n.Style&yaml.TaggedStyle != 0:
		return nil, &Error{Line: n.Line, Why: "the tag " + n.Tag + " makes another type of a value"}
	}
	v := &Value{Line: n.Line}
	switch n.Kind {
	case yaml.DocumentNode:
		return c.value(n.Content[0], depth)
	case yaml.ScalarNode:
		v.Text, v.Quoted = n.Value, n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
		return v, nil
	case yaml.SequenceNode:
		v.Kind = List
		for _, item := range n.Content {
			made, err := c.value(item, depth+1)
			if err != nil {
				return nil, err
			}
			v.Items = append(v.Items, made)
		}
		return v, nil
	case yaml.MappingNode:
		return v, c.entries(v, n, depth)
	}
	return v, nil // an empty document
}

func (c *converter) entries(v *Value, n *yaml.Node, depth int) error {
	v.Kind = Map
	seen := make(map[string]bool, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, err := c.value(n.Content[i], depth+1)
		if err != nil {
			return err
		}
		switch {
		case key.Kind != Text:
			return &Error{Line: key.Line, Why: "a key is no text"}
		case key.Text == "<<" && !key.Quoted:
			return &Error{Line: key.Line, Why: "the merge key << takes in another mapping"}
		case seen[key.Text]:
			return &Error{Line: key.Line, Why: "the key " + strconv.Quote(key.Text) + " stands twice in one mapping", Twin: key.Text}
		}
		seen[key.Text] = true
		value, err := c.value(n.Content[i+1], depth+1)
		if err != nil {
			return err
		}
		v.Entries = append(v.Entries, Entry{Key: key.Text, Line: key.Line, Value: value})
	}
	return nil
}

package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
)

// rule is one schema, its keywords as fields; what is absent is nil, or -1 for a size.
type rule struct {
	always *bool // the schema true or false, and nothing else
	ref    *rule // a $ref, beside which draft-07 ignores every other keyword

	types    []string
	constant *any
	enum     []any
	format   func(string) error
	formatOf string

	required   []string
	properties map[string]*rule
	additional *rule

	items           *rule
	tuple           []*rule
	additionalItems *rule
	unique          bool

	minLength, maxLength, minItems, maxItems int
	minimum, maximum                         *number
	pattern                                  *regexp.Regexp

	all, any, one   []*rule
	not             *rule
	when, then, els *rule
}

// notes are keywords that say nothing about what is valid.
var notes = []string{"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated", "meta:enum", "definitions"}

// compiler reads schemas and what they refer to, each rule once by its address.
type compiler struct {
	load  func(url string) ([]byte, error)
	docs  map[string]any
	rules map[string]*rule
}

// compile reads the schema at an address.
func compile(url string, load func(url string) ([]byte, error)) (*rule, error) {
	c := compiler{load: load, docs: map[string]any{}, rules: map[string]*rule{}}
	return c.at(url, "")
}

// Decode reads a JSON document as Check takes it, numbers as they are written.
func Decode(raw []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.UseNumber()
	var doc any
	if err := dec.Decode(&doc); err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the document")
	}
	return doc, nil
}

// at reads the rule that a reference names, in the document at url.
func (c *compiler) at(url, ref string) (*rule, error) {
	file, pointer, _ := strings.Cut(ref, "#")
	if file != "" {
		url = url[:strings.LastIndexByte(url, '/')+1] + file
	}
	if known := c.rules[url+"#"+pointer]; known != nil {
		return known, nil
	}
	doc, ok := c.docs[url]
	if !ok {
		raw, err := c.load(url)
		if err != nil {
			return nil, err
		}
		if doc, err = Decode(raw); err != nil {
			return nil, err
		}
		c.docs[url] = doc
	}
	for _, key := range strings.Split(pointer, "/")[1:] {
		object, _ := doc.(map[string]any)
		if doc, ok = object[key]; !ok {
			return nil, fmt.Errorf("%s refers to %q, which is not there", url, ref)
		}
	}
	r := &rule{minLength: -1, maxLength: -1, minItems: -1, maxItems: -1}
	c.rules[url+"#"+pointer] = r // before it is filled, since rules refer to themselves
	return r, c.fill(r, doc, url)
}

// fill reads one schema of the document at url.
func (c *compiler) fill(r *rule, doc any, url string) error {
	switch doc := doc.(type) {
	case bool:
		r.always = &doc
		return nil
	case map[string]any:
		for key, value := range doc {
			if err := c.keyword(r, key, value, url); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
		return nil
	}
	return fmt.Errorf("a schema is an object, true or false, not %T", doc)
}

func (c *compiler) keyword(r *rule, key string, value any, url string) (err error) {
	switch key {
	case "$ref":
		r.ref, err = c.at(url, text(value, &err))
	case "type":
		r.types = texts(value, &err)
	case "const":
		r.constant = &value
	case "enum":
		r.enum, err = list(value)
	case "format":
		r.formatOf = text(value, &err)
		r.format, err = formatOf(r.formatOf)
	case "required":
		r.required = texts(value, &err)
	case "properties":
		r.properties, err = c.named(value, url)
	case "additionalProperties":
		r.additional, err = c.inner(value, url)
	case "items":
		if _, several := value.([]any); several {
			r.tuple, err = c.several(value, url)
		} else {
			r.items, err = c.inner(value, url)
		}
	case "additionalItems":
		r.additionalItems, err = c.inner(value, url)
	case "uniqueItems":
		r.unique, _ = value.(bool)
	case "minLength":
		r.minLength, err = count(value)
	case "maxLength":
		r.maxLength, err = count(value)
	case "minItems":
		r.minItems, err = count(value)
	case "maxItems":
		r.maxItems, err = count(value)
	case "minimum":
		r.minimum, err = numberOf(value)
	case "maximum":
		r.maximum, err = numberOf(value)
	case "pattern":
		r.pattern, err = regexp.Compile(text(value, &err))
	case "allOf":
		r.all, err = c.several(value, url)
	case "anyOf":
		r.any, err = c.several(value, url)
	case "oneOf":
		r.one, err = c.several(value, url)
	case "not":
		r.not, err = c.inner(value, url)
	case "if":
		r.when, err = c.inner(value, url)
	case "then":
		r.then, err = c.inner(value, url)
	case "else":
		r.els, err = c.inner(value, url)
	default:
		if !slices.Contains(notes, key) {
			return errors.New("this keyword is not known")
		}
	}
	return err
}

// inner reads a schema that stands within another.
func (c *compiler) inner(value any, url string) (*rule, error) {
	r := &rule{minLength: -1, maxLength: -1, minItems: -1, maxItems: -1}
	return r, c.fill(r, value, url)
}

func (c *compiler) several(value any, url string) (rules []*rule, err error) {
	all, err := list(value)
	for _, v := range all {
		r, err := c.inner(v, url)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, err
}

func (c *compiler) named(value any, url string) (map[string]*rule, error) {
	object, ok := value.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("%T is no object", value)
	}
	rules := map[string]*rule{}
	for name, v := range object {
		r, err := c.inner(v, url)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		rules[name] = r
	}
	return rules, nil
}

func list(value any) ([]any, error) {
	all, ok := value.([]any)
	if !ok {
		return nil, fmt.Errorf("%T is no array", value)
	}
	return all, nil
}

func text(value any, err *error) string {
	s, ok := value.(string)
	if !ok {
		*err = fmt.Errorf("%T is no string", value)
	}
	return s
}

// texts reads a string, or an array of them.
func texts(value any, err *error) []string {
	all, several := value.([]any)
	if !several {
		return []string{text(value, err)}
	}
	var out []string
	for _, v := range all {
		out = append(out, text(v, err))
	}
	return out
}

func count(value any) (int, error) {
	n, _ := value.(json.Number)
	i, err := n.Int64()
	return int(i), err
}

func numberOf(value any) (*number, error) {
	n, ok := value.(json.Number)
	if !ok {
		return nil, fmt.Errorf("%T is no number", value)
	}
	return new(parseNumber(n)), nil
}

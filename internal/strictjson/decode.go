package strictjson

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// ErrTooLarge reports a text over the caller's bound.
var ErrTooLarge = errors.New("too large")

// Decode reads one JSON text of at most limit bytes into v, a pointer, as
// encoding/json does, but refuses what two readers could understand differently: a
// key that stands twice in an object, and a key that is a field of v spelt in another
// case, which encoding/json would take and others would not. Keys that v has no field
// for are passed over.
func Decode(raw []byte, limit int, v any) error {
	if len(raw) > limit {
		return fmt.Errorf("%w: %d bytes, over the bound of %d", ErrTooLarge, len(raw), limit)
	}
	if err := Check(raw, v); err != nil {
		return err
	}
	return json.Unmarshal(raw, v)
}

// Check is the part of Decode that looks for what two readers could understand
// differently; it keeps nothing. Where v is nil, no key has a field.
func Check(raw []byte, v any) error {
	if !utf8.Valid(raw) {
		return fmt.Errorf("%w: not UTF-8", ErrSyntax)
	}
	r := NewReader(raw)
	var t reflect.Type
	if v != nil {
		t = reflect.TypeOf(v)
	}
	r.check(t)
	r.End()
	return r.Err()
}

// check passes over a value that is read into a t; nil where that is not known.
func (r *Reader) check(t reflect.Type) {
	t = plain(t)
	switch r.Peek() {
	case '{':
		fields := fieldsOf(t)
		var each reflect.Type
		if t != nil && t.Kind() == reflect.Map {
			each = t.Elem()
		}
		seen := map[string]bool{}
		r.Object(func(key string, at int) {
			if seen[key] {
				r.Fail(at, "key %s stands twice", strconv.Quote(key))
				return
			}
			seen[key] = true
			field, exact := fields[key]
			if !exact {
				field = each
				for name := range fields {
					if strings.EqualFold(name, key) {
						r.Fail(at, "key %s is %s in another case", strconv.Quote(key), strconv.Quote(name))
						return
					}
				}
			}
			r.check(field)
		})
	case '[':
		var each reflect.Type
		if t != nil && (t.Kind() == reflect.Slice || t.Kind() == reflect.Array) {
			each = t.Elem()
		}
		r.Array(func() { r.check(each) })
	case '"':
		if start, plain := r.quoted(); !plain && !r.Failed() {
			r.unescape(r.src[start:r.off-1], start, false) // what it escapes may be half a character
		}
	default:
		r.Literal()
	}
}

var (
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// plain returns what a type is read as: without its pointers, and nil where it reads
// itself.
func plain(t reflect.Type) reflect.Type {
	for t != nil {
		if t.Implements(unmarshaler) || t.Implements(textUnmarshaler) {
			return nil
		}
		if p := reflect.PointerTo(t); p.Implements(unmarshaler) || p.Implements(textUnmarshaler) {
			return nil
		}
		if t.Kind() != reflect.Pointer {
			return t
		}
		t = t.Elem()
	}
	return nil
}

// fieldsOf returns the types of a struct's fields by the keys that encoding/json reads
// into them.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if t == nil || t.Kind() != reflect.Struct {
		return nil
	}
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		f := t.Field(i)
		tag := f.Tag.Get("json")
		name, _, _ := strings.Cut(tag, ",")
		switch {
		case tag == "-":
		case f.Anonymous && name == "":
			for key, inner := range fieldsOf(plain(f.Type)) {
				if _, have := fields[key]; !have {
					fields[key] = inner
				}
			}
		case !f.IsExported():
		case name != "":
			fields[name] = f.Type
		default:
			fields[f.Name] = f.Type
		}
	}
	return fields
}

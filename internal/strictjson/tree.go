package strictjson

import (
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Object is a JSON object. Arrays are []any, numbers json.Number, the rest as in
// encoding/json.
type Object map[string]any

// Parse reads one JSON text into a tree. It takes I-JSON (RFC 7493) alone: UTF-8, no
// key twice in an object, no half of a surrogate pair, and at most bounds.JSONDepth
// levels.
func Parse(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrSyntax)
	}
	r := NewReader(raw)
	v := r.value()
	r.End()
	if err := r.Err(); err != nil {
		return nil, err
	}
	return v, nil
}

// value reads any value into a tree.
func (r *Reader) value() any {
	switch c := r.Peek(); c {
	case '{':
		o := Object{}
		r.Object(func(key string, at int) {
			if _, twice := o[key]; twice {
				r.Fail(at, "key %s stands twice", strconv.Quote(key))
				return
			}
			o[key] = r.value()
		})
		return o
	case '[':
		list := []any{}
		r.Array(func() { list = append(list, r.value()) })
		return list
	case '"':
		return r.Text()
	}
	switch word := r.whole(); word {
	case "true":
		return true
	case "false":
		return false
	case "null":
		return nil
	default:
		return json.Number(word)
	}
}

// whole is Literal, however long.
func (r *Reader) whole() string {
	r.Peek()
	from := r.off
	r.Literal()
	return string(r.src[from:r.off])
}

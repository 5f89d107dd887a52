package oci

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/nbuild/nbuild/internal/bounds"
)

var errDepth = errors.New("nested too deeply")

// decodeJSON reads one whole JSON document of bounded depth into v.
func decodeJSON(raw []byte, v any) error {
	depth, quoted, escaped := 0, false, false
	for _, c := range raw {
		switch {
		case escaped:
			escaped = false
		case quoted:
			escaped = c == '\\'
			quoted = c != '"'
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if depth++; depth > bounds.JSONDepth {
				return errDepth
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	dec := json.NewDecoder(bytes.NewReader(raw))
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one JSON document")
	}
	return nil
}

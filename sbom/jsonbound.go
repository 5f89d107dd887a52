package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
)

// bounded checks that raw is one JSON value within bounds.BOM and
// bounds.JSONDepth, in UTF-8 (RFC 8259 §8.1), in which no object has a key twice
// at the top. It is one pass and keeps nothing.
func bounded(raw []byte) error {
	if len(raw) > bounds.BOM {
		return fmt.Errorf("%d bytes, over the bound of %d", len(raw), bounds.BOM)
	}
	if !utf8.Valid(raw) {
		return errors.New("it is no UTF-8")
	}
	depth, quoted := 0, false
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			if depth++; depth > bounds.JSONDepth {
				return fmt.Errorf("nested deeper than the bound of %d", bounds.JSONDepth)
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return nil
}

// twice returns a key that the object at the top of raw has twice, or "". Two
// readers may take different ones of the two, so neither is taken.
func twice(raw []byte) (string, error) {
	dec := json.NewDecoder(bytes.NewReader(raw))
	open, err := dec.Token()
	if err != nil {
		return "", err
	}
	if open != json.Delim('{') {
		return "", errors.New("it is no JSON object")
	}
	seen := map[string]bool{}
	var skip json.RawMessage
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return "", err
		}
		name, _ := key.(string)
		if seen[name] {
			return name, nil
		}
		seen[name] = true
		if err := dec.Decode(&skip); err != nil {
			return "", err
		}
	}
	if _, err := dec.Token(); err != nil {
		return "", err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return "", errors.New("something follows the document")
	}
	return "", nil
}

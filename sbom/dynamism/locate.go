package dynamism

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf16"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// Locate returns the findings with the line and column of the package.json key
// that each install script stands under; src is the text of that file. A text
// that is not a manifest, or over bounds.PackageJSON, changes nothing.
func Locate(findings []source.Finding, src []byte) []source.Finding {
	if len(src) > bounds.PackageJSON {
		return findings
	}
	at := scriptKeys(src)
	out := make([]source.Finding, len(findings))
	copy(out, findings)
	for i := range out {
		if out[i].Kind != source.InstallScript {
			continue
		}
		event, _, _ := strings.Cut(out[i].Excerpt, ": ")
		if offset, ok := at[event]; ok {
			out[i].Line, out[i].Column = place(src, offset)
		}
	}
	return out
}

// scriptKeys finds where each key of the top object's "scripts" ends. The last of
// two equal keys counts, as in Node.
func scriptKeys(src []byte) map[string]int {
	dec := json.NewDecoder(bytes.NewReader(src))
	at := map[string]int{}
	depth, key := 0, true // key: the next string in an object is a key
	var objects []bool    // for each open bracket, whether it is an object
	scripts := false      // inside the top object's "scripts"
	var last string       // the last key of the top object
	for {
		token, err := dec.Token()
		if err != nil {
			return at
		}
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				if depth++; depth > bounds.JSONDepth {
					return map[string]int{}
				}
				objects = append(objects, t == '{')
				scripts = scripts || depth == 2 && t == '{' && last == "scripts"
				key = true
				continue
			}
			if depth == 2 {
				scripts = false
			}
			depth--
			objects = objects[:len(objects)-1]
			key = true
		case string:
			if len(objects) == 0 || !objects[len(objects)-1] || !key {
				key = true
				continue
			}
			key = false
			if depth == 1 {
				last = t
			}
			if depth == 2 && scripts {
				at[t] = int(dec.InputOffset())
			}
		default:
			key = true
		}
	}
}

// place turns the offset just after a key into the line and column where the key
// begins.
func place(src []byte, end int) (line, column int) {
	// The key has no raw line break in it, so it begins on the line it ends on.
	start := bytes.LastIndexByte(src[:end], '\n') + 1
	quote := end - 1
	for i := end - 2; i >= start; i-- {
		if src[i] == '"' && (i == start || src[i-1] != '\\') {
			quote = i
			break
		}
	}
	line = 1 + bytes.Count(src[:start], []byte("\n"))
	return line, 1 + len(utf16.Encode([]rune(string(src[start:quote]))))
}

package hclfile

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/hcl/v2/hclwrite"
)

// Format rewrites a file in the standard form: HCL's own (hclwrite), with line
// feeds, no blank lines around and one line break at the end; JSON with two spaces
// of indent. Comments and the order of things stay. The error is that of Parse.
func Format(src []byte, name string) ([]byte, error) {
	if _, err := Parse(src, name); err != nil {
		return nil, err
	}
	if isJSON(name) {
		var out bytes.Buffer
		if err := json.Indent(&out, bytes.TrimSpace(src), "", "  "); err != nil {
			return nil, fmt.Errorf("formatting %s: %w", name, err)
		}
		out.WriteByte('\n')
		return out.Bytes(), nil
	}
	out := tidy(src)
	for range 8 { // one pass can bring another's work about, on odd input
		next := tidy(hclwrite.Format(out))
		if bytes.Equal(next, out) {
			break
		}
		out = next
	}
	if _, err := Parse(out, name); err != nil {
		return nil, fmt.Errorf("formatting %s: %w", name, err)
	}
	return out, nil
}

func tidy(src []byte) []byte {
	src = bytes.ReplaceAll(src, []byte("\r\n"), []byte("\n"))
	src = bytes.TrimLeft(src, "\n")
	src = bytes.TrimRight(src, "\n \t")
	if len(src) == 0 {
		return nil
	}
	return append(bytes.Clone(src), '\n')
}

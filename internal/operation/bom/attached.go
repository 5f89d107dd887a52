package bom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/nbuild/nbuild/internal/operation"
	"github.com/nbuild/nbuild/internal/operation/diff"
	"github.com/nbuild/nbuild/internal/operation/images"
)

// Attached returns the BOM that is attached to an image, indented where a person
// reads it. Whose word it is, `nbuild verify` tells.
func Attached(ctx context.Context, host operation.Host, name string, pretty bool) ([]byte, error) {
	doc, err := diff.Document(ctx, diff.Options{Dir: host.Dir, Registry: images.Options(host)}, name)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if pretty {
		if err := json.Indent(&out, doc, "", "  "); err != nil {
			return nil, fmt.Errorf("indenting the BOM of %s: %w", name, err)
		}
	} else {
		out.Write(doc)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

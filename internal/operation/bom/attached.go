package bom

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/sides"
	"github.com/nbuild/nbuild/internal/machine"
)

// Attached returns the BOM that is attached to an image, indented where a person
// reads it. `nbuild verify` says whose word it is.
func Attached(ctx context.Context, host machine.Host, name string, pretty bool) ([]byte, error) {
	doc, err := sides.Document(ctx, sides.Options{Dir: host.Dir, Registry: images.Options(host)}, name)
	if err != nil {
		return nil, project.MeantBlock(host, name, err, "did you mean `nbuild sbom --image "+diag.Word(name)+"`?")
	}
	var out bytes.Buffer
	if pretty {
		if err := json.Indent(&out, doc, "", "  "); err != nil {
			return nil, fmt.Errorf("indenting the BOM of %s: %w", name, err)
		}
	} else {
		out.Write(doc)
	}
	return append(bytes.TrimRight(out.Bytes(), "\n"), '\n'), nil
}

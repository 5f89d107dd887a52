package sbom

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// BOM is a CycloneDX JSON document as it was read. Its bytes are kept: they are
// what was signed, and no Go type holds all that a document may say.
type BOM struct {
	raw []byte
	doc bomDocument
}

// The parts of a document that are read. Everything else is left in the raw bytes.
type bomDocument struct {
	Format       string         `json:"bomFormat"`
	SpecVersion  string         `json:"specVersion"`
	SerialNumber string         `json:"serialNumber"`
	Metadata     bomMetadata    `json:"metadata"`
	Components   []bomComponent `json:"components"`
	Dependencies []struct {
		Ref       string   `json:"ref"`
		DependsOn []string `json:"dependsOn"`
	} `json:"dependencies"`
}

type bomMetadata struct {
	Timestamp string       `json:"timestamp"`
	Component bomComponent `json:"component"`
}

type bomComponent struct {
	Ref      string `json:"bom-ref"`
	Type     string `json:"type"`
	Group    string `json:"group"`
	Name     string `json:"name"`
	Version  string `json:"version"`
	Purl     string `json:"purl"`
	Licenses []struct {
		License struct {
			ID   string `json:"id"`
			Name string `json:"name"`
		} `json:"license"`
		Expression string `json:"expression"`
	} `json:"licenses"`
	Hashes []struct {
		Algorithm string `json:"alg"`
		Content   string `json:"content"`
	} `json:"hashes"`
	External []struct {
		Type   string `json:"type"`
		Hashes []struct {
			Algorithm string `json:"alg"`
			Content   string `json:"content"`
		} `json:"hashes"`
	} `json:"externalReferences"`
	Properties []struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	} `json:"properties"`
	Evidence struct {
		Occurrences []bomOccurrence `json:"occurrences"`
	} `json:"evidence"`
	Components []bomComponent `json:"components"`
}

type bomOccurrence struct {
	Location string `json:"location"`
	Line     int    `json:"line"`
	Symbol   string `json:"symbol"`
	Context  string `json:"additionalContext"`
}

// formats are the versions of CycloneDX JSON that Read takes; Validate knows fewer.
var formats = []string{"1.2", "1.3", "1.4", "1.5", "1.6", "1.7"}

// Parse is Read of bytes, which the BOM keeps and the caller must not change.
func Parse(raw []byte, file string) (*BOM, error) {
	pos := diag.Pos{File: file}
	b := &BOM{raw: raw}
	if err := strictjson.Decode(raw, bounds.BOM, &b.doc); err != nil {
		return nil, diag.Problems{unreadable(position(raw, pos, err), err)}
	}
	if b.doc.Format != "CycloneDX" {
		return nil, diag.Problems{unreadable(pos, fmt.Errorf("bomFormat is %q, not CycloneDX", b.doc.Format))}
	}
	if !slices.Contains(formats, b.doc.SpecVersion) {
		return nil, diag.Problems{unsupported(pos, b.doc.SpecVersion)}
	}
	if n := count(b.doc.Components) + count(b.doc.Metadata.Component.Components); n > bounds.Packages {
		return nil, diag.Problems{unreadable(pos, fmt.Errorf("%d components, over the bound of %d", n, bounds.Packages))}
	}
	return b, nil
}

func count(cs []bomComponent) int {
	n := len(cs)
	for i := range cs {
		n += count(cs[i].Components)
	}
	return n
}

// IsBOM reports whether bytes look like a CycloneDX JSON document: an object that
// has bomFormat near its beginning.
func IsBOM(src []byte) bool {
	head := bytes.TrimLeft(src[:min(len(src), 64<<10)], " \t\r\n")
	return len(head) > 0 && head[0] == '{' && bytes.Contains(head, []byte(`"bomFormat"`))
}

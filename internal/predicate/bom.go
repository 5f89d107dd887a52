package predicate

import (
	"encoding/json"
	"fmt"

	"github.com/nbuild/nbuild/internal/bounds"
)

// NewBOM makes the statement that a CycloneDX JSON document is the bill of
// materials of the subject. The document stands in it whole, in canonical form.
func NewBOM(subject Subject, document []byte) (*Statement, error) {
	if len(document) > bounds.BOM {
		return nil, fmt.Errorf("%w: the BOM is larger than %d bytes", ErrPredicate, bounds.BOM)
	}
	s, err := NewStatement(subject, TypeBOM, json.RawMessage(document))
	if err != nil {
		return nil, err
	}
	if _, err := ParseBOM(s); err != nil {
		return nil, err
	}
	return s, nil
}

// ParseBOM returns the CycloneDX document of a BOM statement, canonical JSON. It
// looks at the format's name and nothing else; package sbom validates.
func ParseBOM(s *Statement) ([]byte, error) {
	var head struct {
		Format  string `json:"bomFormat"`
		Version string `json:"specVersion"`
	}
	if err := s.open(TypeBOM, &head); err != nil {
		return nil, err
	}
	if head.Format != "CycloneDX" || head.Version == "" {
		return nil, fmt.Errorf("%w: it is no CycloneDX document", ErrPredicate)
	}
	return s.Predicate, nil
}

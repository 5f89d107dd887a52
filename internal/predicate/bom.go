package predicate

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/strictjson"
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
// looks at the format's name and nothing else; package sbom validates. The document
// may be large, so no tree is made of it.
func ParseBOM(s *Statement) ([]byte, error) {
	if err := s.of(TypeBOM); err != nil {
		return nil, err
	}
	head, err := strictjson.Members(s.Predicate)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrPredicate, err)
	}
	for key := range head {
		for _, name := range []string{"bomFormat", "specVersion"} {
			if key != name && strings.EqualFold(key, name) {
				return nil, fmt.Errorf("%w: %s is spelt otherwise", ErrPredicate, name)
			}
		}
	}
	if text(head["bomFormat"]) != "CycloneDX" || text(head["specVersion"]) == "" {
		return nil, fmt.Errorf("%w: it is no CycloneDX document", ErrPredicate)
	}
	return s.Predicate, nil
}

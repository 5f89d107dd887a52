package sbom

import (
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// Read reads a document within bounds.BOM. It does not hold it to the schema; call
// Validate for that. File is the document's name in problems.
func Read(r io.Reader, file string) (*BOM, error) {
	raw, err := io.ReadAll(io.LimitReader(r, bounds.BOM+1))
	if err != nil {
		return nil, fmt.Errorf("reading BOM: %w", err)
	}
	return Parse(raw, file)
}

// Raw returns the document's bytes. The caller must not change them.
func (b *BOM) Raw() []byte { return b.raw }

// Digest returns the SHA-256 of the document's bytes.
func (b *BOM) Digest() cas.Digest { return cas.Sum(b.raw) }

// Version returns the version of CycloneDX that the document says it is.
func (b *BOM) Version() string { return b.doc.SpecVersion }

// Serial returns the serial number, "" where there is none.
func (b *BOM) Serial() string { return b.doc.SerialNumber }

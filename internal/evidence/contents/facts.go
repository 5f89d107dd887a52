package contents

import (
	"encoding/binary"
	"fmt"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/evidence/inventory"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom"
)

// facts reads what a file index says about a package.
func (g *gatherer) facts(index cas.Digest) (*snapshot.Index, error) {
	doc, err := g.document(index)
	if err != nil {
		return nil, err
	}
	return snapshot.DecodeFacts(doc)
}

func (g *gatherer) document(index cas.Digest) ([]byte, error) {
	doc, err := g.store.Read(g.ctx, index, bounds.FileIndex)
	if err != nil {
		return nil, fmt.Errorf("reading a file index (run `nbuild vendor`): %w", err)
	}
	return doc, nil
}

// factsKind is the kind of results that hold the facts of many file indexes: of each
// its length, then the document less its entries.
const factsKind = "facts"

// together returns facts of the packages of a tree, which are kept in one record: it
// takes longer to open a thousand files than to read what they say.
func (g *gatherer) together(tree *locked.Tree) (sbom.Facts, error) {
	origins, err := inventory.OriginsOf(tree, g.lock)
	if err != nil {
		return nil, err
	}
	doc, err := g.store.Joined(g.ctx, factsKind, origins.Indexes, bounds.FileIndex, func() ([]byte, error) {
		var all []byte
		for _, index := range origins.Indexes {
			doc, err := g.document(index)
			if err != nil {
				return nil, err
			}
			head, err := snapshot.FactsOf(doc)
			if err != nil {
				return nil, err
			}
			all = append(binary.AppendUvarint(all, uint64(len(head))), head...)
		}
		return all, nil
	})
	if err != nil {
		return nil, err
	}
	heads := make(map[cas.Digest][]byte, len(origins.Indexes))
	for _, index := range origins.Indexes {
		n, width := binary.Uvarint(doc)
		if width <= 0 || n > uint64(len(doc)-width) {
			break // of another form: read one by one
		}
		heads[index] = doc[width : width+int(n)]
		doc = doc[width+int(n):]
	}
	return func(index cas.Digest) (*snapshot.Index, error) {
		if head, ok := heads[index]; ok {
			return snapshot.DecodeFacts(head)
		}
		return g.facts(index)
	}, nil
}

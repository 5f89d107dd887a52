package snapshot

import (
	"context"
	"fmt"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// IndexOf reads the file index of an artefact from the store. An artefact without one is
// an error: nbuild.lock names one of each that unpacks to files.
func IndexOf(ctx context.Context, store *cas.Store, a Artefact) (*Index, error) {
	named, ok := a.Index()
	if !ok {
		return nil, fmt.Errorf("nbuild.lock names no file index of %s", a.ID())
	}
	index, err := ReadIndex(ctx, store, named)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", a.ID(), err)
	}
	return index, nil
}

// ReadIndex reads a file index by its digest.
func ReadIndex(ctx context.Context, store *cas.Store, named cas.Digest) (*Index, error) {
	doc, err := store.Read(ctx, named, bounds.FileIndex)
	if err != nil {
		return nil, fmt.Errorf("reading file index: %w", err)
	}
	index, err := DecodeIndex(doc)
	if err != nil {
		return nil, fmt.Errorf("reading file index: %w", err)
	}
	return index, nil
}

package inventory

import (
	"context"
	"fmt"
	"io"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// Built returns what was found in files that a step has made, whose bytes are in the
// store. They are of no package of a registry: Path and Purl are empty, as of a project's
// own files.
func (c *Collector) Built(ctx context.Context, outputs []snapshot.Entry) (dynamism.Package, error) {
	index := &snapshot.Index{Package: &snapshot.PackageFacts{}}
	relevant := dynamism.Relevant(nil, index.Package)
	for _, e := range outputs {
		if e.Link != "" {
			continue
		}
		head, err := c.head(ctx, e.SHA256)
		if err != nil {
			return dynamism.Package{}, fmt.Errorf("reading %s, which a step made: %w", e.Path, err)
		}
		switch {
		case tarball.IsMachineCode(head):
			index.Package.Natives = append(index.Package.Natives, e.Path)
		case relevant(e.Path, e.Mode):
			index.Entries = append(index.Entries, e)
		}
	}
	content := func(i int) ([]byte, error) { return c.store.Read(ctx, index.Entries[i].SHA256, bounds.SourceFile) }
	packages, err := c.files(ctx, index, content, nil)
	if err != nil {
		return dynamism.Package{}, fmt.Errorf("analysing what a step made: %w", err)
	}
	p := packages[0]
	p.Purl, p.Path = "", ""
	return p, nil
}

// head is how a blob begins.
func (c *Collector) head(ctx context.Context, digest cas.Digest) ([]byte, error) {
	blob, err := c.store.Open(ctx, digest)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	head := make([]byte, min(headSize, blob.Size()))
	_, err = io.ReadFull(blob, head)
	return head, err
}

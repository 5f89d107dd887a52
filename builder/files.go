package builder

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/worktree"
)

// Entries describes project files for a layer, with the SHA-256 of each, read
// below root. What is planned from them is what the image gets: the layer holds
// each file to its digest.
func Entries(ctx context.Context, root *os.Root, files []worktree.File) ([]snapshot.Entry, error) {
	entries := make([]snapshot.Entry, len(files))
	for i, f := range files {
		entries[i] = snapshot.Entry{Path: f.Path, Mode: f.Mode, Size: f.Size, Link: f.Link}
	}
	slices.SortFunc(entries, func(a, b snapshot.Entry) int { return strings.Compare(a.Path, b.Path) })
	return image.Digested(ctx, root, entries)
}

// named describes the files of a files() reference.
func named(ctx context.Context, root *os.Root, names []string) ([]snapshot.Entry, error) {
	files := make([]worktree.File, len(names))
	for i, name := range names {
		info, err := root.Stat(name)
		if err != nil { // it was there when build.hcl was read
			return nil, fmt.Errorf("reading the project's files: %w", err)
		}
		files[i] = worktree.File{Path: name, Mode: 0o644, Size: info.Size()}
		if info.Mode()&0o111 != 0 {
			files[i].Mode = 0o755
		}
	}
	return Entries(ctx, root, files)
}

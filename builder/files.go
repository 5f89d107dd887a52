package builder

import (
	"context"
	"os"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/diag"
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
	var problems diag.Problems
	for i, name := range names {
		info, err := root.Stat(name)
		if err != nil {
			problems = append(problems, &diag.Problem{
				Code: CodeFiles, Pos: diag.Pos{File: name}, What: "a file of the project can't be read", Err: err,
				Why: "the image could not hold what the plan says", Remedy: "check that the file is there and may be read, or leave it out of the layer",
			})
			continue
		}
		files[i] = worktree.File{Path: name, Mode: 0o644, Size: info.Size()}
		if info.Mode()&0o111 != 0 {
			files[i].Mode = 0o755
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return Entries(ctx, root, files)
}

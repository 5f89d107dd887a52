package js

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var corpus = flag.String("corpus", "testdata", "folder of JavaScript that the benchmark and the corpus test read")

// sourcesBelow returns the JavaScript files below a folder, sorted.
func sourcesBelow(t testing.TB, root string) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		switch filepath.Ext(path) {
		case ".js", ".cjs", ".mjs":
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	return paths
}

// goalOf is the goal of a file by its extension alone.
func goalOf(path string) Goal {
	switch filepath.Ext(path) {
	case ".mjs":
		return Module
	case ".cjs":
		return CommonJS
	}
	return Detect
}

func TestCorpusParses(t *testing.T) {
	failed, count := 0, 0
	for _, path := range sourcesBelow(t, *corpus) {
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(filepath.Base(path), "syntax-error") {
			continue // packages test with files that are meant not to parse
		}
		count++
		tree := Parse(src, goalOf(path))
		if len(tree.Errors) == 0 {
			continue
		}
		failed++
		e := tree.Errors[0]
		line, column := tree.Position(e.Start)
		t.Logf("%s:%d:%d: %s", strings.TrimPrefix(path, *corpus), line, column, e.Message)
	}
	t.Logf("%d of %d files without errors", count-failed, count)
	if float64(failed) > 0.0002*float64(count) {
		t.Errorf("%d of %d files have errors; at most 0.02%% may", failed, count)
	}
}

// checkTree sees that a tree holds its invariants.
func checkTree(t testing.TB, tree *Tree) {
	t.Helper()
	if problem := treeProblem(tree); problem != "" {
		t.Fatal(problem)
	}
}

func treeProblem(tree *Tree) string {
	size := uint32(len(tree.Source))
	visits := make([]bool, len(tree.Nodes))
	for r := 1; r < len(tree.Nodes); r++ {
		n := tree.Nodes[r]
		if n.Kind == Invalid || n.Kind >= kindCount {
			return fmt.Sprintf("node %d has no kind", r)
		}
		if n.Start > n.End || n.End > size {
			return fmt.Sprintf("node %d (kind %d) spans %d to %d of %d", r, n.Kind, n.Start, n.End, size)
		}
		if (n.Parent == 0) != (Ref(r) == tree.Root) {
			return fmt.Sprintf("node %d (kind %d, %d to %d) has parent %d", r, n.Kind, n.Start, n.End, n.Parent)
		}
		var before uint32
		for c := n.First; c != 0; c = tree.Nodes[c].Next {
			child := tree.Nodes[c]
			if visits[c] {
				return fmt.Sprintf("node %d stands twice", c)
			}
			visits[c] = true
			if child.Parent != Ref(r) {
				return fmt.Sprintf("node %d (kind %d) has parent %d, not %d (kind %d)", c, child.Kind, child.Parent, r, n.Kind)
			}
			if child.Start < n.Start || child.End > n.End {
				return fmt.Sprintf("node %d (kind %d, %d to %d) stands out of its parent %d (kind %d, %d to %d)",
					c, child.Kind, child.Start, child.End, r, n.Kind, n.Start, n.End)
			}
			ordered := child.Kind != Decorator && n.Kind != ImportDeclaration && n.Kind != ExportNamedDeclaration &&
				n.Kind != ExportAllDeclaration && child.Kind != Empty
			if ordered {
				if child.Start < before && !(n.Flags&FlagShorthand != 0) && n.Kind != ImportSpecifier && n.Kind != ExportSpecifier {
					return fmt.Sprintf("node %d (kind %d) starts at %d, before its sibling ends at %d", c, child.Kind, child.Start, before)
				}
				before = child.End
			}
		}
	}
	for r := 1; r < len(tree.Nodes); r++ {
		if Ref(r) != tree.Root && !visits[r] {
			return fmt.Sprintf("node %d (kind %d, %d to %d) is no child of its parent", r, tree.Nodes[r].Kind, tree.Nodes[r].Start, tree.Nodes[r].End)
		}
	}
	return ""
}

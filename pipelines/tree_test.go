package pipelines

import (
	"context"
	"fmt"
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
)

// file is an input with a content.
func file(path, content string) Input {
	return Input{Path: path, Size: int64(len(content)), SHA256: cas.Sum([]byte(content)), From: "files"}
}

// TestATreeIsTheSameFolderAsItsFiles puts trees and files together in every way: what
// comes out has the digest of the files put there one by one.
func TestATreeIsTheSameFolderAsItsFiles(t *testing.T) {
	packages := []Input{
		file("node_modules/a/index.js", "a"), file("node_modules/a/lib/x.js", "x"), file("node_modules/b/index.js", "b"),
		{Path: "node_modules/.bin/a", Link: "../a/index.js"}, file("tool.js", "t"),
	}
	fewer := []Input{packages[0], packages[1], file("node_modules/c/index.js", "c")}
	for name, own := range map[string][]Input{
		"none":                      nil,
		"beside":                    {file("src/a.js", "s"), file("package.json", "{}")},
		"the same":                  {packages[1]},
		"in a package":              {file("node_modules/a/own.js", "o")},
		"in a new package":          {file("node_modules/d/own.js", "o")},
		"deep below a folder":       {file("node_modules/a/lib/y/z.js", "o")},
		"an empty folder of theirs": {{Path: "node_modules/a/lib", Folder: true}},
		"an empty folder":           {{Path: "node_modules/e", Folder: true}},
	} {
		t.Run(name, func(t *testing.T) {
			var trees []*Tree
			for i, list := range [][]Input{packages, fewer} {
				tree, err := NewTree(t.Context(), nil, fmt.Sprint("tree ", i), cas.Digest{byte(i)}, func(context.Context) ([]Input, error) { return list, nil })
				if err != nil {
					t.Fatal(err)
				}
				trees = append(trees, tree)
			}
			want := newRoot()
			for _, list := range [][]Input{own, packages, fewer} {
				for _, in := range list {
					in.Path = "work/" + in.Path
					if err := want.add(in); err != nil {
						t.Fatal(err)
					}
				}
			}
			for _, order := range [][]string{{"own", "0", "1"}, {"0", "own", "1"}, {"1", "0", "own"}, {"0", "1", "own"}, {"0", "0", "1", "own"}} {
				got := newRoot()
				for _, what := range order {
					switch what {
					case "own":
						for _, in := range own {
							in.Path = "work/" + in.Path
							if err := got.add(in); err != nil {
								t.Fatal(order, err)
							}
						}
					default:
						if err := got.mount("work", trees[what[0]-'0']); err != nil {
							t.Fatal(order, err)
						}
					}
				}
				if got, want := got.encode()[0].Digest, want.encode()[0].Digest; got != want {
					t.Errorf("%v: %s, want %s", order, got, want)
				}
			}
		})
	}
}

// TestATreeMeetsWhatIsAnother has a file and a tree want one path.
func TestATreeMeetsWhatIsAnother(t *testing.T) {
	tree, err := NewTree(t.Context(), nil, "npm.deps.all", cas.Digest{}, func(context.Context) ([]Input, error) {
		return []Input{file("node_modules/a/index.js", "a")}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, in := range map[string]Input{
		"another content":     file("node_modules/a/index.js", "b"),
		"a file for a folder": file("node_modules/a", "b"),
		"a folder for a file": file("node_modules/a/index.js/b", "b"),
		"a link for a folder": {Path: "node_modules", Link: "elsewhere"},
		"a folder of a file":  {Path: "node_modules/a/index.js", Folder: true},
	} {
		t.Run(name, func(t *testing.T) {
			in.Path = "work/" + in.Path
			before, after := newRoot(), newRoot()
			if err := before.add(in); err != nil {
				t.Fatal(err)
			}
			if err := before.mount("work", tree); err == nil {
				t.Error("the tree was taken over it")
			}
			if err := after.mount("work", tree); err != nil {
				t.Fatal(err)
			}
			if err := after.add(in); err == nil {
				t.Error("it was taken over the tree")
			}
		})
	}
}

func TestATreeIsListedOnce(t *testing.T) {
	kept := map[cas.Digest][]byte{}
	keep := func(_ context.Context, _ string, key cas.Digest, make func() ([]byte, error)) ([]byte, error) {
		if kept[key] == nil {
			made, err := make()
			if err != nil {
				return nil, err
			}
			kept[key] = made
		}
		return kept[key], nil
	}
	listed := 0
	var digests []cas.Digest
	for range 2 {
		tree, err := NewTree(t.Context(), keep, "x", cas.Digest{1}, func(context.Context) ([]Input, error) {
			listed++
			return []Input{file("a/b", "c"), {Path: "d", Folder: true}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if tree.Files != 1 {
			t.Errorf("%d files", tree.Files)
		}
		digests = append(digests, tree.Root.Digest)
	}
	if listed != 1 || digests[0] != digests[1] {
		t.Errorf("listed %d times, %v", listed, digests)
	}
}

// FuzzTree reads records and messages that nobody wrote: an error, and no more.
func FuzzTree(f *testing.F) {
	root := newRoot()
	if err := root.add(file("a/b", "c")); err != nil {
		f.Fatal(err)
	}
	record := []byte{1}
	for _, b := range root.encode() {
		record = append(append(record, byte(len(b.Bytes))), b.Bytes...)
	}
	f.Add(record)
	f.Fuzz(func(t *testing.T, record []byte) {
		tree, err := parseTree(record)
		if err != nil {
			return
		}
		root := newRoot()
		if root.mount("work", tree) == nil && root.add(Input{Path: "work/x/y"}) == nil {
			root.encode()
		}
	})
}

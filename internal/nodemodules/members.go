package nodemodules

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// folder is one node_modules of a project: its own, or that of a member of its workspace,
// which holds what the member needs in another version than the project.
type folder struct {
	at   string // the folder that it stands in, "" for the project's own, "packages/api"
	tree *locked.Tree
}

// folders are the node_modules of a tree, the project's own first. A member that is linked
// to has one even where nothing stands in it: what an older install left there would be
// found before what the project has.
func folders(tree *locked.Tree) []folder {
	own := *tree
	own.Packages, own.Links = nil, nil
	all := []folder{{"", &own}}
	at := map[string]*locked.Tree{"": &own}
	of := func(dir string) *locked.Tree {
		t, ok := at[dir]
		if !ok {
			part := *tree
			t, part.Packages, part.Links = &part, nil, nil
			at[dir] = t
			all = append(all, folder{dir, t})
		}
		return t
	}
	for _, p := range tree.Packages {
		dir, path := apart(p.Path)
		t := of(dir)
		p.Path = path
		if p.Bundler != "" {
			_, p.Bundler = apart(p.Bundler)
		}
		t.Packages = append(t.Packages, p)
		if p.Link != "" {
			of(p.Link)
		}
	}
	for _, l := range tree.Links {
		dir, path := apart(l.Path)
		l.Path = path // both are in one folder, so that Target stays
		of(dir).Links = append(of(dir).Links, l)
	}
	slices.SortFunc(all, func(a, b folder) int { return strings.Compare(a.at, b.at) })
	return all
}

// apart splits an install path into the folder of the project and the path from there.
func apart(path string) (dir, rest string) {
	i := strings.Index("/"+path, "/"+modules+"/")
	if i <= 0 {
		return "", path
	}
	return path[:i-1], path[i:]
}

// in are the options for one of the folders.
func (o Options) in(f folder) Options {
	built := map[string][]snapshot.Entry{}
	for path, files := range o.Built { // into a map
		if dir, rest := apart(path); dir == f.at {
			built[rest] = files
		}
	}
	o.Dir, o.Tree, o.Built = filepath.Join(o.Dir, filepath.FromSlash(f.at)), f.tree, built
	return o
}

// each of the folders is laid out, or compared, in order. What a member needs is not a
// tree by itself, so that all of them are checked before the first is changed.
func members(ctx context.Context, o Options, root *os.Root) (*Result, error) {
	all := folders(o.Tree)
	for _, f := range all[1:] {
		if info, err := root.Lstat(f.at); err != nil || !info.IsDir() {
			return nil, &diag.Problem{
				Code: CodeInTheWay, Pos: diag.Pos{File: filepath.Join(o.Dir, f.at)}, What: f.at + " is no folder of the project", Err: err,
				Why:    "the lockfile has it as a member of the workspace, or as a package that is linked to",
				Remedy: "bring it back (`git status " + diag.Word(f.at) + "` says what became of it)",
			}
		}
	}
	total := &Result{Schema: "nbuild.install/v1", Differences: []Difference{}}
	var differ *diag.Problem
	for _, f := range all {
		r, err := one(ctx, o.in(f), f.at != "")
		if err != nil && (!o.Check || r == nil) {
			return nil, err
		}
		if p := diag.All(err); differ == nil && len(p) > 0 {
			differ = p[0]
		}
		total.Packages, total.Files, total.Links, total.Bytes = total.Packages+r.Packages, total.Files+r.Files, total.Links+r.Links, total.Bytes+r.Bytes
		for _, d := range r.Differences {
			d.Path = filepath.ToSlash(filepath.Join(f.at, d.Path))
			total.Differences = append(total.Differences, d)
		}
	}
	if differ != nil {
		return total, differ
	}
	return total, nil
}

// one lays out or compares one folder. Where nothing is to stand in that of a member, it is
// only looked at if there is one.
func one(ctx context.Context, o Options, member bool) (*Result, error) {
	root, err := os.OpenRoot(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the project: %w", err)
	}
	defer root.Close()
	if _, err := root.Lstat(modules); member && len(o.Tree.Packages) == 0 && errors.Is(err, fs.ErrNotExist) {
		return result(o, nil, 0), nil
	}
	sources, err := find(o)
	if err != nil {
		return nil, err
	}
	if o.Check {
		return compare(ctx, o, root, sources)
	}
	return lay(ctx, o, root, sources)
}

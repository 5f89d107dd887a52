package steproot

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// rules stands for how trees are made. Raise it whenever the same artefacts would give
// another tree.
const rules = "nbuild-step-root 1"

// Tree makes the root file system of a base, from what the plan says that it is made of,
// for a platform. Skeleton are the paths that the sandbox lays its own over: folders,
// which end with a slash, and files. They are there, if only empty.
func Tree(ctx context.Context, store *cas.Store, base *pipelines.Base, of []snapshot.Artefact, platform string, skeleton []string) (*pipelines.Tree, error) {
	var key strings.Builder
	fmt.Fprintf(&key, "%s\n%s\n%q\n", rules, platform, skeleton)
	if compiles(of) {
		fmt.Fprintf(&key, "compiler %s\n", cas.Sum(scriptsProgram))
	}
	for _, a := range of {
		index, _ := a.Index()
		fmt.Fprintf(&key, "%s %q %q %s %s\n", a.Kind, a.Name, a.Version, a.SHA256, index)
	}
	list := func(ctx context.Context) ([]pipelines.Input, error) {
		inputs, err := inputs(ctx, store, base, of, platform)
		if err == nil && compiles(of) {
			inputs, err = withTools(ctx, store, inputs, of)
		}
		return withSkeleton(inputs, skeleton), err
	}
	return pipelines.NewTree(ctx, pipelines.KeepIn(store), "base."+base.Name, cas.Sum([]byte(key.String())), list)
}

func inputs(ctx context.Context, store *cas.Store, base *pipelines.Base, of []snapshot.Artefact, platform string) ([]pipelines.Input, error) {
	if base.Image != "" {
		images := slices.DeleteFunc(slices.Clone(of), func(a snapshot.Artefact) bool { return a.Kind != snapshot.KindBase })
		if len(images) != 1 {
			return nil, fmt.Errorf("base %q is made of %d images", base.Name, len(images))
		}
		return layered(ctx, store, images[0])
	}
	var debs []snapshot.Artefact
	var all []pipelines.Input
	for _, a := range of {
		switch a.Kind {
		case snapshot.KindDeb:
			debs = append(debs, a)
		case snapshot.KindNode:
			files, err := node(ctx, store, a, compiles(of))
			if err != nil {
				return nil, err
			}
			all = append(all, files...)
		}
	}
	files, err := debian.Outline(ctx, store, debs, platform)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		in := pipelines.Input{
			Path: f.Path, Folder: f.Dir, Executable: f.Mode&0o111 != 0 && !f.Dir, Link: f.Link, Size: f.Size, SHA256: f.SHA256,
			Member: f.Path, Content: f.Data, From: "nbuild",
		}
		if f.Deb != nil {
			in.Archive, in.Kind, in.From = f.Deb.SHA256, snapshot.KindDeb, f.Deb.ID()
		} else if in.Content == nil {
			in.Content = []byte{}
		}
		all = append(all, in)
	}
	return all, nil
}

// node places Node where images have it: its program in usr/local/bin, and its licence. The
// headers that addons are built against are for a compiler.
func node(ctx context.Context, store *cas.Store, a snapshot.Artefact, headers bool) ([]pipelines.Input, error) {
	return filesOf(ctx, store, a, func(name string) string {
		if name == "bin/node" || name == "LICENSE" || headers && strings.HasPrefix(name, "include/node/") {
			return path.Join("usr/local", name)
		}
		return ""
	})
}

// filesOf lists the files of an npm package that at gives a place, from its file index.
func filesOf(ctx context.Context, store *cas.Store, a snapshot.Artefact, at func(name string) string) ([]pipelines.Input, error) {
	named, _ := a.Index()
	index, err := snapshot.IndexOf(ctx, store, a)
	if err != nil {
		return nil, err
	}
	var all []pipelines.Input
	for _, e := range index.Entries {
		to := at(e.Path)
		if to == "" {
			continue
		}
		all = append(all, pipelines.Input{
			Path: to, Executable: e.Executable() || a.Kind == snapshot.KindNode && e.Path == "bin/node", Size: e.Size, SHA256: e.SHA256, Link: e.Link,
			Archive: a.SHA256, Kind: a.Kind, Index: named, Member: e.Path, From: a.ID(),
		})
	}
	return all, nil
}

// withSkeleton adds those paths of the sandbox that the files lack, and puts folders and
// files in the place of links that stand there, as images have one for resolv.conf: the
// sandbox follows none.
func withSkeleton(inputs []pipelines.Input, skeleton []string) []pipelines.Input {
	inputs = slices.DeleteFunc(inputs, func(in pipelines.Input) bool {
		return in.Link != "" && (slices.Contains(skeleton, in.Path) || slices.Contains(skeleton, in.Path+"/"))
	})
	there := map[string]bool{} // whether it is a link
	for _, in := range inputs {
		there[in.Path] = in.Link != ""
		for dir := path.Dir(in.Path); dir != "."; dir = path.Dir(dir) {
			if _, known := there[dir]; !known {
				there[dir] = false
			}
		}
	}
	beneathLink := func(p string) bool {
		for dir := path.Dir(p); dir != "."; dir = path.Dir(dir) {
			if there[dir] {
				return true
			}
		}
		return false
	}
	for _, name := range skeleton {
		p := strings.TrimSuffix(name, "/")
		if _, taken := there[p]; taken || beneathLink(p) {
			continue
		}
		in := pipelines.Input{Path: p, Folder: p != name, From: "nbuild"}
		if !in.Folder {
			in.Content, in.SHA256 = []byte{}, cas.Sum(nil)
		}
		there[p] = false
		inputs = append(inputs, in)
	}
	return inputs
}

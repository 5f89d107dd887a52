package steproot

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// imageRules stands for how trees of images are made, as rules does for those of bases.
const imageRules = "nbuild-image-root 1"

// Seen is who looks at the files of an image: what its user could not read is not there,
// and what the user could not run can't be run.
type Seen struct {
	User, Group uint32
	Dir         string // the working folder, which is made where the image has none
}

// Image makes the root file system of an image as its user sees it. Skeleton is as for
// [Tree]. The image's own blobs come into the store where its files are listed, so that
// they can be laid out from there; hold keeps them.
//
// It is laid out layer by layer, each once for all images that have it.
func Image(ctx context.Context, store *cas.Store, img v1.Image, seen Seen, skeleton []string, hold func(...cas.Digest) error) (*pipelines.Tree, error) {
	config, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading an image's configuration: %w", err)
	}
	var key strings.Builder
	fmt.Fprintf(&key, "%s\n%+v\n%q\n", imageRules, seen, skeleton)
	for _, id := range config.RootFS.DiffIDs {
		fmt.Fprintf(&key, "%s\n", id)
	}
	named := cas.Sum([]byte(key.String()))
	once := sync.OnceValues(func() ([]placed, error) { return imageFiles(ctx, store, img, seen, skeleton, hold) })
	list := func(layer int) func(context.Context) ([]pipelines.Input, error) {
		return func(context.Context) ([]pipelines.Input, error) {
			all, err := once()
			var inputs []pipelines.Input
			for _, p := range all {
				if layer < 0 || p.layer == layer {
					inputs = append(inputs, p.Input)
				}
			}
			return inputs, err
		}
	}
	const from = "the image"
	tree, err := pipelines.NewTree(ctx, pipelines.KeepIn(store), from, named, list(-1))
	if err != nil {
		return nil, err
	}
	tree.Parts = func(ctx context.Context) ([]*pipelines.Tree, error) {
		var parts []*pipelines.Tree
		for layer := range len(config.RootFS.DiffIDs) + 1 { // the last is the skeleton
			part, err := pipelines.NewTree(ctx, pipelines.KeepIn(store), from, cas.Sum(fmt.Appendf(nil, "%s %d\n", named, layer)), list(layer))
			if err != nil {
				return nil, err
			}
			parts = append(parts, part)
		}
		return parts, nil
	}
	return tree, nil
}

// placed is a file of an image, and which of its layers it is of.
type placed struct {
	pipelines.Input
	layer int
}

// imageFiles lists the files of an image.
func imageFiles(ctx context.Context, store *cas.Store, img v1.Image, seen Seen, skeleton []string, hold func(...cas.Digest) error) ([]placed, error) {
	manifest, err := keepImage(ctx, store, img, hold)
	if err != nil {
		return nil, fmt.Errorf("storing an image: %w", err)
	}
	kept, err := oci.Image(ctx, oci.FromCAS(store), oci.Hash(manifest))
	if err != nil {
		return nil, err
	}
	layers, err := kept.Layers()
	if err != nil {
		return nil, err
	}
	root := &overlay{at: map[string]pipelines.Input{}, layer: map[string]int{}, eyes: &eyes{seen, map[string]bool{}}}
	for i, l := range layers {
		root.number = i
		if err := root.read(ctx, l, pipelines.Input{Kind: snapshot.KindBase, Index: manifest, From: "the image"}); err != nil {
			return nil, fmt.Errorf("reading a layer of an image: %w", err)
		}
	}
	root.close()
	root.number = len(layers)
	root.fit(seen.Dir, skeleton)
	out := make([]placed, 0, len(root.at))
	for _, p := range slices.Sorted(maps.Keys(root.at)) {
		out = append(out, placed{root.at[p], root.layer[p]})
	}
	return out, nil
}

// keepImage puts what an image is made of into the store, and returns its manifest's
// digest.
func keepImage(ctx context.Context, store *cas.Store, img v1.Image, hold func(...cas.Digest) error) (cas.Digest, error) {
	layers, err := img.Layers()
	if err != nil {
		return cas.Digest{}, err
	}
	for _, l := range layers {
		h, err := l.Digest()
		if err != nil {
			return cas.Digest{}, err
		}
		digest, err := cas.ParseDigest(h.Hex)
		if err != nil {
			return cas.Digest{}, err
		}
		if err := hold(digest); err != nil {
			return cas.Digest{}, err
		}
		if _, ok := store.Stat(digest); ok {
			continue
		}
		r, err := l.Compressed()
		if err != nil {
			return cas.Digest{}, err
		}
		_, _, err = store.Put(ctx, r, bounds.Layer)
		if err := errors.Join(err, r.Close()); err != nil {
			return cas.Digest{}, err
		}
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return cas.Digest{}, err
	}
	manifest, err := img.RawManifest()
	if err != nil {
		return cas.Digest{}, err
	}
	if err := hold(cas.Sum(config), cas.Sum(manifest)); err != nil {
		return cas.Digest{}, err
	}
	if _, err := store.PutBytes(ctx, config); err != nil {
		return cas.Digest{}, err
	}
	return store.PutBytes(ctx, manifest)
}

// eyes are those of a user, who sees no more than the modes of files let one see.
type eyes struct {
	Seen
	blind map[string]bool // paths that can't be read, or looked into
}

// may reports whether a file's mode lets the user do what a bit of the last three stands
// for.
func (e *eyes) may(h *tar.Header, bit int64) bool {
	switch {
	case e.User == 0: // who has the capability for it in a container
		return bit == 4 || h.Mode&0o111 != 0 || h.Typeflag == tar.TypeDir
	case int64(e.User) == int64(h.Uid):
		return h.Mode>>6&bit != 0
	case int64(e.Group) == int64(h.Gid):
		return h.Mode>>3&bit != 0
	}
	return h.Mode&bit != 0
}

// close takes away what the user can't see, once all layers lie there.
func (o *overlay) close() {
	for p := range o.at {
		for dir := p; dir != "."; dir = path.Dir(dir) {
			if o.eyes.blind[dir] {
				delete(o.at, p)
				break
			}
		}
	}
}

// fit adds what the sandbox lays its own over, in the place of what stands there
// otherwise, and the working folder where nothing of its name is there.
func (o *overlay) fit(dir string, skeleton []string) {
	put := func(name string) {
		p := strings.TrimSuffix(name, "/")
		in, there := o.at[p]
		if there && in.Link == "" && in.Folder == (p != name) {
			return
		}
		if p != name && !there && o.holds(p) {
			return
		}
		o.remove(p, true)
		for above := path.Dir(p); above != "."; above = path.Dir(above) {
			if in, there := o.at[above]; there && !in.Folder {
				delete(o.at, above)
			}
		}
		in = pipelines.Input{Path: p, Folder: p != name, From: "nbuild"}
		if !in.Folder {
			in.Content, in.SHA256 = []byte{}, cas.Sum(nil)
		}
		o.at[p], o.layer[p] = in, o.number
	}
	o.fresh = map[string]bool{}
	for _, name := range skeleton {
		put(name)
	}
	to, ok := o.follow(strings.TrimPrefix(path.Clean("/"+dir), "/"), new(int))
	if ok && to != "" && fs.ValidPath(to) && !o.holds(to) {
		if _, there := o.at[to]; !there {
			put(to + "/")
		}
	}
}

// holds reports whether something stands below a path.
func (o *overlay) holds(p string) bool {
	for other := range o.at {
		if strings.HasPrefix(other, p+"/") {
			return true
		}
	}
	return false
}

// read puts a layer over those that are there, and holds it to its digest.
func (o *overlay) read(ctx context.Context, l v1.Layer, from pipelines.Input) error {
	blob, err := l.Digest()
	if err != nil {
		return err
	}
	if from.Archive, err = cas.ParseDigest(blob.Hex); err != nil {
		return err
	}
	r, err := l.Uncompressed()
	if err != nil {
		return err
	}
	err = o.lay(ctx, tar.NewReader(io.LimitReader(r, bounds.Layer)), from)
	if err == nil {
		_, err = io.Copy(io.Discard, r) // so that it is held to its digest
	}
	return errors.Join(err, r.Close())
}

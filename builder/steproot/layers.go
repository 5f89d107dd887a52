package steproot

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// layered lists the files of a registry's image, whose blobs are in the store, and hashes
// each.
func layered(ctx context.Context, store *cas.Store, a snapshot.Artefact) ([]pipelines.Input, error) {
	img, err := oci.Image(ctx, oci.FromCAS(store), oci.Hash(a.SHA256))
	if err != nil {
		return nil, err
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", a.ID(), err)
	}
	root := &overlay{at: map[string]pipelines.Input{}}
	for _, l := range layers {
		if err := root.read(ctx, l, pipelines.Input{Kind: snapshot.KindBase, Index: a.SHA256, From: a.ID()}); err != nil {
			return nil, fmt.Errorf("reading a layer of %s: %w", a.ID(), err)
		}
	}
	out := make([]pipelines.Input, 0, len(root.at))
	for _, p := range slices.Sorted(maps.Keys(root.at)) {
		out = append(out, root.at[p])
	}
	return out, nil
}

// overlay is layers as they lie over each other (OCI image specification, layer.md).
type overlay struct {
	at    map[string]pipelines.Input
	fresh map[string]bool // what the layer at hand has put there

	// Of an image: which layer each is of, the number of the one at hand, and who looks.
	layer  map[string]int
	number int
	eyes   *eyes // nil sees everything
}

// hide notes whether a path can be seen, by what a layer says of it last.
func (o *overlay) hide(name string, h *tar.Header) {
	if o.eyes == nil {
		return
	}
	bit := int64(4)
	if h.Typeflag == tar.TypeDir {
		bit = 1
	}
	o.eyes.blind[name] = h.Typeflag != tar.TypeSymlink && !o.eyes.may(h, bit)
}

// lay puts a layer over those that are there. From says where its files' bytes are.
func (o *overlay) lay(ctx context.Context, archive *tar.Reader, from pipelines.Input) error {
	o.fresh = map[string]bool{}
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) { // place keeps it inside
			return err
		}
		name, ok := o.place(h.Name)
		if !ok {
			continue
		}
		if len(o.at) > bounds.ImagePaths {
			return fmt.Errorf("it has more than %d paths", bounds.ImagePaths)
		}
		dir, base := path.Split(name)
		if gone, ok := strings.CutPrefix(base, ".wh."); ok {
			if gone == ".wh..opq" {
				o.remove(strings.TrimSuffix(dir, "/"), false)
			} else {
				o.remove(dir+gone, true)
			}
			continue
		}
		in := from
		in.Path, in.Member = name, memberName(h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			in = pipelines.Input{Path: name, Folder: true, From: from.From}
			o.hide(name, h)
			if old, there := o.at[name]; there && old.Folder {
				continue
			}
		case tar.TypeSymlink:
			in = pipelines.Input{Path: name, Link: h.Linkname, From: from.From}
			if h.Linkname == "" {
				continue
			}
			o.hide(name, h)
		case tar.TypeLink:
			target, ok := o.place(h.Linkname)
			same, there := o.at[target]
			if !ok || !there || same.Folder {
				continue
			}
			in = same
			in.Path = name
			if o.eyes != nil {
				o.eyes.blind[name] = o.eyes.blind[target]
			}
		case tar.TypeReg:
			sum := sha256.New()
			if in.Size, err = io.Copy(sum, archive); err != nil {
				return err
			}
			in.SHA256, in.Executable = cas.Digest(sum.Sum(nil)), h.Mode&0o111 != 0 && (o.eyes == nil || o.eyes.may(h, 1))
			o.hide(name, h)
		default:
			continue // a device, a pipe
		}
		if old, there := o.at[name]; there && old.Folder && !in.Folder {
			o.remove(name, true)
		}
		o.at[name], o.fresh[name] = in, true
		if o.layer != nil {
			o.layer[name] = o.number
		}
	}
}

// memberName is a file's name in its archive, as it is looked for there.
func memberName(name string) string { return strings.TrimPrefix(path.Clean("/"+name), "/") }

// place is where a name of an archive stands: below the root, its folders followed where
// they are links of lower layers. What no input root can name is left out.
func (o *overlay) place(name string) (string, bool) {
	name = memberName(name)
	if name == "" || len(name) > bounds.Path || strings.ContainsRune(name, 0) || !fs.ValidPath(name) {
		return "", false
	}
	dir, base := path.Split(name)
	dir, ok := o.follow(strings.TrimSuffix(dir, "/"), new(int))
	return path.Join(dir, base), ok
}

// maxLinks is how many links one path may lead through (Linux, MAXSYMLINKS).
const maxLinks = 40

// follow is a folder with no link in its path.
func (o *overlay) follow(dir string, links *int) (string, bool) {
	at := ""
	for i, rest := 0, strings.Split(dir, "/"); i < len(rest); i++ {
		switch element := rest[i]; element {
		case "", ".":
		case "..":
			if at = path.Dir(at); at == "." {
				at = ""
			}
		default:
			next := path.Join(at, element)
			in, there := o.at[next]
			if !there || in.Link == "" {
				at = next
				continue
			}
			if *links++; *links > maxLinks {
				return "", false
			}
			target := in.Link
			if !path.IsAbs(target) {
				target = at + "/" + target
			}
			return o.follow(strings.Join(append([]string{target}, rest[i+1:]...), "/"), links)
		}
	}
	return at, true
}

// remove takes what lower layers have below a folder away, and the path itself where it
// is named.
func (o *overlay) remove(name string, itself bool) {
	for p := range o.at {
		if (itself && p == name || name == "" || strings.HasPrefix(p, name+"/")) && !o.fresh[p] {
			delete(o.at, p)
		}
	}
}

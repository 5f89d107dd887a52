package launch

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// Listing is what is beneath an image's own layers: its paths, and of programs and
// libraries what they need.
type Listing struct {
	nodes []*rootfs.Node // sorted by path
}

// Nodes are what a [rootfs.FS] is laid over.
func (l *Listing) Nodes() []*rootfs.Node { return l.nodes }

// listingKind names listings in the store; a change of what they say takes another one.
const listingKind = "launch-base-1"

// OfMembers lists a base that is made of members, as .debs and Node are.
func OfMembers(ctx context.Context, store *cas.Store, members []image.Member) (*Listing, error) {
	var key strings.Builder
	for _, m := range members {
		fmt.Fprintf(&key, "%s %q\n", m.Key, m.Path)
	}
	return kept(ctx, store, cas.Sum([]byte("members\n"+key.String())), func() (map[string]*rootfs.Node, error) {
		nodes := map[string]*rootfs.Node{}
		for i := range members {
			m := &members[i]
			err := m.Files(ctx, func(f image.File) error {
				n := rootfs.NodeOf(m, f)
				nodes[n.Path] = n
				if !worth(n) {
					return nil
				}
				if err := n.Look(f); err != nil {
					return fmt.Errorf("reading %s: %w", n.Path, err)
				}
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("listing %s: %w", m.Name, err)
			}
		}
		return nodes, nil
	})
}

// OfImage lists an image of a registry, whose blobs are in the store.
func OfImage(ctx context.Context, store *cas.Store, img v1.Image) (*Listing, error) {
	digest, err := img.Digest()
	if err != nil {
		return nil, fmt.Errorf("reading a base: %w", err)
	}
	return kept(ctx, store, cas.Sum([]byte("image\n"+digest.String())), func() (map[string]*rootfs.Node, error) {
		layers, err := img.Layers()
		if err != nil {
			return nil, fmt.Errorf("reading the layers of a base: %w", err)
		}
		nodes := map[string]*rootfs.Node{}
		for _, l := range layers {
			r, err := l.Uncompressed()
			if err != nil {
				return nil, fmt.Errorf("reading a layer of a base: %w", err)
			}
			err = layer(ctx, store, tar.NewReader(io.LimitReader(r, bounds.Layer)), nodes)
			if err == nil {
				_, err = io.Copy(io.Discard, r) // so that it is held to its digest
			}
			if err := errors.Join(err, r.Close()); err != nil {
				return nil, fmt.Errorf("reading a layer of a base: %w", err)
			}
		}
		return nodes, nil
	})
}

// layer lays the files of a layer over those that are there (OCI image specification,
// layer.md, "Whiteouts").
func layer(ctx context.Context, store *cas.Store, archive *tar.Reader, nodes map[string]*rootfs.Node) error {
	fresh := map[string]bool{}
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return nil
		}
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, tar.ErrHeader) || errors.Is(err, io.ErrUnexpectedEOF) {
			return image.BadBase("one of its layers is no archive that can be read: " + err.Error())
		}
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		if name == "" {
			continue
		}
		if len(nodes) > bounds.ImagePaths || len(name) > bounds.Path {
			return image.BadBase(fmt.Sprintf("it has more than %d paths, or one is longer than %d bytes", bounds.ImagePaths, bounds.Path))
		}
		dir, base := path.Split(name)
		if gone, ok := strings.CutPrefix(base, ".wh."); ok {
			if gone == ".wh..opq" {
				remove(nodes, strings.TrimSuffix(dir, "/"), fresh, false)
			} else {
				remove(nodes, dir+gone, fresh, true)
			}
			continue
		}
		n := &rootfs.Node{Path: name, Perm: fs.FileMode(h.Mode & 0o777), Bytes: h.Size, User: h.Uid, Group: h.Gid}
		switch h.Typeflag {
		case tar.TypeDir:
			n.Perm |= fs.ModeDir
		case tar.TypeSymlink:
			n.Perm, n.Link = n.Perm|fs.ModeSymlink, h.Linkname
		case tar.TypeLink:
			same := nodes[strings.TrimPrefix(path.Clean("/"+h.Linkname), "/")]
			if same == nil {
				continue
			}
			linked := *same
			linked.Path = name
			n = &linked
		case tar.TypeReg:
			if worth(n) && n.Bytes <= bounds.Program {
				if err := within(n, archive, store); err != nil {
					return err
				}
			}
		default:
			n.Perm |= fs.ModeDevice
		}
		if old := nodes[name]; old != nil && old.Perm.IsDir() && !n.Perm.IsDir() {
			remove(nodes, name, fresh, true)
		}
		nodes[name], fresh[name] = n, true
	}
}

// large is from how many bytes on a program of a base is kept in a file while it is
// looked at.
const large = 8 << 20

// within looks at a file of a base's archive.
func within(n *rootfs.Node, archive io.Reader, store *cas.Store) error {
	if n.Bytes > large {
		if f, err := store.Spill(); err == nil { // else memory has to do
			defer f.Close()
			if _, err := io.Copy(f, archive); err != nil {
				return err
			}
			n.LookAt(f)
			return nil
		}
	}
	data, err := io.ReadAll(archive)
	if err != nil {
		return err
	}
	n.LookAt(bytes.NewReader(data))
	return nil
}

// remove takes what lower layers have below a folder away, and the path itself where it
// is named.
func remove(nodes map[string]*rootfs.Node, name string, fresh map[string]bool, itself bool) {
	for p := range nodes {
		if (itself && p == name || name == "" || strings.HasPrefix(p, name+"/")) && !fresh[p] {
			delete(nodes, p)
		}
	}
}

// worth reports whether a file's bytes are worth looking at: it may be run, or be
// loaded by its name.
func worth(n *rootfs.Node) bool {
	name := path.Base(n.Path)
	return n.Perm.IsRegular() && (n.Perm&0o111 != 0 || strings.Contains(name, ".so") || strings.HasPrefix(name, "ld-"))
}

// kept returns a listing that the store has, or makes it.
func kept(ctx context.Context, store *cas.Store, key cas.Digest, list func() (map[string]*rootfs.Node, error)) (*Listing, error) {
	if named, ok := store.Result(listingKind, key); ok {
		if digest, err := cas.ParseDigest(string(named)); err == nil {
			var l Listing
			if doc, err := store.Read(ctx, digest, bounds.Record); err == nil && json.Unmarshal(doc, &l.nodes) == nil {
				return &l, nil
			}
		}
	}
	nodes, err := list()
	if err != nil {
		return nil, err
	}
	l := &Listing{}
	for _, n := range nodes {
		l.nodes = append(l.nodes, n)
	}
	slices.SortFunc(l.nodes, func(a, b *rootfs.Node) int { return strings.Compare(a.Path, b.Path) })
	var doc bytes.Buffer
	if err := json.NewEncoder(&doc).Encode(l.nodes); err != nil {
		return nil, err
	}
	if doc.Len() > bounds.Record {
		return l, nil // it is made again each time
	}
	digest, err := store.PutBytes(ctx, doc.Bytes())
	if err != nil {
		return nil, err
	}
	return l, store.PutResult(ctx, listingKind, key, []byte(digest.String()))
}

package oci

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// PushImage implements Store. An image that no tag names is listed in index.json
// without a name, so that it can be found by its digest.
func (l *Layout) PushImage(ctx context.Context, img v1.Image) (v1.Descriptor, error) {
	return l.push(ctx, func(root *os.Root) (v1.Descriptor, error) { return l.putImage(ctx, root, img) })
}

// PushIndex implements Store.
func (l *Layout) PushIndex(ctx context.Context, idx v1.ImageIndex) (v1.Descriptor, error) {
	return l.push(ctx, func(root *os.Root) (v1.Descriptor, error) { return l.putIndex(ctx, root, idx, 0) })
}

// pushReferrer implements Store. An unsigned BOM takes the place of the one that was
// listed: both would be a build's own word about the same image, and nobody could say
// which of them counts.
func (l *Layout) pushReferrer(ctx context.Context, img v1.Image) error {
	desc, err := l.push(ctx, func(root *os.Root) (v1.Descriptor, error) { return l.putImage(ctx, root, img) })
	if err != nil || desc.ArtifactType != BOMType {
		return err
	}
	return l.exclusive(ctx, func(root *os.Root) error {
		of, err := l.subject(root, desc)
		if err != nil || of == nil {
			return err
		}
		idx, err := l.index(root)
		if err != nil {
			return err
		}
		earlier := map[v1.Hash]bool{}
		for _, d := range idx.Manifests {
			if d.ArtifactType != BOMType || d.Digest == desc.Digest {
				continue
			}
			other, err := l.subject(root, d)
			if err != nil {
				return err
			}
			earlier[d.Digest] = other != nil && other.Digest == of.Digest
		}
		return l.edit(root, func(idx *v1.IndexManifest) {
			idx.Manifests = slices.DeleteFunc(idx.Manifests, func(d v1.Descriptor) bool { return earlier[d.Digest] })
		})
	})
}

// push writes blobs by put, then lists what it returned, all in one turn.
func (l *Layout) push(ctx context.Context, put func(*os.Root) (v1.Descriptor, error)) (v1.Descriptor, error) {
	var desc v1.Descriptor
	err := l.exclusive(ctx, func(root *os.Root) error {
		var err error
		if desc, err = put(root); err != nil {
			return err
		}
		return l.edit(root, func(idx *v1.IndexManifest) {
			listed := func(d v1.Descriptor) bool { return d.Digest == desc.Digest }
			if !slices.ContainsFunc(idx.Manifests, listed) {
				idx.Manifests = append(idx.Manifests, desc)
			}
		})
	})
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("pushing to oci:%s: %w", l.dir, err)
	}
	return desc, nil
}

// Tag implements Store. What the tag named before stays in the layout, without a
// name unless it has another.
func (l *Layout) Tag(ctx context.Context, digest v1.Hash, tag string) error {
	if !tagForm().MatchString(tag) {
		return badReference("oci:"+l.dir+":"+tag, "its tag is malformed", "a tag is a letter, digit or _, then up to 127 of letters, digits, _ . -")
	}
	return l.exclusive(ctx, func(root *os.Root) error {
		m, err := l.manifest(root, digest)
		if err != nil {
			return err
		}
		return l.edit(root, func(idx *v1.IndexManifest) { retag(idx, m.Descriptor, tag) })
	})
}

func retag(idx *v1.IndexManifest, desc v1.Descriptor, tag string) {
	named := map[v1.Hash]bool{desc.Digest: true}
	var kept, released []v1.Descriptor
	for _, d := range idx.Manifests {
		name, ok := d.Annotations[refName]
		switch {
		case ok && name == tag:
			if d.Digest == desc.Digest {
				desc = d
			}
			d.Annotations = maps.Clone(d.Annotations)
			delete(d.Annotations, refName)
			released = append(released, d)
		case !ok && d.Digest == desc.Digest:
			desc = d
		default:
			named[d.Digest] = true
			kept = append(kept, d)
		}
	}
	for _, d := range released {
		if !named[d.Digest] {
			kept = append(kept, d)
		}
	}
	desc.Annotations = maps.Clone(desc.Annotations)
	if desc.Annotations == nil {
		desc.Annotations = map[string]string{}
	}
	desc.Annotations[refName] = tag
	idx.Manifests = append(kept, desc)
}

// edit rewrites index.json, sorted by tag and digest, unless nothing changed.
func (l *Layout) edit(root *os.Root, change func(*v1.IndexManifest)) error {
	idx, err := l.index(root)
	if err != nil {
		return err
	}
	change(idx)
	for i := range idx.Manifests {
		if len(idx.Manifests[i].Annotations) == 0 {
			idx.Manifests[i].Annotations = nil
		}
	}
	slices.SortStableFunc(idx.Manifests, func(a, b v1.Descriptor) int {
		return cmp.Or(
			-cmp.Compare(min(len(a.Annotations[refName]), 1), min(len(b.Annotations[refName]), 1)), // named ones first
			cmp.Compare(a.Annotations[refName], b.Annotations[refName]),
			cmp.Compare(a.Digest.String(), b.Digest.String()))
	})
	if idx.Manifests == nil {
		idx.Manifests = []v1.Descriptor{}
	}
	raw, err := json.Marshal(idx)
	if err != nil {
		return fmt.Errorf("encoding index.json: %w", err)
	}
	if len(raw) > bounds.Manifest {
		return fmt.Errorf("index.json of %s: %w (%d bytes)", l.dir, ErrBound, bounds.Manifest)
	}
	if old, err := wholefile.ReadIn(root, indexName, bounds.Manifest); err == nil && bytes.Equal(old, raw) {
		return nil
	}
	return replace(root, indexName, bytes.NewReader(raw), nil)
}

// putImage writes layers and configuration first, the manifest after them.
func (l *Layout) putImage(ctx context.Context, root *os.Root, img v1.Image) (v1.Descriptor, error) {
	raw, err := img.RawManifest()
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("reading manifest: %w", err)
	}
	m, err := describe(raw, hash(raw))
	if err != nil {
		return v1.Descriptor{}, err
	}
	manifest, err := imageManifest(m)
	if err != nil {
		return v1.Descriptor{}, err
	}
	for _, d := range manifest.Layers {
		open := func() (io.ReadCloser, error) {
			layer, err := img.LayerByDigest(d.Digest)
			if err != nil {
				return nil, err
			}
			return layer.Compressed()
		}
		if err := l.putBlob(ctx, root, d, open); err != nil {
			return v1.Descriptor{}, fmt.Errorf("writing layer: %w", err)
		}
	}
	config := func() (io.ReadCloser, error) {
		raw, err := img.RawConfigFile()
		return io.NopCloser(bytes.NewReader(raw)), err
	}
	if err := l.putBlob(ctx, root, manifest.Config, config); err != nil {
		return v1.Descriptor{}, fmt.Errorf("writing configuration: %w", err)
	}
	return l.putManifest(ctx, root, m)
}

func (l *Layout) putIndex(ctx context.Context, root *os.Root, idx v1.ImageIndex, depth int) (v1.Descriptor, error) {
	raw, err := idx.RawManifest()
	if err != nil {
		return v1.Descriptor{}, fmt.Errorf("reading index: %w", err)
	}
	m, err := describe(raw, hash(raw))
	if err != nil {
		return v1.Descriptor{}, err
	}
	list, err := indexManifest(m)
	if err != nil {
		return v1.Descriptor{}, err
	}
	if depth >= bounds.IndexDepth {
		return v1.Descriptor{}, badShape(m.Digest, "its indexes are nested too deeply", nil)
	}
	for _, d := range list.Manifests {
		if d.MediaType.IsIndex() {
			child, err := idx.ImageIndex(d.Digest)
			if err != nil {
				return v1.Descriptor{}, err
			}
			if _, err := l.putIndex(ctx, root, child, depth+1); err != nil {
				return v1.Descriptor{}, err
			}
			continue
		}
		child, err := idx.Image(d.Digest)
		if err != nil {
			return v1.Descriptor{}, err
		}
		if _, err := l.putImage(ctx, root, child); err != nil {
			return v1.Descriptor{}, err
		}
	}
	return l.putManifest(ctx, root, m)
}

func (l *Layout) putManifest(ctx context.Context, root *os.Root, m Manifest) (v1.Descriptor, error) {
	open := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(m.Bytes)), nil }
	if err := l.putBlob(ctx, root, m.Descriptor, open); err != nil {
		return v1.Descriptor{}, fmt.Errorf("writing manifest: %w", err)
	}
	desc := m.Descriptor
	if desc.ArtifactType == "" { // an image's own annotations stay in its manifest
		desc.Annotations = nil
	}
	return desc, nil
}

// putBlob writes a blob unless the very bytes are there: a blob that something
// spoilt is written again.
func (l *Layout) putBlob(ctx context.Context, root *os.Root, desc v1.Descriptor, open func() (io.ReadCloser, error)) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := checkBlob(desc); err != nil {
		return err
	}
	name := blobDir + "/" + desc.Digest.Hex
	if intact(root, name, desc) {
		return nil
	}
	rc, err := open()
	if err != nil {
		return err
	}
	defer rc.Close()
	sum := sha256.New()
	check := func(n int64) error {
		if got := hex.EncodeToString(sum.Sum(nil)); n != desc.Size || got != desc.Digest.Hex {
			return fmt.Errorf("%s: %w: %d bytes that are sha256:%s", desc.Digest, ErrMismatch, n, got)
		}
		return nil
	}
	in := io.TeeReader(io.LimitReader(Within(ctx, rc), desc.Size+1), sum)
	return replace(root, name, in, check)
}

func intact(root *os.Root, name string, desc v1.Descriptor) bool {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() || info.Size() != desc.Size {
		return false
	}
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, verifying(f, desc))
	return err == nil
}

// replace writes a file beside its place and moves it there when check, which is given
// the size, finds it good.
func replace(root *os.Root, name string, r io.Reader, check func(int64) error) error {
	temp, f, err := createTemp(root)
	if err != nil {
		return err
	}
	n, err := io.Copy(f, r)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil && check != nil {
		err = check(n)
	}
	if err == nil {
		err = root.Rename(temp, name)
	}
	if err != nil {
		_ = root.Remove(temp)
	}
	return err
}

func createTemp(root *os.Root) (string, *os.File, error) {
	for n := range 1000 {
		name := fmt.Sprintf("%s%d-%d", tempPrefix, os.Getpid(), n)
		f, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if !errors.Is(err, fs.ErrExist) {
			return name, f, err
		}
	}
	return "", nil, errors.New("no name is left for a temporary file")
}

// Within returns a reader that ends with its context.
func Within(ctx context.Context, r io.Reader) io.Reader { return contextReader{ctx, r} }

type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(p []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/wholefile"
)

const (
	markerName = "oci-layout"
	marker     = `{"imageLayoutVersion":"1.0.0"}`
	indexName  = "index.json"
	blobDir    = "blobs/sha256"
	refName    = "org.opencontainers.image.ref.name"
)

// Layout is a Store in a folder (OCI image specification 1.1, "Image Layout"). It
// keeps no file open, so any number of processes may hold one. Writers take turns
// by a lock on the file oci-layout; readers need none, because index.json is
// replaced whole and last: a writer that is killed leaves the state before it.
type Layout struct {
	dir string
}

// OpenLayout returns the layout in a folder. The folder is made by the first push;
// reading one that is not there finds nothing.
func OpenLayout(dir string) (*Layout, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &Layout{dir}, nil
	case err != nil:
		return nil, fmt.Errorf("opening layout: %w", err)
	case !info.IsDir():
		return nil, badLayout(dir, "it is a file", nil)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("opening layout: %w", err)
	}
	ours := func(e fs.DirEntry) bool {
		return e.Name() == markerName || e.Name() == "blobs" || isTemp(e.Name())
	}
	if len(entries) > 0 && !slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == markerName }) &&
		!slices.ContainsFunc(entries, ours) {
		return nil, badLayout(dir, "it has other files in it and no oci-layout", nil)
	}
	return &Layout{dir}, nil
}

// root opens the folder for reading; ErrNotFound where there is none.
func (l *Layout) root() (*os.Root, error) {
	root, err := os.OpenRoot(l.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", "oci:"+l.dir, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening layout: %w", err)
	}
	return root, nil
}

// index reads index.json; a layout without one is empty.
func (l *Layout) index(root *os.Root) (*v1.IndexManifest, error) {
	empty := &v1.IndexManifest{SchemaVersion: 2, MediaType: "application/vnd.oci.image.index.v1+json"}
	raw, err := wholefile.ReadIn(root, indexName, bounds.Manifest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return empty, nil
	case errors.Is(err, cas.ErrTooLarge):
		return nil, classify("oci:"+l.dir, fmt.Errorf("index.json: %w (%d bytes)", ErrBound, bounds.Manifest))
	case errors.Is(err, wholefile.ErrNotRegular):
		return nil, badLayout(l.dir, "its index.json is no regular file", nil)
	case err != nil:
		return nil, fmt.Errorf("reading index.json: %w", err)
	}
	idx := new(v1.IndexManifest)
	if err := strictjson.Decode(raw, bounds.Manifest, idx); err != nil {
		return nil, badLayout(l.dir, "its index.json is no index", err)
	}
	if idx.SchemaVersion != 2 {
		return nil, badLayout(l.dir, fmt.Sprintf("the schemaVersion of its index.json is %d", idx.SchemaVersion), nil)
	}
	if idx.MediaType == "" {
		idx.MediaType = empty.MediaType
	}
	return idx, nil
}

// Resolve implements Store. An empty tag means the only image that has one, else
// the only image in the layout, and is a Problem where there are several.
func (l *Layout) Resolve(ctx context.Context, tag string) (v1.Descriptor, error) {
	if err := ctx.Err(); err != nil {
		return v1.Descriptor{}, err
	}
	root, err := l.root()
	if err != nil {
		return v1.Descriptor{}, missing("oci:"+l.dir, tag, err)
	}
	defer root.Close()
	idx, err := l.index(root)
	if err != nil {
		return v1.Descriptor{}, err
	}
	var tags []string
	var unread error
	found, named := map[v1.Hash]v1.Descriptor{}, map[v1.Hash]v1.Descriptor{}
	var last v1.Descriptor
	for _, d := range idx.Manifests {
		name, tagged := d.Annotations[refName]
		if tag != "" && name != tag {
			if tagged {
				tags = append(tags, name)
			}
			continue
		}
		if tag == "" {
			subject, err := l.subject(root, d)
			if err != nil && !tagged { // what can't be read and has no name is not meant
				unread = err
				continue
			}
			if subject != nil {
				continue
			}
			tags = append(tags, name)
			if tagged {
				named[d.Digest] = d
			}
		}
		found[d.Digest], last = d, d
	}
	if len(named) == 1 { // what lost its tag stays in the layout and is not meant
		found = named
		for _, d := range named {
			last = d
		}
	}
	switch {
	case len(found) == 1:
		m, err := l.manifest(root, last.Digest)
		return m.Descriptor, err
	case len(found) == 0 && unread != nil:
		return v1.Descriptor{}, unread
	case len(found) == 0:
		remedy := "build it first: `nbuild build --to oci:" + diag.Word(l.dir) + "`"
		if near := diag.Nearest(tag, tags); near != "" {
			remedy = "write oci:" + l.dir + ":" + near
		}
		return v1.Descriptor{}, missingRemedy("oci:"+l.dir, tag, remedy, ErrNotFound)
	case tag != "":
		return v1.Descriptor{}, badLayout(l.dir, "two manifests have the tag "+tag, nil)
	}
	slices.Sort(tags)
	return v1.Descriptor{}, &diag.Problem{
		Code: CodeMissing, What: fmt.Sprintf("oci:%s holds %d images", l.dir, len(found)),
		Why:    "which of them is meant is not known",
		Remedy: fmt.Sprintf("name one: oci:%s:TAG, where the tags are %q, or oci:%s@sha256:…", l.dir, slices.Compact(tags), l.dir),
	}
}

// Manifest implements Source.
func (l *Layout) Manifest(ctx context.Context, digest v1.Hash) (Manifest, error) {
	if err := ctx.Err(); err != nil {
		return Manifest{}, err
	}
	root, err := l.root()
	if err != nil {
		return Manifest{}, missing("oci:"+l.dir, digest.String(), err)
	}
	defer root.Close()
	return l.manifest(root, digest)
}

func (l *Layout) manifest(root *os.Root, digest v1.Hash) (Manifest, error) {
	f, err := l.open(root, digest)
	if err != nil {
		return Manifest{}, err
	}
	defer f.Close()
	raw, err := hold(f, digest, bounds.Manifest)
	if err != nil {
		return Manifest{}, fmt.Errorf("reading manifest: %w", classify("oci:"+l.dir, err))
	}
	return describe(raw, digest)
}

// Blob implements Source.
func (l *Layout) Blob(ctx context.Context, desc v1.Descriptor) (io.ReadCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err := checkBlob(desc); err != nil {
		return nil, err
	}
	root, err := l.root()
	if err != nil {
		return nil, missing("oci:"+l.dir, desc.Digest.String(), err)
	}
	defer root.Close()
	f, err := l.open(root, desc.Digest)
	if err != nil {
		return nil, err
	}
	return &blaming{verifying(f, desc), "oci:" + l.dir}, nil
}

// open opens a blob that is a regular file within the layout.
func (l *Layout) open(root *os.Root, digest v1.Hash) (*os.File, error) {
	if digest.Algorithm != "sha256" || len(digest.Hex) != 64 {
		return nil, badShape(digest, "its digest is not SHA-256", nil)
	}
	name := blobDir + "/" + digest.Hex
	info, err := root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, missing("oci:"+l.dir, digest.String(), ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("opening blob: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, badLayout(l.dir, name+" is no regular file", nil)
	}
	f, err := root.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0) // it may be a pipe by now
	if err != nil {
		return nil, fmt.Errorf("opening blob: %w", err)
	}
	return f, nil
}

func badLayout(dir, why string, err error) error {
	return &diag.Problem{
		Code: CodeLayout, What: "folder " + diag.Clean(dir) + " can't be used as an OCI layout",
		Why: diag.Clean(why), Remedy: "name a new or empty folder: --to oci:DIR", Err: err,
	}
}

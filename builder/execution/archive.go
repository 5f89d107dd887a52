package execution

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// archive writes the files of one artefact.
func (w *writer) archive(ctx context.Context, inputs []pipelines.Input) error {
	first := inputs[0]
	var err error
	switch first.Kind {
	case snapshot.KindNPM, snapshot.KindGit, snapshot.KindNode, snapshot.KindTool:
		err = w.tarball(ctx, inputs)
	case snapshot.KindDeb:
		err = w.deb(ctx, inputs)
	case snapshot.KindBase:
		err = w.layer(ctx, inputs)
	default: // the artefact is the file
		for _, in := range inputs {
			if err = w.opened(in, func() (io.ReadCloser, error) { return w.store.Open(ctx, in.Archive) }); err != nil {
				break
			}
		}
	}
	if err != nil {
		return fmt.Errorf("writing files of %s: %w", first.From, err)
	}
	return nil
}

// tarball writes files of an npm package, each as it is, or as npm leaves a command.
func (w *writer) tarball(ctx context.Context, inputs []pipelines.Input) error {
	index, err := snapshot.ReadIndex(ctx, w.store, inputs[0].Index)
	if err != nil {
		return err
	}
	blob, err := w.store.Open(ctx, inputs[0].Archive)
	if err != nil {
		return err
	}
	defer blob.Close()
	contents, err := tarball.Unpack(blob, index)
	if err != nil {
		return err
	}
	defer contents.Close()
	at := make(map[string]int, len(index.Entries))
	for i, e := range index.Entries {
		at[e.Path] = i
	}
	for _, in := range inputs {
		i, ok := at[in.Member]
		if !ok {
			return fmt.Errorf("it has no file %s", in.Member)
		}
		var from io.Reader = contents.Open(i)
		if in.SHA256 != index.Entries[i].SHA256 {
			text, changed, err := contents.Linked(i)
			if err != nil {
				return err
			}
			if changed {
				from = bytes.NewReader(text)
			}
		}
		if err := w.file(in, from); err != nil {
			return fmt.Errorf("%s: %w", in.Path, err)
		}
	}
	return nil
}

// deb writes files of a Debian package.
func (w *writer) deb(ctx context.Context, inputs []pipelines.Input) error {
	src, err := w.store.Read(ctx, inputs[0].Archive, bounds.Deb)
	if err != nil {
		return err
	}
	d, err := debian.Open(src)
	if err != nil {
		return err
	}
	at := make(map[string][]byte, len(d.Files))
	for _, f := range d.Files {
		at[f.Path] = f.Data
	}
	for _, in := range inputs {
		if err := w.file(in, bytes.NewReader(at[in.Member])); err != nil {
			return fmt.Errorf("%s: %w", in.Path, err)
		}
	}
	return nil
}

// layer writes files of a layer of a registry's image. A name may stand in a layer more
// than once; the file that was listed is the one that is taken.
func (w *writer) layer(ctx context.Context, inputs []pipelines.Input) error {
	img, err := oci.Image(ctx, oci.FromCAS(w.store), oci.Hash(inputs[0].Index))
	if err != nil {
		return err
	}
	l, err := img.LayerByDigest(oci.Hash(inputs[0].Archive))
	if err != nil {
		return err
	}
	r, err := l.Uncompressed()
	if err != nil {
		return err
	}
	defer r.Close()
	wanted := map[string][]pipelines.Input{}
	for _, in := range inputs {
		wanted[in.Member] = append(wanted[in.Member], in)
	}
	archive := tar.NewReader(io.LimitReader(r, bounds.Layer))
	for len(wanted) > 0 {
		h, err := archive.Next()
		if err == io.EOF {
			return fmt.Errorf("its layer lacks %d files that it was listed with", len(wanted))
		}
		if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
			return err
		}
		name := strings.TrimPrefix(path.Clean("/"+h.Name), "/")
		of := wanted[name]
		if len(of) == 0 || h.Typeflag != tar.TypeReg || h.Size != of[0].Size {
			continue
		}
		taken, err := w.member(archive, of)
		if err != nil {
			return err
		}
		if taken {
			delete(wanted, name)
		}
	}
	return ctx.Err()
}

// member writes a file of an archive wherever it stands, unless it proves to be another
// one of its name.
func (w *writer) member(from io.Reader, of []pipelines.Input) (bool, error) {
	first := w.at(of[0].Path)
	err := w.file(of[0], from)
	if errors.Is(err, errChanged) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%s: %w", of[0].Path, err)
	}
	for _, in := range of[1:] {
		if err := w.opened(in, func() (io.ReadCloser, error) { return os.Open(first) }); err != nil {
			return false, fmt.Errorf("%s: %w", in.Path, err)
		}
	}
	return true, nil
}

package guarded

import (
	"archive/tar"
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/oci"
)

// folder returns the files of the guard's folder by name, from the image's last
// layer. The layer is read to its end, so that it is held to its digest, and what it
// unpacks to is held to the configuration's.
func folder(ctx context.Context, img v1.Image, config *v1.ConfigFile) (map[string][]byte, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, fmt.Errorf("reading the layers: %w", err)
	}
	ids := config.RootFS.DiffIDs
	if len(layers) == 0 || len(layers) != len(ids) {
		return nil, untold(img, fmt.Errorf("it has %d layers, and its configuration lists %d", len(layers), len(ids)))
	}
	last := layers[len(layers)-1]
	size, err := last.Size()
	if err != nil {
		return nil, fmt.Errorf("reading the last layer: %w", err)
	}
	if size > bounds.GuardLayer {
		return nil, untold(img, fmt.Errorf("its last layer has %d bytes, and the guard's has %d at most", size, bounds.GuardLayer))
	}
	kind, err := last.MediaType()
	if err != nil {
		return nil, fmt.Errorf("reading the last layer: %w", err)
	}
	packed, err := last.Compressed()
	if err != nil {
		return nil, fmt.Errorf("reading the last layer: %w", err)
	}
	defer packed.Close()
	files, id, err := unpack(oci.Within(ctx, packed), kind)
	// What could not be had, or is not what its digest says, goes before what is wrong
	// with it.
	if _, rest := io.Copy(io.Discard, oci.Within(ctx, packed)); rest != nil {
		return nil, fmt.Errorf("reading the last layer: %w", rest)
	}
	switch {
	case len(diag.All(err)) > 0 || ctx.Err() != nil:
		return nil, fmt.Errorf("reading the last layer: %w", errors.Join(err, ctx.Err()))
	case err != nil:
		return nil, untold(img, err)
	case id.OCI() != ids[len(ids)-1].String():
		return nil, untold(img, fmt.Errorf("its last layer unpacks to %s, and its configuration says %s", id.OCI(), ids[len(ids)-1]))
	}
	return files, nil
}

// unpack reads the guard's layer: the folder, and in it regular files, each once.
// Anything else in it is an error, and so is what comes behind the archive's end.
func unpack(r io.Reader, kind types.MediaType) (map[string][]byte, cas.Digest, error) {
	plain, err := inflate(r, kind)
	if err != nil {
		return nil, cas.Digest{}, err
	}
	defer plain.Close()
	sum := sha256.New()
	limited := &limit{r: io.TeeReader(plain, sum), left: bounds.GuardLayer}
	archive := tar.NewReader(limited)
	files, room := map[string][]byte{}, int64(bounds.GuardLayer)
	for n := 0; ; n++ {
		h, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, cas.Digest{}, fmt.Errorf("reading its last layer: %w", err)
		}
		name, err := entry(h)
		switch {
		case err != nil:
			return nil, cas.Digest{}, err
		case n >= bounds.GuardFiles:
			return nil, cas.Digest{}, fmt.Errorf("its last layer has more than %d entries", bounds.GuardFiles)
		case name == "":
			continue
		case files[name] != nil:
			return nil, cas.Digest{}, fmt.Errorf("%q stands twice in its last layer", h.Name)
		}
		if room -= h.Size; room < 0 { // a sparse file says more than it has
			return nil, cas.Digest{}, fmt.Errorf("the files of its last layer have more than %d bytes", bounds.GuardLayer)
		}
		content := make([]byte, h.Size)
		if _, err := io.ReadFull(archive, content); err != nil {
			return nil, cas.Digest{}, fmt.Errorf("reading %q: %w", h.Name, err)
		}
		files[name] = content
	}
	if err := zeros(limited); err != nil {
		return nil, cas.Digest{}, err
	}
	return files, cas.Digest(sum.Sum(nil)), nil
}

// entry returns the name of a file of the guard's folder, "" for the folder itself.
func entry(h *tar.Header) (string, error) {
	home := strings.TrimPrefix(guard.DefaultHome, "/")
	name, inside := strings.CutPrefix(h.Name, home+"/")
	switch {
	case h.Typeflag == tar.TypeDir && (h.Name == home || inside && name == ""):
		return "", nil
	case !inside || name == "" || strings.Contains(name, "/") || strings.HasPrefix(name, ".wh."):
		return "", fmt.Errorf("its last layer holds %q, which is no file of the guard's folder", h.Name)
	case h.Typeflag != tar.TypeReg:
		return "", fmt.Errorf("%q is no regular file in its last layer", h.Name)
	}
	return name, nil
}

// inflate unpacks what a layer of a type holds.
func inflate(r io.Reader, kind types.MediaType) (io.ReadCloser, error) {
	switch kind {
	case types.OCILayer, types.DockerLayer:
		z, err := gzip.NewReader(bufio.NewReader(r))
		if err != nil {
			return nil, fmt.Errorf("reading its last layer: %w", err)
		}
		return z, nil
	case types.OCILayerZStd:
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(bounds.GuardLayer))
		if err != nil {
			return nil, fmt.Errorf("reading its last layer: %w", err)
		}
		return z.IOReadCloser(), nil
	case types.OCIUncompressedLayer, types.DockerUncompressedLayer:
		return io.NopCloser(r), nil
	}
	return nil, fmt.Errorf("its last layer is of the type %.80q", kind)
}

// zeros reads to the end and refuses what is not padding: some readers of archives go
// on behind the end, and would find other files there.
func zeros(r io.Reader) error {
	buffer := make([]byte, 32<<10)
	for {
		n, err := r.Read(buffer)
		for _, b := range buffer[:n] {
			if b != 0 {
				return errors.New("its last layer goes on behind the end of its archive")
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("reading its last layer: %w", err)
		}
	}
}

// limit gives at most what the guard's layer may unpack to, and an error beyond.
type limit struct {
	r    io.Reader
	left int64
}

func (l *limit) Read(p []byte) (int, error) {
	n, err := l.r.Read(p)
	if l.left -= int64(n); l.left < 0 {
		return 0, fmt.Errorf("it unpacks to more than %d bytes", bounds.GuardLayer)
	}
	return n, err
}

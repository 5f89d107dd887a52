package oci

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/unfinished"
)

// WriteArchive writes an image in the form that docker load and podman load take:
// a tar of the configuration, the layers and manifest.json. Equal images, tags and
// dates give equal bytes. A tag is a whole name, such as
// registry.example.com/shop/storefront:1.
func WriteArchive(ctx context.Context, w io.Writer, img v1.Image, tags []string, date time.Time) error {
	rawManifest, err := img.RawManifest()
	if err != nil {
		return fmt.Errorf("reading manifest: %w", err)
	}
	m, err := describe(rawManifest, hash(rawManifest))
	if err != nil {
		return err
	}
	manifest, err := imageManifest(m)
	if err != nil {
		return err
	}
	config, err := img.RawConfigFile()
	if err != nil {
		return fmt.Errorf("reading configuration: %w", err)
	}
	tags = slices.Clone(tags)
	slices.Sort(tags)
	entry := archiveEntry{Config: manifest.Config.Digest.Hex + ".json", RepoTags: append([]string{}, slices.Compact(tags)...), Layers: []string{}}
	out := tar.NewWriter(w)
	put := func(name string, size int64, r io.Reader) error {
		err := out.WriteHeader(&tar.Header{
			Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: size, ModTime: date.UTC().Truncate(time.Second), Format: tar.FormatUSTAR,
		})
		if err == nil {
			_, err = io.Copy(out, Within(ctx, r))
		}
		return err
	}
	if err := put(entry.Config, int64(len(config)), bytes.NewReader(config)); err != nil {
		return fmt.Errorf("writing configuration: %w", err)
	}
	for _, d := range manifest.Layers {
		name := d.Digest.Hex + layerSuffix(d.MediaType)
		seen := slices.Contains(entry.Layers, name)
		entry.Layers = append(entry.Layers, name)
		if seen {
			continue
		}
		layer, err := img.LayerByDigest(d.Digest)
		if err != nil {
			return err
		}
		rc, err := layer.Compressed()
		if err != nil {
			return fmt.Errorf("reading layer: %w", err)
		}
		err = put(name, d.Size, verifying(rc, d))
		rc.Close()
		if err != nil {
			return fmt.Errorf("writing layer: %w", err)
		}
	}
	list, err := json.Marshal([]archiveEntry{entry})
	if err != nil {
		return fmt.Errorf("encoding manifest.json: %w", err)
	}
	if err := put("manifest.json", int64(len(list)), bytes.NewReader(list)); err != nil {
		return fmt.Errorf("writing manifest.json: %w", err)
	}
	return out.Close()
}

type archiveEntry struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func layerSuffix(t types.MediaType) string {
	switch {
	case t == types.OCILayerZStd:
		return ".tar.zst"
	case strings.HasSuffix(string(t), ".tar"):
		return ".tar"
	}
	return ".tar.gz"
}

// WriteArchiveFile writes an archive beside its place and moves it there when it
// is whole.
func WriteArchiveFile(ctx context.Context, path string, img v1.Image, tags []string, date time.Time) error {
	return unfinished.Write(path, 0o644, func(f *os.File) error { return WriteArchive(ctx, f, img, tags, date) })
}

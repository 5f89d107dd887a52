package oci

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// layered is an image with these layers, of these media types.
func layered(t *testing.T, texts []string, kinds []types.MediaType) v1.Image {
	t.Helper()
	img := image(t, "first", "amd64")
	for i, text := range texts {
		var err error
		if img, err = mutate.Append(img, mutate.Addendum{Layer: static.NewLayer([]byte(text), kinds[i]), MediaType: kinds[i]}); err != nil {
			t.Fatal(err)
		}
	}
	return img
}

// An archive has what docker load looks for: the configuration, each layer once under a
// name that says how it is packed, and manifest.json last, which lists them in the
// image's order. Nothing in it tells who made it, or when but for its date.
func TestAnArchiveHoldsWhatItsImageSays(t *testing.T) {
	img := layered(t, []string{"gz", "zst", "gz"}, []types.MediaType{types.OCILayer, types.OCILayerZStd, types.OCILayer})
	config, err := img.RawConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	date := time.Date(2026, 1, 2, 3, 4, 5, 999, time.FixedZone("", 3600))
	var out bytes.Buffer
	if err := WriteArchive(t.Context(), &out, img, []string{"x.example.com/b:1", "x.example.com/a:1", "x.example.com/b:1"}, date); err != nil {
		t.Fatal(err)
	}
	first, gz, zst := hash([]byte("first")).Hex+".tar", hash([]byte("gz")).Hex+".tar.gz", hash([]byte("zst")).Hex+".tar.zst"
	want := [][2]string{{hash(config).Hex + ".json", string(config)}, {first, "first"}, {gz, "gz"}, {zst, "zst"}, {"manifest.json", ""}}
	var got [][2]string
	for r := tar.NewReader(&out); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Mode != 0o644 || !h.ModTime.Equal(date.Truncate(time.Second)) || h.Typeflag != tar.TypeReg || h.Uid+h.Gid != 0 || h.Uname+h.Gname != "" {
			t.Errorf("%+v", h)
		}
		if h.Name == "manifest.json" {
			var list []archiveEntry
			if err := json.Unmarshal(text, &list); err != nil {
				t.Fatal(err)
			}
			entry := []archiveEntry{{Config: want[0][0], RepoTags: []string{"x.example.com/a:1", "x.example.com/b:1"}, Layers: []string{first, gz, zst, gz}}}
			if diff := cmp.Diff(entry, list); diff != "" {
				t.Error(diff)
			}
			text = nil
		}
		got = append(got, [2]string{h.Name, string(text)})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// An archive of a spoilt image, or one that was not finished, is none: no file stands
// under its name.
func TestNoArchiveIsLeftOfWhatFailed(t *testing.T) {
	l, err := OpenLayout(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	desc, err := l.PushImage(t.Context(), image(t, "content", "amd64"))
	if err != nil {
		t.Fatal(err)
	}
	img, err := Image(t.Context(), l, desc.Digest)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "image.tar")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WriteArchiveFile(ended, path, img, nil, time.Unix(0, 0)); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context: %v", err)
	}
	for name, text := range map[string]string{"other bytes": "CONTENT", "more bytes": "content!", "fewer": "conten"} {
		if err := os.WriteFile(filepath.Join(l.dir, blobDir, hash([]byte("content")).Hex), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := WriteArchiveFile(t.Context(), path, img, nil, time.Unix(0, 0)); !errors.Is(err, ErrMismatch) {
			t.Errorf("%s: %v", name, err)
		}
	}
	left, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}

// An image without tags has an empty list of them, and not null, which some readers
// can't read.
func TestAnArchiveHasListsWhereTheyAreEmpty(t *testing.T) {
	img, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(layered(t, nil, nil), types.OCIManifestSchema1), types.OCIConfigJSON), &v1.ConfigFile{OS: "linux"})
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := WriteArchive(t.Context(), &out, img, nil, time.Unix(0, 0)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), `"RepoTags":[]`) {
		t.Error("there is no empty list of tags")
	}
}

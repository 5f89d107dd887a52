package rehearsal

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
	"github.com/nbuild/nbuild/internal/oci"
)

func imageRegistry() http.Handler {
	return whole(registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0))))
}

// whole refuses a manifest that is cut off, as registries do. The one behind it
// would keep what had come, under the digest of all of it.
func whole(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				http.Error(w, "the manifest is cut off", http.StatusBadRequest)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
		}
		next.ServeHTTP(w, r)
	})
}

// Bundles reads the bundles attached to an image that claim one of the predicate types;
// none means every type.
func Bundles(t testing.TB, at oci.Store, image v1.Hash, predicateTypes ...string) (all []oci.Attachment) {
	t.Helper()
	err := oci.EachBundle(t.Context(), at, image, predicateTypes, func(a oci.Attachment) error {
		all = append(all, a)
		return a.Err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// PushBase pushes an image for two platforms as base:1: a program for node, and a text,
// so that another one makes another base.
func (w *World) PushBase(text string) {
	w.T.Helper()
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, arch := range []string{"amd64", "arm64"} {
		img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		img, err := mutate.Append(img, mutate.Addendum{Layer: BaseLayer(w.T, text, arch)})
		if err != nil {
			w.T.Fatal(err)
		}
		config, err := img.ConfigFile()
		if err != nil {
			w.T.Fatal(err)
		}
		config = config.DeepCopy()
		config.OS, config.Architecture, config.Config.Env = "linux", arch, []string{"PATH=/usr/bin"}
		if img, err = mutate.ConfigFile(img, config); err != nil {
			w.T.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: img, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}},
		})
	}
	ref, err := name.ParseReference(fmt.Sprintf("%s/base:1", w.OCI.Address))
	if err != nil {
		w.T.Fatal(err)
	}
	if err := remote.WriteIndex(ref, index); err != nil {
		w.T.Fatal(err)
	}
}

// BaseLayer is a layer of usr/bin/node, a program for linux on arch, and of etc/base with
// a text.
func BaseLayer(t testing.TB, text, arch string) v1.Layer {
	t.Helper()
	var b bytes.Buffer
	archive := tar.NewWriter(&b)
	for _, f := range []struct {
		name string
		data []byte
	}{{"etc/base", []byte(text + " of " + arch)}, {"usr/bin/node", linkagetest.Program("linux/" + arch)}} {
		err := archive.WriteHeader(&tar.Header{Name: f.name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(f.data))})
		if err == nil {
			_, err = archive.Write(f.data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return static.NewLayer(b.Bytes(), types.OCIUncompressedLayer)
}

// Resolve asks the registry of images for what a name points at, "" where it has no
// such name.
func (w *World) Resolve(image string) string {
	w.T.Helper()
	ref, err := name.ParseReference(w.OCI.Address + "/" + image)
	if err != nil {
		w.T.Fatal(err)
	}
	d, err := remote.Head(ref)
	if err != nil {
		return ""
	}
	return d.Digest.String()
}

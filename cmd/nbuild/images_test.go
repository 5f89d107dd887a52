package main

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/linkage/linkagetest"
	"github.com/nbuild/nbuild/internal/oci"
)

// elf writes machine code for a platform: elf FILE PLATFORM [SYMBOL…]. The symbols are
// what it defines; with napi_register_module_v1 it is an addon that any Node takes. A word
// name=NAME is a library's own name, needs=NAME a library that it needs, and in=FOLDER a
// folder that those are looked for in.
func elf(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: elf FILE PLATFORM [SYMBOL…]")
	}
	at := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(filepath.Dir(at), 0o755))
	spec := linkagetest.Spec{Object: linkage.Object{Platform: args[1]}}
	for _, word := range args[2:] {
		what, value, _ := strings.Cut(word, "=")
		switch what {
		case "name":
			spec.Name = value
		case "needs":
			spec.Needs = append(spec.Needs, linkage.Need{Library: value})
		case "in":
			spec.RunPath = append(spec.RunPath, value)
		default:
			spec.Has = append(spec.Has, word)
		}
	}
	ts.Check(os.WriteFile(at, linkagetest.Write(spec), 0o644))
}

// reguard makes of an image with a guard, of one platform and in a layout, another one
// of which a file of the guard has a line more, and gives it the first one's BOM. All its
// digests are right: it is what another release of nbuild, or somebody else, would have
// written: reguard FROM TO FILE LINE.
func reguard(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: reguard FROM TO FILE LINE")
	}
	ctx := context.Background()
	from, err := oci.OpenLayout(ts.MkAbs(args[0]))
	ts.Check(err)
	to, err := oci.OpenLayout(ts.MkAbs(args[1]))
	ts.Check(err)
	found, err := from.Resolve(ctx, "latest")
	ts.Check(err)
	img, err := oci.Image(ctx, from, found.Digest)
	ts.Check(err)
	made, err := withAnotherLast(img, func(plain io.Reader) ([]byte, error) { return lengthened(plain, ".nbuild/"+args[2], args[3]) })
	ts.Check(err)
	desc, err := to.PushImage(ctx, made)
	ts.Check(err)
	ts.Check(to.Tag(ctx, desc.Digest, "latest"))
	ts.Check(oci.EachBOM(ctx, from, found.Digest, func(a oci.Attachment) error {
		if a.Err != nil {
			return a.Err
		}
		_, _, err := oci.AttachBOM(ctx, to, desc.Digest, a.Content)
		return err
	}))
}

// withAnotherLast is an image of which the last layer was made another.
func withAnotherLast(img v1.Image, change func(plain io.Reader) ([]byte, error)) (v1.Image, error) {
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	last := len(layers) - 1
	plain, err := layers[last].Uncompressed()
	if err != nil {
		return nil, err
	}
	defer plain.Close()
	changed, err := change(plain)
	if err != nil {
		return nil, err
	}
	layers[last] = static.NewLayer(changed, types.OCIUncompressedLayer)
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.RootFS.DiffIDs, config.History = nil, nil // which come with the layers
	made, err := mutate.ConfigFile(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), config)
	if err != nil {
		return nil, err
	}
	return mutate.AppendLayers(made, layers...)
}

// lengthened is an archive in which one file, which it has, has a line more.
func lengthened(archive io.Reader, name, line string) ([]byte, error) {
	var out bytes.Buffer
	r, w, found := tar.NewReader(archive), tar.NewWriter(&out), false
	for {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		if h.Name == name {
			found, body = true, append(body, line+"\n"...)
			h.Size = int64(len(body))
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(body); err != nil {
			return nil, err
		}
	}
	if !found {
		return nil, errors.New(name + " is not in the last layer")
	}
	return out.Bytes(), w.Close()
}

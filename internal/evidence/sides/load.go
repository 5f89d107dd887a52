package sides

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/guarded"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom"
)

// Options say where sides are.
type Options struct {
	Dir      string      // that a relative path is relative to
	Platform string      // of images that are for several; "" is "linux/amd64"
	Registry oci.Options // how to reach registries
}

type loader struct {
	options Options
}

// Load makes an inventory of whatever name says.
func Load(ctx context.Context, o Options, name string) (*sbom.Inventory, error) {
	return loader{options: o}.load(ctx, name)
}

// lockNames are the files that stand for a project's folder, the first that is
// there; npm takes them in this order. An nbuild.lock says less (no paths).
var lockNames = []string{"npm-shrinkwrap.json", "package-lock.json", "nbuild.lock"}

func (l loader) load(ctx context.Context, name string) (*sbom.Inventory, error) {
	if name == "" {
		return nil, unknownForm(name, "it has no name")
	}
	if strings.HasPrefix(name, "oci:") || strings.HasPrefix(name, "docker-archive:") {
		return l.image(ctx, name)
	}
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(l.options.Dir, path)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && looksLikeFile(name):
		return nil, &diag.Problem{
			Code: CodeUnknownForm, Pos: diag.Pos{File: name}, What: "there is no file " + name,
			Why:    "it does not read like an image of a registry either",
			Remedy: "name a BOM, a package-lock.json, an nbuild.lock, oci:DIR or REGISTRY/REPOSITORY:TAG",
		}
	case errors.Is(err, fs.ErrNotExist):
		return l.image(ctx, name)
	case err != nil:
		return nil, fmt.Errorf("looking for %s: %w", name, err)
	case info.IsDir():
		for _, lock := range lockNames {
			if _, err := os.Stat(filepath.Join(path, lock)); err == nil {
				return file(filepath.Join(path, lock), filepath.Join(name, lock))
			}
		}
		return nil, unknownForm(name, "the folder holds none of "+strings.Join(lockNames, ", "))
	}
	return file(path, name)
}

// looksLikeFile reports whether a name that names no file was meant as one.
func looksLikeFile(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasPrefix(name, "/") || !strings.Contains(name, "/") ||
		slices.Contains([]string{".json", ".lock", ".yaml"}, filepath.Ext(name))
}

// file makes an inventory of a file by what stands in it. Name is how problems
// call it.
func file(path, name string) (*sbom.Inventory, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", name, err)
	}
	defer f.Close()
	limit := int64(max(bounds.BOM, bounds.Lockfile, bounds.Snapshot))
	src, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", name, err)
	}
	switch {
	case bytes.HasPrefix(src, []byte("nbuild-lock ")):
		lock, err := snapshot.Parse(src, name)
		if err != nil {
			return nil, err
		}
		return sbom.FromSnapshot(lock), nil
	case sbom.IsBOM(src):
		bom, err := sbom.Parse(src, name)
		if err != nil {
			return nil, err
		}
		return bom.Inventory(), nil
	case isLockfile(src, name):
		lockfile, err := npm.ReadLockfile(src, name)
		if err != nil {
			return nil, err
		}
		return sbom.FromLockfile(lockfile), nil
	}
	return nil, unknownForm(name, "it is no CycloneDX JSON, no lockfile of npm and no nbuild.lock")
}

// isLockfile reports whether a file is for npm's reader, which knows other
// managers' lockfiles as well and says what to do with them.
func isLockfile(src []byte, name string) bool {
	switch filepath.Base(name) {
	case "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb":
		return true
	}
	return bytes.Contains(src[:min(len(src), 4096)], []byte(`"lockfileVersion"`))
}

func unknownForm(name, why string) error {
	return &diag.Problem{
		Code: CodeUnknownForm, Pos: diag.Pos{File: name}, What: fmt.Sprintf("%q can't be compared", name),
		Why:    why,
		Remedy: "name a BOM (`nbuild sbom > bom.json` writes one), a package-lock.json, an nbuild.lock or an image",
	}
}

// image makes an inventory of an image's BOM, its configuration and its guard with the
// production source list. The BOM is what someone attached; the other two are in the
// image and held to its digest.
func (l loader) image(ctx context.Context, name string) (*sbom.Inventory, error) {
	store, found, err := l.find(ctx, name)
	if err != nil {
		return nil, err
	}
	digest, err := oci.Select(ctx, store, found, l.options.platform())
	if err != nil {
		return nil, err
	}
	bom, err := attached(ctx, store, name, digest, found)
	if err != nil {
		return nil, err
	}
	img, err := oci.Image(ctx, store, digest)
	if err != nil {
		return nil, err
	}
	v := bom.Inventory()
	v.Image = digest.String()
	if v.Settings, err = settings(img); err != nil {
		return nil, err
	}
	g, err := guarded.Of(ctx, img, "")
	if err != nil {
		return nil, err
	}
	v.Guards = []sbom.Guard{g}
	return v, nil
}

// find opens an image's place and resolves its name.
func (l loader) find(ctx context.Context, name string) (oci.Store, v1.Hash, error) {
	ref, err := oci.Parse(name)
	if err != nil {
		return nil, v1.Hash{}, err
	}
	if ref.Kind == oci.InLayout && !filepath.IsAbs(ref.Path) {
		ref.Path = filepath.Join(l.options.Dir, ref.Path)
	}
	store, err := oci.Open(ref, l.options.Registry)
	if err != nil {
		return nil, v1.Hash{}, err
	}
	found, err := oci.Find(ctx, store, ref)
	return store, found.Digest, err
}

// platform is the one whose image of several is meant.
func (o Options) platform() string {
	if o.Platform == "" {
		return "linux/amd64"
	}
	return o.Platform
}

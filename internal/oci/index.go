package oci

import (
	"context"
	"fmt"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// indexManifest reads an index and refuses descriptors that no store has.
func indexManifest(m Manifest) (*v1.IndexManifest, error) {
	if !m.MediaType.IsIndex() {
		return nil, badShape(m.Digest, "it is one image, not an index", nil)
	}
	idx := new(v1.IndexManifest)
	if err := strictjson.Decode(m.Bytes, bounds.Manifest, idx); err != nil {
		return nil, badShape(m.Digest, "it is no JSON index", err)
	}
	for _, d := range idx.Manifests {
		if err := checkBlob(d); err != nil {
			return nil, err
		}
		if len(d.URLs) > 0 {
			return nil, badShape(m.Digest, "it keeps a manifest at another address", nil)
		}
	}
	return idx, nil
}

// Select returns the digest of the one image that is for a platform, such as
// "linux/arm64", behind a digest that is an image or an index. An index within an
// index is followed, to bounds.IndexDepth; the first that fits is taken, in the
// order of the index. A manifest that is an attestation of a builder ("unknown")
// never fits.
func Select(ctx context.Context, s Source, digest v1.Hash, platform string) (v1.Hash, error) {
	var others []string
	seen := map[v1.Hash]bool{}
	var walk func(v1.Hash, int) (v1.Hash, bool, error)
	walk = func(h v1.Hash, depth int) (v1.Hash, bool, error) {
		if seen[h] {
			return zeroHash, false, nil
		}
		seen[h] = true
		m, err := s.Manifest(ctx, h)
		if err != nil {
			return zeroHash, false, err
		}
		if m.MediaType.IsImage() {
			manifest, err := imageManifest(m)
			if err != nil {
				return zeroHash, false, err
			}
			raw, err := readBlob(ctx, s, manifest.Config, bounds.ImageConfig)
			if err != nil {
				return zeroHash, false, err
			}
			var p v1.Platform
			if err := strictjson.Decode(raw, bounds.ImageConfig, &p); err != nil {
				return zeroHash, false, badShape(h, "its configuration is no JSON", err)
			}
			others = append(others, platformName(p))
			return h, fits(p, platform), nil
		}
		if depth >= bounds.IndexDepth {
			return zeroHash, false, badShape(digest, "its indexes are nested too deeply", nil)
		}
		idx, err := indexManifest(m)
		if err != nil {
			return zeroHash, false, err
		}
		for _, d := range idx.Manifests {
			if !d.MediaType.IsIndex() && d.Platform != nil && !fits(*d.Platform, platform) {
				others = append(others, platformName(*d.Platform))
				continue
			}
			if !d.MediaType.IsIndex() && !d.MediaType.IsImage() {
				continue
			}
			if got, ok, err := walk(d.Digest, depth+1); err != nil || ok {
				return got, ok, err
			}
		}
		return zeroHash, false, nil
	}
	got, ok, err := walk(digest, 0)
	if err != nil {
		return zeroHash, err
	}
	if !ok {
		slices.Sort(others)
		others = slices.Compact(others)
		has := "one of another"
		if len(others) > 0 {
			has = diag.Clean(others[0])
		}
		return zeroHash, &diag.Problem{
			Code: CodePlatform, What: "image " + digest.String() + " has nothing for " + platform,
			Why:    fmt.Sprintf("it is for %s", diag.Clean(strings.Join(others, ", "))),
			Remedy: fmt.Sprintf("take a platform that it has, `--platform %s`, or for a base `platforms = [%q]` in the project block; or name another image", has, has),
		}
	}
	return got, nil
}

func platformName(p v1.Platform) string {
	s := p.OS + "/" + p.Architecture
	if p.Variant != "" {
		s += "/" + p.Variant
	}
	return s
}

func fits(p v1.Platform, want string) bool {
	parts := strings.Split(want, "/")
	return len(parts) >= 2 && p.OS == parts[0] && p.Architecture == parts[1] && (len(parts) < 3 || p.Variant == parts[2])
}

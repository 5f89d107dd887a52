package oci

import (
	"context"
	"errors"
	"fmt"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// The names that cosign gives to a bundle in a registry (cosign bundle
// specification).
const (
	BundleType      = "application/vnd.dev.sigstore.bundle.v0.3+json"
	bundlePrefix    = "application/vnd.dev.sigstore.bundle"
	emptyType       = "application/vnd.oci.empty.v1+json"
	contentNote     = "dev.sigstore.bundle.content"
	predicateNote   = "dev.sigstore.bundle.predicateType"
	dsseContent     = "dsse-envelope"
	sealNote        = "dev.nbuild.seal" // what a member signed about the bundle, for who lists it
	attachAttempts  = 5
	emptyConfigJSON = "{}"
)

// Attach stores a Sigstore bundle as a referrer of subject, which must be in the
// store, and returns the digest of the referrer. attached is false where the very
// bundle was attached already. The seal stands in the list beside it; "" for none.
func Attach(ctx context.Context, s Store, subject v1.Hash, bundle []byte, predicateType, seal string) (digest v1.Hash, attached bool, err error) {
	if limit := bounds.BundleOf(predicateType); int64(len(bundle)) > limit {
		return zeroHash, false, classify("the bundle", fmt.Errorf("bundle of %s: %w (%d bytes)", predicateType, ErrBound, limit))
	}
	of, err := s.Manifest(ctx, subject)
	if err != nil {
		return zeroHash, false, fmt.Errorf("reading what is to be signed: %w", err)
	}
	img, err := referrerOf(of.Descriptor, bundle, predicateType, seal)
	if err != nil {
		return zeroHash, false, err
	}
	return attach(ctx, s, subject, img)
}

// attach stores a referrer and sees to it that the subject lists it.
func attach(ctx context.Context, s Store, subject v1.Hash, img v1.Image) (digest v1.Hash, attached bool, err error) {
	digest, err = img.Digest()
	if err != nil {
		return zeroHash, false, err
	}
	for range attachAttempts {
		listed, cut, err := lists(ctx, s, subject, digest)
		if err != nil {
			return zeroHash, false, err
		}
		if listed || cut && attached { // beyond the bound of a list nobody can look
			return digest, attached, nil
		}
		// Without the referrers API the list is a tag that every writer replaces.
		// Whoever does not find its own entry afterwards writes it once more.
		if err := s.pushReferrer(ctx, img); err != nil {
			return zeroHash, false, fmt.Errorf("attaching: %w", err)
		}
		attached = true
	}
	return zeroHash, false, &diag.Problem{
		Code: CodeAttach, What: "the referrer " + digest.String() + " was stored but " + subject.String() + " does not list it",
		Why:    "nobody would find it: something else keeps rewriting the list, or the registry hides it",
		Remedy: "run the command again when nothing else attaches to this image",
	}
}

// lists reports whether the list of a subject names a digest.
func lists(ctx context.Context, s Store, subject, digest v1.Hash) (yes, cut bool, err error) {
	over, err := s.eachReferrer(ctx, subject, func(d v1.Descriptor) { yes = yes || d.Digest == digest })
	if err != nil {
		return false, false, fmt.Errorf("listing what is attached: %w", err)
	}
	return yes, over != nil, nil
}

// Listed is a referrer that may be a bundle, as a list names it. Its claims bind nobody.
type Listed struct {
	Digest        v1.Hash // of the referrer
	Size          int64   // of its manifest
	PredicateType string
	Seal          string
}

// ListBundles names what is attached to a subject and may be a bundle, without looking
// behind it. cut is ErrBound where the list is longer than what is read of one.
func ListBundles(ctx context.Context, s Store, subject v1.Hash) (list []Listed, cut, err error) {
	seen := map[v1.Hash]bool{}
	cut, err = s.eachReferrer(ctx, subject, func(d v1.Descriptor) {
		if mayBeBundle(d) && !seen[d.Digest] {
			seen[d.Digest] = true
			list = append(list, Listed{d.Digest, d.Size, d.Annotations[predicateNote], d.Annotations[sealNote]})
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listing signatures: %w", err)
	}
	return list, cut, nil
}

// mayBeBundle reports whether a list leaves open that a referrer is a bundle. The
// artifact type of a list is a hint: some registries put the configuration's type there.
func mayBeBundle(d v1.Descriptor) bool {
	return strings.HasPrefix(d.ArtifactType, bundlePrefix) || d.ArtifactType == emptyType || d.ArtifactType == "" || d.Annotations[predicateNote] != ""
}

// ErrNoBundle reports a referrer that is something else than a bundle.
var ErrNoBundle = errors.New("no bundle")

// LocateBundle reads the manifest of a referrer, and returns what it claims and the
// descriptor of the bundle in it.
func LocateBundle(ctx context.Context, s Store, subject, digest v1.Hash) (Listed, v1.Descriptor, error) {
	m, err := s.Manifest(ctx, digest)
	if err != nil {
		return Listed{}, v1.Descriptor{}, err
	}
	return bundleOf(m, subject)
}

// bundleOf is LocateBundle of a manifest at hand.
func bundleOf(m Manifest, subject v1.Hash) (Listed, v1.Descriptor, error) {
	manifest, err := imageManifest(m)
	if err != nil {
		return Listed{}, v1.Descriptor{}, err
	}
	artifactType := manifest.ArtifactType
	if artifactType == "" {
		artifactType = string(manifest.Config.MediaType)
	}
	if !strings.HasPrefix(artifactType, bundlePrefix) {
		return Listed{}, v1.Descriptor{}, ErrNoBundle
	}
	if manifest.Subject == nil || manifest.Subject.Digest != subject {
		return Listed{}, v1.Descriptor{}, fmt.Errorf("referrer %s: %w: its subject is another image", m.Digest, ErrMismatch)
	}
	if len(manifest.Layers) != 1 || !strings.HasPrefix(string(manifest.Layers[0].MediaType), bundlePrefix) {
		return Listed{}, v1.Descriptor{}, fmt.Errorf("referrer %s: %w: it does not hold one bundle", m.Digest, ErrMismatch)
	}
	return Listed{m.Digest, m.Size, manifest.Annotations[predicateNote], manifest.Annotations[sealNote]}, manifest.Layers[0], nil
}

// ReadBundle reads the bundle with a digest and a size.
func ReadBundle(ctx context.Context, s Store, digest v1.Hash, size int64) ([]byte, error) {
	return readBlob(ctx, s, v1.Descriptor{Digest: digest, Size: size}, size)
}

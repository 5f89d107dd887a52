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
	attachAttempts  = 5
	emptyConfigJSON = "{}"
)

// Attach stores a Sigstore bundle as a referrer of subject, which must be in the
// store, and returns the digest of the referrer. attached is false where the very
// bundle was attached already.
func Attach(ctx context.Context, s Store, subject v1.Hash, bundle []byte, predicateType string) (digest v1.Hash, attached bool, err error) {
	if limit := bounds.BundleOf(predicateType); int64(len(bundle)) > limit {
		return zeroHash, false, classify("the bundle", fmt.Errorf("bundle of %s: %w (%d bytes)", predicateType, ErrBound, limit))
	}
	of, err := s.Manifest(ctx, subject)
	if err != nil {
		return zeroHash, false, fmt.Errorf("reading what is to be signed: %w", err)
	}
	img, err := referrerOf(of.Descriptor, bundle, predicateType)
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
		listed, err := lists(ctx, s, subject, digest)
		if err != nil {
			return zeroHash, false, err
		}
		if listed {
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

func lists(ctx context.Context, s Store, subject, digest v1.Hash) (bool, error) {
	all, err := s.Referrers(ctx, subject)
	if err != nil {
		return false, fmt.Errorf("listing what is attached: %w", err)
	}
	for _, d := range all {
		if d.Digest == digest {
			return true, nil
		}
	}
	return false, nil
}

// Attachment is a bundle as it was found beside an image. PredicateType is what
// the referrer claims about it and binds nobody: only what is signed counts.
type Attachment struct {
	Digest        v1.Hash // of the referrer
	PredicateType string
	Bundle        []byte
}

// Unread is a referrer that exists and could not be read, so that a verdict on
// what was read may be undecided. Bound says that it was left out because a bound
// was hit; otherwise Err says what failed.
type Unread struct {
	Digest        v1.Hash
	PredicateType string
	Bound         bool
	Err           error
}

// Attachments is what stands beside an image. Neither list set means that nothing
// is attached.
type Attachments struct {
	Bundles []Attachment
	Unread  []Unread
}

// Bundles reads the bundles attached to subject: those that claim one of the
// predicate types, in the order of the list, then those that claim none; by digest
// within each. A nil list means every type. At most bounds.Referrers are read,
// each at most bounds.BundleOf and bounds.Bundles together. An error means that
// the list itself could not be had.
func Bundles(ctx context.Context, s Store, subject v1.Hash, predicateTypes []string) (Attachments, error) {
	all, err := s.Referrers(ctx, subject)
	if err != nil {
		return Attachments{}, fmt.Errorf("listing signatures: %w", err)
	}
	var out Attachments
	left := int64(bounds.Bundles)
	for i, d := range byPredicate(all, predicateTypes) {
		claim := d.Annotations[predicateNote]
		if i >= bounds.Referrers {
			out.Unread = append(out.Unread, Unread{d.Digest, claim, true, fmt.Errorf("%d referrers: %w", len(all), ErrBound)})
			break // one is enough to know
		}
		found, err := readBundle(ctx, s, subject, d, left)
		switch {
		case errors.Is(err, errNoBundle):
		case err != nil:
			out.Unread = append(out.Unread, Unread{d.Digest, claim, errors.Is(err, ErrBound), err})
		default:
			left -= int64(len(found.Bundle))
			out.Bundles = append(out.Bundles, found)
		}
		if err := ctx.Err(); err != nil {
			return Attachments{}, err
		}
	}
	return out, nil
}

// byPredicate keeps what may be a bundle, wanted types first. The artifact type of
// a list is a hint: some registries put the configuration's type there.
func byPredicate(all []v1.Descriptor, want []string) []v1.Descriptor {
	groups := make([][]v1.Descriptor, len(want)+1)
	for _, d := range all {
		claim := d.Annotations[predicateNote]
		switch {
		case !strings.HasPrefix(d.ArtifactType, bundlePrefix) && d.ArtifactType != emptyType && d.ArtifactType != "" && claim == "":
			continue
		case want == nil || claim == "":
			groups[len(want)] = append(groups[len(want)], d)
		}
		for i, w := range want {
			if claim == w && claim != "" {
				groups[i] = append(groups[i], d)
				break
			}
		}
	}
	var out []v1.Descriptor
	for _, g := range groups {
		out = append(out, g...)
	}
	return out
}

var errNoBundle = errors.New("no bundle")

func readBundle(ctx context.Context, s Store, subject v1.Hash, d v1.Descriptor, left int64) (Attachment, error) {
	m, err := s.Manifest(ctx, d.Digest)
	if err != nil {
		return Attachment{}, err
	}
	manifest, err := imageManifest(m)
	if err != nil {
		return Attachment{}, err
	}
	artifactType := manifest.ArtifactType
	if artifactType == "" {
		artifactType = string(manifest.Config.MediaType)
	}
	if !strings.HasPrefix(artifactType, bundlePrefix) {
		return Attachment{}, errNoBundle
	}
	if manifest.Subject == nil || manifest.Subject.Digest != subject {
		return Attachment{}, fmt.Errorf("referrer %s: %w: its subject is another image", d.Digest, ErrMismatch)
	}
	if len(manifest.Layers) != 1 || !strings.HasPrefix(string(manifest.Layers[0].MediaType), bundlePrefix) {
		return Attachment{}, fmt.Errorf("referrer %s: %w: it does not hold one bundle", d.Digest, ErrMismatch)
	}
	claim := manifest.Annotations[predicateNote]
	raw, err := readBlob(ctx, s, manifest.Layers[0], min(left, bounds.BundleOf(claim)))
	if err != nil {
		return Attachment{}, err
	}
	return Attachment{Digest: d.Digest, PredicateType: claim, Bundle: raw}, nil
}

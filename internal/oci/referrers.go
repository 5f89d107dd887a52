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
	return bundles(ctx, s, subject, predicateTypes, bounds.Bundles)
}

// bundles is Bundles with its own bound of the bytes of all together.
func bundles(ctx context.Context, s Store, subject v1.Hash, predicateTypes []string, left int64) (Attachments, error) {
	all, err := s.Referrers(ctx, subject)
	if err != nil {
		return Attachments{}, fmt.Errorf("listing signatures: %w", err)
	}
	var out Attachments
	for i, d := range byPredicate(all, predicateTypes) {
		claim := d.Annotations[predicateNote]
		if i >= bounds.Referrers {
			out.Unread = append(out.Unread, Unread{d.Digest, claim, true, fmt.Errorf("%d referrers: %w", len(all), ErrBound)})
			break // one is enough to know
		}
		found, err := readBundle(ctx, s, subject, d, left)
		switch {
		case errors.Is(err, ErrNoBundle):
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

// byPredicate keeps what may be a bundle, wanted types first.
func byPredicate(all []v1.Descriptor, want []string) []v1.Descriptor {
	groups := make([][]v1.Descriptor, len(want)+1)
	for _, d := range all {
		claim := d.Annotations[predicateNote]
		switch {
		case !mayBeBundle(d):
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
		return Listed{}, v1.Descriptor{}, fmt.Errorf("referrer %s: %w: its subject is another image", digest, ErrMismatch)
	}
	if len(manifest.Layers) != 1 || !strings.HasPrefix(string(manifest.Layers[0].MediaType), bundlePrefix) {
		return Listed{}, v1.Descriptor{}, fmt.Errorf("referrer %s: %w: it does not hold one bundle", digest, ErrMismatch)
	}
	return Listed{digest, m.Size, manifest.Annotations[predicateNote], manifest.Annotations[sealNote]}, manifest.Layers[0], nil
}

// ReadBundle reads the bundle with a digest and a size.
func ReadBundle(ctx context.Context, s Store, digest v1.Hash, size int64) ([]byte, error) {
	return readBlob(ctx, s, v1.Descriptor{Digest: digest, Size: size}, size)
}

func readBundle(ctx context.Context, s Store, subject v1.Hash, d v1.Descriptor, left int64) (Attachment, error) {
	l, bundle, err := LocateBundle(ctx, s, subject, d.Digest)
	if err != nil {
		return Attachment{}, err
	}
	raw, err := readBlob(ctx, s, bundle, min(left, bounds.BundleOf(l.PredicateType)))
	if err != nil {
		return Attachment{}, err
	}
	return Attachment{Digest: d.Digest, PredicateType: l.PredicateType, Bundle: raw}, nil
}

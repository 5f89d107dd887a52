package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Attachment is something that stands beside an image, as it was found. PredicateType is
// what the referrer of a bundle claims about it and binds nobody: only what is signed
// counts.
type Attachment struct {
	Digest        v1.Hash // of the referrer
	PredicateType string
	Content       []byte // the bundle, or the unsigned BOM; the caller's

	// Err says why there is no Content. Junk says that it can't be what was asked for: it
	// is malformed, about another image, larger than its kind may be, or not there. What
	// is not junk may have been: a bound of all together was hit, or a request failed.
	Err  error
	Junk bool
}

// carrying is a kind of attachment: which referrers may carry one by what a list says of
// them, what a manifest says it carries, and how large that may be.
type carrying struct {
	may   func(v1.Descriptor) bool
	look  func(m Manifest, subject v1.Hash) (Listed, v1.Descriptor, error)
	limit func(predicateType string) int64
}

// EachBundle hands on the bundles attached to subject that claim one of the predicate
// types, or none, one at a time and the smallest first: whoever can push decides how many
// there are, so what is to stand before another has to be small. No types mean every
// type. bounds.Referrers of them are looked at, and bounds.Unsealed bytes read. An error
// means that the list could not be had, or is the callback's.
func EachBundle(ctx context.Context, s Store, subject v1.Hash, predicateTypes []string, each func(Attachment) error) error {
	wanted := func(claim string) bool {
		return len(predicateTypes) == 0 || claim == "" || slices.Contains(predicateTypes, claim)
	}
	kind := carrying{
		may: func(d v1.Descriptor) bool { return mayBeBundle(d) && wanted(d.Annotations[predicateNote]) },
		look: func(m Manifest, subject v1.Hash) (Listed, v1.Descriptor, error) {
			l, bundle, err := bundleOf(m, subject)
			if err == nil && !wanted(l.PredicateType) {
				err = ErrNoBundle
			}
			return l, bundle, err
		},
		limit: func(claim string) int64 {
			most := bounds.BundleOf(claim)
			for _, t := range predicateTypes {
				if claim == "" { // it may be any of them
					most = max(most, bounds.BundleOf(t))
				}
			}
			return most
		},
	}
	return kind.each(ctx, s, subject, bounds.Unsealed, each)
}

// EachBOM hands on the unsigned BOMs attached to subject as EachBundle does bundles. Who
// attached them is not known.
func EachBOM(ctx context.Context, s Store, subject v1.Hash, each func(Attachment) error) error {
	kind := carrying{
		may: func(d v1.Descriptor) bool {
			return d.ArtifactType == BOMType || d.ArtifactType == emptyType || d.ArtifactType == ""
		},
		look:  bomOf,
		limit: func(string) int64 { return bounds.BundleOf("https://cyclonedx.org/bom") },
	}
	return kind.each(ctx, s, subject, bounds.Unsealed, each)
}

// each hands on the attachments of a kind, left bytes of them together.
func (c carrying) each(ctx context.Context, s Store, subject v1.Hash, left int64, each func(Attachment) error) error {
	var all []v1.Descriptor
	cut, err := s.eachReferrer(ctx, subject, func(d v1.Descriptor) {
		if c.may(d) {
			all = append(all, d)
		}
	})
	if err != nil {
		return fmt.Errorf("listing what is attached: %w", err)
	}
	all = sorted(all)
	slices.SortStableFunc(all, func(a, b v1.Descriptor) int { return cmp.Compare(a.Size, b.Size) })
	type item struct {
		Listed
		content v1.Descriptor
	}
	var items []item
	for i, d := range all {
		if i == bounds.Referrers {
			cut = fmt.Errorf("%d referrers: %w", len(all), ErrBound)
			break
		}
		found := item{}
		odd := Attachment{Digest: d.Digest, PredicateType: d.Annotations[predicateNote]}
		if odd.Junk = d.Size > bounds.ReferrerEntry; odd.Junk {
			odd.Err = fmt.Errorf("its manifest has more than %d bytes", int64(bounds.ReferrerEntry))
		} else if m, err := s.Manifest(ctx, d.Digest); err != nil {
			odd.Err, odd.Junk = err, errors.Is(err, ErrNotFound)
		} else if found.Listed, found.content, err = c.look(m, subject); err != nil {
			odd.Err, odd.Junk = err, true
		}
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(odd.Err, ErrNoBundle):
		case odd.Err != nil:
			if err := each(odd); err != nil {
				return err
			}
		default:
			items = append(items, found)
		}
	}
	slices.SortStableFunc(items, func(a, b item) int { return cmp.Compare(a.content.Size, b.content.Size) })
	for _, i := range items {
		a := Attachment{Digest: i.Digest, PredicateType: i.PredicateType}
		switch limit := c.limit(i.PredicateType); {
		case i.content.Size > limit:
			a.Err, a.Junk = fmt.Errorf("it has more than %d bytes", limit), true
		case i.content.Size > left:
			a.Err = fmt.Errorf("all of them together: %w", ErrBound)
		default:
			left -= i.content.Size
			a.Content, a.Err = readBlob(ctx, s, i.content, limit)
			a.Junk = errors.Is(a.Err, ErrNotFound)
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := each(a); err != nil {
			return err
		}
	}
	if cut != nil {
		return each(Attachment{Err: cut})
	}
	return nil
}

// bomOf returns the descriptor of the unsigned BOM that a referrer of a subject carries;
// ErrNoBundle where it is something else.
func bomOf(m Manifest, subject v1.Hash) (Listed, v1.Descriptor, error) {
	manifest, err := imageManifest(m)
	switch {
	case err != nil:
		return Listed{}, v1.Descriptor{}, err
	case manifest.ArtifactType != BOMType:
		return Listed{}, v1.Descriptor{}, ErrNoBundle
	case manifest.Subject == nil || manifest.Subject.Digest != subject:
		return Listed{}, v1.Descriptor{}, fmt.Errorf("referrer %s: %w: its subject is another image", m.Digest, ErrMismatch)
	case len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != BOMType:
		return Listed{}, v1.Descriptor{}, fmt.Errorf("referrer %s: %w: it does not hold one BOM", m.Digest, ErrMismatch)
	}
	return Listed{Digest: m.Digest, Size: m.Size}, manifest.Layers[0], nil
}

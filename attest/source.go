package attest

import (
	"context"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Source is where the bundles about an image are: a registry, a layout, a folder. It
// is asked step by step, because whoever can push decides how much there is: what is
// listed costs little, and what is read was asked for.
type Source interface {
	// List names what is attached to the image with that digest and may be a bundle. An
	// error means that the list could not be had.
	List(ctx context.Context, subject cas.Digest) (Listing, error)
	// Locate looks behind an item of the list: what it claims, which bundle it names,
	// and of which size. ok is false for what turns out to be no bundle.
	Locate(ctx context.Context, subject cas.Digest, item Item) (located Item, ok bool, err error)
	// Read returns the bundle that a located item names, which has the digest and the
	// size that stand there. The bytes are the caller's.
	Read(ctx context.Context, item Item) ([]byte, error)
}

// Listing is what a Source has. No items and no Cut mean that nothing is attached.
type Listing struct {
	Items []Item
	Cut   error // why there may be more than Items, nil where there is not
}

// Item is something attached to an image. Its claims bind nobody.
type Item struct {
	Name string         // for people, and to the source
	Type predicate.Type // claimed; "" for none
	Seal string         // claimed; "" for none
	Cost int64          // what looking behind it costs, in bytes

	// Known from Locate on, and from a seal that holds.
	Bundle cas.Digest
	Size   int64
}

// Listed is a Source that was asked for its list already.
type Listed struct {
	Source
	Listing Listing
}

// List implements Source.
func (l Listed) List(context.Context, cas.Digest) (Listing, error) { return l.Listing, nil }

// Unread is evidence that exists and was not read: a request failed, or a bound
// was hit.
type Unread struct {
	Name string         // for people
	Type predicate.Type // claimed; "" for none
	Err  error
}

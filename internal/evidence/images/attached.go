package images

import (
	"context"
	"errors"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Attached is a place as the source of evidence. Every answer has its time, by its size:
// a place that gives a byte now and then is one that does not answer.
type Attached struct {
	Store oci.Store
}

// List implements attest.Source.
func (a Attached) List(ctx context.Context, subject cas.Digest) (attest.Listing, error) {
	ctx, cancel := within(ctx, bounds.ReferrerList)
	defer cancel()
	list, cut, err := oci.ListBundles(ctx, a.Store, Hash(subject))
	if err != nil {
		return attest.Listing{}, err
	}
	return attest.Listing{Items: Items(list), Cut: cut}, nil
}

// Items are listed referrers as a verdict is made of them.
func Items(list []oci.Listed) []attest.Item {
	out := make([]attest.Item, len(list))
	for i, l := range list {
		out[i] = attest.Item{Name: l.Digest.String(), Type: predicate.Type(l.PredicateType), Seal: l.Seal, Cost: l.Size}
	}
	return out
}

// Locate implements attest.Source.
func (a Attached) Locate(ctx context.Context, subject cas.Digest, item attest.Item) (attest.Item, bool, error) {
	ctx, cancel := within(ctx, bounds.ReferrerEntry)
	defer cancel()
	referrer, err := v1.NewHash(item.Name)
	if err != nil {
		return item, false, err
	}
	l, bundle, err := oci.LocateBundle(ctx, a.Store, Hash(subject), referrer)
	if errors.Is(err, oci.ErrNoBundle) {
		return item, false, nil
	}
	if err != nil {
		return item, false, err
	}
	item.Type, item.Seal, item.Size = predicate.Type(l.PredicateType), l.Seal, bundle.Size
	item.Bundle, err = Digest(bundle.Digest)
	return item, err == nil, err
}

// Read implements attest.Source.
func (a Attached) Read(ctx context.Context, item attest.Item) ([]byte, error) {
	ctx, cancel := within(ctx, item.Size)
	defer cancel()
	return oci.ReadBundle(ctx, a.Store, Hash(item.Bundle), item.Size)
}

// within gives an answer of a size its time.
func within(ctx context.Context, size int64) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, bounds.AnswerTimeout+time.Duration(size/bounds.AnswerRate)*time.Second)
}

package attest

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Evidence makes bundles at hand a Source, as files are.
type Evidence struct {
	Bundles [][]byte
	Unread  []Unread
}

// List implements Source.
func (e Evidence) List(context.Context, cas.Digest) (Listing, error) {
	var out Listing
	for i, b := range e.Bundles {
		out.Items = append(out.Items, Item{Name: fmt.Sprintf("%08d", i), Bundle: cas.Sum(b), Size: int64(len(b))})
	}
	for i, u := range e.Unread {
		out.Items = append(out.Items, Item{Name: fmt.Sprintf("%08d", len(e.Bundles)+i), Type: u.Type})
	}
	return out, nil
}

// Locate implements Source.
func (e Evidence) Locate(_ context.Context, _ cas.Digest, item Item) (Item, bool, error) {
	if i, _ := strconv.Atoi(item.Name); i >= len(e.Bundles) {
		return item, true, e.Unread[i-len(e.Bundles)].Err
	}
	return item, true, nil
}

// Read implements Source.
func (e Evidence) Read(_ context.Context, item Item) ([]byte, error) {
	i, err := strconv.Atoi(item.Name)
	if err != nil {
		return nil, err
	}
	return slices.Clone(e.Bundles[i]), nil
}

// Says reports whether the bundle is the key's signature over exactly this
// statement: signing it again would add nothing.
func (b *Bundle) Says(k Key, s *predicate.Statement) bool {
	payload, err := s.Encode()
	if err != nil || string(payload) != string(b.payload) {
		return false
	}
	_, err = b.Open(k)
	return err == nil
}

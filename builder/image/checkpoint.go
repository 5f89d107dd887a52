package image

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/json"
	"errors"
	"hash"

	"github.com/nbuild/nbuild/internal/cas"
)

const prefixResult = "layer-prefix"

// checkpoint is how many members lie between two records of a layer's running
// hashes. A diffID can't be put together from those of members, so a layer of
// which one member changed would have to be inflated whole to be hashed again;
// it is, from the last record before the change.
const checkpoint = 64

// running is the two hashes of a layer as far as it is assembled, and how many
// bytes went into each.
type running struct {
	plain, body         hash.Hash
	plainSize, bodySize int64
}

func (r *running) write(body, plain []byte) {
	r.body.Write(body)
	r.plain.Write(plain)
	r.bodySize += int64(len(body))
	r.plainSize += int64(len(plain))
}

// prefixes returns, for each share, the digest of all that determines the layer
// up to it.
func (a *assembly) prefixes(shares []share) []cas.Digest {
	all := make([]cas.Digest, len(shares))
	h := sha256.New()
	for i, s := range shares {
		key := a.packer.key(s)
		h.Write(key[:])
		all[i] = cas.Digest(h.Sum(nil))
	}
	return all
}

// state is a checkpoint as its record holds it.
type state struct {
	Plain     []byte `json:"plain"`
	Body      []byte `json:"body"`
	PlainSize int64  `json:"plainSize"`
	BodySize  int64  `json:"bodySize"`
}

// mark records the hashes so far.
func (a *assembly) mark(ctx context.Context, prefix cas.Digest, r *running) error {
	plain, err := r.plain.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	body, err := r.body.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	text, err := json.Marshal(state{plain, body, r.plainSize, r.bodySize})
	if err != nil {
		return err
	}
	return a.store.PutResult(ctx, prefixResult, prefix, text)
}

// resume finds the last checkpoint that holds for these shares and returns its
// hashes and how many members they cover, which it fills in.
func (a *assembly) resume(shares []share, prefixes []cas.Digest, into []packed) (*running, int) {
	known := 0 // members whose blobs are there, from the first on
	for i := range shares {
		p, ok := a.known(a.packer.key(shares[i]))
		if !ok {
			break
		}
		into[i], known = p, i+1
	}
	for n := known / checkpoint * checkpoint; n > 0; n -= checkpoint {
		text, ok := a.store.Result(prefixResult, prefixes[n-1])
		if !ok {
			continue
		}
		if r, err := parseState(text); err == nil {
			return r, n
		}
	}
	return &running{plain: sha256.New(), body: sha256.New()}, 0
}

func parseState(text []byte) (*running, error) {
	var s state
	if err := json.Unmarshal(text, &s); err != nil {
		return nil, err
	}
	r := &running{plain: sha256.New(), body: sha256.New(), plainSize: s.PlainSize, bodySize: s.BodySize}
	return r, errors.Join(
		r.plain.(encoding.BinaryUnmarshaler).UnmarshalBinary(s.Plain),
		r.body.(encoding.BinaryUnmarshaler).UnmarshalBinary(s.Body),
	)
}

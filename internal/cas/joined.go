package cas

import (
	"context"
	"errors"
	"fmt"
)

// Joined returns what was worked out of many blobs together, for readers that would
// otherwise open each: make's bytes are kept as one blob, under a result of the kind
// and the digests, whose order counts. What was kept and is damaged, pruned or over
// limit bytes is made again; what make gives over limit bytes, or in a store that can't
// be written to, is returned and not kept.
// Kind is as for PutResult, and names the form of the bytes: another form wants
// another kind.
func (s *Store) Joined(ctx context.Context, kind string, of []Digest, limit int64, make func() ([]byte, error)) ([]byte, error) {
	key := joinedKey(of)
	if value, ok := s.Result(kind, key); ok {
		if digest, err := ParseDigest(string(value)); err == nil {
			kept, err := s.Read(ctx, digest, limit)
			if err == nil {
				return kept, nil
			}
			if !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) {
				return nil, fmt.Errorf("reading %s of %d blobs: %w", kind, len(of), err)
			}
		}
	}
	made, err := make()
	if err != nil || int64(len(made)) > limit || s.readOnly {
		return made, err
	}
	digest, err := s.PutBytes(ctx, made)
	if err != nil {
		return nil, err
	}
	return made, s.PutResult(ctx, kind, key, []byte(digest.String()))
}

func joinedKey(of []Digest) Digest {
	list := make([]byte, 0, len(of)*(2*len(Digest{})+1))
	for _, d := range of {
		list = append(append(list, d.String()...), '\n')
	}
	return Sum(list)
}

package oci

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	stdhash "hash"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// verifier gives a blob's bytes on, and an error instead of the end where they
// were not what the descriptor says. It never gives more than the size.
type verifier struct {
	inner io.ReadCloser
	desc  v1.Descriptor
	sum   stdhash.Hash
	left  int64
	done  error
}

func verifying(rc io.ReadCloser, desc v1.Descriptor) io.ReadCloser {
	return &verifier{inner: rc, desc: desc, sum: sha256.New(), left: desc.Size}
}

func (v *verifier) Read(p []byte) (int, error) {
	if v.done != nil {
		return 0, v.done
	}
	if len(p) == 0 {
		return 0, nil
	}
	if int64(len(p)) > v.left+1 {
		p = p[:v.left+1] // one more byte than there may be, to see whether it is there
	}
	n, err := v.inner.Read(p)
	if int64(n) > v.left {
		v.done = fmt.Errorf("%s: %w: more than %d bytes came", v.desc.Digest, ErrMismatch, v.desc.Size)
		return 0, v.done
	}
	v.sum.Write(p[:n])
	v.left -= int64(n)
	if err == nil {
		return n, nil
	}
	if err != io.EOF {
		v.done = err
		return n, err
	}
	got := hex.EncodeToString(v.sum.Sum(nil))
	switch {
	case v.left > 0:
		v.done = fmt.Errorf("%s: %w: it ended %d bytes early", v.desc.Digest, ErrMismatch, v.left)
	case got != v.desc.Digest.Hex:
		v.done = fmt.Errorf("%s: %w: the bytes are sha256:%s", v.desc.Digest, ErrMismatch, got)
	default:
		v.done = io.EOF
	}
	return n, v.done
}

// blaming gives a reader whose errors are Problems about the place they came from.
type blaming struct {
	io.ReadCloser
	place string
}

func (b *blaming) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF {
		err = classify(b.place, err)
	}
	return n, err
}

func (v *verifier) Close() error { return v.inner.Close() }

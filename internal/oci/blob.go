package oci

import (
	"context"
	"fmt"
	"io"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// resuming reads a blob on from where its connection broke (OCI distribution
// specification 1.1, "Pulling blobs": range requests). A registry that sends all of it
// again is read up to there. The digest of the whole is checked by who reads.
type resuming struct {
	ctx      context.Context // of this one transfer, which ends with Close
	end      context.CancelFunc
	registry *Registry
	desc     v1.Descriptor
	body     io.ReadCloser // nil where it broke
	at       int64         // bytes that were handed out
	breaks   int
}

// openBlob asks for a blob.
func (r *Registry) openBlob(ctx context.Context, desc v1.Descriptor) (*resuming, error) {
	b := &resuming{registry: r, desc: desc}
	b.ctx, b.end = pace.Within(ctx, pace.Longer(r.retry.Limit(), desc.Size), desc.Digest.String())
	if err := b.open(); err != nil {
		b.end()
		return nil, err
	}
	return b, nil
}

func (b *resuming) open() error {
	header := http.Header{}
	if b.at > 0 {
		header.Set("Range", fmt.Sprintf("bytes=%d-%d", b.at, b.desc.Size-1))
	}
	resp, err := b.registry.get(b.ctx, "blobs/"+b.desc.Digest.String(), header)
	if statusOf(err) == http.StatusRequestedRangeNotSatisfiable {
		resp, err = b.registry.get(b.ctx, "blobs/"+b.desc.Digest.String(), http.Header{})
	}
	if err != nil {
		return pace.Cause(b.ctx, err)
	}
	left := b.desc.Size
	if resp.StatusCode == http.StatusPartialContent {
		left -= b.at
	}
	if resp.ContentLength >= 0 && resp.ContentLength != left {
		resp.Body.Close()
		return fmt.Errorf("%s: %w: %d bytes are announced, its size is %d", b.desc.Digest, ErrMismatch, resp.ContentLength, left)
	}
	if resp.StatusCode == http.StatusOK {
		if _, err := io.CopyN(io.Discard, resp.Body, b.at); err != nil {
			resp.Body.Close()
			return err
		}
	}
	b.body = resp.Body
	return nil
}

// Read implements io.Reader. What came before a break is handed out first.
func (b *resuming) Read(p []byte) (int, error) {
	if b.body != nil {
		n, err := b.body.Read(p)
		b.at += int64(n)
		if err == nil || err == io.EOF {
			return n, err
		}
		b.body.Close()
		b.body = nil
		err = pace.Cause(b.ctx, err)
		if b.breaks++; b.breaks >= bounds.RetryLimit || !retry.Passing(err) || b.ctx.Err() != nil {
			return n, err
		}
		if n > 0 {
			return n, nil
		}
	}
	if b.at >= b.desc.Size {
		return 0, io.EOF // it broke after the last byte
	}
	if err := b.registry.whole(b.ctx, func(context.Context) error { return b.open() }); err != nil {
		return 0, pace.Cause(b.ctx, err)
	}
	return b.Read(p)
}

// Close implements io.Closer.
func (b *resuming) Close() error {
	defer b.end()
	if b.body == nil {
		return nil
	}
	return b.body.Close()
}

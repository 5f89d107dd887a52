package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// fetch brings blobs into the store, each held to its digest. One that the server lacks
// is a gone.
func (c *Client) fetch(ctx context.Context, store *cas.Store, pieces []execution.Piece) error {
	can, err := c.offers(ctx)
	if err != nil {
		return err
	}
	seen := map[cas.Digest]bool{}
	var missing []execution.Piece
	for _, p := range pieces {
		if have, ok := store.Stat(p.Digest); seen[p.Digest] || ok && have == p.Size {
			continue
		}
		seen[p.Digest] = true
		missing = append(missing, p)
	}
	return inBatches(ctx, missing, can.batch,
		func(ctx context.Context, of []execution.Piece) error { return c.fetchBatch(ctx, store, of, can) },
		func(ctx context.Context, p execution.Piece) error {
			return c.read(ctx, p, func(r io.Reader) error { return keep(ctx, store, r, p) })
		})
}

// keep puts a blob into the store where it is what its digest says.
func keep(ctx context.Context, store *cas.Store, r io.Reader, p execution.Piece) error {
	w, err := store.Create(ctx)
	if err != nil {
		return retry.Final{Err: err}
	}
	defer w.Abort()
	sum := &summed{r: r}
	if _, err := io.Copy(w, sum); err != nil {
		return err
	}
	if err := held(sum, p); err != nil {
		return err
	}
	if _, _, err := w.Commit(); err != nil {
		return retry.Final{Err: err}
	}
	return nil
}

// held holds what was read to its digest.
func held(sum *summed, p execution.Piece) error {
	if sum.size != p.Size || sum.digest() != p.Digest {
		return lied("it gives other bytes for sha256:%s", p.Digest)
	}
	return nil
}

func (c *Client) fetchBatch(ctx context.Context, store *cas.Store, pieces []execution.Piece, can *offer) error {
	release, err := c.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	request := &repb.BatchReadBlobsRequest{InstanceName: c.o.Address.Instance, DigestFunction: repb.DigestFunction_SHA256}
	if can.zstdBatches {
		request.AcceptableCompressors = []repb.Compressor_Value{repb.Compressor_ZSTD}
	}
	var size int64
	for _, p := range pieces {
		size += p.Size
		request.Digests = append(request.Digests, digest(p.Digest, p.Size))
	}
	return c.call(ctx, "taking blobs from it", pace.Longer(c.answer(), size), func(ctx context.Context) error {
		said, err := c.cas.BatchReadBlobs(ctx, request)
		if err != nil {
			return err
		}
		given := make(map[string]*repb.BatchReadBlobsResponse_Response, len(pieces))
		for _, r := range said.GetResponses() {
			given[r.GetDigest().GetHash()] = r
		}
		for _, p := range pieces {
			r := given[p.Digest.String()]
			if r == nil {
				return lied("it says nothing of a blob that it was asked for")
			}
			if err := status.ErrorProto(r.GetStatus()); status.Code(err) == codes.NotFound {
				return retry.Final{Err: gone{"sha256:" + p.Digest.String()}}
			} else if err != nil {
				return err
			}
			data := r.GetData()
			if r.GetCompressor() == repb.Compressor_ZSTD && can.zstdBatches {
				if data, err = unpack(data, p.Size); err != nil {
					return lied("it gives sha256:%s in a form that can't be read: %v", p.Digest, err)
				}
			}
			if err := keep(ctx, store, bytes.NewReader(data), p); err != nil {
				return err
			}
		}
		return nil
	})
}

// read reads a blob on a stream of its own. Take may be called again, where the stream was
// cut, and is given at most a byte more than the blob has.
func (c *Client) read(ctx context.Context, p execution.Piece, take func(io.Reader) error) error {
	can, err := c.offers(ctx)
	if err != nil {
		return err
	}
	release, err := c.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	return c.call(ctx, "taking a blob from it", pace.Longer(c.answer(), p.Size), func(ctx context.Context) error {
		name := fmt.Sprintf("%sblobs/%s/%d", c.prefix(), p.Digest, p.Size)
		packed := can.zstdStreams && p.Size >= worthPacking
		if packed {
			name = fmt.Sprintf("%scompressed-blobs/zstd/%s/%d", c.prefix(), p.Digest, p.Size)
		}
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.streams.Read(ctx, &bytestream.ReadRequest{ResourceName: name})
		if err != nil {
			return err
		}
		from := &reads{stream: stream}
		var r io.Reader = from
		if packed {
			z, err := unpacked(from)
			if err != nil {
				return lied("it gives sha256:%s in a form that can't be read: %v", p.Digest, err)
			}
			defer z.Close()
			r = z
		}
		err = take(io.LimitReader(r, p.Size+1))
		switch {
		case from.err != nil && status.Code(from.err) == codes.NotFound:
			return retry.Final{Err: gone{"sha256:" + p.Digest.String()}}
		case from.err != nil && !errors.Is(from.err, io.EOF):
			return from.err
		case err != nil && packed && !errors.As(err, new(retry.Final)):
			return lied("it gives sha256:%s in a form that can't be read: %v", p.Digest, err)
		}
		return err
	})
}

// small reads a blob of at most a few bytes.
func (c *Client) small(ctx context.Context, p execution.Piece, limit int64) ([]byte, error) {
	if p.Size > limit || p.Size < 0 {
		return nil, c.problem(ctx, "what it keeps", lied("a blob of %d bytes, where %d are allowed", p.Size, limit))
	}
	var all bytes.Buffer
	err := c.read(ctx, p, func(r io.Reader) error {
		all.Reset()
		sum := &summed{r: r}
		if _, err := all.ReadFrom(sum); err != nil {
			return err
		}
		return held(sum, p)
	})
	return all.Bytes(), err
}

// reads is a download on a stream.
type reads struct {
	stream bytestream.ByteStream_ReadClient
	rest   []byte
	err    error
}

// Read reads on.
func (r *reads) Read(p []byte) (int, error) {
	for len(r.rest) == 0 {
		if r.err != nil {
			return 0, r.err
		}
		var m *bytestream.ReadResponse
		if m, r.err = r.stream.Recv(); r.err == nil {
			r.rest = m.GetData()
		}
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/genproto/googleapis/bytestream"
	"google.golang.org/grpc/status"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// opener opens a blob of this machine.
type opener func(ctx context.Context, d cas.Digest) (io.ReadCloser, error)

// perQuestion is how many digests are asked for at once.
const perQuestion = 8192

// send gives the server those of the pieces that it lacks. Where again is set, it is
// asked also for what it was found to have before.
func (c *Client) send(ctx context.Context, pieces []execution.Piece, open opener, again bool) error {
	var unknown []execution.Piece
	for _, p := range pieces {
		if _, found := c.there.Load(p.Digest); !found || again {
			unknown = append(unknown, p)
		}
	}
	missing, err := c.missing(ctx, unknown)
	if err != nil {
		return err
	}
	if err := c.give(ctx, missing, open); err != nil {
		return err
	}
	for _, p := range unknown {
		c.there.Store(p.Digest, true)
	}
	return nil
}

// missing asks which blobs the server lacks.
func (c *Client) missing(ctx context.Context, pieces []execution.Piece) ([]execution.Piece, error) {
	var all []execution.Piece
	for some := range slices.Chunk(pieces, perQuestion) {
		asked := map[string]execution.Piece{}
		request := &repb.FindMissingBlobsRequest{InstanceName: c.o.Address.Instance, DigestFunction: repb.DigestFunction_SHA256}
		for _, p := range some {
			asked[p.Digest.String()] = p
			request.BlobDigests = append(request.BlobDigests, digest(p.Digest, p.Size))
		}
		err := c.call(ctx, "asking what it lacks", c.answer(), func(ctx context.Context) error {
			said, err := c.cas.FindMissingBlobs(ctx, request)
			if err != nil {
				return err
			}
			if len(said.GetMissingBlobDigests()) > len(some) {
				return lied("it lacks %d blobs of %d that it was asked for", len(said.GetMissingBlobDigests()), len(some))
			}
			lacks := map[string]bool{}
			for _, d := range said.GetMissingBlobDigests() {
				if p, ok := asked[d.GetHash()]; !ok || p.Size != d.GetSizeBytes() {
					return lied("it lacks a blob that it was not asked for")
				}
				lacks[d.GetHash()] = true
			}
			for _, p := range some {
				if lacks[p.Digest.String()] {
					all = append(all, p)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// give sends blobs: small ones many at a time, others each on a stream of its own.
func (c *Client) give(ctx context.Context, pieces []execution.Piece, open opener) error {
	can, err := c.offers(ctx)
	if err != nil || len(pieces) == 0 {
		return err
	}
	for _, p := range pieces {
		if can.largest > 0 && p.Size > can.largest {
			return c.unable(fmt.Sprintf("it takes blobs of at most %d bytes, and the step reads one of %d", can.largest, p.Size), "ask who runs it to allow larger ones")
		}
	}
	return inBatches(ctx, pieces, can.batch,
		func(ctx context.Context, of []execution.Piece) error { return c.giveBatch(ctx, of, open, can) },
		func(ctx context.Context, p execution.Piece) error { return c.giveStream(ctx, p, open, can) })
}

// hold has no more than a few uploads and downloads at once, of all steps together.
func (c *Client) hold(ctx context.Context) (release func(), err error) {
	select {
	case c.busy <- struct{}{}:
		return func() { <-c.busy }, nil
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

func (c *Client) giveBatch(ctx context.Context, pieces []execution.Piece, open opener, can *offer) error {
	release, err := c.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	request := &repb.BatchUpdateBlobsRequest{InstanceName: c.o.Address.Instance, DigestFunction: repb.DigestFunction_SHA256}
	var size int64
	for _, p := range pieces {
		data, err := whole(ctx, p, open)
		if err != nil {
			return err
		}
		one := &repb.BatchUpdateBlobsRequest_Request{Digest: digest(p.Digest, p.Size), Data: data}
		if can.zstdBatches && p.Size >= worthPacking {
			if packed := packer().EncodeAll(data, nil); len(packed) < len(data) {
				one.Data, one.Compressor = packed, repb.Compressor_ZSTD
			}
		}
		size += p.Size
		request.Requests = append(request.Requests, one)
	}
	return c.call(ctx, "giving it blobs", pace.Longer(c.answer(), size), func(ctx context.Context) error {
		said, err := c.cas.BatchUpdateBlobs(ctx, request)
		if err != nil {
			return err
		}
		taken := map[string]bool{}
		for _, r := range said.GetResponses() {
			if err := status.ErrorProto(r.GetStatus()); err != nil {
				return err
			}
			taken[r.GetDigest().GetHash()] = true
		}
		for _, p := range pieces {
			if !taken[p.Digest.String()] {
				return lied("it says nothing of a blob that it was given")
			}
		}
		return nil
	})
}

// whole reads a blob, and holds it to its digest.
func whole(ctx context.Context, p execution.Piece, open opener) ([]byte, error) {
	r, err := open(ctx, p.Digest)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]byte, p.Size)
	if _, err := io.ReadFull(r, data); err != nil || cas.Sum(data) != p.Digest {
		return nil, fmt.Errorf("reading sha256:%s to send it: %w", p.Digest, errors.Join(err, cas.ErrCorrupt))
	}
	return data, nil
}

func (c *Client) giveStream(ctx context.Context, p execution.Piece, open opener, can *offer) error {
	release, err := c.hold(ctx)
	if err != nil {
		return err
	}
	defer release()
	return c.call(ctx, "giving it a blob", pace.Longer(c.answer(), p.Size), func(ctx context.Context) error {
		r, err := open(ctx, p.Digest)
		if err != nil {
			return err
		}
		defer r.Close()
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		stream, err := c.streams.Write(ctx)
		if err != nil {
			return err
		}
		w := &writes{stream: stream, name: fmt.Sprintf("%suploads/%s/blobs/%s/%d", c.prefix(), c.upload(), p.Digest, p.Size)}
		packed := can.zstdStreams
		if packed {
			w.name = fmt.Sprintf("%suploads/%s/compressed-blobs/zstd/%s/%d", c.prefix(), c.upload(), p.Digest, p.Size)
		}
		if err := w.all(r, p, packed); err != nil {
			return err
		}
		said, err := stream.CloseAndRecv()
		if err != nil {
			return err
		}
		switch n := said.GetCommittedSize(); {
		case packed && (n == -1 || n == w.sent && w.finished), !packed && n == p.Size:
			return nil
		case packed && n == p.Size: // some servers count what they unpacked
			return nil
		default:
			return lied("it has taken %d bytes of a blob of %d", n, p.Size)
		}
	})
}

// prefix is what names of resources begin with.
func (c *Client) prefix() string {
	if c.o.Address.Instance == "" {
		return ""
	}
	return c.o.Address.Instance + "/"
}

// writes is an upload on a stream.
type writes struct {
	stream   bytestream.ByteStream_WriteClient
	name     string
	sent     int64
	finished bool
}

// chunk is how many bytes go into one message of a stream.
const chunk = 256 << 10

// errTaken ends an upload of what the server took from somebody else meanwhile.
var errTaken = errors.New("the server has the blob")

// all sends a blob, held to its digest, and the end of it.
func (w *writes) all(r io.Reader, p execution.Piece, packed bool) error {
	sum := &summed{r: io.LimitReader(r, p.Size+1)}
	buf := make([]byte, chunk)
	var err error
	if packed {
		var z *zstd.Encoder
		if z, err = zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest)); err != nil {
			return retry.Final{Err: err}
		}
		_, err = io.CopyBuffer(onlyWriter{z}, sum, buf)
		err = errors.Join(err, z.Close())
	} else {
		_, err = io.CopyBuffer(w, sum, buf)
	}
	if errors.Is(err, errTaken) {
		return nil
	}
	if err != nil {
		return err
	}
	if sum.size != p.Size || sum.digest() != p.Digest {
		return retry.Final{Err: fmt.Errorf("sending sha256:%s: %w", p.Digest, cas.ErrCorrupt)}
	}
	w.finished = true
	err = w.stream.Send(&bytestream.WriteRequest{ResourceName: w.name, WriteOffset: w.sent, FinishWrite: true})
	if errors.Is(err, io.EOF) { // the answer is there already
		return nil
	}
	return err
}

// Write sends bytes.
func (w *writes) Write(b []byte) (int, error) {
	for some := range slices.Chunk(b, chunk) {
		err := w.stream.Send(&bytestream.WriteRequest{ResourceName: w.name, WriteOffset: w.sent, Data: some})
		if errors.Is(err, io.EOF) {
			return 0, errTaken // or refused: the answer says which
		}
		if err != nil {
			return 0, err
		}
		w.sent += int64(len(some))
	}
	return len(b), nil
}

// onlyWriter hides that a writer could read by itself.
type onlyWriter struct{ io.Writer }

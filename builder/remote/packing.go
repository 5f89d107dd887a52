package remote

import (
	"crypto/sha256"
	"hash"
	"io"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/nbuild/nbuild/internal/cas"
)

// worthPacking is how large a blob must be, in bytes, to be compressed on its way.
const worthPacking = 1 << 10

// packer compresses blobs of batches. What it gives is on its way for a moment and kept
// nowhere, so it need not be the same everywhere.
var packer = sync.OnceValue(func() *zstd.Encoder {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(inFlight))
	if err != nil {
		panic(err) // of options that stand here
	}
	return z
})

// unpack gives what is compressed in data, which must be of a size.
func unpack(data []byte, size int64) ([]byte, error) {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(uint64(max(size, 1<<10))))
	if err != nil {
		return nil, err
	}
	defer z.Close()
	return z.DecodeAll(data, make([]byte, 0, size))
}

// window is how much memory a compressed stream may ask for.
const window = 64 << 20

// unpacked reads a compressed stream.
func unpacked(r io.Reader) (io.ReadCloser, error) {
	z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(window), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	return z.IOReadCloser(), nil
}

// summed reads on, and sums what it read.
type summed struct {
	r    io.Reader
	hash hash.Hash
	size int64
}

// Read reads on.
func (s *summed) Read(p []byte) (int, error) {
	if s.hash == nil {
		s.hash = sha256.New()
	}
	n, err := s.r.Read(p)
	s.hash.Write(p[:n])
	s.size += int64(n)
	return n, err
}

func (s *summed) digest() cas.Digest {
	if s.hash == nil {
		return cas.Sum(nil)
	}
	return cas.Digest(s.hash.Sum(nil))
}

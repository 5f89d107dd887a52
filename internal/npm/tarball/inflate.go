package tarball

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// What is unpacked beyond easyUnpacked bytes may be at most maxRatio times as large
// as what it comes of. DEFLATE can reach 1032; source code, tables and machine code
// stay below 100. So a bomb is known as one long before the bound on its size.
const (
	easyUnpacked = 64 << 20
	maxRatio     = 256
)

// sized is what a reader may say about itself, to save growing a buffer.
type sized interface{ Size() int64 }

var (
	readers = sync.Pool{New: func() any { return new(gzip.Reader) }}
	buffers = sync.Pool{New: func() any { b := make([]byte, 256<<10); return &b }}
)

// slurp reads all of r, to its end, so that a reader that verifies can.
func slurp(r io.Reader, limit int64) ([]byte, error) {
	var buf bytes.Buffer
	switch s := r.(type) {
	case sized:
		if n := s.Size(); n >= 0 && n <= limit {
			buf.Grow(int(n) + bytes.MinRead)
		}
	case interface{ Len() int }:
		if n := s.Len(); int64(n) <= limit {
			buf.Grow(n + bytes.MinRead)
		}
	}
	n, err := buf.ReadFrom(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("reading tarball: %w", err)
	}
	if n > limit {
		return nil, hostile("the compressed archive is over the bound of %d bytes", limit)
	}
	return buf.Bytes(), nil
}

// inflate returns the tar stream of a compressed archive. Members of a gzip file
// follow each other, and what comes after the last one is ignored, as in Node's
// zlib. An archive that is not compressed is returned as it is.
//
// A gzip file ends with the size of its last member, which is all of it but in
// archives that someone put together of several. It is held to that claim: memory
// is taken for so much, and what goes beyond it is counted first, without being
// kept, and taken only if the whole is within the bounds.
func inflate(packed []byte, limit int64) ([]byte, error) {
	if !isGzip(packed) {
		if len(packed) < block {
			return nil, malformed("neither gzip nor tar")
		}
		return packed, nil
	}
	claim := claimed(packed)
	if within(claim, int64(len(packed)), limit) != nil {
		claim = 0 // a bomb, or what follows the last member: the bytes will show
	}
	out := make([]byte, 0, claim+1) // a byte more, so that the end is seen
	total := int64(0)
	err := unzip(packed, func(chunk []byte) error {
		total += int64(len(chunk))
		if total <= claim {
			out = append(out, chunk...)
		}
		return within(total, int64(len(packed)), limit)
	})
	if err != nil || total <= claim {
		return out, err
	}
	out = make([]byte, 0, total)
	err = unzip(packed, func(chunk []byte) error {
		out = append(out, chunk...)
		return nil
	})
	return out, err
}

func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b }

// claimed is the size that the gzip trailer gives, 0 where there is none.
func claimed(packed []byte) int64 {
	if len(packed) < 18 {
		return 0
	}
	return int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
}

// within holds a size to the bounds.
func within(size, packed, limit int64) error {
	switch {
	case size > limit:
		return hostile("the archive unpacks to more than the bound of %d bytes", limit)
	case size > easyUnpacked && size > packed*maxRatio:
		return hostile("%d bytes unpack to more than %d times as much, as only a decompression bomb does", packed, maxRatio)
	}
	return nil
}

// unzip hands on what the members of a gzip file hold, in pieces.
func unzip(packed []byte, take func(chunk []byte) error) error {
	src := bytes.NewReader(packed)
	zr := readers.Get().(*gzip.Reader)
	defer readers.Put(zr)
	buf := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	for {
		if err := zr.Reset(src); err != nil {
			return malformed("gzip: %v", err)
		}
		zr.Multistream(false)
		for {
			n, err := zr.Read(*buf)
			if tookErr := take((*buf)[:n]); tookErr != nil {
				return tookErr
			}
			if err == io.EOF {
				break
			}
			if err != nil {
				return malformed("gzip: %v", err)
			}
		}
		if !isGzip(packed[len(packed)-src.Len():]) {
			return nil
		}
	}
}

package tarball

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"sync"

	"github.com/klauspost/compress/gzip"
)

// maxRatio is what DEFLATE can reach: a trailer that claims more is lying.
const maxRatio = 1032

// sized is what a reader may say of itself, to save growing a buffer.
type sized interface{ Size() int64 }

var readers = sync.Pool{New: func() any { return new(gzip.Reader) }}

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
func inflate(packed []byte, limit int64) ([]byte, error) {
	if !isGzip(packed) {
		if len(packed) < block {
			return nil, malformed("neither gzip nor tar")
		}
		return packed, nil
	}
	src := bytes.NewReader(packed)
	out := make([]byte, 0, sizeHint(packed, limit))
	zr := readers.Get().(*gzip.Reader)
	defer readers.Put(zr)
	for {
		if err := zr.Reset(src); err != nil {
			return nil, malformed("gzip: %v", err)
		}
		zr.Multistream(false)
		var err error
		if out, err = appendAll(out, zr, limit); err != nil {
			return nil, err
		}
		rest := packed[len(packed)-src.Len():]
		if !isGzip(rest) {
			return out, nil
		}
	}
}

func isGzip(b []byte) bool { return len(b) > 2 && b[0] == 0x1f && b[1] == 0x8b }

// sizeHint is the size that the gzip trailer claims, where that is believable,
// and a byte more, so that the end is seen without growing.
func sizeHint(packed []byte, limit int64) int {
	if len(packed) < 18 {
		return 0
	}
	n := int64(binary.LittleEndian.Uint32(packed[len(packed)-4:]))
	if n > limit || n > int64(len(packed))*maxRatio {
		return 0
	}
	return int(n) + 1
}

func appendAll(out []byte, r io.Reader, limit int64) ([]byte, error) {
	for {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if int64(len(out)) > limit {
			return nil, hostile("the archive unpacks to more than the bound of %d bytes", limit)
		}
		switch err {
		case nil:
		case io.EOF:
			return out, nil
		default:
			return nil, malformed("gzip: %v", err)
		}
	}
}

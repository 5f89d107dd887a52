package tarball

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
)

// An archive is unpacked in memory where it is small, which most are. A large one goes
// to a file that has no name, if its reader has room for one: Node's own has 200 MB.
const (
	largePacked   = 1 << 20
	largeUnpacked = 8 << 20
)

// spacious is what a reader may offer: a file for what is too large for memory. It is
// gone once it is closed.
type spacious interface{ Spill() (*os.File, error) }

// stream is a tar stream, in memory or in a file.
type stream struct {
	mem  []byte
	file *os.File // nil for memory
	size int
}

func inMemory(b []byte) stream { return stream{mem: b, size: len(b)} }

// bytes returns a part of the stream, which the caller must not change.
func (s stream) bytes(from, to int) ([]byte, error) {
	if s.file == nil {
		return s.mem[from:to:to], nil
	}
	b := make([]byte, to-from)
	if _, err := s.file.ReadAt(b, int64(from)); err != nil {
		return nil, fmt.Errorf("reading what was unpacked: %w", err)
	}
	return b, nil
}

// section reads a part of the stream.
func (s stream) section(from, to int) *io.SectionReader {
	if s.file == nil {
		return io.NewSectionReader(bytes.NewReader(s.mem), int64(from), int64(to-from))
	}
	return io.NewSectionReader(s.file, int64(from), int64(to-from))
}

// sum is the SHA-256 of a part of the stream.
func (s stream) sum(from, to int) (cas.Digest, error) {
	if s.file == nil {
		return cas.Digest(sha256.Sum256(s.mem[from:to])), nil
	}
	h := sha256.New()
	if _, err := io.Copy(h, s.section(from, to)); err != nil {
		return cas.Digest{}, fmt.Errorf("reading what was unpacked: %w", err)
	}
	return cas.Digest(h.Sum(nil)), nil
}

func (s stream) close() {
	if s.file != nil {
		s.file.Close()
	}
}

// spill unpacks an archive of so many bytes into a file, to the end of r, so that a
// reader that verifies can.
func spill(r io.Reader, packed, limit int64, to *os.File) (s stream, err error) {
	defer func() {
		if err != nil {
			to.Close()
		}
	}()
	source := &remembering{r: r}
	from := bufio.NewReaderSize(source, 256<<10)
	out := bufio.NewWriterSize(to, 256<<10)
	counted := &limited{to: out, packed: packed, limit: limit}
	if err := unpackAll(from, counted); err != nil {
		if source.err != nil {
			err = fmt.Errorf("reading tarball: %w", source.err)
		}
		return stream{}, err
	}
	if _, err := io.Copy(io.Discard, from); err != nil {
		return stream{}, fmt.Errorf("reading tarball: %w", err)
	}
	if err := out.Flush(); err != nil {
		return stream{}, fmt.Errorf("unpacking: %w", err)
	}
	return stream{file: to, size: int(counted.n)}, nil
}

// unpackAll writes what the members of a gzip file hold, or a tar as it is.
func unpackAll(from *bufio.Reader, to *limited) error {
	head, err := from.Peek(3)
	if err != nil && err != io.EOF {
		return fmt.Errorf("reading tarball: %w", err)
	}
	if !isGzip(head) {
		_, err := io.Copy(to, from)
		return err
	}
	zr := readers.Get().(*gzip.Reader)
	defer readers.Put(zr)
	for isGzip(head) {
		if err := zr.Reset(from); err != nil {
			return malformed("gzip: %v", err)
		}
		zr.Multistream(false)
		if _, err := io.Copy(to, zr); err != nil {
			if to.err != nil {
				return to.err
			}
			return malformed("gzip: %v", err)
		}
		head, _ = from.Peek(3)
	}
	return nil
}

// remembering keeps the error of the archive's own reader, which the decompressor would
// take for one of the archive.
type remembering struct {
	r   io.Reader
	err error
}

func (r *remembering) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if err != nil && err != io.EOF {
		r.err = err
	}
	return n, err
}

// limited holds what is unpacked to the bounds.
type limited struct {
	to               io.Writer
	n, packed, limit int64
	err              error // of the bounds, or of the writer
}

func (l *limited) Write(p []byte) (int, error) {
	l.n += int64(len(p))
	if l.err = within(l.n, l.packed, l.limit); l.err != nil {
		return 0, l.err
	}
	n, err := l.to.Write(p)
	if err != nil {
		l.err = fmt.Errorf("unpacking: %w", err)
	}
	return n, l.err
}

package image

import (
	"fmt"
	"io"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// compressor is the version of github.com/klauspost/compress that writes layers.
// A test holds it to go.mod: with another version, compressed bytes may change.
const compressor = "v1.20.4"

// The levels that stand for 0. Both were measured on the production packages of
// parse-server (docs of BenchmarkLevels): past them a layer gets a few percent
// smaller for twice the time.
const (
	defaultGzipLevel = 5
	defaultZstdLevel = 3
)

// Format is a compression that image readers know.
type Format string

// The formats. Gzip is read by everything, zstd by readers from about 2020 on.
const (
	Gzip Format = "gzip"
	Zstd Format = "zstd"
)

// Codec says how members are compressed. The zero Codec is gzip at its default
// level. Level is 1 to 9 of gzip and 1 to 22 of zstd; 0 is the default.
type Codec struct {
	Format Format
	Level  int
}

// normal fills in the defaults and refuses what the formats don't have.
func (c Codec) normal() (Codec, error) {
	if c.Format == "" {
		c.Format = Gzip
	}
	top := 0
	switch c.Format {
	case Gzip:
		top = gzip.BestCompression
		if c.Level == 0 {
			c.Level = defaultGzipLevel
		}
	case Zstd:
		top = 22
		if c.Level == 0 {
			c.Level = defaultZstdLevel
		}
	default:
		return c, fmt.Errorf("unknown layer compression %q (known: gzip, zstd)", c.Format)
	}
	if c.Level < 1 || c.Level > top {
		return c, fmt.Errorf("%s has no level %d (1 to %d)", c.Format, c.Level, top)
	}
	return c, nil
}

// ID names the compressor, its format, level and version, as annotations and
// provenance carry it: "klauspost-gzip-5/v1.20.4". Equal ids write equal bytes.
// An unusable codec has the id "".
func (c Codec) ID() string {
	c, err := c.normal()
	if err != nil {
		return ""
	}
	return fmt.Sprintf("klauspost-%s-%d/%s", c.Format, c.Level, compressor)
}

// mediaType returns the layer's type (OCI image specification, layer.md).
func (c Codec) mediaType() types.MediaType {
	if c.Format == Zstd {
		return types.OCILayerZStd
	}
	return types.OCILayer
}

// encoder is what both compressors offer.
type encoder interface {
	io.WriteCloser
	Reset(io.Writer)
}

// gzipEncoder starts every member with the same header: no name, no time (RFC 1952
// §2.3.1, MTIME 0) and the system "unknown".
type gzipEncoder struct{ *gzip.Writer }

func (g gzipEncoder) Reset(w io.Writer) {
	g.Writer.Reset(w)
	g.Writer.ModTime = time.Unix(0, 0)
	g.Writer.OS = 255
}

// encoder makes a compressor that writes one member after each Reset.
func (c Codec) encoder() (encoder, error) {
	if c.Format == Zstd {
		return zstd.NewWriter(nil,
			zstd.WithEncoderLevel(zstd.EncoderLevelFromZstd(c.Level)),
			zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderCRC(true))
	}
	w, err := gzip.NewWriterLevel(nil, c.Level)
	return gzipEncoder{w}, err
}

// decoder reads a whole layer, or one member, back.
func (c Codec) decoder(r io.Reader) (io.ReadCloser, error) {
	if c.Format == Zstd {
		d, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return d.IOReadCloser(), nil
	}
	return gzip.NewReader(r)
}

package image

import (
	"bytes"
	"context"
	"encoding/hex"
	"io"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

// Layer is an assembled layer: a v1.Layer whose bytes are in the store, a member
// at a time. It is safe for use by many goroutines.
type Layer struct {
	store  *cas.Store
	codec  Codec
	name   string
	shares []Share
	record layerRecord
	doc    layerDocument
}

// Share is what one member brought to a layer.
type Share struct {
	Path   string     // where it stands in the image, "app/node_modules/lodash"
	Name   string     // of the member
	Owner  string     // who brought it
	Digest cas.Digest // of the compressed member in the store
	Size   int64      // of it, in bytes
}

// layerDocument is stored beside a layer: what its digest does not say.
type layerDocument struct {
	Members  []packed  `json:"members"`
	Anchors  []Anchor  `json:"anchors"`
	Warnings []warning `json:"warnings"`
}

// warning is a problem as the document holds it.
type warning struct {
	Code   diag.Code `json:"code"`
	What   string    `json:"what"`
	Why    string    `json:"why"`
	Remedy string    `json:"remedy"`
}

func warnings(ps diag.Problems) []warning {
	ws := make([]warning, len(ps))
	for i, p := range ps {
		ws[i] = warning{p.Code, p.What, p.Why, p.Remedy}
	}
	return ws
}

// Anchor is a path of a layer that the layers above must leave as it is: a link,
// or a directory with a mode of its own. Writing the directory again would put
// 0755, or a directory, in its place.
type Anchor struct {
	Path string `json:"path"`
	Mode int64  `json:"mode,omitempty"` // of a directory
	Link string `json:"link,omitempty"` // the target of a link
}

// Name returns the layer's name, as build.hcl writes it.
func (l *Layer) Name() string { return l.name }

// Codec names what compressed the layer, as Codec.ID does.
func (l *Layer) Codec() string { return l.codec.ID() }

// Shares returns what each member brought, in the layer's order.
func (l *Layer) Shares() []Share { return l.shares }

// Anchors returns what the layers above must be given in Options.Below.
func (l *Layer) Anchors() []Anchor { return l.doc.Anchors }

// Warnings returns what is worth reporting and stops no build.
func (l *Layer) Warnings() diag.Problems {
	ps := make(diag.Problems, len(l.doc.Warnings))
	for i, w := range l.doc.Warnings {
		ps[i] = &diag.Problem{Code: w.Code, What: w.What, Why: w.Why, Remedy: w.Remedy}
	}
	return ps
}

// UncompressedSize returns the size of the layer's tar stream in bytes.
func (l *Layer) UncompressedSize() int64 { return l.record.Plain }

// Digest returns the digest of the compressed layer.
func (l *Layer) Digest() (v1.Hash, error) { return ociHash(l.record.Digest), nil }

// DiffID returns the digest of the tar stream, which does not depend on the codec
// (OCI image specification, config.md, "Layer DiffID").
func (l *Layer) DiffID() (v1.Hash, error) { return ociHash(l.record.DiffID), nil }

// Size returns the size of the compressed layer in bytes.
func (l *Layer) Size() (int64, error) { return l.record.Size, nil }

// MediaType returns the OCI type of a tar layer with the codec's compression.
func (l *Layer) MediaType() (types.MediaType, error) { return l.codec.mediaType(), nil }

// Compressed streams the layer from the store. Every member is verified on the
// way: the read that would end a damaged one returns cas.ErrCorrupt.
func (l *Layer) Compressed() (io.ReadCloser, error) {
	end, err := l.codec.end()
	if err != nil {
		return nil, err
	}
	return &stream{store: l.store, members: l.doc.Members, end: bytes.NewReader(end)}, nil
}

// Uncompressed streams the layer's tar.
func (l *Layer) Uncompressed() (io.ReadCloser, error) {
	body, err := l.Compressed()
	if err != nil {
		return nil, err
	}
	d, err := l.codec.decoder(body)
	if err != nil {
		body.Close()
		return nil, err
	}
	return both{d, body}, nil
}

// end is the last member of every layer: the two zero blocks that end an archive.
func (c Codec) end() ([]byte, error) {
	e, err := c.encoder()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	e.Reset(&b)
	if _, err := e.Write(zeros[:]); err != nil {
		return nil, err
	}
	err = e.Close()
	return b.Bytes(), err
}

// stream reads members one after another.
type stream struct {
	store   *cas.Store
	members []packed
	open    *cas.Blob
	end     *bytes.Reader
}

func (s *stream) Read(p []byte) (int, error) {
	for {
		if s.open == nil {
			if len(s.members) == 0 {
				return s.end.Read(p)
			}
			blob, err := s.store.Open(context.Background(), s.members[0].Digest)
			if err != nil {
				return 0, err
			}
			s.open, s.members = blob, s.members[1:]
		}
		n, err := s.open.Read(p)
		if err != io.EOF {
			return n, err
		}
		err = s.Close()
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// Close ends the reading.
func (s *stream) Close() error {
	if s.open == nil {
		return nil
	}
	err := s.open.Close()
	s.open = nil
	return err
}

// both reads from a decoder and closes it and what it reads from.
type both struct {
	io.ReadCloser
	under io.Closer
}

func (b both) Close() error {
	err := b.ReadCloser.Close()
	if underErr := b.under.Close(); err == nil {
		err = underErr
	}
	return err
}

// ociHash is a digest as go-containerregistry writes it.
func ociHash(d cas.Digest) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(d[:])}
}

package image

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

// normalisation is in the key of everything cached here. Raise it when the same
// files would give other tar entries.
const normalisation = "nbuild-layer-1"

// wholeLimit is how many bytes of tar entries a member may have to be compressed
// in one piece; a larger one is streamed through the store.
const wholeLimit = 8 << 20

// inMemory is how many bytes of tar entries are packed at a time, or packed and not
// hashed yet, before another share is begun.
const inMemory = 12 << 20

// common is how many bytes a buffer has that is used again. What is larger is made as
// large as it has to be, and is gone once it was hashed: a buffer that once held a large
// member would hold that much for a small one too.
const common = 256 << 10

const memberResult = "layer-member"

// packed is a compressed member in the store: its digest, its size and the size of
// its tar entries, in bytes.
type packed struct {
	Digest cas.Digest `json:"digest"`
	Size   int64      `json:"size"`
	Plain  int64      `json:"plain"`
}

// text is packed as its record holds it.
func (p packed) text() []byte {
	return fmt.Appendf(nil, "%s %d %d\n", p.Digest, p.Size, p.Plain)
}

func parsePacked(record []byte) (packed, bool) {
	f := strings.Fields(string(record))
	if len(f) != 3 {
		return packed{}, false
	}
	d, err := cas.ParseDigest(f[0])
	size, err1 := strconv.ParseInt(f[1], 10, 64)
	plain, err2 := strconv.ParseInt(f[2], 10, 64)
	return packed{d, size, plain}, errors.Join(err, err1, err2) == nil
}

// packer turns shares into compressed members.
type packer struct {
	store    *cas.Store
	codec    Codec
	mtime    int64
	whole    int64 // wholeLimit, or less in tests
	encoders sync.Pool
	buffers  sync.Pool // *bytes.Buffer
}

// key is the digest of all that determines the share's compressed bytes.
func (k *packer) key(s share) cas.Digest {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\n%d\n%s\n%q\n", normalisation, k.codec.ID(), k.mtime, s.member.Key, s.member.Path)
	for _, d := range s.dirs {
		fmt.Fprintf(&b, "dir %o %q\n", d.mode, d.path)
	}
	for _, m := range sortedKeys(s.merged) {
		fmt.Fprintf(&b, "merged %q\n", m)
	}
	return cas.Sum(b.Bytes())
}

// known returns the record of a packed share whose blob the store holds.
func (k *packer) known(key cas.Digest) (packed, bool) {
	record, ok := k.store.Result(memberResult, key)
	if !ok {
		return packed{}, false
	}
	p, ok := parsePacked(record)
	return p, ok && k.has(p)
}

func (k *packer) has(p packed) bool {
	size, ok := k.store.Stat(p.Digest)
	return ok && size == p.Size
}

// pack returns a member in the store, compressing it unless it is known. Body and
// plain are its bytes and its tar entries, or nil where they are too large to
// hold; both are the caller's to release.
func (k *packer) pack(ctx context.Context, s share) (p packed, body, plain *bytes.Buffer, err error) {
	key := k.key(s)
	if p, ok := k.known(key); ok {
		if p.Plain > k.whole {
			return p, nil, nil, nil
		}
		body, plain, err := k.read(ctx, p)
		if err == nil {
			return p, body, plain, nil
		}
		if !errors.Is(err, cas.ErrCorrupt) && !errors.Is(err, cas.ErrNotFound) {
			return p, nil, nil, err
		}
		if err := k.store.Remove(ctx, p.Digest); err != nil {
			return p, nil, nil, err
		}
	}
	if s.size > k.whole {
		p, err = k.stream(ctx, s)
	} else {
		p, body, plain, err = k.compress(ctx, s)
	}
	if err != nil {
		return p, nil, nil, fmt.Errorf("packing %s: %w", s.member.Name, err)
	}
	return p, body, plain, k.store.PutResult(ctx, memberResult, key, p.text())
}

// read gives a known member back, verified.
func (k *packer) read(ctx context.Context, p packed) (body, plain *bytes.Buffer, err error) {
	blob, err := k.store.Open(ctx, p.Digest)
	if err != nil {
		return nil, nil, err
	}
	defer blob.Close()
	body, plain = k.buffer(p.Size), k.buffer(p.Plain)
	if _, err := body.ReadFrom(blob); err != nil {
		return nil, nil, err
	}
	d, err := k.codec.decoder(bytes.NewReader(body.Bytes()))
	if err != nil {
		return nil, nil, fmt.Errorf("reading member: %w", err)
	}
	defer d.Close()
	if _, err := plain.ReadFrom(io.LimitReader(d, p.Plain+1)); err != nil {
		return nil, nil, fmt.Errorf("reading member: %w", err)
	}
	if int64(plain.Len()) != p.Plain {
		return nil, nil, cas.Damaged(p.Digest)
	}
	return body, plain, nil
}

// compress packs a member in memory.
func (k *packer) compress(ctx context.Context, s share) (packed, *bytes.Buffer, *bytes.Buffer, error) {
	plain, body := k.buffer(s.size), k.buffer(s.size/3)
	if err := writeShare(ctx, plain, s, k.mtime); err != nil {
		return packed{}, nil, nil, err
	}
	if err := k.encode(body, plain.Bytes()); err != nil {
		return packed{}, nil, nil, err
	}
	d, err := k.store.PutBytes(ctx, body.Bytes())
	return packed{d, int64(body.Len()), int64(plain.Len())}, body, plain, err
}

// stream packs a member through the store.
func (k *packer) stream(ctx context.Context, s share) (packed, error) {
	w, err := k.store.Create(ctx)
	if err != nil {
		return packed{}, err
	}
	defer w.Abort()
	e, err := k.encoder(w)
	if err != nil {
		return packed{}, err
	}
	defer k.encoders.Put(e)
	counted := &counter{w: e}
	if err := writeShare(ctx, counted, s, k.mtime); err != nil {
		return packed{}, err
	}
	if err := e.Close(); err != nil {
		return packed{}, err
	}
	d, size, err := w.Commit()
	return packed{d, size, counted.n}, err
}

// encode compresses plain as one member.
func (k *packer) encode(w io.Writer, plain []byte) error {
	e, err := k.encoder(w)
	if err != nil {
		return err
	}
	defer k.encoders.Put(e)
	if _, err := e.Write(plain); err != nil {
		return err
	}
	return e.Close()
}

func (k *packer) encoder(w io.Writer) (encoder, error) {
	e, ok := k.encoders.Get().(encoder)
	if !ok {
		var err error
		if e, err = k.codec.encoder(); err != nil {
			return nil, err
		}
	}
	e.Reset(w)
	return e, nil
}

// buffer returns an empty buffer with room for so many bytes.
func (k *packer) buffer(size int64) *bytes.Buffer {
	need := int(size) + bytes.MinRead
	if need > common {
		return bytes.NewBuffer(make([]byte, 0, need))
	}
	if b, ok := k.buffers.Get().(*bytes.Buffer); ok {
		b.Reset()
		return b
	}
	return bytes.NewBuffer(make([]byte, 0, common))
}

func (k *packer) release(buffers ...*bytes.Buffer) {
	for _, b := range buffers {
		if b != nil && b.Cap() == common {
			k.buffers.Put(b)
		}
	}
}

// writeShare writes the tar entries of a share: its directories and files in
// bytewise order of their paths.
func writeShare(ctx context.Context, w io.Writer, s share, mtime int64) error {
	var head []byte
	dirs := s.dirs
	upTo := func(full string) error {
		head = head[:0]
		for len(dirs) > 0 && (full == "" || dirs[0].path < full) {
			head = appendHeader(head, header{name: dirs[0].path + "/", kind: typeDir, mode: dirs[0].mode}, mtime)
			dirs = dirs[1:]
		}
		_, err := w.Write(head)
		return err
	}
	err := s.member.Files(ctx, func(f File) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		f = f.normal()
		full := join(s.member.Path, f.Path)
		if f.Dir || s.merged[full] {
			return nil
		}
		if err := upTo(full); err != nil {
			return err
		}
		h := header{name: full, link: f.Link, kind: typeFile, mode: f.Mode, size: f.Size}
		if f.Link != "" {
			h.kind = typeLink
		}
		head = appendHeader(head[:0], h, mtime)
		if _, err := w.Write(head); err != nil {
			return err
		}
		if f.Link != "" {
			return nil
		}
		return writeContent(w, s.member, full, f)
	})
	if err != nil {
		return err
	}
	return upTo("")
}

func writeContent(w io.Writer, m Member, full string, f File) error {
	if f.Open == nil {
		if _, err := w.Write(f.Data); err != nil {
			return err
		}
	} else {
		r, err := f.Open()
		if err != nil {
			return fmt.Errorf("opening %q: %w", full, err)
		}
		n, err := io.Copy(w, io.LimitReader(r, f.Size+1))
		if closeErr := r.Close(); err == nil {
			err = closeErr
		}
		if err != nil {
			return fmt.Errorf("reading %q: %w", full, err)
		}
		if n != f.Size {
			return changed(m, full, fmt.Sprintf("it was listed with %d bytes and has another size", f.Size))
		}
	}
	_, err := w.Write(zeros[:padding(f.Size)])
	return err
}

// changed is the problem of a file that is not what its listing says.
func changed(m Member, full, why string) error {
	return &diag.Problem{
		Code:   CodeChanged,
		What:   fmt.Sprintf("%q of %s changed while it was read", full, m.Name),
		Why:    why,
		Remedy: "run the build again when nothing writes to its inputs; for a pinned input, `nbuild vendor`",
	}
}

// counter counts what passes, in bytes.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

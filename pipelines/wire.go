package pipelines

import (
	"encoding/binary"

	"github.com/nbuild/nbuild/internal/cas"
)

// message is a protocol buffer in canonical form (Protocol Buffers, "Encoding"):
// fields in the order of their numbers, each at most once unless repeated, and none
// that is empty. It is written here rather than by a library because these bytes
// are cache keys: no other version of a library may write them differently. A test
// holds it to the library's deterministic output.
type message []byte

func (m message) bytes(field int, b []byte) message {
	if len(b) == 0 {
		return m
	}
	return m.always(field, b)
}

// always writes a field of length-delimited type though it may be empty, as
// elements of repeated fields are.
func (m message) always(field int, b []byte) message {
	m = binary.AppendUvarint(m, uint64(field)<<3|2)
	m = binary.AppendUvarint(m, uint64(len(b)))
	return append(m, b...)
}

func (m message) text(field int, s string) message { return m.bytes(field, []byte(s)) }

func (m message) number(field int, n int64) message {
	if n == 0 {
		return m
	}
	return binary.AppendUvarint(binary.AppendUvarint(m, uint64(field)<<3), uint64(n))
}

func (m message) flag(field int, on bool) message {
	if !on {
		return m
	}
	return m.number(field, 1)
}

// Blob is bytes and the digest that they are known by.
type Blob struct {
	Digest cas.Digest
	Bytes  []byte
}

func blob(b []byte) Blob { return Blob{cas.Sum(b), b} }

// digest is a build.bazel.remote.execution.v2.Digest.
func digest(d cas.Digest, size int64) []byte {
	return message(nil).text(1, d.String()).number(2, size)
}

func (b Blob) digest() []byte { return digest(b.Digest, int64(len(b.Bytes))) }

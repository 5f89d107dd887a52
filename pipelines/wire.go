package pipelines

import (
	"encoding/binary"
	"strings"

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

// directory is a Directory message, read: paths are names in it, and of folders SHA256
// and Size are those of their messages.
type directory struct{ files, folders []Input }

// readDirectory reads what encode wrote.
func readDirectory(b []byte) (d directory, err error) {
	err = fields(b, func(field int, node []byte) error {
		in, err := readNode(field, node)
		if err == nil && (!nameable(in.Path) || strings.Contains(in.Path, "/")) {
			err = errTree
		}
		switch {
		case err != nil:
		case field == 2:
			d.folders = append(d.folders, in)
		default:
			d.files = append(d.files, in)
		}
		return err
	})
	return d, err
}

// readNode reads a FileNode (1), a DirectoryNode (2) or a SymlinkNode (3).
func readNode(kind int, node []byte) (in Input, err error) {
	if kind < 1 || kind > 3 {
		return in, errTree
	}
	err = fields(node, func(field int, value []byte) error {
		switch {
		case field == 1:
			in.Path = string(value)
		case field == 2 && kind == 3:
			in.Link = string(value)
		case field == 2:
			var err error
			in.SHA256, in.Size, err = readDigest(value)
			return err
		case field == 4 && kind == 1:
			in.Executable = true
		default:
			return errTree
		}
		return nil
	})
	return in, err
}

func readDigest(b []byte) (d cas.Digest, size int64, err error) {
	err = fields(b, func(field int, value []byte) error {
		var err error
		switch field {
		case 1:
			d, err = cas.ParseDigest(string(value))
		case 2:
			n, _ := binary.Uvarint(value)
			size = int64(n)
		default:
			err = errTree
		}
		return err
	})
	return d, size, err
}

// fields hands out the fields of a message: texts by their bytes, numbers as they are
// encoded.
func fields(b []byte, take func(field int, value []byte) error) error {
	for len(b) > 0 {
		key, width := binary.Uvarint(b)
		if width <= 0 {
			return errTree
		}
		b = b[width:]
		var value []byte
		switch key & 7 {
		case 0:
			_, width := binary.Uvarint(b)
			if width <= 0 {
				return errTree
			}
			value, b = b[:width], b[width:]
		case 2:
			var ok bool
			if value, b, ok = cut(b); !ok {
				return errTree
			}
		default:
			return errTree
		}
		if err := take(int(key>>3), value); err != nil {
			return err
		}
	}
	return nil
}

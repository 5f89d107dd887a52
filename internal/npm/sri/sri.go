// Package sri reads integrity strings: what a lockfile or a registry says of a
// tarball's bytes (W3C Subresource Integrity §3.5, as npm's ssri reads it).
//
// An integrity may name several digests by several algorithms. Only the strongest
// algorithm counts, here as in npm: if a weak one could stand in for it, whoever
// finds a collision of SHA-1 could change a package whose SHA-512 is known. So two
// integrities agree only where their strongest parts do.
//
// The invariant: the text of what was read is read again as the same, and has one
// spelling.
package sri

import (
	"bytes"
	"crypto/sha1" // old packages have nothing else; Weak tells
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"errors"
	"hash"
	"slices"
	"strings"
)

// ErrNone means that a text holds no integrity that can be checked.
var ErrNone = errors.New("no usable integrity")

// algorithms are the hashes that are understood, weakest first.
var algorithms = []struct {
	name string
	size int
	make func() hash.Hash
}{
	{"sha1", sha1.Size, sha1.New},
	{"sha256", sha256.Size, sha256.New},
	{"sha384", sha512.Size384, sha512.New384},
	{"sha512", sha512.Size, sha512.New},
}

// maxIntegrity bounds the text of one integrity in bytes.
const maxIntegrity = 16 << 10

// Integrity is the strongest part of a Subresource Integrity text: one algorithm
// and the digests that are good, any one of them. The zero value holds nothing.
type Integrity struct {
	rank    int // in algorithms, from 1
	digests [][]byte
}

// Parse reads a text such as "sha512-…== sha1-…". As in SRI §3.3.3 and in
// npm's ssri, hashes that are unknown or malformed are passed over, options after
// a question mark mean nothing, and only the strongest algorithm counts. Returns
// ErrNone where none is left.
func Parse(text string) (Integrity, error) {
	var best Integrity
	if len(text) > maxIntegrity {
		return best, ErrNone
	}
	for part := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(part, "-")
		if !ok {
			continue
		}
		value, _, _ = strings.Cut(value, "?")
		for i, a := range algorithms {
			if a.name != name || i+1 < best.rank {
				continue
			}
			digest, err := base64.StdEncoding.Strict().DecodeString(value)
			if err != nil || len(digest) != a.size {
				continue
			}
			if i+1 > best.rank {
				best = Integrity{rank: i + 1}
			}
			best.digests = append(best.digests, digest)
		}
	}
	if best.rank == 0 {
		return best, ErrNone
	}
	return best, nil
}

// Algorithm is the name of the hash that counts, "sha512", or "" of the zero value.
func (i Integrity) Algorithm() string {
	if i.rank == 0 {
		return ""
	}
	return algorithms[i.rank-1].name
}

// Weak reports whether the hash that counts has known collisions.
func (i Integrity) Weak() bool { return i.rank <= 1 }

// String writes the part that counts as a canonical text, so that two spellings
// of one integrity are equal.
func (i Integrity) String() string {
	parts := make([]string, len(i.digests))
	for k, d := range i.digests {
		parts[k] = i.Algorithm() + "-" + base64.StdEncoding.EncodeToString(d)
	}
	return strings.Join(parts, " ")
}

// Hash returns a new hash of the algorithm that counts.
func (i Integrity) Hash() hash.Hash { return algorithms[i.rank-1].make() }

// Matches reports whether sum, from Hash, is one of the digests.
func (i Integrity) Matches(sum []byte) bool {
	for _, d := range i.digests {
		if bytes.Equal(d, sum) {
			return true
		}
	}
	return false
}

// Agree reports whether two texts name the same bytes as far as they tell: both
// have an integrity, and the strongest algorithm of both is one and has a digest in
// common. Where they differ in algorithm nothing says that they agree.
func Agree(a, b string) bool {
	x, err := Parse(a)
	if err != nil {
		return false
	}
	y, err := Parse(b)
	return err == nil && x.rank == y.rank && slices.ContainsFunc(x.digests, y.Matches)
}

// Package sri reads integrity strings: what a lockfile or a registry says about a
// tarball's bytes (W3C Subresource Integrity §3.5, as npm's ssri reads it).
//
// An integrity is a set: digests by several algorithms, and of one algorithm
// several of which any is good. Bytes are held to every algorithm that is named, so
// a weak one never stands in for a strong one: whoever finds a collision of SHA-1
// still has to meet the SHA-512 beside it. Two sets contradict each other where
// both name one algorithm and have no digest of it in common. Where they name
// different algorithms they say nothing against each other, and nothing for each
// other either.
//
// The invariant: the text of what was read is read again as the same, and has one
// spelling.
package sri

import (
	"bytes"
	"crypto/sha1" // old packages have nothing else; Weak reports it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"slices"
	"strings"
)

// ErrNone means that a text holds no integrity that can be checked.
var ErrNone = errors.New("no usable integrity")

// algorithms are the hashes that are understood, strongest first.
var algorithms = [...]struct {
	name string
	size int
	make func() hash.Hash
}{
	{"sha512", sha512.Size, sha512.New},
	{"sha384", sha512.Size384, sha512.New384},
	{"sha256", sha256.Size, sha256.New},
	{"sha1", sha1.Size, sha1.New},
}

// firstWeak is the place in algorithms from which on collisions are known.
const firstWeak = 3

// maxIntegrity bounds the text of one integrity in bytes.
const maxIntegrity = 16 << 10

// Integrity is what a Subresource Integrity text names. The zero value names
// nothing.
type Integrity struct {
	digests [len(algorithms)][][]byte // by algorithm, each in the order of the text
}

// Parse reads a text such as "sha512-…== sha1-…". As in SRI §3.3.3 and in
// npm's ssri, hashes that are unknown or malformed are passed over and options after
// a question mark mean nothing. Returns ErrNone where none is left.
func Parse(text string) (Integrity, error) {
	var i Integrity
	if len(text) > maxIntegrity {
		return i, ErrNone
	}
	for part := range strings.FieldsSeq(text) {
		name, value, ok := strings.Cut(part, "-")
		if !ok {
			continue
		}
		value, _, _ = strings.Cut(value, "?")
		for k, a := range algorithms {
			if a.name != name {
				continue
			}
			digest, err := base64.StdEncoding.Strict().DecodeString(value)
			if err == nil && len(digest) == a.size && !among(i.digests[k], digest) {
				i.digests[k] = append(i.digests[k], digest)
			}
		}
	}
	if i.IsZero() {
		return i, ErrNone
	}
	return i, nil
}

// FromSHA1 returns the integrity of a SHA-1 in hexadecimal, which is how registries
// write an old package's shasum. Returns ErrNone where it is none.
func FromSHA1(text string) (Integrity, error) {
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) != sha1.Size {
		return Integrity{}, ErrNone
	}
	var i Integrity
	i.digests[firstWeak] = [][]byte{sum}
	return i, nil
}

// strongest is the place of the strongest algorithm named, len(algorithms) of the
// zero value.
func (i Integrity) strongest() int {
	for k := range i.digests {
		if len(i.digests[k]) > 0 {
			return k
		}
	}
	return len(algorithms)
}

// IsZero reports whether nothing is named.
func (i Integrity) IsZero() bool { return i.strongest() == len(algorithms) }

// Algorithm is the name of the strongest hash, "sha512", or "" of the zero value.
func (i Integrity) Algorithm() string {
	if i.IsZero() {
		return ""
	}
	return algorithms[i.strongest()].name
}

// Weak reports whether even the strongest hash has known collisions. The zero value
// is weak.
func (i Integrity) Weak() bool { return i.strongest() >= firstWeak }

// Strongest returns the part of the strongest algorithm alone.
func (i Integrity) Strongest() Integrity {
	var out Integrity
	if k := i.strongest(); k < len(algorithms) {
		out.digests[k] = i.digests[k]
	}
	return out
}

// String writes everything that is named as a canonical text, strongest algorithm
// first, so that two spellings of one integrity are equal.
func (i Integrity) String() string {
	var parts []string
	for k, a := range algorithms {
		for _, d := range i.digests[k] {
			parts = append(parts, a.name+"-"+base64.StdEncoding.EncodeToString(d))
		}
	}
	return strings.Join(parts, " ")
}

// Contradicts reports whether no bytes can be what both name: an algorithm of both
// has no digest in common.
func (i Integrity) Contradicts(j Integrity) bool {
	for k := range algorithms {
		if len(i.digests[k]) > 0 && len(j.digests[k]) > 0 && len(common(i.digests[k], j.digests[k])) == 0 {
			return true
		}
	}
	return false
}

// Join returns what bytes must be that are what both name. It names nothing of an
// algorithm on which the two contradict each other: ask Contradicts first.
func (i Integrity) Join(j Integrity) Integrity {
	for k := range algorithms {
		switch {
		case len(i.digests[k]) == 0:
			i.digests[k] = j.digests[k]
		case len(j.digests[k]) > 0:
			i.digests[k] = common(i.digests[k], j.digests[k])
		}
	}
	return i
}

// Confirms reports whether bytes that are i are known to be j as well: the two do
// not contradict each other, and i has the strongest algorithm of j. Nothing is
// confirmed by everything.
func (i Integrity) Confirms(j Integrity) bool {
	k := j.strongest()
	return !i.Contradicts(j) && (k == len(algorithms) || len(i.digests[k]) > 0)
}

// Confirms is Integrity.Confirms of two texts: whether what is pinned settles what a
// lockfile asks for. A lockfile's text that is empty asks for nothing; one in which
// nothing can be read is confirmed by none.
func Confirms(pinned, asked string) bool {
	i, err := Parse(pinned)
	if err != nil {
		return false
	}
	j, err := Parse(asked)
	return (err == nil || strings.TrimSpace(asked) == "") && i.Confirms(j)
}

func among(digests [][]byte, d []byte) bool {
	return slices.ContainsFunc(digests, func(o []byte) bool { return bytes.Equal(o, d) })
}

func common(a, b [][]byte) [][]byte {
	var out [][]byte
	for _, d := range a {
		if among(b, d) {
			out = append(out, d)
		}
	}
	return out
}

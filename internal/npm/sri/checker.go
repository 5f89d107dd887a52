package sri

import (
	"crypto/sha512"
	"hash"
)

// Checker holds the bytes that are written to it to an integrity.
type Checker struct {
	want Integrity
	sums [len(algorithms)]hash.Hash // of the algorithms that want names
}

// Checker returns one that has seen nothing yet.
func (i Integrity) Checker() *Checker {
	c := &Checker{want: i}
	for k, a := range algorithms {
		if len(i.digests[k]) > 0 {
			c.sums[k] = a.make()
		}
	}
	return c
}

// Write takes bytes. It never fails.
func (c *Checker) Write(p []byte) (int, error) {
	for _, sum := range c.sums {
		if sum != nil {
			sum.Write(p)
		}
	}
	return len(p), nil
}

// Fails returns the strongest algorithm by which what was written is not what the
// integrity names, "" where it is that by every one of them.
func (c *Checker) Fails() string {
	for k, sum := range c.sums {
		if sum != nil && !among(c.want.digests[k], sum.Sum(nil)) {
			return algorithms[k].name
		}
	}
	return ""
}

// Of returns the integrity of bytes whose SHA-512 is sum.
func Of(sum [sha512.Size]byte) Integrity {
	var i Integrity
	i.digests[0] = [][]byte{sum[:]}
	return i
}

// Package bytewise finds where two things that should be equal are not: two files, or two
// archives entry by entry.
//
// Whoever looks for why a build does not come out the same needs the place, not a digest: a
// date at byte 120 of one file says at once what is wrong. So what is reported is the first
// region that differs, with a little of what stands before it, in hexadecimal and as text.
//
// The invariant: no difference is reported exactly where all bytes are equal, and what is
// reported is bounded, whatever the size of what was compared.
package bytewise

import (
	"bufio"
	"encoding/hex"
	"errors"
	"io"
	"strings"
)

// Region is where two streams differ first. Excerpts begin at From, a little before Offset.
type Region struct {
	Offset int64   `json:"offset"` // of the first byte that differs, from 0
	From   int64   `json:"from"`   // of the first byte of both excerpts
	First  Excerpt `json:"first"`
	Again  Excerpt `json:"again"`
}

// Excerpt is a part of a stream.
type Excerpt struct {
	Size int64  `json:"size"` // of the whole stream, in bytes
	Hex  string `json:"hex"`
	Text string `json:"text"` // with a full stop for each byte that is not printable ASCII
}

// before and shown are how much of a region is shown: bytes before the first that differs,
// and of both together.
const (
	before = 16
	shown  = 48
)

// First returns where two streams differ first, nil where they are equal. It reads both to
// their ends.
func First(first, again io.Reader) (*Region, error) {
	a, b := bufio.NewReaderSize(first, 64<<10), bufio.NewReaderSize(again, 64<<10)
	var kept []byte // the last bytes that were equal
	var at int64
	for {
		x, errX := a.ReadByte()
		y, errY := b.ReadByte()
		for _, err := range []error{errX, errY} {
			if err != nil && !errors.Is(err, io.EOF) {
				return nil, err
			}
		}
		if errX != nil && errY != nil {
			return nil, nil
		}
		if errX == nil && errY == nil && x == y {
			if kept = append(kept, x); len(kept) >= 4096 {
				kept = append(kept[:0], kept[len(kept)-before:]...)
			}
			at++
			continue
		}
		kept = kept[max(0, len(kept)-before):]
		r := &Region{Offset: at, From: at - int64(len(kept))}
		var err error
		if r.First, err = excerpt(kept, x, errX == nil, a, at); err != nil {
			return nil, err
		}
		r.Again, err = excerpt(kept, y, errY == nil, b, at)
		return r, err
	}
}

// excerpt shows what comes at a place of a stream, and reads that to its end for its size.
func excerpt(kept []byte, next byte, there bool, rest io.Reader, at int64) (Excerpt, error) {
	text := append([]byte{}, kept...)
	size := at
	if there {
		text, size = append(text, next), size+1
	}
	more := make([]byte, shown-len(text))
	n, err := io.ReadFull(rest, more)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return Excerpt{}, err
	}
	text = append(text, more[:n]...)
	left, err := io.Copy(io.Discard, rest)
	return Excerpt{Size: size + int64(n) + left, Hex: hex.EncodeToString(text), Text: printable(text)}, err
}

func printable(b []byte) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '.'
		}
		return r
	}, latin(b))
}

// latin has a rune for each byte.
func latin(b []byte) string {
	var s strings.Builder
	for _, c := range b {
		s.WriteRune(rune(c))
	}
	return s.String()
}

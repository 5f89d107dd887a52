package source

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
)

// placer turns byte offsets into lines and columns. It remembers where it was, so
// that offsets asked for in order cost one pass over the text, however long its
// lines are.
type placer struct {
	src    []byte
	plain  bool // lines end with a line feed alone
	at     int  // the offset that line, column and start are of
	line   int
	column int // UTF-16 units, from 1
	start  int // of the line
}

func newPlacer(src []byte) *placer {
	plain := bytes.IndexByte(src, '\r') < 0 && !bytes.Contains(src, []byte("\u2028")) && !bytes.Contains(src, []byte("\u2029"))
	return &placer{src: src, plain: plain, line: 1, column: 1}
}

// place returns the line and column of an offset.
func (p *placer) place(offset int) (line, column int) {
	offset = min(offset, len(p.src))
	if offset < p.at {
		*p = placer{src: p.src, plain: p.plain, line: 1, column: 1}
	}
	if p.plain {
		if end := bytes.LastIndexByte(p.src[p.at:offset], '\n'); end >= 0 {
			p.line += bytes.Count(p.src[p.at:p.at+end], []byte("\n"))
			p.next(end + 1)
		}
	}
	for p.at < offset {
		c := p.src[p.at]
		switch {
		case c == '\n':
			p.next(1)
		case c == '\r':
			if p.at+1 < len(p.src) && p.src[p.at+1] == '\n' {
				if p.at+1 == offset { // between both: still on the line
					p.at++
					p.column++
					continue
				}
				p.next(2)
				continue
			}
			p.next(1)
		case c < utf8.RuneSelf:
			p.at++
			p.column++
		default:
			r, n := utf8.DecodeRune(p.src[p.at:])
			if r == '\u2028' || r == '\u2029' {
				p.next(n)
				continue
			}
			p.at += n
			p.column++
			if r > 0xffff {
				p.column++
			}
		}
	}
	return p.line, p.column
}

func (p *placer) next(n int) {
	p.at += n
	p.line++
	p.column = 1
	p.start = p.at
}

// excerpt returns the line around an offset: trimmed, cut to bounds.ExcerptRunes with
// an ellipsis where something is missing, and with nothing in it that a terminal
// would act on or an eye not see.
func (p *placer) excerpt(offset int) string {
	p.place(offset)
	offset = min(max(offset, p.start), len(p.src))
	from := max(p.start, offset-4*bounds.ExcerptRunes)
	to := offset
	for limit := min(len(p.src), offset+4*bounds.ExcerptRunes); to < limit && p.src[to] != '\n' && p.src[to] != '\r'; to++ {
	}
	before := []rune(strings.TrimLeft(string(p.src[from:offset]), " \t"))
	after := []rune(strings.TrimRight(string(p.src[offset:to]), " \t"))
	// A short way before the column, then what follows.
	if keep := bounds.ExcerptRunes / 4; len(before) > keep && len(before)+len(after) > bounds.ExcerptRunes {
		spare := max(keep, bounds.ExcerptRunes-len(after)-1)
		if len(before) > spare {
			before = append([]rune{'…'}, before[len(before)-spare+1:]...)
		}
	}
	text := append(before, after...)
	if len(text) > bounds.ExcerptRunes {
		text = append(text[:bounds.ExcerptRunes-1:bounds.ExcerptRunes-1], '…')
	}
	return visible(text)
}

// visible writes text with every character escaped that has no shape of its own:
// controls, bidirectional controls, zero widths, variation selectors, tags and bytes
// that are no UTF-8.
func visible(text []rune) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r >= 0x80 && (invisible(r) || r == utf8.RuneError):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// invisible reports whether a character beyond ASCII shows nothing, or changes how
// what stands around it is shown.
func invisible(r rune) bool {
	switch {
	case r < 0xa0, r == 0xad, r == 0x34f, r == 0x61c, r == 0x115f, r == 0x1160, r == 0x17b4, r == 0x17b5,
		r >= 0x180b && r <= 0x180f, r >= 0x200b && r <= 0x200f, r >= 0x2028 && r <= 0x202e, r >= 0x2060 && r <= 0x206f,
		r == 0x3164, r >= 0xfe00 && r <= 0xfe0f, r == 0xfeff, r == 0xffa0, r >= 0xfff0 && r <= 0xfffb,
		r >= 0xe0000 && r <= 0xe0fff:
		return true
	}
	return false
}

package typescript

import (
	"errors"
	"sort"
	"strings"
	"unicode/utf8"
)

// mapping is a source map's table, by line of the code that was made. A segment
// without a source ends what the one before covers.
type mapping struct {
	lines  [][]segment
	starts []int // offsets of the code's lines
	code   []byte
}

// segment says where a column (in UTF-16 units) of the code came from; all count
// from 0.
type segment struct {
	column       int
	line, source int
	mapped       bool
}

var errMapping = errors.New("a digit or a field is wrong")

// decode reads the mappings of ECMA-426: lines separated by semicolons, segments by
// commas, each one, four or five differences to the segment before.
func decode(mappings string) (mapping, error) {
	var m mapping
	line, column := 0, 0 // of the source, carried on from segment to segment
	for text := range strings.SplitSeq(mappings, ";") {
		var segments []segment
		made := 0
		for field := range strings.SplitSeq(text, ",") {
			if field == "" {
				continue
			}
			var values [5]int
			n := 0
			for ; field != ""; n++ {
				if n == len(values) {
					return m, errMapping
				}
				v, rest, ok := digits(field)
				if !ok {
					return m, errMapping
				}
				values[n], field = v, rest
			}
			made += values[0]
			s := segment{column: made}
			if n >= 4 {
				line += values[2]
				column += values[3]
				s.line, s.source, s.mapped = line, column, true
			}
			if made < 0 || line < 0 || column < 0 {
				return m, errMapping
			}
			segments = append(segments, s)
		}
		m.lines = append(m.lines, segments)
	}
	return m, nil
}

// digits reads one number in base 64, five bits a digit, the sign in the lowest.
func digits(s string) (value int, rest string, ok bool) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
	n := 0
	for i := 0; i < len(s) && i < 7; i++ {
		d := strings.IndexByte(alphabet, s[i])
		if d < 0 {
			return 0, "", false
		}
		n |= d & 31 << (5 * i)
		if d&32 == 0 {
			if n&1 != 0 {
				return -(n >> 1), s[i+1:], true
			}
			return n >> 1, s[i+1:], true
		}
	}
	return 0, "", false
}

// source returns the place of an offset of the code, with what lies between it and
// the segment's beginning added where that is on one line.
func (m *mapping) source(offset int) (line, column int, ok bool) {
	offset = max(0, min(offset, len(m.code)))
	at := sort.SearchInts(m.starts, offset+1) - 1
	if at < 0 || at >= len(m.lines) {
		return 0, 0, false
	}
	made := utf16Length(m.code[m.starts[at]:offset])
	segments := m.lines[at]
	i := sort.Search(len(segments), func(i int) bool { return segments[i].column > made }) - 1
	if i < 0 || !segments[i].mapped {
		return 0, 0, false
	}
	return segments[i].line + 1, segments[i].source + 1, true
}

// lineStarts returns where lines begin as esbuild counts them in what it writes,
// where U+2028 and U+2029 are escaped in strings and end a line elsewhere.
func lineStarts(code []byte) []int {
	starts := []int{0}
	for i := 0; i < len(code); i++ {
		switch {
		case code[i] == '\n', code[i] == '\r' && (i+1 == len(code) || code[i+1] != '\n'):
			starts = append(starts, i+1)
		case code[i] == 0xe2 && i+2 < len(code) && code[i+1] == 0x80 && code[i+2]&^1 == 0xa8:
			starts = append(starts, i+3)
		}
	}
	return starts
}

func utf16Length(b []byte) int {
	n := 0
	for len(b) > 0 {
		c, size := utf8.DecodeRune(b)
		n++
		if c > 0xffff {
			n++
		}
		b = b[size:]
	}
	return n
}

package source

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/js"
)

// The signs that stand in the text as it was written: a tree has the values of strings
// and no blanks, and what was translated lost more.

// escapedStrings finds strings whose letters and digits are written as escapes, which
// nothing needs.
func (s *disguise) escapedStrings() (uint32, bool) {
	if !bytes.Contains(s.written, []byte(`\x`)) && !bytes.Contains(s.written, []byte(`\u`)) {
		return 0, false
	}
	if s.translated {
		return escapedText(s.written)
	}
	var first uint32
	total := 0
	for i := 1; i < len(s.tree.Nodes); i++ {
		n := &s.tree.Nodes[i]
		switch {
		case n.Kind == js.String && n.Flags&js.FlagEscaped != 0:
		case n.Kind == js.TemplateElement: // which has no such flag
		default:
			continue
		}
		escaped, all := escapedLetters(s.written[n.Start:n.End])
		if escaped < 3 || 2*escaped < all {
			continue
		}
		if total == 0 {
			first = n.Start
		}
		total += escaped
	}
	return first, total >= minEscaped
}

// escapedText finds the same in a text whose strings are not known: a translation has
// the characters in their place.
func escapedText(text []byte) (uint32, bool) {
	var first uint32
	total := 0
	for i := 0; i < len(text); {
		at := bytes.IndexByte(text[i:], '\\')
		if at < 0 {
			break
		}
		at += i
		// What stands between quotes, as far as escapes and letters go on.
		from, to := at, at
		for from > 0 && !isQuote(text[from-1]) && !isBreak(text[from-1]) && from > i {
			from--
		}
		for to < len(text) && !isQuote(text[to]) && !isBreak(text[to]) {
			to++
		}
		if escaped, all := escapedLetters(text[from:to]); escaped >= 3 && 2*escaped >= all {
			if total == 0 {
				first = uint32(from)
			}
			total += escaped
		}
		i = max(to, at+1)
	}
	return first, total >= minEscaped
}

func isQuote(c byte) bool { return c == '"' || c == '\'' || c == '`' }

// escapedLetters counts the letters and digits of a raw string that are written as escapes,
// and its characters.
func escapedLetters(raw []byte) (escaped, all int) {
	for i := 0; i < len(raw); all++ {
		if raw[i] != '\\' || i+1 >= len(raw) {
			i++
			continue
		}
		digits := ""
		switch raw[i+1] {
		case 'x':
			digits = string(raw[min(i+2, len(raw)):min(i+4, len(raw))])
			i += 4
		case 'u':
			if i+2 < len(raw) && raw[i+2] == '{' {
				end := bytes.IndexByte(raw[i:], '}')
				if end < 0 {
					return escaped, all
				}
				digits = string(raw[i+3 : i+end])
				i += end + 1
			} else {
				digits = string(raw[min(i+2, len(raw)):min(i+6, len(raw))])
				i += 6
			}
		default:
			i += 2
			continue
		}
		c, err := strconv.ParseUint(digits, 16, 32)
		if err == nil && (c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			escaped++
		}
	}
	return escaped, all
}

// brackets finds code that is written with the characters []()!+ alone.
func (s *disguise) brackets() (uint32, bool) {
	src := s.written
	for i := 0; ; {
		at := bytes.Index(src[i:], []byte("![]"))
		if at < 0 {
			return 0, false
		}
		at += i
		start, end := at, at
		for start > i && strings.IndexByte("[]()!+ \n", src[start-1]) >= 0 {
			start--
		}
		for end < len(src) && strings.IndexByte("[]()!+ \n", src[end]) >= 0 {
			end++
		}
		if end-start >= minBrackets {
			return uint32(start), true
		}
		i = end
	}
}

// offScreen finds a statement that stands behind so many blanks that an editor does
// not show it.
func (s *disguise) offScreen() (uint32, bool) {
	at, ok := s.behind(' ', maxProbe, minBlanks)
	if tab, found := s.behind('\t', minBlanks/4, minBlanks/4); found && (!ok || tab < at) {
		return tab, true
	}
	return at, ok
}

// behind finds a statement behind at least a number of blanks on the same line, which
// begin with so many of one.
func (s *disguise) behind(blank byte, probe, least int) (uint32, bool) {
	src := s.written
	for i, tries := 0, 0; tries < maxTries; {
		at := runOf(src, i, blank, probe)
		if at < 0 {
			return 0, false
		}
		end := at
		for end < len(src) && (src[end] == ' ' || src[end] == '\t') {
			end++
		}
		i = end
		if end-at < least || at == 0 || end == len(src) || isBreak(src[at-1]) || isBreak(src[end]) {
			continue
		}
		if tries++; s.statementAt(uint32(end)) {
			return uint32(end), true
		}
	}
	return 0, false
}

// runOf returns where n times the byte c first stand from i on, -1 for nowhere. It looks
// where such a run would end first, and so at few of the bytes.
func runOf(src []byte, i int, c byte, n int) int {
	for i+n <= len(src) {
		last := i + n - 1
		for last >= i && src[last] == c {
			last--
		}
		if last < i {
			return i
		}
		i = last + 1
	}
	return -1
}

func isBreak(c byte) bool { return c == '\n' || c == '\r' }

// statementAt reports whether a statement begins at an offset.
func (s *disguise) statementAt(offset uint32) bool {
	for i := 1; i < len(s.tree.Nodes); i++ {
		n := &s.tree.Nodes[i]
		switch n.Kind {
		case js.ExpressionStatement, js.VariableDeclaration, js.FunctionDeclaration, js.IfStatement, js.TryStatement, js.BlockStatement,
			js.ForStatement, js.WhileStatement, js.ReturnStatement, js.ImportDeclaration, js.ClassDeclaration:
			if s.origin(n.Start) == int(offset) {
				return true
			}
		}
	}
	return false
}

// invisibleText finds characters that nobody sees: many in a row, which carry a
// payload, or controls that turn the direction of what stands around them.
func (s *disguise) invisibleText() (uint32, bool) {
	src := s.written
	run := 0
	for i := 0; i < len(src); {
		// Every one of them begins with one of these bytes.
		at := nextAny(src, i)
		if at < 0 {
			return 0, false
		}
		if at > i {
			run = 0
		}
		r, n := utf8.DecodeRune(src[at:])
		switch {
		case r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069:
			return uint32(at), true
		case r >= 0x200b && invisible(r) && r != 0xfeff:
			if run++; run >= minInvisible {
				return uint32(at), true
			}
		default:
			run = 0
		}
		i = at + n
	}
	return 0, false
}

// nextAny returns the next offset from i on of a byte that begins an invisible
// character, -1 for none.
func nextAny(src []byte, i int) int {
	for ; i < len(src); i++ {
		for i+8 <= len(src) && binary.LittleEndian.Uint64(src[i:])&(0x8080808080808080) == 0 {
			i += 8 // of ASCII
		}
		if i == len(src) {
			break
		}
		switch src[i] {
		case 0xc2, 0xcd, 0xd8, 0xe1, 0xe2, 0xe3, 0xef, 0xf3:
			return i
		}
	}
	return -1
}

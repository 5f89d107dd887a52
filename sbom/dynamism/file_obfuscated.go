package dynamism

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/js"
)

// obfuscation tells at most one finding: the first place where the text shows that it
// was made not to be read. Each sign is one that people and minifiers don't leave:
// minified code, tables of characters, locale data and blobs have none of them.
func (s *scan) obfuscation() {
	var first *hit
	for _, sign := range []struct {
		name string
		find func() (uint32, bool)
	}{
		{"hexadecimal names", s.hexNames},
		{"escaped strings", s.escapedStrings},
		{"decoded code", s.decodedCode},
		{"flattened control flow", s.flattened},
		{"brackets for letters", s.brackets},
		{"code off the screen", s.offScreen},
		{"invisible characters", s.invisibleText},
	} {
		if start, ok := sign.find(); ok && (first == nil || start < first.start) {
			first = &hit{kind: Obfuscated, start: start, symbol: sign.name, root: "obfuscated"}
		}
	}
	if first != nil {
		s.add(*first)
	}
}

// The thresholds of the signs.
const (
	minHexNames   = 4   // different names like _0x1a2b
	minEscaped    = 24  // letters and digits written as escapes
	minBrackets   = 200 // characters of []()!+ in a row
	minBlanks     = 200 // blanks before code on the same line
	maxTries      = 32  // runs of blanks that are looked behind
	maxProbe      = 60  // bytes of a text that the search for is quick
	minInvisible  = 8   // invisible characters in a row
	maxDecodeWalk = 256 // nodes of an argument that are looked through
)

// hexNames finds the names that obfuscators give: _0x and hexadecimal digits.
func (s *scan) hexNames() (uint32, bool) {
	src := s.tree.Source
	i := bytes.Index(src, []byte("_0x"))
	if i < 0 {
		return 0, false
	}
	found := map[uint32]bool{}
	var first uint32
	for i := 1; i < len(s.tree.Nodes); i++ {
		n := &s.tree.Nodes[i]
		if n.Kind != js.Binding || found[n.Value] {
			continue
		}
		name := src[n.Start:n.End]
		at := bytes.Index(name[:min(len(name), 12)], []byte("_0x"))
		if at < 0 || len(name) < at+6 || len(bytes.Trim(name[at+3:], "0123456789abcdef")) > 0 {
			continue
		}
		if found[n.Value] = true; len(found) == 1 {
			first = n.Start
		}
	}
	return first, len(found) >= minHexNames
}

// escapedStrings finds strings whose letters and digits are written as escapes, which
// nothing needs.
func (s *scan) escapedStrings() (uint32, bool) {
	if !bytes.Contains(s.tree.Source, []byte(`\x`)) && !bytes.Contains(s.tree.Source, []byte(`\u`)) {
		return 0, false
	}
	var first uint32
	total := 0
	for i := 1; i < len(s.tree.Nodes); i++ {
		n := &s.tree.Nodes[i]
		if n.Kind != js.String && n.Kind != js.TemplateElement || n.Flags&js.FlagEscaped == 0 {
			continue
		}
		escaped, all := escapedLetters(s.tree.Source[n.Start:n.End])
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

// decodedCode finds code that is evaluated as it comes out of a decoder, or of the
// function (p, a, c, k, e) that packers write.
func (s *scan) decodedCode() (uint32, bool) {
	for _, h := range s.hits {
		switch h.kind {
		case Eval, FunctionCtor, CtorTrick, VM, ModuleInternals, StringTimer:
		default:
			continue
		}
		r := h.ref
		if k := s.tree.Kind(r); k != js.CallExpression && k != js.NewExpression {
			continue
		}
		c, _ := s.denoter.Call(r)
		for _, a := range c.Arguments {
			if a != 0 && s.decodes(a) {
				return h.start, true
			}
		}
	}
	return 0, false
}

// decodes reports whether an expression takes a string out of a coded form.
func (s *scan) decodes(r js.Ref) bool {
	t := s.tree
	if t.Kind(r) == js.Identifier {
		v := s.scopes.Of(r)
		if v == 0 {
			return false
		}
		b := s.scopes.Variable(v).Declaration
		if b == 0 || t.Kind(t.Nodes[b].Parent) != js.VariableDeclarator || t.Nodes[b].Next == 0 {
			return false
		}
		r = t.Nodes[b].Next
	}
	// The nodes of r and below, as far as they are few.
	at, end, steps := r, t.Nodes[r].Next, 0
	for at != 0 && at != end && steps < maxDecodeWalk {
		steps++
		n := &t.Nodes[at]
		if n.Kind == js.CallExpression && s.decoder(at) {
			return true
		}
		if n.First != 0 && n.Kind != js.FunctionExpression && n.Kind != js.ArrowFunctionExpression {
			at = n.First
			continue
		}
		for at != r && t.Nodes[at].Next == 0 {
			at = t.Nodes[at].Parent
		}
		if at == r {
			return false
		}
		at = t.Nodes[at].Next
	}
	return false
}

// decoder reports whether a call decodes.
func (s *scan) decoder(call js.Ref) bool {
	t := s.tree
	callee := t.Nodes[call].First
	if t.Kind(callee) == js.FunctionExpression {
		parameters := t.Child(callee, 1)
		names := ""
		for p := t.Nodes[parameters].First; p != 0 && len(names) < 5; p = t.Nodes[p].Next {
			names += t.Text(p)
		}
		return names == "packe"
	}
	c, _ := s.denoter.Call(call)
	for _, n := range c.Callees {
		switch {
		case n.Path == "atob", n.Path == "unescape", n.Path == "String.fromCharCode", n.Root == "node:zlib":
			return true
		case n.Path == "Buffer.from" || n.Path == "Buffer":
			if len(c.Arguments) > 1 && c.Arguments[1] != 0 {
				values, _ := s.folder.Strings(c.Arguments[1])
				if len(values) > 0 && (values[0] == "base64" || values[0] == "hex" || values[0] == "base64url") {
					return true
				}
			}
		}
	}
	return false
}

// flattened finds the order of a flattened control flow: '3|0|2|1'.split('|') with
// every number once.
func (s *scan) flattened() (uint32, bool) {
	t := s.tree
	if !bytes.Contains(t.Source, []byte("'|'")) && !bytes.Contains(t.Source, []byte(`"|"`)) {
		return 0, false
	}
	for i := 1; i < len(t.Nodes); i++ {
		n := &t.Nodes[i]
		if n.Kind != js.String || n.End-n.Start < 7 || t.Source[n.Start+1] < '0' || t.Source[n.Start+1] > '9' {
			continue
		}
		parent := &t.Nodes[n.Parent]
		if parent.Kind != js.MemberExpression || parent.First != js.Ref(i) || !permutation(strings.Split(t.Text(js.Ref(i)), "|")) {
			continue
		}
		if name, ok := s.folder.Member(n.Parent); ok && name == "split" {
			return n.Start, true
		}
	}
	return 0, false
}

// permutation reports whether texts are the numbers below their count, out of order.
func permutation(texts []string) bool {
	if len(texts) < 3 {
		return false
	}
	seen := make([]bool, len(texts))
	sorted := true
	for i, text := range texts {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || int(n) >= len(texts) || seen[n] {
			return false
		}
		seen[n] = true
		sorted = sorted && int(n) == i
	}
	return !sorted
}

// brackets finds code that is written with the characters []()!+ alone.
func (s *scan) brackets() (uint32, bool) {
	src := s.tree.Source
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
func (s *scan) offScreen() (uint32, bool) {
	at, ok := s.behind(' ', maxProbe, minBlanks)
	if tab, found := s.behind('\t', minBlanks/4, minBlanks/4); found && (!ok || tab < at) {
		return tab, true
	}
	return at, ok
}

// behind finds a statement behind at least a number of blanks on the same line, which
// begin with so many of one.
func (s *scan) behind(blank byte, probe, least int) (uint32, bool) {
	src := s.tree.Source
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
func (s *scan) statementAt(offset uint32) bool {
	for i := 1; i < len(s.tree.Nodes); i++ {
		n := &s.tree.Nodes[i]
		if n.Start != offset {
			continue
		}
		switch n.Kind {
		case js.ExpressionStatement, js.VariableDeclaration, js.FunctionDeclaration, js.IfStatement, js.TryStatement, js.BlockStatement,
			js.ForStatement, js.WhileStatement, js.ReturnStatement, js.ImportDeclaration, js.ClassDeclaration:
			return true
		}
	}
	return false
}

// invisibleText finds characters that nobody sees: many in a row, which carry a
// payload, or controls that turn the direction of what stands around them.
func (s *scan) invisibleText() (uint32, bool) {
	src := s.tree.Source
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

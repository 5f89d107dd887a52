package source

import (
	"bytes"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
)

// disguise finds signs that a text hides what it does.
type disguise struct {
	*findings
	written    []byte           // the text as people read it: the tree's own, or what that was translated from
	translated bool             // written is not the tree's own
	origin     func(uint32) int // see scan
}

// find reports at most one finding: the first place where the text shows that it was
// made not to be read. Each sign is one that people and minifiers don't leave: minified
// code, tables of characters, locale data and blobs have none of them.
func (s *disguise) find() {
	var first *hit
	for _, sign := range []struct {
		name    string
		find    func() (uint32, bool)
		written bool // it is looked for in the text as it was written
	}{
		{"hexadecimal names", s.hexNames, false},
		{"escaped strings", s.escapedStrings, true},
		{"decoded code", s.decodedCode, false},
		{"flattened control flow", s.flattened, false},
		{"brackets for letters", s.brackets, true},
		{"code off the screen", s.offScreen, true},
		{"invisible characters", s.invisibleText, true},
	} {
		if start, ok := sign.find(); ok && (first == nil || start < first.start) {
			first = &hit{kind: Obfuscated, start: start, symbol: sign.name, root: "obfuscated", written: sign.written}
		}
	}
	if first != nil {
		s.add(*first)
	}
}

// The thresholds of the signs.
const (
	minHexNames   = 4   // different names like _0x1a2b
	minEscaped    = 16  // letters and digits written as escapes
	minBrackets   = 200 // characters of []()!+ in a row
	minBlanks     = 200 // blanks before code on the same line
	maxTries      = 32  // runs of blanks that are looked behind
	maxProbe      = 60  // bytes of a text that the search for is quick
	minInvisible  = 8   // invisible characters in a row
	maxDecodeWalk = 256 // nodes of an argument that are looked through
	maxDecodeHops = 3   // variables that are followed one behind the other
)

// hexNames finds the names that obfuscators give: _0x and hexadecimal digits.
func (s *disguise) hexNames() (uint32, bool) {
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

// decodedCode finds code that is evaluated as it comes out of a decoder, or of the
// function (p, a, c, k, e) that packers write.
func (s *disguise) decodedCode() (uint32, bool) {
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

// decodes reports whether an expression takes a string out of a coded form, itself or
// through variables that are declared with what does.
func (s *disguise) decodes(r js.Ref) bool {
	steps := 0
	return s.decodesWithin(r, 0, &steps)
}

func (s *disguise) decodesWithin(r js.Ref, hops int, steps *int) bool {
	t := s.tree
	// The nodes of r and below, as far as they are few.
	for at, end := r, t.Nodes[r].Next; at != 0 && at != end && *steps < maxDecodeWalk; {
		*steps++
		n := &t.Nodes[at]
		switch n.Kind {
		case js.CallExpression:
			if s.decoder(at) {
				return true
			}
		case js.Identifier:
			if init := s.initializer(at); init != 0 && hops < maxDecodeHops && s.decodesWithin(init, hops+1, steps) {
				return true
			}
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
func (s *disguise) decoder(call js.Ref) bool {
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
func (s *disguise) flattened() (uint32, bool) {
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

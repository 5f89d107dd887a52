package source

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
)

// call is a CallSite before it has a place.
type call struct {
	denote.Call
	callees []string
}

// sites keeps the calls that rules may ask about.
type sites struct {
	shapes
	calls  []call
	origin func(uint32) int // see scan
}

// quiet are globals whose calls no rule asks about and that every file is full of.
var quiet = settableNames("Object Array String Number Boolean JSON Map Set WeakMap WeakSet Promise Symbol Error TypeError RangeError " +
	"SyntaxError Date parseInt parseFloat isNaN isFinite console require module Intl BigInt Reflect Proxy clearTimeout clearInterval " +
	"clearImmediate queueMicrotask performance AggregateError EvalError ReferenceError URIError WeakRef Iterator Uint8Array Int8Array " +
	"Uint8ClampedArray Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array ArrayBuffer DataView SharedArrayBuffer " +
	"Atomics setTimeout setInterval setImmediate globalThis structuredClone TextEncoder TextDecoder Event EventTarget AbortController " +
	"AbortSignal FinalizationRegistry import.meta Buffer node:path node:events node:assert node:assert/strict node:util node:os node:url node:stream")

// asked are calls of quiet globals that rules ask about all the same.
var asked = settableNames("Math.random process.exit")

// queries are names of methods that are given a language as text: a constant argument
// of theirs is kept as well as a built one.
var queries = settableNames("query execute exec run all get each raw prepare $queryRaw $executeRaw $queryRawUnsafe $executeRawUnsafe " +
	"whereRaw havingRaw orderByRaw groupByRaw joinRaw fromRaw selectRaw literal where $where mapReduce createHash createHmac " +
	"unsafe sql request evaluate $eval")

// record keeps a call that rules may ask about.
func (s *sites) record(c denote.Call) {
	kept := call{Call: c}
	for _, n := range c.Callees {
		switch {
		case asked[n.Path]:
		case quiet[n.Root]:
			continue
		case n.Root == "Math", strings.HasSuffix(n.Path, ".bind"):
			continue
		}
		if !slices.Contains(kept.callees, n.Path) {
			kept.callees = append(kept.callees, n.Path)
		}
	}
	if kept.callees == nil && !s.textual(c) || len(s.calls) >= bounds.FileFindings {
		return
	}
	slices.Sort(kept.callees)
	s.calls = append(s.calls, kept)
}

// textual reports whether a method call is given a string that rules may ask about.
func (s *sites) textual(c denote.Call) bool {
	if c.Method == "digest" {
		return s.compared(c.Ref) // createHmac(…).digest() === signature
	}
	if c.Method == "" || len(c.Arguments) == 0 || ordinary[c.Method] {
		return false
	}
	for _, a := range c.Arguments[:min(len(c.Arguments), 4)] {
		if a == 0 {
			continue
		}
		switch k := s.tree.Kind(a); k {
		case js.String:
			if queries[c.Method] {
				return true
			}
		case js.TemplateLiteral, js.BinaryExpression, js.ConditionalExpression, js.Identifier, js.ObjectExpression:
			if queries[c.Method] || k != js.Identifier && k != js.ObjectExpression && s.shape(a) == ShapeBuilt {
				return true
			}
			if k == js.ObjectExpression && s.queried(a) {
				return true
			}
		}
	}
	return false
}

// queried reports whether an object literal holds a query that is built, as in
// find({ $where: 'a == ' + b }) and query({ text: `SELECT ${a}` }).
func (s *sites) queried(object js.Ref) bool {
	for c := s.tree.Nodes[object].First; c != 0; c = s.tree.Nodes[c].Next {
		if s.tree.Kind(c) != js.Property {
			continue
		}
		switch key := s.tree.Nodes[c].First; string(s.tree.Raw(key)) {
		case "$where", "'$where'", `"$where"`, "text", "sql":
			if s.shape(s.tree.Nodes[key].Next) == ShapeBuilt {
				return true
			}
		}
	}
	return false
}

// expression keeps a regular expression in which a group that repeats holds
// something that may repeat, as a call of RegExp with its pattern.
func (s *sites) expression(r js.Ref) {
	pattern, _ := s.tree.RegExp(r)
	if len(s.calls) >= bounds.FileFindings || !strings.Contains(pattern, ")+") && !strings.Contains(pattern, ")*") && !strings.Contains(pattern, "){") {
		return
	}
	s.calls = append(s.calls, call{Call: denote.Call{Ref: r, Arguments: []js.Ref{r}}, callees: []string{"RegExp"}})
}

// ordinary are methods of strings, arrays and consoles, whose text is not a language.
var ordinary = settableNames("push unshift concat join indexOf lastIndexOf includes startsWith endsWith split replace replaceAll slice " +
	"substring substr log error warn info debug trace write end emit on once off set add has append match test charAt trim " +
	"forEach map filter reduce toString hasOwnProperty setAttribute getAttribute addEventListener equal strictEqual deepEqual ok " +
	"createElement then catch padEnd padStart localeCompare call apply bind writeHead setHeader getElementById querySelector")

// assignment keeps writes to members of modules and globals that rules may ask about.
func (s *sites) assignment(r js.Ref) {
	t := s.tree
	n := &t.Nodes[r]
	if t.Kind(n.First) != js.MemberExpression {
		return
	}
	names := s.denoter.Of(n.First)
	if len(names) == 0 {
		return
	}
	c, ok := s.denoter.Call(r)
	if !ok {
		return
	}
	for _, name := range names {
		if strings.HasPrefix(name.Path, "module.exports") || quiet[name.Root] && !denote.Standard(name.Root) {
			return
		}
	}
	kept := call{Call: c}
	for _, name := range names {
		kept.callees = append(kept.callees, name.Path)
	}
	slices.Sort(kept.callees)
	if kept.callees = slices.Compact(kept.callees); len(s.calls) < bounds.FileFindings {
		s.calls = append(s.calls, kept)
	}
}

// compared reports whether the value of a call is an operand of == or ===.
func (s *sites) compared(r js.Ref) bool {
	t := s.tree
	for {
		p := &t.Nodes[t.Nodes[r].Parent]
		switch p.Kind {
		case js.BinaryExpression:
			switch p.Op {
			case js.OpEq, js.OpNe, js.OpStrictEq, js.OpStrictNe:
				return true
			}
			return false
		case js.ChainExpression, js.AwaitExpression:
			r = t.Nodes[r].Parent
		default:
			return false
		}
	}
}

// sites fills in the calls of a report.
func (s *sites) fill(report *Report, at *placer) {
	slices.SortStableFunc(s.calls, func(a, b call) int {
		return int(s.tree.Nodes[a.Ref].Start) - int(s.tree.Nodes[b.Ref].Start)
	})
	for _, c := range s.calls {
		to := s.origin(s.tree.Nodes[c.Ref].Start)
		if to < 0 {
			continue
		}
		site := CallSite{
			Callees: c.callees, Method: c.Method, New: c.New, Assign: c.Assign, Target: s.denoter.Target(c.Ref), Compared: s.compared(c.Ref),
		}
		for _, a := range c.Arguments[:min(len(c.Arguments), maxTexts)] {
			site.Arguments = append(site.Arguments, s.argument(a))
		}
		site.Line, site.Column = at.place(to)
		site.Excerpt = at.excerpt(to)
		report.Calls = append(report.Calls, site)
	}
}

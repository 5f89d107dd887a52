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
func (s *scan) record(c denote.Call) {
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
func (s *scan) textual(c denote.Call) bool {
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
func (s *scan) queried(object js.Ref) bool {
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
func (s *scan) expression(r js.Ref) {
	pattern, _ := s.tree.RegExp(r)
	if len(s.calls) >= bounds.FileFindings || !strings.Contains(pattern, ")+") && !strings.Contains(pattern, ")*") && !strings.Contains(pattern, "){") {
		return
	}
	s.calls = append(s.calls, call{Call: denote.Call{Ref: r, Arguments: []js.Ref{r}}, callees: []string{"RegExp"}})
}

// ordinary are methods of strings, arrays and consoles, whose text is no language.
var ordinary = settableNames("push unshift concat join indexOf lastIndexOf includes startsWith endsWith split replace replaceAll slice " +
	"substring substr log error warn info debug trace write end emit on once off set add has append match test charAt trim " +
	"forEach map filter reduce toString hasOwnProperty setAttribute getAttribute addEventListener equal strictEqual deepEqual ok " +
	"createElement then catch padEnd padStart localeCompare call apply bind writeHead setHeader getElementById querySelector")

// assignment keeps writes to members of modules and globals that rules may ask about.
func (s *scan) assignment(r js.Ref) {
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

// shape tells how an argument is made.
func (s *scan) shape(r js.Ref) Shape { return s.shapeOf(r, 0) }

func (s *scan) shapeOf(r js.Ref, depth int) Shape {
	if r == 0 || depth > maxShape {
		return ShapeOther
	}
	if values, complete := s.folder.Strings(r); complete && len(values) > 0 {
		return ShapeConstant
	}
	t := s.tree
	n := &t.Nodes[r]
	switch n.Kind {
	case js.FunctionExpression, js.ArrowFunctionExpression:
		return ShapeFunction
	case js.ObjectExpression:
		return ShapeObject
	case js.ArrayExpression:
		return ShapeArray
	case js.BooleanLiteral, js.NullLiteral, js.NumericLiteral, js.RegExpLiteral:
		return ShapeConstant
	case js.TemplateLiteral, js.BinaryExpression:
		if s.denoter.String(r) {
			return ShapeBuilt
		}
	case js.Identifier:
		// A variable that was built once is as built as its initialiser.
		v := s.scopes.Of(r)
		if v == 0 {
			return ShapeOther
		}
		info := s.scopes.Variable(v)
		p := &t.Nodes[t.Nodes[info.Declaration].Parent]
		if p.Kind == js.VariableDeclarator && p.First == info.Declaration {
			if t.Kind(t.Nodes[info.Declaration].Next) == js.ObjectExpression {
				return ShapeObject
			}
		}
		if s.builtVariable(r, depth) {
			return ShapeBuilt
		}
		if s.denoter.Function(r) != 0 {
			return ShapeFunction
		}
	case js.ConditionalExpression, js.LogicalExpression:
		for _, b := range s.branches(r) {
			if s.shapeOf(b, depth+1) == ShapeBuilt {
				return ShapeBuilt
			}
		}
	case js.CallExpression:
		// 'a'.concat(x), ['a', x].join(' ')
		if callee := n.First; t.Kind(callee) == js.MemberExpression {
			name, _ := s.folder.Member(callee)
			object := t.Nodes[callee].First
			if name == "concat" && s.denoter.String(object) || name == "join" && t.Kind(object) == js.ArrayExpression {
				return ShapeBuilt
			}
		}
		for _, name := range s.denoter.Of(n.First) {
			if name.Path == "node:util.format" {
				return ShapeBuilt
			}
		}
	}
	return ShapeOther
}

// maxTexts and maxText bound the constants that are kept of one argument.
const (
	maxTexts = 8
	maxText  = 200
)

// argument tells what is known of one.
func (s *scan) argument(r js.Ref) Argument {
	a := Argument{Shape: s.shape(r)}
	t := s.tree
	switch a.Shape {
	case ShapeConstant:
		values, _ := s.folder.Strings(r)
		if len(values) == 0 {
			values = []string{string(t.Raw(r))}
			if pattern, _ := t.RegExp(r); pattern != "" {
				values[0] = pattern
			}
		}
		a.Values = clipped(values)
	case ShapeBuilt:
		a.Values = clipped(s.parts(r))
	case ShapeObject:
		object := r
		if t.Kind(object) == js.Identifier {
			object = t.Nodes[s.scopes.Variable(s.scopes.Of(r)).Declaration].Next
		}
		for c := t.Nodes[object].First; c != 0 && len(a.Properties) < 64; c = t.Nodes[c].Next {
			a.Properties = append(a.Properties, s.properties(c)...)
		}
		slices.SortStableFunc(a.Properties, func(x, y Property) int { return strings.Compare(x.Name, y.Name) })
	}
	return a
}

// properties returns what is known of a property of an object literal: one for each
// constant that it can be, or one for a string that is built.
func (s *scan) properties(c js.Ref) []Property {
	t := s.tree
	n := &t.Nodes[c]
	if n.Kind != js.Property || n.Flags&js.FlagComputed != 0 {
		return nil
	}
	value := t.Nodes[n.First].Next
	switch t.Kind(n.First) {
	case js.Name, js.String, js.Identifier:
	default:
		return nil
	}
	name := clip(t.Text(n.First))
	switch v := &t.Nodes[value]; v.Kind {
	case js.BooleanLiteral, js.NullLiteral:
		return []Property{{Name: name, Value: string(t.Raw(value))}}
	case js.UnaryExpression: // !0 and !1
		switch inner := string(t.Raw(v.First)); {
		case v.Op == js.OpNot && inner == "0":
			return []Property{{Name: name, Value: "true"}}
		case v.Op == js.OpNot && inner == "1":
			return []Property{{Name: name, Value: "false"}}
		}
		return nil
	}
	switch s.shape(value) {
	case ShapeConstant:
		values, _ := s.folder.Strings(value)
		var out []Property
		for _, v := range values[:min(len(values), maxTexts)] {
			out = append(out, Property{Name: name, Value: clip(v)})
		}
		return out
	case ShapeBuilt:
		return []Property{{Name: name, Value: clip(strings.Join(s.parts(value), "…")), Built: true}}
	}
	return nil
}

// compared reports whether the value of a call is an operand of == or ===.
func (s *scan) compared(r js.Ref) bool {
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

// parts returns the constant parts of a built string, in order.
func (s *scan) parts(r js.Ref) []string {
	t := s.tree
	var out []string
	var walk func(r js.Ref, depth int)
	walk = func(r js.Ref, depth int) {
		if depth > 32 || len(out) >= maxTexts {
			return
		}
		if values, complete := s.folder.Strings(r); complete && len(values) > 0 {
			out = append(out, values[0])
			return
		}
		switch n := &t.Nodes[r]; n.Kind {
		case js.Identifier:
			from, _ := s.made(r)
			for _, e := range from {
				walk(e, depth+8)
			}
		case js.ConditionalExpression, js.LogicalExpression:
			for _, b := range s.branches(r) {
				walk(b, depth+1)
			}
		case js.BinaryExpression:
			walk(n.First, depth+1)
			walk(t.Nodes[n.First].Next, depth+1)
		case js.TemplateLiteral:
			for c := n.First; c != 0; c = t.Nodes[c].Next {
				if t.Kind(c) == js.TemplateElement {
					if text := t.Text(c); text != "" && len(out) < maxTexts {
						out = append(out, text)
					}
				}
			}
		case js.CallExpression:
			if t.Kind(n.First) == js.MemberExpression {
				walk(t.Nodes[n.First].First, depth+1)
			}
		case js.ArrayExpression:
			for c := n.First; c != 0; c = t.Nodes[c].Next {
				walk(c, depth+1)
			}
		}
	}
	walk(r, 0)
	return out
}

func clipped(values []string) []string {
	out := make([]string, 0, min(len(values), maxTexts))
	for _, v := range values[:min(len(values), maxTexts)] {
		out = append(out, clip(v))
	}
	return out
}

// clip cuts a text to maxText bytes, between characters, and keeps it valid UTF-8.
func clip(text string) string {
	return strings.ToValidUTF8(text[:min(len(text), maxText)], "")
}

// sites fills in the calls of a report.
func (s *scan) sites(report *Report, at *placer) {
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

package denote

import (
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// What a string of code may give back that this package follows: a name.
var (
	namePattern    = lazyregexp.New(`^\s*([\w$]+(?:\.[\w$]+)*)\s*;?\s*$`)
	returnPattern  = lazyregexp.New(`^\s*(?:"use strict";?\s*)?return\s*\(?\s*([\w$]+(?:\.[\w$]+)*)\s*\)?\s*;?\s*$`)
	requirePattern = lazyregexp.New(`^\s*(?:return\s+)?require\s*\(\s*(?:"([^"\\]+)"|'([^'\\]+)')\s*\)\s*;?\s*$`)
)

// maxCode bounds the strings of code that are looked into.
const maxCode = 256

// evaluated returns what eval of a constant gives, where that is a name or a require.
func (d *Denoter) evaluated(arg js.Ref) set {
	out := none
	values, _ := d.folder.Strings(arg)
	for _, code := range values[:min(len(values), maxSet)] {
		if len(code) > maxCode {
			continue
		}
		if m := requirePattern().FindStringSubmatch(code); m != nil {
			if path, ok := modulePath(m[1] + m[2]); ok {
				out = d.union(out, d.path(path, ViaComputed))
			}
		} else if m := namePattern().FindStringSubmatch(code); m != nil {
			out = d.union(out, d.named(m[1]))
		}
	}
	return out
}

// made returns what Function gives: a function, which may return a global by name.
func (d *Denoter) made(at target) set {
	out := d.instance("Function")
	if len(at.args) == 0 {
		return out
	}
	values, _ := d.folder.Strings(at.args[len(at.args)-1])
	for _, code := range values[:min(len(values), maxSet)] {
		if len(code) > maxCode {
			continue
		}
		if m := returnPattern().FindStringSubmatch(code); m != nil {
			out = d.union(out, d.each(d.named(m[1]), func(id valueID) set { return d.one(value{form: returnsForm, parent: id}) }))
		}
	}
	return out
}

// named returns what a dotted name denotes in the global scope.
func (d *Denoter) named(dotted string) set {
	root, members, more := strings.Cut(dotted, ".")
	s := d.globalNamed(root, ViaComputed)
	if root == "this" {
		s = d.path("globalThis", ViaComputed)
	}
	for more && s > none {
		var name string
		name, members, more = strings.Cut(members, ".")
		s = d.each(s, func(id valueID) set { return d.member(id, name) })
	}
	return s
}

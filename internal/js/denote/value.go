package denote

import (
	"slices"

	"github.com/nbuild/nbuild/internal/js"
)

// valueID names an interned value. 0 is no value, nothing the dummy that stands for
// "worked out: empty" in the memo.
type valueID uint32

const nothing valueID = 1

// form is what sort of value one is.
type form uint8

const (
	pathForm       form = iota + 1 // a global, a module, or a member: parent and name
	functionForm                   // a function of the file: ref
	objectForm                     // an object literal: ref
	arrayForm                      // an array literal: ref
	classForm                      // a class of the file: ref
	instanceForm                   // some value of a type: name is its constructor's
	promiseForm                    // a promise of parent
	allForm                        // what Promise.all gives: ref is the array literal
	methodForm                     // call, apply or bind (name) of parent
	boundForm                      // what bind gave: parent, and ref the call of bind
	descriptorForm                 // a property descriptor of parent
	returnsForm                    // a function that returns parent
)

// value is one thing that an expression can be.
type value struct {
	form   form
	via    Via
	parent valueID
	ref    js.Ref
	name   string
}

// set is a bounded set of values: 0 is not known yet, none is empty, another value
// below manySets is that one value, and with manySets an index of Denoter.many.
type set uint32

const (
	none     = set(nothing)
	manySets = set(1 << 31)
)

// maxSet bounds the values of one set, and of one variable the writes, returns and
// call sites that are looked at.
const maxSet = 8

// intern returns the id of a value.
func (d *Denoter) intern(v value) valueID {
	if id, ok := d.index[v]; ok {
		return id
	}
	if len(d.values) >= maxValues {
		return nothing
	}
	id := valueID(len(d.values))
	d.values = append(d.values, v)
	d.ids = append(d.ids, id)
	d.index[v] = id
	return id
}

// one returns the set of a single value.
func (d *Denoter) one(v value) set { return set(d.intern(v)) }

// own returns the set of what a node makes anew: a function, a class, a literal. The
// node itself distinguishes such a value from all others, so it needs no index.
func (d *Denoter) own(f form, r js.Ref) set {
	if s := d.memo[r]; s > none {
		return s
	}
	if len(d.values) >= maxValues {
		return none
	}
	id := valueID(len(d.values))
	d.values = append(d.values, value{form: f, ref: r})
	d.ids = append(d.ids, id)
	d.memo[r] = set(id)
	return set(id)
}

// list returns the values of a set.
func (d *Denoter) list(s set) []valueID {
	switch {
	case s <= none:
		return nil
	case s&manySets != 0:
		return d.many[s&^manySets]
	}
	return d.ids[s : s+1]
}

// union returns the values of both sets, the first maxSet of them.
func (d *Denoter) union(a, b set) set {
	switch {
	case a <= none:
		return max(b, none)
	case b <= none || a == b:
		return a
	}
	all := slices.Clone(d.list(a))
	for _, id := range d.list(b) {
		if len(all) < maxSet && !slices.Contains(all, id) {
			all = append(all, id)
		}
	}
	if len(all) == len(d.list(a)) {
		return a
	}
	d.many = append(d.many, all)
	return manySets | set(len(d.many)-1)
}

// each maps every value of a set and joins what comes of it.
func (d *Denoter) each(s set, f func(valueID) set) set {
	out := none
	for _, id := range d.list(s) {
		out = d.union(out, f(id))
	}
	return out
}

// path returns the set of a canonical path that is a root.
func (d *Denoter) path(name string, via Via) set {
	return d.one(value{form: pathForm, name: name, via: via})
}

// instance returns the set of some value whose constructor is the global of a name.
func (d *Denoter) instance(name string) set {
	if name != "String" {
		return d.one(value{form: instanceForm, name: name})
	}
	if d.string == 0 {
		d.string = d.one(value{form: instanceForm, name: name})
	}
	return d.string
}

// text returns the canonical path of a pathForm value.
func (d *Denoter) text(id valueID) string {
	v := &d.values[id]
	if v.parent == 0 {
		return v.name
	}
	return d.text(v.parent) + "." + v.name
}

// isRoot reports whether a value is the root path of that name.
func (d *Denoter) isRoot(id valueID, name string) bool {
	v := &d.values[id]
	return v.form == pathForm && v.parent == 0 && v.name == name
}

package denote

import "github.com/nbuild/nbuild/internal/js"

// maxValues bounds the different values of one file, maxDepth the recursion of one
// question, maxSegments the members of one path.
const (
	maxValues   = 1 << 20
	maxDepth    = 160
	maxSegments = 6
)

// Denoter answers what the expressions of one tree denote. It works out only what it
// is asked for, and what that depends on. It may not be used from two goroutines at
// once.
type Denoter struct {
	tree    *js.Tree
	scopes  *js.Scopes
	folder  Folder
	memo    []set // by node
	vars    []set // by variable
	atoms   []valueID
	values  []value
	ids     []valueID
	index   map[value]valueID
	many    [][]valueID
	names   map[set][]Name
	single  [][]Name          // names of sets of one value, by value
	sites   map[js.Ref][]site // by function, once asked for
	returns map[js.Ref][]js.Ref
	members *members
	tables  map[js.Ref]*table
	asked   map[memberKey]set
	holders map[js.VariableID]bool // variables that are given the constructor of something
	string  set                    // some string, once asked for
	depth   int
}

// Folder finds which expressions are constants; js.Folder is one.
type Folder interface {
	// Strings returns the constants that an expression can be, as strings, and
	// whether these are all.
	Strings(r js.Ref) (values []string, complete bool)
	// Member returns the property name of a MemberExpression where it is one constant.
	Member(r js.Ref) (name string, ok bool)
}

// New returns a Denoter of a tree with its scopes and constants.
func New(t *js.Tree, s *js.Scopes, f Folder) *Denoter {
	d := new(Denoter)
	d.Reset(t, s, f)
	return d
}

// Reset makes a Denoter one of another tree, as New does, in the memory that it has.
// What it gave before is good no more.
func (d *Denoter) Reset(t *js.Tree, s *js.Scopes, f Folder) {
	index, names := d.index, d.names
	if index == nil || len(index) > maxKept {
		index, names = make(map[value]valueID, 64), map[set][]Name{}
	}
	clear(index)
	clear(names)
	*d = Denoter{
		tree: t, scopes: s, folder: f,
		memo:   unknown(d.memo, len(t.Nodes)),
		vars:   unknown(d.vars, s.Variables()+1),
		atoms:  d.atoms[:0],
		values: append(d.values[:0], value{}, value{}), // 0 is no value, 1 nothing
		ids:    append(d.ids[:0], 0, nothing),
		many:   d.many[:0],
		single: d.single[:0],
		index:  index,
		names:  names,
	}
}

// maxKept is how many values an index may have had that is used for the next tree: to
// clear a large one costs more than to make one.
const maxKept = 1 << 10

// unknown returns n sets that are not known yet.
func unknown(old []set, n int) []set {
	if cap(old) < n {
		return make([]set, n)
	}
	old = old[:n]
	clear(old)
	return old
}

// Of returns what an expression may denote, nil where nothing is known about it. What
// bind returns denotes the function that was bound. The slice must not be changed.
func (d *Denoter) Of(r js.Ref) []Name {
	if r == 0 {
		return nil
	}
	s := d.eval(r)
	if s <= none {
		return nil
	}
	return d.namesOf(s)
}

// Is reports whether an expression may denote the canonical path.
func (d *Denoter) Is(r js.Ref, path string) bool {
	for _, n := range d.Of(r) {
		if n.Path == path {
			return true
		}
	}
	return false
}

// String reports whether an expression may be a string that the file itself makes:
// a literal, a template, a sum with one.
func (d *Denoter) String(r js.Ref) bool {
	for _, id := range d.list(d.eval(r)) {
		if v := &d.values[id]; v.form == instanceForm && v.name == "String" {
			return true
		}
	}
	return false
}

// Function returns a function or class of the file that an expression may denote, 0
// where there is none.
func (d *Denoter) Function(r js.Ref) js.Ref {
	for _, id := range d.list(d.eval(r)) {
		if v := &d.values[id]; v.form == functionForm || v.form == classForm {
			return v.ref
		}
	}
	return 0
}

// unnamed marks a value whose name was not asked for yet.
var unnamed = []Name{{}}

func (d *Denoter) namesOf(s set) []Name {
	if s&manySets == 0 {
		for len(d.single) < len(d.values) {
			d.single = append(d.single, unnamed)
		}
		if names := d.single[s]; len(names) != 1 || names[0].Path != "" {
			return names
		}
		d.single[s] = nil
		if n, ok := d.name(valueID(s)); ok {
			d.single[s] = []Name{n}
		}
		return d.single[s]
	}
	if names, ok := d.names[s]; ok {
		return names
	}
	var names []Name
	for _, id := range d.list(s) {
		if n, ok := d.name(id); ok {
			names = append(names, n)
		}
	}
	d.names[s] = names
	return names
}

func (d *Denoter) name(id valueID) (Name, bool) {
	v := &d.values[id]
	switch v.form {
	case boundForm:
		return d.name(v.parent)
	case methodForm:
		n, ok := d.name(v.parent)
		n.Path += "." + v.name
		n.ID = uint32(id)
		return n, ok
	case pathForm:
		n := Name{Path: d.text(id), ID: uint32(id)}
		for at := v; ; at = &d.values[at.parent] {
			n.Via |= at.via
			if at.parent == 0 {
				n.Root = at.name
				return n, true
			}
		}
	}
	return Name{}, false
}

// eval returns the values of an expression, worked out once.
func (d *Denoter) eval(r js.Ref) set {
	if r == 0 {
		return none
	}
	if s := d.memo[r]; s != 0 {
		return s
	}
	if d.depth >= maxDepth {
		return none
	}
	n := &d.tree.Nodes[r]
	switch {
	case n.Kind == js.Identifier: // kept by variable and by name
		return d.expression(r)
	case n.Kind == js.MemberExpression && d.tree.Nodes[n.First].Kind == js.Identifier:
		// Of x = x.y the variable comes first, so that x.y finds what x was before.
		d.depth++
		d.eval(n.First)
		d.depth--
		if s := d.memo[r]; s != 0 {
			return s
		}
	}
	d.memo[r] = none // for a value that depends on itself
	d.depth++
	s := d.expression(r)
	d.depth--
	d.memo[r] = s
	return s
}

// Pattern returns what the value is that an ObjectPattern takes apart.
func (d *Denoter) Pattern(r js.Ref) []Name { return d.namesOf(d.binding(r)) }

// copied returns objects that have the members of a set's values.
func (d *Denoter) copied(s set) set {
	return d.each(s, func(id valueID) set {
		v := d.values[id]
		if v.form != pathForm {
			return set(id)
		}
		v.via |= ViaCopy
		return d.one(v)
	})
}

// unwrap returns what await gives of a set.
func (d *Denoter) unwrap(s set) set {
	return d.each(s, func(id valueID) set {
		if v := d.values[id]; v.form == promiseForm {
			return set(v.parent)
		}
		return set(id)
	})
}

// promise returns promises of a set's values.
func (d *Denoter) promise(s set) set {
	return d.each(s, func(id valueID) set {
		if d.values[id].form == promiseForm {
			return set(id)
		}
		return d.one(value{form: promiseForm, parent: id})
	})
}

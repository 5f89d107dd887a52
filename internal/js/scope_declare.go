package js

import "slices"

// entry is one name in one scope, as the first pass finds it. Names that hide each
// other are a chain by prev; those of one scope are a chain by next. By var, by
// functions of a function's top level and by parameters come names that lie in
// their function (hoisted); all others lie in the block where they stand.
type entry struct {
	atom        Atom
	kind        VariableKind
	hoisted     bool
	plain       bool // a function that is not a generator and not async; a catch parameter that is not a pattern
	scope       ScopeID
	last        ScopeID // of a hoisted name: the scope of its latest declaration
	declaration Ref
	prev        uint32
	next        uint32
	alias       uint32 // the hoisted entry that a block's function is one with
	writes      uint32
	variable    VariableID
}

// frame is what the first pass knows about a scope besides the Scope.
type frame struct {
	first       uint32 // of its entries
	candidates  uint32 // of its functions in blocks
	function    ScopeID
	vars        ScopeID // where var declares: function, or the scope of its body
	strict      bool
	expressions bool // its parameters have expressions
	eval        bool // a direct eval is in it or below
	sloppyEval  bool // and in sloppy code
	binds       declares
}

// declares is what a Binding in a pattern declares.
type declares struct {
	kind  VariableKind
	value uint8 // 1 where a value is given
	plain bool
}

// candidate is a function in a block that Annex B.3.2 makes a var too, unless a
// lexical name of a block around is in the way.
type candidate struct {
	entry     uint32
	atom      Atom
	scope     ScopeID
	function  ScopeID
	prev      uint32 // of the same name
	next      uint32 // of the same function
	cancelled bool
}

// event is what the second pass needs of the walk: scopes that open and close, and
// names between.
type event struct {
	ref  Ref // or ScopeID
	what uint32
}

const (
	enterScope = 4 << iota
	leaveScope
	bindName
	_ = reads | writes // of a name, in the same word
)

// declarer is the first pass: it opens scopes and puts names into them. byName has,
// for each atom, the innermost open entries.
type declarer struct {
	tree       *Tree
	of         []VariableID // entries, until the second pass
	in         []ScopeID
	scopes     []Scope
	frames     []frame
	entries    []entry
	candidates []candidate
	byName     []innermost
	events     []event
	errors     []SyntaxError
	current    ScopeID
	opener     Ref // of current
	binds      declares
	withs      bool
	decorators bool // they come after what they stand before
}

type innermost struct{ lexical, hoisted, candidate uint32 }

const maxScopeErrors = 100

func (d *declarer) open(kind ScopeKind, r Ref, strict bool) {
	id := ScopeID(len(d.scopes))
	f := frame{strict: strict || d.frames[d.current].strict, binds: d.binds}
	switch kind {
	case FunctionScope, TopScope:
		f.function, f.vars = id, id
	default:
		f.function, f.vars = d.frames[d.current].function, d.frames[d.current].vars
	}
	d.scopes = append(d.scopes, Scope{Kind: kind, Node: r, Parent: d.current, Dynamic: kind == WithScope})
	d.frames = append(d.frames, f)
	d.events = append(d.events, event{Ref(id), enterScope})
	d.current, d.opener = id, r
	d.in[r] = id
}

func (d *declarer) close() {
	id := d.current
	f := &d.frames[id]
	if f.candidates != 0 {
		d.promote(id)
	}
	for e := f.first; e != 0; e = d.entries[e].next {
		n := &d.entries[e]
		if n.hoisted {
			d.byName[n.atom].hoisted = n.prev
		} else {
			d.byName[n.atom].lexical = n.prev
		}
	}
	s := &d.scopes[id]
	s.Dynamic = s.Dynamic || f.sloppyEval
	parent := &d.frames[s.Parent]
	parent.eval = parent.eval || f.eval
	parent.sloppyEval = parent.sloppyEval || f.sloppyEval
	d.events = append(d.events, event{Ref(id), leaveScope})
	d.binds = f.binds
	d.current, d.opener = s.Parent, d.scopes[s.Parent].Node
}

// promote makes vars of the functions in blocks whose way out is free.
func (d *declarer) promote(id ScopeID) {
	for c := d.frames[id].candidates; c != 0; c = d.candidates[c].next {
		n := d.candidates[c]
		if n.cancelled {
			continue
		}
		d.byName[n.atom].candidate = n.prev
		target := d.byName[n.atom].hoisted
		if target == 0 || d.frames[d.entries[target].scope].function != n.function {
			target = d.add(entry{atom: n.atom, kind: FunctionVariable, hoisted: true, scope: id, last: id,
				declaration: d.entries[n.entry].declaration})
		}
		d.entries[n.entry].alias = target
		d.entries[target].writes += d.entries[n.entry].writes
	}
}

func (d *declarer) add(e entry) uint32 {
	i := uint32(len(d.entries))
	name := &d.byName[e.atom]
	if e.hoisted {
		e.prev, name.hoisted = name.hoisted, i
	} else {
		e.prev, name.lexical = name.lexical, i
	}
	f := &d.frames[e.scope]
	e.next, f.first = f.first, i
	d.entries = append(d.entries, e)
	return i
}

func (d *declarer) bind(r Ref, e uint32, value uint32) {
	d.of[r] = VariableID(e)
	d.in[r] = d.current
	d.entries[e].writes += value
	what := uint32(bindName)
	if value != 0 {
		what |= writes
	}
	d.events = append(d.events, event{r, what})
}

func (d *declarer) twice(r Ref) {
	d.fail(r, "'"+d.tree.names[d.tree.Nodes[r].Value]+"' is already declared")
}

func (d *declarer) fail(r Ref, message string) {
	if len(d.errors) < maxScopeErrors {
		d.errors = append(d.errors, SyntaxError{Start: d.tree.Nodes[r].Start, Message: message, Early: true})
	}
}

// hoist declares a name by var, parameter, or function at a function's top level.
func (d *declarer) hoist(r Ref, c declares) {
	atom := Atom(d.tree.Nodes[r].Value)
	f := &d.frames[d.current]
	name := d.byName[atom]
	for e := name.lexical; e != 0 && d.entries[e].scope >= f.function; e = d.entries[e].prev {
		n := &d.entries[e]
		if n.kind == CatchVariable && n.plain {
			continue // Annex B.3.4
		}
		d.twice(r)
		if n.scope == f.vars {
			d.bind(r, e, uint32(c.value))
			return
		}
		break
	}
	e := name.hoisted
	if e == 0 || d.frames[d.entries[e].scope].function != f.function {
		scope := f.vars
		if c.kind == ParameterVariable {
			scope = f.function
		}
		e = d.add(entry{atom: atom, kind: c.kind, hoisted: true, scope: scope, declaration: r})
	}
	d.entries[e].last = d.current
	d.bind(r, e, uint32(c.value))
}

// lexical declares a name in the current scope.
func (d *declarer) lexical(r Ref, c declares) {
	atom := Atom(d.tree.Nodes[r].Value)
	id := d.current
	f := &d.frames[id]
	name := &d.byName[atom]
	function := c.kind == FunctionVariable
	if id == 1 && d.tree.Goal == CommonJS && !function && inWrapper(d.tree.names[atom]) {
		d.twice(r)
	}
	if e := name.lexical; e != 0 {
		n := &d.entries[e]
		if n.scope == id {
			if f.strict || !function || !c.plain || n.kind != FunctionVariable || !n.plain {
				d.twice(r) // Annex B.3.2.4 lets plain functions be repeated
			}
			d.bind(r, e, uint32(c.value))
			return
		}
		parent := d.scopes[id].Parent
		if n.scope == parent && d.scopes[parent].Kind == CatchScope && d.scopes[id].Kind == BlockScope &&
			d.tree.Nodes[d.opener].Parent == d.scopes[parent].Node {
			d.twice(r)
		}
	}
	level := id == f.vars || id == f.function
	if e := name.hoisted; e != 0 && d.frames[d.entries[e].scope].function == f.function {
		if level {
			d.twice(r)
			d.bind(r, e, uint32(c.value))
			return
		}
		if d.entries[e].last >= id {
			d.twice(r)
		}
	}
	for i := name.candidate; i != 0; i = name.candidate {
		n := &d.candidates[i]
		if n.function != f.function || !level && n.scope < id {
			break
		}
		n.cancelled = true
		name.candidate = n.prev
	}
	free := function && c.plain && !f.strict && !level && d.free(atom, f.function)
	e := d.add(entry{atom: atom, kind: c.kind, plain: c.plain, scope: id, declaration: r})
	d.bind(r, e, uint32(c.value))
	if free {
		vars := &d.frames[f.vars]
		i := uint32(len(d.candidates))
		d.candidates = append(d.candidates, candidate{entry: e, atom: atom, scope: id, function: f.function,
			prev: d.byName[atom].candidate, next: vars.candidates})
		d.byName[atom].candidate = i
		vars.candidates = i
	}
}

// free says whether a var of this name could stand here, as far as is known yet.
func (d *declarer) free(atom Atom, function ScopeID) bool {
	name := d.byName[atom]
	if e := name.hoisted; e != 0 {
		n := &d.entries[e]
		if n.kind == ParameterVariable && d.frames[n.scope].function == function {
			return false
		}
	}
	for e := name.lexical; e != 0 && d.entries[e].scope >= function; e = d.entries[e].prev {
		if n := &d.entries[e]; n.kind != CatchVariable || !n.plain {
			return false
		}
	}
	return true
}

// declare puts the name of a Binding where its kind belongs.
func (d *declarer) declare(r Ref, c declares) {
	switch c.kind {
	case VarVariable, ParameterVariable:
		d.hoist(r, c)
	case FunctionVariable:
		f := &d.frames[d.current]
		module := d.tree.Goal == Module && d.current == 1
		if (d.current == f.vars || d.current == f.function) && !module {
			d.hoist(r, c)
		} else {
			d.lexical(r, c)
		}
	default:
		d.lexical(r, c)
	}
}

func sortErrors(errors []SyntaxError) {
	slices.SortStableFunc(errors, func(a, b SyntaxError) int { return int(a.Start) - int(b.Start) })
}

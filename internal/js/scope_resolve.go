package js

import "slices"

// Resolve finds the variable of every name of a tree, in two passes: one over the
// tree, which opens scopes and declares names, and one over the names in the order
// of the first, since a name may be used before it is declared. Its work is linear
// in the tree. What a tree with errors lacks is resolved as far as it was read.
func Resolve(t *Tree) *Scopes { return new(Workspace).Resolve(t) }

// Resolve is the function Resolve, in this memory.
func (w *Workspace) Resolve(t *Tree) *Scopes {
	n := len(t.Nodes)
	w.of, w.in = zeros(w.of, n), zeros(w.in, n)
	s := &Scopes{tree: t, of: w.of, in: w.in}
	d := &w.declarer
	*d = declarer{
		tree:       t,
		of:         s.of,
		in:         s.in,
		scopes:     append(room(d.scopes, 1+n/32), Scope{}),
		frames:     append(room(d.frames, 1+n/32), frame{}),
		entries:    append(room(d.entries, 1+n/16), entry{}),
		candidates: append(d.candidates[:0], candidate{}),
		byName:     zeros(d.byName, len(t.names)+1),
		events:     room(d.events, n/3),
	}
	if t.Root != 0 {
		d.walk()
	}
	s.scopes, s.withs = d.scopes, d.withs
	w.innermost = zeros(w.innermost, len(t.names)+1)
	b := binder{declarer: d, scopes: s, space: w, innermost: w.innermost}
	b.number()
	b.resolve()
	b.group()
	w.variables, w.counts, w.bound = s.variables, b.counts, b.bound
	w.uses, w.bindings, w.useStart, w.bindStart = s.uses, s.bindings, s.useStart, s.bindStart
	s.errors = d.errors
	d.tree, d.errors = nil, nil // what is kept for the next holds on to no source
	sortErrors(s.errors)
	return s
}

// binder is the second pass: innermost has, for each atom, the entry that it means
// where the pass stands.
type binder struct {
	*declarer
	scopes    *Scopes
	space     *Workspace
	innermost []uint32
	counts    []uint32 // Identifiers by variable
	bound     []uint32 // Bindings by variable
}

// number gives every entry its variable.
func (b *binder) number() {
	b.scopes.variables = append(room(b.space.variables, len(b.entries)+1), Variable{})
	for i := 1; i < len(b.entries); i++ {
		e := &b.entries[i]
		if e.alias != 0 {
			continue
		}
		if e.atom == atomArguments && e.kind == VarVariable {
			e.writes++ // with the arguments object, which it begins as
		}
		e.variable = b.variable(e)
	}
	for i := 1; i < len(b.entries); i++ {
		if e := &b.entries[i]; e.alias != 0 {
			e.variable = b.entries[e.alias].variable
		}
	}
	b.counts = zeros(room(b.space.counts, len(b.scopes.variables)+16), len(b.scopes.variables))
	b.bound = zeros(room(b.space.bound, len(b.scopes.variables)+16), len(b.scopes.variables))
}

func (b *binder) variable(e *entry) VariableID {
	id := VariableID(len(b.scopes.variables))
	b.scopes.variables = append(b.scopes.variables, Variable{Name: e.atom, Kind: e.kind, Scope: e.scope,
		Declaration: e.declaration, Writes: e.writes, Dynamic: b.frames[e.scope].eval})
	return id
}

func (b *binder) resolve() {
	nodes := b.tree.Nodes
	variables := b.scopes.variables
	var function ScopeID // the innermost that has an arguments object
	for _, ev := range b.events {
		switch {
		case ev.what&enterScope != 0:
			id := ScopeID(ev.ref)
			for i := b.frames[id].first; i != 0; i = b.entries[i].next {
				e := &b.entries[i]
				e.prev, b.innermost[e.atom] = b.innermost[e.atom], i
			}
			if b.hasArguments(id) {
				b.frames[id].vars = function // no longer needed for var
				function = id
			}
		case ev.what&leaveScope != 0:
			id := ScopeID(ev.ref)
			for i := b.frames[id].first; i != 0; i = b.entries[i].next {
				b.innermost[b.entries[i].atom] = b.entries[i].prev
			}
			if id == function {
				function = b.frames[id].vars
			}
		case ev.what&bindName != 0:
			own := b.entries[b.of[ev.ref]].variable
			b.of[ev.ref] = own
			b.bound[own]++
			if ev.what&writes != 0 {
				// var e = 1 within catch (e) declares one and writes the other.
				if e := b.innermost[nodes[ev.ref].Value]; e != 0 && b.entries[e].kind == CatchVariable && b.entries[e].variable != own {
					variables[b.entries[e].variable].Writes++
				}
			}
		default:
			atom := Atom(nodes[ev.ref].Value)
			i := b.innermost[atom]
			if atom == atomArguments && function != 0 && (i == 0 || b.entries[i].scope < function) {
				i = b.arguments(atom, function)
				variables = b.scopes.variables
			}
			var v VariableID
			if i != 0 {
				v = b.entries[i].variable
				b.of[ev.ref] = v
				variables[v].Reads += ev.what & reads
				variables[v].Writes += ev.what & writes / writes
				if atom == atomArguments {
					b.mapped(ev.ref, v)
				}
			} else if b.tree.Goal == Module && nodes[nodes[ev.ref].Parent].Kind == ExportSpecifier {
				b.fail(ev.ref, "the export '"+b.tree.names[atom]+"' is not declared")
			}
			b.counts[v]++
		}
	}
}

// hasArguments says whether a scope is that of a function with its own arguments
// object; the body of a CommonJS module is one.
func (b *binder) hasArguments(id ScopeID) bool {
	s := &b.declarer.scopes[id]
	switch s.Kind {
	case FunctionScope:
		k := b.tree.Nodes[s.Node].Kind
		return k == FunctionDeclaration || k == FunctionExpression
	case TopScope:
		return b.tree.Goal == CommonJS
	}
	return false
}

// arguments adds the arguments object to a function that is being passed through.
func (b *binder) arguments(atom Atom, function ScopeID) uint32 {
	i := uint32(len(b.entries))
	f := &b.frames[function]
	e := entry{atom: atom, kind: ArgumentsVariable, scope: function, next: f.first, prev: b.innermost[atom]}
	e.variable = b.variable(&e)
	b.entries = append(b.entries, e)
	f.first, b.innermost[atom] = i, i
	b.counts = append(b.counts, 0)
	b.bound = append(b.bound, 0)
	return i
}

// mapped marks the parameters of a sloppy function whose arguments object is
// written by element: arguments[0] = x writes the first (ECMA-262 §10.4.4).
func (b *binder) mapped(r Ref, v VariableID) {
	nodes := b.tree.Nodes
	member := nodes[r].Parent
	if nodes[member].Kind != MemberExpression || nodes[member].First != r || access(nodes, member)&writes == 0 {
		return
	}
	f := &b.frames[b.scopes.variables[v].Scope]
	if f.strict {
		return
	}
	for i := f.first; i != 0; i = b.entries[i].next {
		if e := &b.entries[i]; e.kind == ParameterVariable {
			b.scopes.variables[e.variable].Dynamic = true
		}
	}
}

// group sorts the names by what they mean.
func (b *binder) group() {
	s := b.scopes
	s.useStart = starts(b.space.useStart, b.counts)
	s.bindStart = starts(b.space.bindStart, b.bound)
	s.uses = zeros(b.space.uses, int(s.useStart[len(s.useStart)-1]))
	s.bindings = zeros(b.space.bindings, int(s.bindStart[len(s.bindStart)-1]))
	copy(b.counts, s.useStart) // from here on, the index where the next one goes
	copy(b.bound, s.bindStart)
	for _, ev := range b.events {
		switch {
		case ev.what&(enterScope|leaveScope) != 0:
		case ev.what&bindName != 0:
			v := b.of[ev.ref]
			s.bindings[b.bound[v]] = ev.ref
			b.bound[v]++
		default:
			v := b.of[ev.ref]
			s.uses[b.counts[v]] = ev.ref
			b.counts[v]++
		}
	}
	if b.decorators {
		for v := range s.variables {
			slices.SortFunc(s.uses[s.useStart[v]:s.useStart[v+1]], func(x, y Ref) int {
				return int(b.tree.Nodes[x].Start) - int(b.tree.Nodes[y].Start)
			})
		}
	}
}

func starts(old, counts []uint32) []uint32 {
	at := zeros(old, len(counts)+1)
	for i, n := range counts {
		at[i+1] = at[i] + n
	}
	return at
}

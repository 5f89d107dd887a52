package js

import "iter"

// VariableID names a variable of a file: its index in Scopes. 0 is none: a name
// that no declaration of the file binds, so a global or a mistake.
type VariableID uint32

// ScopeID names a scope; 1 is the global one (or the module's, or the CommonJS
// wrapper's function body).
type ScopeID uint32

// VariableKind is how a variable came to be.
type VariableKind uint8

// The kinds of variables.
const (
	VarVariable       VariableKind = iota + 1 // var, hoisted to its function
	LetVariable                               // let, using
	ConstVariable                             // const
	FunctionVariable                          // a function declaration
	FunctionName                              // the own name of a function expression
	ClassVariable                             // a class declaration
	ClassName                                 // the own name of a class, inside it
	ParameterVariable                         // a parameter
	CatchVariable                             // the parameter of a catch clause
	ImportVariable                            // a binding of an import declaration
	ArgumentsVariable                         // the arguments object, where it is used
)

// Variable is one declared name.
//
// Writes counts the places of the file that give it a value: initialisers,
// assignments, updates, heads of for-in and for-of, declarations of functions and
// classes, imports and defaults of parameters. What a caller or a throw gives is
// not counted, so that a plain parameter has 0. Where Writes is 1 and Dynamic is
// false, the value is that one's or, before it, undefined.
type Variable struct {
	Name        Atom
	Kind        VariableKind
	Scope       ScopeID
	Declaration Ref    // its first Binding; 0 for arguments
	Writes      uint32 // places that give it a value
	Reads       uint32 // references that are not only written
	Dynamic     bool   // a direct eval in sight, or an element of a sloppy arguments object, could change it unseen
}

// ScopeKind is what opens a scope.
type ScopeKind uint8

// The kinds of scopes.
const (
	TopScope      ScopeKind = iota + 1
	FunctionScope           // parameters and body; where parameters have expressions, the body (Node is the FunctionBody) has one more
	BlockScope              // blocks, loops, switch, static blocks' insides, and what is around a function that holds its own name
	CatchScope
	ClassScope // a class's own name and its members' keys
	WithScope  // the body of a with: every name may be the object's
)

// Scope is one region of names. Node is what opens it. Dynamic says that a direct
// eval stands in it or below it in sloppy code, and so may declare names there
// unseen, or that it is a with.
type Scope struct {
	Kind    ScopeKind
	Node    Ref
	Parent  ScopeID
	Dynamic bool
}

// Scopes holds, for one tree, which variable every Identifier and Binding means
// (ECMA-262 §8.2 "Scope Analysis", §9.1 "Environment Records", Annex B.3). It is not
// changed after Resolve and may be read from many goroutines.
//
// A function declared in a block of sloppy code is, by Annex B.3.2, two variables
// that are kept in step: here they are one, of the function around.
type Scopes struct {
	tree      *Tree
	of        []VariableID // by Ref
	in        []ScopeID    // by Ref
	variables []Variable
	scopes    []Scope
	uses      []Ref    // Identifiers by variable
	useStart  []uint32 // of variable v: uses[useStart[v]:useStart[v+1]]
	bindings  []Ref    // Bindings by variable
	bindStart []uint32
	withs     bool
	errors    []SyntaxError
}

// Of returns the variable of an Identifier or Binding, 0 where the file declares
// none. A class declaration's Binding means the variable outside the class.
func (s *Scopes) Of(r Ref) VariableID { return s.of[r] }

// Variable returns a variable; the zero Variable of 0.
func (s *Scopes) Variable(v VariableID) Variable { return s.variables[v] }

// Variables returns how many there are; they are numbered from 1 to it.
func (s *Scopes) Variables() int { return len(s.variables) - 1 }

// Uses iterates over the Identifiers that mean v, in source order.
func (s *Scopes) Uses(v VariableID) iter.Seq[Ref] {
	return each(s.uses[s.useStart[v]:s.useStart[v+1]])
}

// UseList is Uses as a slice, which must not be changed.
func (s *Scopes) UseList(v VariableID) []Ref { return s.uses[s.useStart[v]:s.useStart[v+1]] }

// DeclarationList is Declarations as a slice, which must not be changed.
func (s *Scopes) DeclarationList(v VariableID) []Ref {
	if b := s.bindings[s.bindStart[v]:s.bindStart[v+1]]; len(b) > 0 || s.variables[v].Declaration == 0 {
		return b
	}
	return []Ref{s.variables[v].Declaration}
}

// Declarations iterates over the Bindings that declare v, in source order.
func (s *Scopes) Declarations(v VariableID) iter.Seq[Ref] {
	return each(s.DeclarationList(v))
}

// Globals iterates over the Identifiers that no declaration binds, in source order.
func (s *Scopes) Globals() iter.Seq[Ref] { return s.Uses(0) }

// In returns the innermost scope that a node stands in; for a node that opens a scope,
// that scope.
func (s *Scopes) In(r Ref) ScopeID { return s.in[r] }

// Scope returns a scope; the zero Scope of 0.
func (s *Scopes) Scope(id ScopeID) Scope { return s.scopes[id] }

// Len returns how many scopes there are; they are numbered from 1 to it, a scope
// before those inside it.
func (s *Scopes) Len() int { return len(s.scopes) - 1 }

// InWith says whether an Identifier stands inside a with, and its variable outside
// of it, so that the name may be the object's.
func (s *Scopes) InWith(r Ref) bool {
	if !s.withs {
		return false
	}
	end := s.variables[s.of[r]].Scope
	for id := s.in[r]; id != end && id != 0; id = s.scopes[id].Parent {
		if s.scopes[id].Kind == WithScope {
			return true
		}
	}
	return false
}

// Access says whether an Identifier is read, written, or both (x += 1).
func (s *Scopes) Access(r Ref) (read, write bool) {
	how := access(s.tree.Nodes, r)
	return how&reads != 0, how&writes != 0
}

// Errors returns the early errors that only scopes can show: names declared twice, and
// exports of names that a module does not declare. There are at most 100.
func (s *Scopes) Errors() []SyntaxError { return s.errors }

func each(refs []Ref) iter.Seq[Ref] {
	return func(yield func(Ref) bool) {
		for _, r := range refs {
			if !yield(r) {
				return
			}
		}
	}
}

const (
	reads  = 1
	writes = 2
)

// access returns how an Identifier is used from where it stands.
func access(nodes []Node, r Ref) uint32 {
	p := &nodes[nodes[r].Parent]
	switch p.Kind {
	case AssignmentExpression:
		if p.First == r {
			if p.Op == OpAssign {
				return writes
			}
			return reads | writes
		}
	case UpdateExpression:
		return reads | writes
	case ForInStatement, ForOfStatement, AssignmentPattern:
		if p.First == r {
			return writes
		}
	case ArrayPattern, RestElement, ObjectPattern:
		return writes
	case PatternProperty:
		if p.First != r {
			return writes
		}
	}
	return reads
}

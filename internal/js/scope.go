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
type Variable struct {
	Name        Atom
	Kind        VariableKind
	Scope       ScopeID
	Declaration Ref    // its first Binding; 0 for arguments
	Writes      uint32 // assignments, updates and redeclarations with a value; the initialiser counts
	Reads       uint32 // references that are not only written
	Dynamic     bool   // a direct eval or a with in sight could read or write it unseen
}

// ScopeKind is what opens a scope.
type ScopeKind uint8

// The kinds of scopes.
const (
	TopScope      ScopeKind = iota + 1
	FunctionScope           // parameters and body in one, as far as names tell
	BlockScope              // blocks, loops, switch, static blocks' insides
	CatchScope
	ClassScope // a class's own name and its members' keys
	WithScope  // the body of a with: every name may be the object's
)

// Scope is one region of names. Node is what opens it. Dynamic says that a direct
// eval stands in it or below it without a strict function between, or that it is a
// with.
type Scope struct {
	Kind    ScopeKind
	Node    Ref
	Parent  ScopeID
	Dynamic bool
}

// Scopes holds, for one tree, which variable every Identifier and Binding means.
type Scopes interface {
	// Of returns the variable of an Identifier or Binding, 0 where the file declares none.
	Of(r Ref) VariableID
	// Variable returns a variable; the zero Variable of 0.
	Variable(v VariableID) Variable
	// Variables returns how many there are; they are numbered from 1 to it.
	Variables() int
	// Uses iterates over the Identifiers that mean v, in source order.
	Uses(v VariableID) iter.Seq[Ref]
	// Declarations iterates over the Bindings that declare v, in source order.
	Declarations(v VariableID) iter.Seq[Ref]
	// Globals iterates over the Identifiers that no declaration binds, in source order.
	Globals() iter.Seq[Ref]
	// In returns the innermost scope that a node stands in; of a node that opens a scope, that scope.
	In(r Ref) ScopeID
	// Scope returns a scope.
	Scope(s ScopeID) Scope
	// InWith says whether an Identifier stands inside a with, so that its name may be the object's.
	InWith(r Ref) bool
}

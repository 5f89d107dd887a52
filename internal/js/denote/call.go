package denote

import "github.com/nbuild/nbuild/internal/js"

// Call is a place where something is called, constructed or, for a member of a
// global or a module, assigned to.
type Call struct {
	Ref       js.Ref // the CallExpression, NewExpression, TaggedTemplateExpression or AssignmentExpression
	Callees   []Name // what is called, behind call, apply, bind and Reflect; empty where nothing is known
	Method    string // the constant property name of a method call, "" for others
	New       bool
	Assign    bool     // an assignment: the callee is its target, the one argument its value
	Arguments []js.Ref // as the callee sees them; 0 where one is not known, nothing behind a spread
}

// Shape is how an argument is made.
type Shape uint8

// The shapes.
const (
	OtherShape    Shape = iota // anything else
	ConstantShape              // folds to constants, all of which are known
	BuiltShape                 // a string joined from parts of which some are not constant
	FunctionShape
	ObjectShape
	ArrayShape
)

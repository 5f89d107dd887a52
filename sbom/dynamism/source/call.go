package source

// CallSite is a call, a construction or an assignment that rules may ask about. A
// file's report has those whose callee is a member of a builtin module or a package
// or a global that matters, and method calls of anything that are given a string
// that is built, or a constant one under a name that query languages use.
type CallSite struct {
	Line      int        `json:"line"`
	Column    int        `json:"column"`
	Excerpt   string     `json:"excerpt"`
	Callees   []string   `json:"callees,omitempty"` // canonical names, sorted; see internal/js/denote.Name
	Method    string     `json:"method,omitempty"`  // the property name of a method call
	New       bool       `json:"new,omitempty"`
	Assign    bool       `json:"assign,omitempty"`   // an assignment: the callee is its target, the one argument its value
	Target    string     `json:"target,omitempty"`   // the variable or property that is given the result
	Compared  bool       `json:"compared,omitempty"` // the result is compared with == or ===
	Arguments []Argument `json:"arguments,omitempty"`
}

// Shape is how an argument is made.
type Shape string

// The shapes of arguments.
const (
	ShapeOther    Shape = "other"
	ShapeConstant Shape = "constant" // folds to constants, all of which are in Values
	ShapeBuilt    Shape = "built"    // a string joined from parts of which some are not constant
	ShapeFunction Shape = "function"
	ShapeObject   Shape = "object"
	ShapeArray    Shape = "array"
)

// Argument is one argument of a call. Values are the constants that it can be, or of
// a built string its constant parts; Properties those of an object literal that are
// constants or built strings, sorted by name.
type Argument struct {
	Shape      Shape      `json:"shape"`
	Values     []string   `json:"values,omitempty"`
	Properties []Property `json:"properties,omitempty"`
}

// Property is a property of an object literal that is an argument. Value is of a
// constant as String() of it gives ("false", "1024"), of a built string its constant
// parts joined by "…". A property that can be several constants stands there once for each.
type Property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Built bool   `json:"built,omitempty"` // a string joined from parts of which some are not constant
}

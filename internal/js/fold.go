package js

import "slices"

// Folder works out what the expressions of a file can be where that follows from its
// text alone: constants joined, taken apart and decoded, through variables that are
// given only constants, tables of constants, and every branch. It is for readers who
// ask what a name hidden in pieces is ('ev' + 'al'), so it takes each value that an
// expression could have and does not ask which branch runs.
//
// All is bounded: values of an expression, their size, nesting, and the work on one
// file; what is beyond a bound is unknown, never cut. A Folder keeps what it found
// and so may not be used from two goroutines at once.
type Folder struct {
	tree      *Tree
	scopes    *Scopes
	memo      map[Ref]result
	variables map[VariableID]result
	visits    map[VariableID]uint8 // how often a variable of an open cycle was folded
	tables    map[VariableID]*table
	depth     int
	open      []VariableID         // variables being folded
	env       map[VariableID]value // parameters of a function that is being applied
	hidden    map[ScopeID]bool     // functions that use their arguments object
	cut       int                  // the lowest index in open that was come back to; uncut where none
	work      int                  // what is left of it
}

const (
	maxValues     = 64       // of one expression
	maxText       = 4 << 10  // bytes of a value, and of an array's elements together
	maxElements   = 4 << 10  // of an array
	maxFoldDepth  = 64       // expressions within expressions; a sum counts once
	maxFoldVisits = 4        // times that a variable of a cycle is folded again
	maxFoldWrite  = 64       // assignments to one variable
	workPerByte   = 64       // of the source
	leastWork     = 64 << 10 // for a short one
	uncut         = 1 << 30
)

// NewFolder returns a Folder for a tree and its scopes.
func NewFolder(t *Tree, s *Scopes) *Folder {
	return &Folder{tree: t, scopes: s, cut: uncut, work: leastWork + workPerByte*len(t.Source)}
}

// Strings returns the constants that an expression can be, as String() would make
// them, in the order of the source and each once. Complete says that there are no
// others; of a && b and a || b the falsy value is left out where the other side
// follows. An expression that is certainly a constant has complete and one value or
// more.
func (f *Folder) Strings(r Ref) (values []string, complete bool) {
	switch n := &f.tree.Nodes[r]; n.Kind {
	case String:
		if n.End-n.Start <= maxText {
			return []string{f.tree.Text(r)}, true
		}
	case FunctionExpression, ArrowFunctionExpression, ThisExpression, RegExpLiteral, Invalid, Empty:
		return nil, false
	case Identifier:
		if f.scopes.of[r] == 0 && !f.literalGlobal(Atom(n.Value)) {
			return nil, false
		}
	}
	res := f.eval(r)
	if len(res.values) == 0 {
		return nil, res.complete
	}
	values = make([]string, 0, len(res.values))
	for i := range res.values {
		if s, ok := res.values[i].text(); !ok {
			res.complete = false
		} else if !slices.Contains(values, s) {
			values = append(values, s)
		}
	}
	return values, res.complete
}

// String returns the one constant that an expression is.
func (f *Folder) String(r Ref) (value string, ok bool) {
	if f.tree.Nodes[r].Kind == String {
		return f.tree.Text(r), true
	}
	values, complete := f.Strings(r)
	if !complete || len(values) != 1 {
		return "", false
	}
	return values[0], true
}

// Member returns the constant property name of a MemberExpression, written with a
// dot or folded from what stands in brackets.
func (f *Folder) Member(r Ref) (name string, ok bool) {
	n := &f.tree.Nodes[r]
	if n.Kind != MemberExpression || n.First == 0 {
		return "", false
	}
	property := f.tree.Nodes[n.First].Next
	if n.Flags&FlagComputed != 0 {
		return f.String(property)
	}
	if f.tree.Nodes[property].Kind != Name {
		return "", false
	}
	return f.tree.Text(property), true
}

// Key returns the constant name of a Property, PatternProperty, MethodDefinition or
// PropertyDefinition.
func (f *Folder) Key(r Ref) (name string, ok bool) {
	n := &f.tree.Nodes[r]
	key := n.First
	if n.Flags&FlagComputed != 0 {
		return f.String(key)
	}
	switch f.tree.Nodes[key].Kind {
	case Name, String:
		return f.tree.Text(key), true
	case NumericLiteral:
		return numberText(f.tree.Number(key)), true
	}
	return "", false
}

// result is the values that an expression can have, and whether they are all.
type result struct {
	values   []value
	complete bool
}

func one(v value) result { return result{[]value{v}, true} }

// none is an expression of which nothing is known.
var none = result{}

// join adds what another branch gives.
func (a result) join(b result) result {
	if len(a.values) == 0 {
		return result{b.values, a.complete && b.complete}
	}
	out := result{append([]value{}, a.values...), a.complete && b.complete}
next:
	for _, v := range b.values {
		for i := range out.values {
			if out.values[i].equal(v) {
				continue next
			}
		}
		if len(out.values) == maxValues {
			out.complete = false
			break
		}
		out.values = append(out.values, v)
	}
	return out
}

// each applies a function to all values; ok is false where it has no constant.
func (f *Folder) each(a result, do func(value) (value, bool)) result {
	out := result{complete: a.complete}
	for _, v := range a.values {
		w, ok := do(v)
		f.work -= 8 * len(w.list)
		if !ok || !f.pay(w.size()) {
			out.complete = false
			continue
		}
		out.values = append(out.values, w)
	}
	return out
}

// pairs applies a function to all pairs of values, at most maxValues.
func (f *Folder) pairs(a, b result, do func(value, value) (value, bool)) result {
	out := result{complete: a.complete && b.complete}
	for _, v := range a.values {
		for _, w := range b.values {
			if len(out.values) == maxValues {
				out.complete = false
				return out
			}
			x, ok := do(v, w)
			f.work -= 8 * len(x.list)
			if !ok || !f.pay(x.size()) {
				out.complete = false
				continue
			}
			out.values = append(out.values, x)
		}
	}
	return out
}

// pay takes work off what is left and says whether there was enough, and whether a
// value of that size may be kept.
func (f *Folder) pay(size int) bool {
	f.work -= 1 + size/8
	return f.work > 0 && size <= maxText
}

// eval folds an expression.
func (f *Folder) eval(r Ref) result {
	n := &f.tree.Nodes[r]
	switch n.Kind {
	case String:
		if n.End-n.Start > maxText || !f.pay(int(n.End-n.Start)) {
			return none
		}
		return one(textValue(f.tree.Text(r)))
	case NumericLiteral:
		if n.End-n.Start > maxText || !f.pay(int(n.End-n.Start)) {
			return none
		}
		return one(numberValue(f.tree.Number(r)))
	case BooleanLiteral:
		return one(value{kind: booleanKind, number: boolNumber(n.Op == OpTrue)})
	case NullLiteral:
		return one(value{kind: nullKind})
	case Identifier:
		return f.identifier(r)
	case BinaryExpression, LogicalExpression, ConditionalExpression, UnaryExpression, TemplateLiteral,
		TaggedTemplateExpression, ArrayExpression, MemberExpression, CallExpression, NewExpression,
		ChainExpression, SequenceExpression, AssignmentExpression, AwaitExpression:
	default:
		return none
	}
	if known, ok := f.memo[r]; ok && f.env == nil {
		return known
	}
	if f.depth >= maxFoldDepth || !f.pay(0) {
		f.cut = -1
		return none
	}
	before := f.cut
	f.cut = uncut
	f.depth++
	res := f.compound(r)
	f.depth--
	if f.cut == uncut && f.env == nil {
		if f.memo == nil {
			f.memo = map[Ref]result{}
		}
		f.memo[r] = res
	}
	f.cut = min(f.cut, before)
	return res
}

func (f *Folder) compound(r Ref) result {
	nodes := f.tree.Nodes
	n := &nodes[r]
	first := n.First
	var second Ref
	if first != 0 {
		second = nodes[first].Next
	}
	switch n.Kind {
	case BinaryExpression:
		if n.Op == OpAdd {
			return f.sum(r)
		}
		return f.pairs(f.eval(first), f.eval(second), arithmetic(n.Op))
	case LogicalExpression:
		if n.Op == OpAnd {
			return f.eval(second) // what is falsy on the left is no name of anything
		}
		return f.eval(first).join(f.eval(second))
	case ConditionalExpression:
		if second == 0 {
			return none
		}
		return f.eval(second).join(f.eval(nodes[second].Next))
	case UnaryExpression:
		return f.each(f.eval(first), unary(n.Op))
	case TemplateLiteral:
		return f.template(r)
	case TaggedTemplateExpression:
		if object, name := f.method(first); name == "raw" && f.global(object, "String") {
			return f.rawTemplate(second)
		}
	case ArrayExpression:
		return f.array(r)
	case MemberExpression:
		return f.member(r)
	case CallExpression, NewExpression:
		return f.call(r)
	case ChainExpression, AwaitExpression:
		return f.eval(first)
	case SequenceExpression:
		last := first
		for c := first; c != 0; c = nodes[c].Next {
			last = c
			f.work--
		}
		return f.eval(last)
	case AssignmentExpression:
		switch n.Op {
		case OpAssign:
			return f.eval(second)
		case OpOr, OpNullish:
			return f.eval(first).join(f.eval(second))
		}
	}
	return none
}

// terms returns the operands of a sum, which is as long on its left as it pleases.
func (f *Folder) terms(r Ref) []Ref {
	nodes := f.tree.Nodes
	var terms []Ref
	for nodes[r].Kind == BinaryExpression && nodes[r].Op == OpAdd {
		left := nodes[r].First
		terms = append(terms, nodes[left].Next)
		r = left
	}
	terms = append(terms, r)
	f.work -= len(terms)
	for i, j := 0, len(terms)-1; i < j; i, j = i+1, j-1 {
		terms[i], terms[j] = terms[j], terms[i]
	}
	return terms
}

func (f *Folder) sum(r Ref) result {
	terms := f.terms(r)
	res := f.eval(terms[0])
	for _, t := range terms[1:] {
		if len(res.values) == 0 {
			return none
		}
		res = f.pairs(res, f.eval(t), add)
	}
	return res
}

func (f *Folder) template(r Ref) result {
	res := one(textValue(""))
	for c := f.tree.Nodes[r].First; c != 0; c = f.tree.Nodes[c].Next {
		if len(res.values) == 0 {
			return none
		}
		if f.tree.Nodes[c].Kind != TemplateElement {
			res = f.pairs(res, f.eval(c), concat)
			continue
		}
		if f.tree.Nodes[c].Flags&FlagInvalidEscape != 0 {
			return none
		}
		res = f.pairs(res, one(textValue(f.tree.Text(c))), concat)
	}
	return res
}

// rawTemplate is String.raw: elements as they are written.
func (f *Folder) rawTemplate(r Ref) result {
	res := one(textValue(""))
	for c := f.tree.Nodes[r].First; c != 0; c = f.tree.Nodes[c].Next {
		if f.tree.Nodes[c].Kind == TemplateElement {
			res = f.pairs(res, one(textValue(string(f.tree.Raw(c)))), concat)
		} else {
			res = f.pairs(res, f.eval(c), concat)
		}
	}
	return res
}

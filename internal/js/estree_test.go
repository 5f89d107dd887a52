package js

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// estree writes a tree as ESTree in JSON: the keys of each object sorted, positions
// in UTF-16 units, and without what the positions show already (raw texts). A number is
// the hexadecimal of its bits, so that it is compared without rounding.
func estree(tree *Tree) string {
	p := &estreePrinter{tree: tree}
	if slices.ContainsFunc(tree.Source, func(c byte) bool { return c >= utf8.RuneSelf }) {
		p.units = make([]uint32, len(tree.Source)+1)
		unit := uint32(0)
		for i, r := range string(tree.Source) {
			for j := i; j < i+utf8.RuneLen(r); j++ {
				p.units[j] = unit
			}
			unit++
			if r > 0xffff {
				unit++
			}
		}
		p.units[len(tree.Source)] = unit
	}
	p.node(tree.Root)
	return p.out.String()
}

type estreePrinter struct {
	tree  *Tree
	units []uint32
	out   strings.Builder
}

func (p *estreePrinter) at(offset uint32) uint32 {
	if p.units == nil {
		return offset
	}
	return p.units[offset]
}

// open starts an object, put adds a key to it; keys are put in their order.
func (p *estreePrinter) open(kind string, r Ref) {
	n := p.tree.Node(r)
	fmt.Fprintf(&p.out, `{"type":"%s","start":%d,"end":%d`, kind, p.at(n.Start), p.at(n.End))
}

func (p *estreePrinter) key(key string) { p.out.WriteString(`,"` + key + `":`) }

func (p *estreePrinter) text(key, value string) {
	p.key(key)
	p.quote(value)
}

func (p *estreePrinter) bool(key string, value bool) {
	p.key(key)
	fmt.Fprintf(&p.out, "%v", value)
}

func (p *estreePrinter) child(key string, r Ref) {
	p.key(key)
	p.node(r)
}

func (p *estreePrinter) list(key string, first Ref, until func(Kind) bool) (next Ref) {
	p.key(key)
	p.out.WriteByte('[')
	c := first
	for ; c != 0 && (until == nil || !until(p.tree.Kind(c))); c = p.tree.Node(c).Next {
		if c != first {
			p.out.WriteByte(',')
		}
		p.node(c)
	}
	p.out.WriteByte(']')
	return c
}

// quote writes a string with everything that is not plain ASCII as UTF-16 escapes.
func (p *estreePrinter) quote(s string) {
	p.out.WriteByte('"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= 0x20 && c < 0x7f && c != '"' && c != '\\' {
			p.out.WriteByte(c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && n == 1 && c == 0xed && i+2 < len(s) {
			r, n = rune(0xd000)|rune(s[i+1]&0x3f)<<6|rune(s[i+2]&0x3f), 3
		}
		i += n
		if r > 0xffff {
			r -= 0x10000
			fmt.Fprintf(&p.out, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		} else {
			fmt.Fprintf(&p.out, `\u%04x`, r)
		}
	}
	p.out.WriteByte('"')
}

var estreeOperators = map[Op]string{
	OpAdd: "+", OpSub: "-", OpMul: "*", OpDiv: "/", OpMod: "%", OpExp: "**", OpShl: "<<", OpShr: ">>", OpUshr: ">>>",
	OpBitAnd: "&", OpBitOr: "|", OpBitXor: "^", OpAnd: "&&", OpOr: "||", OpNullish: "??", OpEq: "==", OpNe: "!=",
	OpStrictEq: "===", OpStrictNe: "!==", OpLt: "<", OpLe: "<=", OpGt: ">", OpGe: ">=", OpIn: "in", OpInstanceof: "instanceof",
	OpNot: "!", OpBitNot: "~", OpPlus: "+", OpMinus: "-", OpTypeof: "typeof", OpVoid: "void", OpDelete: "delete",
	OpIncrement: "++", OpDecrement: "--",
	OpVar: "var", OpLet: "let", OpConst: "const", OpUsing: "using", OpAwaitUsing: "await using",
}

// children of the kinds that need no more than a name for each, in the order of the
// names: sorted, so that the index shows which child it is.
var estreeChildren = map[Kind][]struct {
	key   string
	index int
}{
	WithStatement:         {{"body", 1}, {"object", 0}},
	ReturnStatement:       {{"argument", 0}},
	LabeledStatement:      {{"body", 1}, {"label", 0}},
	BreakStatement:        {{"label", 0}},
	ContinueStatement:     {{"label", 0}},
	IfStatement:           {{"alternate", 2}, {"consequent", 1}, {"test", 0}},
	ThrowStatement:        {{"argument", 0}},
	TryStatement:          {{"block", 0}, {"finalizer", 2}, {"handler", 1}},
	CatchClause:           {{"body", 1}, {"param", 0}},
	WhileStatement:        {{"body", 1}, {"test", 0}},
	DoWhileStatement:      {{"body", 0}, {"test", 1}},
	ForStatement:          {{"body", 3}, {"init", 0}, {"test", 1}, {"update", 2}},
	ForInStatement:        {{"body", 2}, {"left", 0}, {"right", 1}},
	VariableDeclarator:    {{"id", 0}, {"init", 1}},
	ImportSpecifier:       {{"imported", 0}, {"local", 1}},
	ImportAttribute:       {{"key", 0}, {"value", 1}},
	ExportSpecifier:       {{"exported", 1}, {"local", 0}},
	SpreadElement:         {{"argument", 0}},
	RestElement:           {{"argument", 0}},
	ConditionalExpression: {{"alternate", 2}, {"consequent", 1}, {"test", 0}},
	ChainExpression:       {{"expression", 0}},
	AwaitExpression:       {{"argument", 0}},
	ImportExpression:      {{"options", 1}, {"source", 0}},
	AssignmentPattern:     {{"left", 0}, {"right", 1}},

	ExpressionStatement:      {{"expression", 0}},
	ExportDefaultDeclaration: {{"declaration", 0}},
	ImportDefaultSpecifier:   {{"local", 0}},
	ImportNamespaceSpecifier: {{"local", 0}},
	TaggedTemplateExpression: {{"quasi", 1}, {"tag", 0}},
}

var estreeLists = map[Kind]string{
	BlockStatement: "body", FunctionBody: "body", ClassBody: "body",
	VariableDeclaration: "declarations", ArrayExpression: "elements", ArrayPattern: "elements",
	ObjectExpression: "properties", ObjectPattern: "properties", SequenceExpression: "expressions",
}

var estreeNames = map[Kind]string{
	FunctionBody: "BlockStatement", Directive: "ExpressionStatement", Binding: "Identifier", Name: "Identifier",
	PrivateName: "PrivateIdentifier", PatternProperty: "Property",
	NullLiteral: "Literal", BooleanLiteral: "Literal", NumericLiteral: "Literal", BigIntLiteral: "Literal",
	String: "Literal", RegExpLiteral: "Literal",
}

func (p *estreePrinter) node(r Ref) {
	t := p.tree
	n := t.Node(r)
	if n.Kind == Invalid || n.Kind == Empty || n.Kind == Hole {
		p.out.WriteString("null")
		return
	}
	name := n.Kind.String()
	if other, ok := estreeNames[n.Kind]; ok {
		name = other
	}
	if n.Flags&FlagAccessor != 0 {
		name = "AccessorProperty"
	}
	p.open(name, r)
	flag := func(f Flags) bool { return n.Flags&f != 0 }
	for _, c := range estreeChildren[n.Kind] {
		p.child(c.key, t.Child(r, c.index))
	}
	if key := estreeLists[n.Kind]; key != "" {
		p.list(key, n.First, nil)
	}
	switch n.Kind {
	case Program:
		p.list("body", n.First, nil)
		source := "script"
		if t.Goal == Module {
			source = "module"
		}
		p.text("sourceType", source)
	case Directive:
		inner := t.Node(n.First)
		p.text("directive", string(t.Source[inner.Start+1:inner.End-1]))
		p.child("expression", n.First)
	case StaticBlock:
		p.list("body", t.Node(n.First).First, nil)
	case SwitchStatement:
		p.list("cases", t.Node(n.First).Next, nil)
		p.child("discriminant", n.First)
	case SwitchCase:
		p.list("consequent", t.Node(n.First).Next, nil)
		p.child("test", n.First)
	case ForOfStatement:
		p.bool("await", flag(FlagAwait))
		p.child("body", t.Child(r, 2))
		p.child("left", t.Child(r, 0))
		p.child("right", t.Child(r, 1))
	case VariableDeclaration:
		p.text("kind", estreeOperators[n.Op])
	case FunctionDeclaration, FunctionExpression, ArrowFunctionExpression:
		p.bool("async", flag(FlagAsync))
		if body := t.Child(r, 2); flag(FlagExpression) {
			p.child("body", t.Node(body).First)
		} else {
			p.child("body", body)
		}
		p.bool("expression", flag(FlagExpression))
		p.bool("generator", flag(FlagGenerator))
		p.child("id", t.Child(r, 0))
		p.list("params", t.Node(t.Child(r, 1)).First, nil)
	case ClassDeclaration, ClassExpression:
		p.child("body", t.Child(r, 2))
		p.child("id", t.Child(r, 0))
		p.child("superClass", t.Child(r, 1))
	case ImportDeclaration:
		specifiers := t.Node(n.First).Next
		attributes := specifiers
		for attributes != 0 && t.Kind(attributes) != ImportAttribute {
			attributes = t.Node(attributes).Next
		}
		p.list("attributes", attributes, nil)
		p.child("source", n.First)
		p.list("specifiers", specifiers, func(k Kind) bool { return k == ImportAttribute })
	case ExportNamedDeclaration:
		first := t.Node(n.First)
		specifiers := t.Child(r, 2)
		attributes := specifiers
		for attributes != 0 && t.Kind(attributes) != ImportAttribute {
			attributes = t.Node(attributes).Next
		}
		p.list("attributes", attributes, nil)
		p.child("declaration", n.First)
		p.child("source", first.Next)
		p.list("specifiers", specifiers, func(k Kind) bool { return k == ImportAttribute })
	case ExportAllDeclaration:
		p.list("attributes", t.Child(r, 2), nil)
		p.child("exported", t.Child(r, 1))
		p.child("source", n.First)
	case MethodDefinition, PropertyDefinition:
		p.bool("computed", flag(FlagComputed))
		p.child("key", n.First)
		if n.Kind == MethodDefinition {
			kind := "method"
			switch key := t.Node(n.First); {
			case flag(FlagGetter):
				kind = "get"
			case flag(FlagSetter):
				kind = "set"
			case !flag(FlagStatic|FlagComputed) && (key.Kind == Name || key.Kind == String) && t.Text(n.First) == "constructor":
				kind = "constructor"
			}
			p.text("kind", kind)
		}
		p.bool("static", flag(FlagStatic))
		p.child("value", t.Child(r, 1))
	case Identifier, Binding, Name, PrivateName:
		p.text("name", t.Text(r))
	case NullLiteral:
		p.key("value")
		p.out.WriteString("null")
	case BooleanLiteral:
		p.bool("value", n.Op == OpTrue)
	case NumericLiteral:
		p.text("value", fmt.Sprintf("%016x", math.Float64bits(t.Number(r))))
	case BigIntLiteral:
		p.text("bigint", t.Text(r))
	case String:
		p.text("value", t.Text(r))
	case RegExpLiteral:
		pattern, flags := t.RegExp(r)
		p.text("flags", flags)
		p.text("pattern", pattern)
	case TemplateLiteral:
		every := func(key string, first Ref) {
			p.key(key)
			p.out.WriteByte('[')
			for c := first; c != 0; {
				if c != first {
					p.out.WriteByte(',')
				}
				p.node(c)
				if c = t.Node(c).Next; c != 0 {
					c = t.Node(c).Next
				}
			}
			p.out.WriteByte(']')
		}
		every("expressions", t.Node(n.First).Next)
		every("quasis", n.First)
	case TemplateElement:
		if flag(FlagInvalidEscape) {
			p.key("cooked")
			p.out.WriteString("null")
		} else {
			p.text("cooked", t.Text(r))
		}
		p.bool("tail", n.Next == 0)
	case Property, PatternProperty:
		p.bool("computed", flag(FlagComputed))
		p.child("key", n.First)
		kind := "init"
		if flag(FlagGetter) {
			kind = "get"
		} else if flag(FlagSetter) {
			kind = "set"
		}
		p.text("kind", kind)
		p.bool("method", flag(FlagMethod))
		p.bool("shorthand", flag(FlagShorthand))
		p.child("value", t.Child(r, 1))
	case UnaryExpression, UpdateExpression:
		p.child("argument", n.First)
		p.text("operator", estreeOperators[n.Op])
		p.bool("prefix", n.Kind == UnaryExpression || flag(FlagPrefix))
	case BinaryExpression, LogicalExpression:
		p.child("left", n.First)
		p.text("operator", estreeOperators[n.Op])
		p.child("right", t.Child(r, 1))
	case AssignmentExpression:
		p.child("left", n.First)
		p.text("operator", estreeOperators[n.Op]+"=")
		p.child("right", t.Child(r, 1))
	case CallExpression:
		p.list("arguments", t.Node(n.First).Next, nil)
		p.child("callee", n.First)
		p.bool("optional", flag(FlagOptional))
	case NewExpression:
		p.list("arguments", t.Node(n.First).Next, nil)
		p.child("callee", n.First)
	case MemberExpression:
		p.bool("computed", flag(FlagComputed))
		p.child("object", n.First)
		p.bool("optional", flag(FlagOptional))
		p.child("property", t.Child(r, 1))
	case YieldExpression:
		p.child("argument", n.First)
		p.bool("delegate", flag(FlagDelegate))
	case MetaProperty:
		p.text("meta", map[Op]string{OpImportMeta: "import.meta", OpNewTarget: "new.target"}[n.Op])
	}
	p.out.WriteByte('}')
}

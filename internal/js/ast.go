package js

// Ref names a node of a Tree: its index in Tree.Nodes. 0 is no node.
type Ref uint32

// Atom names an interned identifier name of a Tree: its index in the table behind
// Tree.Name. 0 is no name. Equal names have equal atoms within one tree.
type Atom uint32

// Node is one node. Start and End are byte offsets into the source, End behind the
// last byte. First is the first child and Next the next sibling, 0 where there is
// none; Parent is 0 for the root only. The children of each kind, their order and
// the meaning of Op, Flags and Value are described at the kind.
type Node struct {
	Kind   Kind
	Op     Op
	Flags  Flags
	Start  uint32
	End    uint32
	First  Ref
	Next   Ref
	Parent Ref
	Value  uint32
}

// Tree is a parsed file. Nodes[0] is unused, Root is the Program. A Tree is not
// changed after Parse and may be read from many goroutines.
type Tree struct {
	Source []byte
	Nodes  []Node
	Root   Ref
	Goal   Goal          // how it was read: never Detect
	Errors []SyntaxError // in the order of the source; empty for a valid file

	names  []string // of atoms
	cooked []string // string and template values that differ from their source
	lines  []uint32 // offsets of line starts, made when first asked for
}

// SyntaxError is a place where the source is not ECMAScript. An early error (ECMA-262
// "Static Semantics: Early Errors") did not disturb the reading; any other did, and
// what stands around Start was skipped or guessed.
type SyntaxError struct {
	Start   uint32 // byte offset
	Message string
	Early   bool
}

// Goal is what a file is read as.
type Goal uint8

// The goals. Detect reads as CommonJS does, and as a module where the text has what
// only a module can have (import or export declarations, import.meta, await outside
// functions), as Node does for a file whose package.json names no type.
const (
	Detect Goal = iota
	Script
	Module
	CommonJS // a function body: return, new.target and await as a name are allowed
)

// Kind is what a node is.
type Kind uint8

// The kinds, with their children in order. "X?" is an optional child: where it is
// missing and others follow, an Empty stands in its place; where nothing follows it
// is left out. "X*" is any number. Patterns are Binding, MemberExpression,
// ArrayPattern, ObjectPattern, AssignmentPattern; a target of an assignment has
// Identifier where a declaration has Binding.
const (
	Invalid Kind = iota
	Empty        // no such part; Start == End
	Error        // source that could not be read; children are what could

	Program // statement*

	// Statements and declarations.
	ExpressionStatement      // expression
	Directive                // String: a directive prologue's statement ("use strict")
	BlockStatement           // statement*
	EmptyStatement           //
	DebuggerStatement        //
	WithStatement            // object, body
	ReturnStatement          // argument?
	LabeledStatement         // Name, body
	BreakStatement           // Name?
	ContinueStatement        // Name?
	IfStatement              // test, consequent, alternate?
	SwitchStatement          // discriminant, SwitchCase*
	SwitchCase               // test? (Empty for default), statement*
	ThrowStatement           // argument
	TryStatement             // BlockStatement, CatchClause?, BlockStatement?
	CatchClause              // pattern?, BlockStatement
	WhileStatement           // test, body
	DoWhileStatement         // body, test
	ForStatement             // init?, test?, update?, body (always four children)
	ForInStatement           // left (VariableDeclaration or target), right, body
	ForOfStatement           // left, right, body; FlagAwait
	VariableDeclaration      // VariableDeclarator*; Op: OpVar, OpLet, OpConst, OpUsing, OpAwaitUsing
	VariableDeclarator       // pattern, init?
	FunctionDeclaration      // Binding?, Parameters, FunctionBody; FlagAsync, FlagGenerator
	ClassDeclaration         // Binding?, superclass?, ClassBody, Decorator*
	ImportDeclaration        // String, (ImportDefaultSpecifier | ImportNamespaceSpecifier | ImportSpecifier)*, ImportAttribute*; Op: OpNone, OpDefer, OpSource
	ImportDefaultSpecifier   // Binding
	ImportNamespaceSpecifier // Binding
	ImportSpecifier          // imported (Name or String), Binding
	ImportAttribute          // key (Name or String), String
	ExportNamedDeclaration   // declaration; or Empty, String?, ExportSpecifier*, ImportAttribute*
	ExportSpecifier          // local (Identifier; Name or String with a source), exported (Name or String)
	ExportDefaultDeclaration // declaration or expression
	ExportAllDeclaration     // String, exported? (Name or String), ImportAttribute*

	// Parts of functions and classes.
	Parameters         // (pattern | RestElement)*
	FunctionBody       // statement*; of an arrow with FlagExpression: one expression
	ClassBody          // (MethodDefinition | PropertyDefinition | StaticBlock)*
	MethodDefinition   // key, FunctionExpression, Decorator*; FlagStatic, FlagComputed, FlagGetter, FlagSetter
	PropertyDefinition // key, value?, Decorator*; FlagStatic, FlagComputed, FlagAccessor
	StaticBlock        // FunctionBody
	Decorator          // expression

	// Names.
	Identifier  // a reference: reads, calls or is assigned to; Value: Atom
	Binding     // a declaration of a name; Value: Atom
	Name        // a name that refers to no variable: a property, a key, a label; Value: Atom
	PrivateName // #x; Value: Atom, of the name without #

	// Expressions.
	ThisExpression           //
	Super                    //
	NullLiteral              //
	BooleanLiteral           // Op: OpTrue, OpFalse
	NumericLiteral           // its value: Tree.Number
	BigIntLiteral            // its digits: Tree.Text
	String                   // its value: Tree.Text
	RegExpLiteral            // its pattern and flags: Tree.RegExp
	TemplateLiteral          // TemplateElement, (expression, TemplateElement)*
	TemplateElement          // its cooked value: Tree.Text; FlagInvalidEscape where a tagged one has none
	TaggedTemplateExpression // tag, TemplateLiteral
	ArrayExpression          // (expression | SpreadElement | Hole)*
	Hole                     // a missing element of an array or array pattern
	ObjectExpression         // (Property | SpreadElement)*
	Property                 // key, value; FlagComputed, FlagShorthand, FlagMethod, FlagGetter, FlagSetter
	SpreadElement            // argument
	FunctionExpression       // Binding?, Parameters, FunctionBody; FlagAsync, FlagGenerator
	ArrowFunctionExpression  // Empty, Parameters, FunctionBody; FlagAsync, FlagExpression
	ClassExpression          // Binding?, superclass?, ClassBody, Decorator*
	UnaryExpression          // argument; Op
	UpdateExpression         // argument; OpIncrement, OpDecrement; FlagPrefix
	BinaryExpression         // left, right; Op (left may be a PrivateName for OpIn)
	LogicalExpression        // left, right; OpAnd, OpOr, OpNullish
	AssignmentExpression     // target, value; Op: OpAssign or the compound one
	ConditionalExpression    // test, consequent, alternate
	CallExpression           // callee, (argument | SpreadElement)*; FlagOptional for a?.()
	NewExpression            // callee, (argument | SpreadElement)*
	MemberExpression         // object, property: Name or PrivateName, any expression with FlagComputed; FlagOptional for a?.b
	ChainExpression          // the whole of a chain that has a FlagOptional in it
	SequenceExpression       // expression, expression+
	YieldExpression          // argument?; FlagDelegate for yield*
	AwaitExpression          // argument
	ImportExpression         // source, options?; Op: OpNone, OpDefer, OpSource
	MetaProperty             // OpImportMeta, OpNewTarget

	// Patterns.
	ArrayPattern      // (pattern | RestElement | Hole)*
	ObjectPattern     // (PatternProperty | RestElement)*
	PatternProperty   // key, pattern; FlagComputed, FlagShorthand
	AssignmentPattern // pattern, default
	RestElement       // pattern

	kindCount
)

// Flags are what is true of a node; which can be set is described at the kinds.
type Flags uint16

// The flags.
const (
	FlagAsync Flags = 1 << iota
	FlagGenerator
	FlagExpression
	FlagStatic
	FlagComputed
	FlagGetter
	FlagSetter
	FlagMethod
	FlagShorthand
	FlagAccessor
	FlagOptional
	FlagPrefix        // also FlagDelegate and FlagAwait, which share its bit
	FlagParenthesized // the expression stood in parentheses, which are not part of its span
	FlagStrict        // of Program, functions, classes: strict mode code
	FlagEscaped       // of names, strings: written with an escape
	FlagInvalidEscape
)

// Flags of kinds that can't have FlagPrefix.
const (
	FlagDelegate = FlagPrefix // of YieldExpression
	FlagAwait    = FlagPrefix // of ForOfStatement
)

// Op is an operator or the variant of a kind.
type Op uint8

// The operators and variants. Binary and compound assignment share: `a += b` is an
// AssignmentExpression with OpAdd.
const (
	OpNone Op = iota

	OpVar
	OpLet
	OpConst
	OpUsing
	OpAwaitUsing
	OpDefer
	OpSource
	OpTrue
	OpFalse
	OpImportMeta
	OpNewTarget

	OpAssign
	OpAdd
	OpSub
	OpMul
	OpDiv
	OpMod
	OpExp
	OpShl
	OpShr
	OpUshr
	OpBitAnd
	OpBitOr
	OpBitXor
	OpAnd
	OpOr
	OpNullish
	OpEq
	OpNe
	OpStrictEq
	OpStrictNe
	OpLt
	OpLe
	OpGt
	OpGe
	OpIn
	OpInstanceof

	OpNot
	OpBitNot
	OpPlus
	OpMinus
	OpTypeof
	OpVoid
	OpDelete
	OpIncrement
	OpDecrement
)

package js

// Parse reads a source. It always returns a whole tree: what was wrong stands in its
// Errors. The source is kept by the tree and must not be changed afterwards; it must
// be shorter than 2 GiB, and callers bound it far below that.
func Parse(src []byte, goal Goal) *Tree {
	return new(Workspace).Parse(src, goal)
}

// parser holds the state of one reading: the token under the eye, the nodes so far,
// and what of the surroundings decides how the next token is meant.
type parser struct {
	// The current token.
	tok     token
	newline bool // a line ended between it and the token before
	escaped bool // a name or string with an escape in it
	octal   bool // a number or string as strict mode refuses it
	atom    Atom // of names
	cookedN uint32
	start   uint32
	end     uint32
	prevEnd uint32 // end of the token before
	pos     int    // where the lexer goes on

	src   []byte
	space *Workspace
	nodes []Node
	ctx   context
	goal  Goal
	depth int

	coverError uint32 // 1 + offset of what only a pattern can hold: {a = 1}
	protoError uint32 // 1 + offset of a second __proto__ in an object literal
	yieldAt    uint32 // 1 + offset of the last yield expression of this function
	awaitAt    uint32 // 1 + offset of the last await, as operator or name

	chain     []link  // operators that group to the right, waiting for their last operand
	labels    []label // in force, those of outer functions before labelBase
	labelBase int
	atoms     interner
	cooked    []string

	errors   []SyntaxError
	errorAt  uint32 // 1 + offset of the last error that was not an early one
	privates []privateUse
	declared map[privateKey]Flags
	classes  uint32 // how many class bodies were opened
	class    uint32 // the innermost class body, 0 for none
	exported map[Atom]bool
	marks    []uint32 // by atom: when it was last seen, to find duplicates
	stamp    uint32
	stack    []byte // brackets that are being skipped
	scratch  []byte

	detect       bool // give up when only a module can be meant
	moduleSyntax bool
	sawAwait     bool // await stood outside functions
	eof          bool // nothing is read any more
}

// context is what surrounds the token being read, as far as it decides its meaning.
type context uint32

const (
	inStrict      context = 1 << iota
	inAwait               // await is an operator
	inYield               // yield is an operator
	inFunction            // return is allowed
	inNewTarget           // new.target is allowed
	inSuperCall           // super() is allowed
	inSuperMember         // super.x is allowed
	inLoop                // continue is allowed
	inBreakable           // break is allowed
	inParameters          // of a function: await and yield expressions are refused
	inStaticBlock         // await is no name
	inNoArguments         // arguments is no name: fields and static blocks
	inNoIn                // in ends the expression: the head of a for
	inNested              // not at the top of the file
	inAnyFunction         // or a field, a static block: await is not the module's
)

func newParser(w *Workspace, src []byte, goal Goal) *parser {
	p := &parser{src: src, goal: goal, space: w}
	p.nodes = append(room(w.nodes, len(src)/6+64), Node{})
	p.cooked = append(w.cooked[:0], "")
	p.atoms.slots, p.atoms.arena, p.atoms.offsets = w.slots, w.arena, w.offsets
	p.atoms.start(len(src))
	switch goal {
	case Module:
		p.ctx = inStrict | inAwait
	case CommonJS:
		p.ctx = inFunction | inNewTarget
	}
	return p
}

func (p *parser) parse() *Tree {
	if len(p.src) > 1 && p.src[0] == '#' && p.src[1] == '!' {
		p.pos = p.lineCommentEnd(2)
	}
	p.newline = true
	p.lex()
	root := p.node(Program, 0)
	l := p.statements(tokenEOF, true)
	p.closeList(root, l)
	p.nodes[root].End = uint32(len(p.src))
	if p.ctx&inStrict != 0 {
		p.nodes[root].Flags |= FlagStrict
	}
	p.undeclaredPrivates(0)
	if len(p.errors) > 0 {
		p.widen()
	}
	w := p.space
	w.nodes, w.cooked, w.names = p.nodes, p.cooked, p.atoms.names(w.names)
	w.slots, w.arena, w.offsets = p.atoms.slots, p.atoms.arena, p.atoms.offsets
	return &Tree{
		Source: p.src, Nodes: p.nodes, Root: root, Goal: p.goal,
		Errors: p.sortedErrors(),
		names:  w.names, cooked: p.cooked,
	}
}

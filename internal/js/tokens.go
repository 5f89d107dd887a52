package js

// token is what the lexer read. The reserved words come first and have the numbers
// of their atoms, so that a name looked up is a token known.
type token uint8

const (
	tokenEOF token = iota

	tokenBreak
	tokenCase
	tokenCatch
	tokenClass
	tokenConst
	tokenContinue
	tokenDebugger
	tokenDefault
	tokenDelete
	tokenDo
	tokenElse
	tokenEnum
	tokenExport
	tokenExtends
	tokenFalse
	tokenFinally
	tokenFor
	tokenFunction
	tokenIf
	tokenImport
	tokenIn
	tokenInstanceof
	tokenNew
	tokenNull
	tokenReturn
	tokenSuper
	tokenSwitch
	tokenThis
	tokenThrow
	tokenTrue
	tokenTry
	tokenTypeof
	tokenVar
	tokenVoid
	tokenWhile
	tokenWith

	tokenName    // any other name; parser.atom says which
	tokenEscaped // a reserved word written with an escape: only good as a property's name
	tokenPrivate // #name
	tokenNumber
	tokenBigInt
	tokenString
	tokenTemplate // the opening backtick
	tokenIllegal

	tokenBraceL
	tokenBraceR
	tokenParenL
	tokenParenR
	tokenBracketL
	tokenBracketR
	tokenSemicolon
	tokenComma
	tokenDot
	tokenEllipsis
	tokenQuestion
	tokenOptional // ?.
	tokenColon
	tokenArrow
	tokenAt
	tokenBang
	tokenTilde
	tokenIncrement
	tokenDecrement

	tokenAssign // from here to tokenNullishAssign: assignment
	tokenAddAssign
	tokenSubAssign
	tokenMulAssign
	tokenDivAssign
	tokenModAssign
	tokenExpAssign
	tokenShlAssign
	tokenShrAssign
	tokenUshrAssign
	tokenAndAssign
	tokenOrAssign
	tokenXorAssign
	tokenLogicalAndAssign
	tokenLogicalOrAssign
	tokenNullishAssign

	tokenAdd
	tokenSub
	tokenMul
	tokenDiv
	tokenMod
	tokenExp
	tokenShl
	tokenShr
	tokenUshr
	tokenAnd
	tokenOr
	tokenXor
	tokenLogicalAnd
	tokenLogicalOr
	tokenNullish
	tokenEq
	tokenNe
	tokenStrictEq
	tokenStrictNe
	tokenLt
	tokenLe
	tokenGt
	tokenGe
)

const lastReserved = Atom(tokenWith)

// The atoms that the grammar knows beside the reserved words. Every tree has them,
// in this order. From atomImplements to atomYield they are reserved in strict mode.
const (
	atomImplements Atom = lastReserved + 1 + iota
	atomInterface
	atomLet
	atomPackage
	atomPrivate
	atomProtected
	atomPublic
	atomStatic
	atomYield
	atomAwait
	atomEval
	atomArguments
	lastGuarded // no name behind this one is ever refused
)

const (
	atomAsync Atom = lastGuarded + iota
	atomOf
	atomGet
	atomSet
	atomAccessor
	atomFrom
	atomAs
	atomMeta
	atomTarget
	atomUsing
	atomDefer
	atomSource
	atomAssert
	atomConstructor
	atomPrototype
	atomProto
	knownAtoms
)

var knownNames = [knownAtoms]string{
	"",
	"break", "case", "catch", "class", "const", "continue", "debugger", "default",
	"delete", "do", "else", "enum", "export", "extends", "false", "finally", "for",
	"function", "if", "import", "in", "instanceof", "new", "null", "return", "super",
	"switch", "this", "throw", "true", "try", "typeof", "var", "void", "while", "with",
	"implements", "interface", "let", "package", "private", "protected", "public",
	"static", "yield", "await", "eval", "arguments",
	"async", "of", "get", "set", "accessor", "from", "as", "meta", "target", "using",
	"defer", "source", "assert", "constructor", "prototype", "__proto__",
}

// precedence returns how tightly a binary operator binds; 0 is no binary operator.
// Exponentiation is read with the unary operators.
var precedence = [256]uint8{
	tokenNullish:    1,
	tokenLogicalOr:  2,
	tokenLogicalAnd: 3,
	tokenOr:         4,
	tokenXor:        5,
	tokenAnd:        6,
	tokenEq:         7,
	tokenNe:         7,
	tokenStrictEq:   7,
	tokenStrictNe:   7,
	tokenLt:         8,
	tokenLe:         8,
	tokenGt:         8,
	tokenGe:         8,
	tokenIn:         8,
	tokenInstanceof: 8,
	tokenShl:        9,
	tokenShr:        9,
	tokenUshr:       9,
	tokenAdd:        10,
	tokenSub:        10,
	tokenMul:        11,
	tokenDiv:        11,
	tokenMod:        11,
}

const relational = 8 // the precedence of in

// operators maps tokens to what they are in the tree.
var operators = [256]Op{
	tokenAssign: OpAssign, tokenAddAssign: OpAdd, tokenSubAssign: OpSub,
	tokenMulAssign: OpMul, tokenDivAssign: OpDiv, tokenModAssign: OpMod,
	tokenExpAssign: OpExp, tokenShlAssign: OpShl, tokenShrAssign: OpShr,
	tokenUshrAssign: OpUshr, tokenAndAssign: OpBitAnd, tokenOrAssign: OpBitOr,
	tokenXorAssign: OpBitXor, tokenLogicalAndAssign: OpAnd,
	tokenLogicalOrAssign: OpOr, tokenNullishAssign: OpNullish,

	tokenAdd: OpAdd, tokenSub: OpSub, tokenMul: OpMul, tokenDiv: OpDiv, tokenMod: OpMod,
	tokenExp: OpExp, tokenShl: OpShl, tokenShr: OpShr, tokenUshr: OpUshr,
	tokenAnd: OpBitAnd, tokenOr: OpBitOr, tokenXor: OpBitXor,
	tokenLogicalAnd: OpAnd, tokenLogicalOr: OpOr, tokenNullish: OpNullish,
	tokenEq: OpEq, tokenNe: OpNe, tokenStrictEq: OpStrictEq, tokenStrictNe: OpStrictNe,
	tokenLt: OpLt, tokenLe: OpLe, tokenGt: OpGt, tokenGe: OpGe,
	tokenIn: OpIn, tokenInstanceof: OpInstanceof,

	tokenBang: OpNot, tokenTilde: OpBitNot, tokenTypeof: OpTypeof, tokenVoid: OpVoid,
	tokenDelete: OpDelete, tokenIncrement: OpIncrement, tokenDecrement: OpDecrement,
}

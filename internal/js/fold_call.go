package js

import (
	"math"
	"strconv"
	"strings"
)

// method returns the object and the constant name of a member that is called.
func (f *Folder) method(callee Ref) (object Ref, name string) {
	n := &f.tree.Nodes[callee]
	if n.Kind != MemberExpression {
		return 0, ""
	}
	name, _ = f.Member(callee)
	return n.First, name
}

// global says whether an expression is a global of that name, plain or as a member
// of the global object.
func (f *Folder) global(r Ref, name string) bool {
	n := &f.tree.Nodes[r]
	switch n.Kind {
	case Identifier:
		return f.scopes.of[r] == 0 && f.tree.Text(r) == name
	case MemberExpression:
		if object, member := f.method(r); member == name {
			for _, g := range [...]string{"globalThis", "global", "window", "self"} {
				if f.tree.Nodes[object].Kind == Identifier && f.global(object, g) {
					return true
				}
			}
		}
	}
	return false
}

// arguments folds the arguments of a call, which are one constant each.
func (f *Folder) arguments(call Ref) ([]value, bool) {
	nodes := f.tree.Nodes
	var list []value
	for a := nodes[nodes[call].First].Next; a != 0; a = nodes[a].Next {
		e := a
		if nodes[a].Kind == SpreadElement {
			e = nodes[a].First
		}
		res := f.eval(e)
		if !res.complete || len(res.values) != 1 || len(list) > maxElements || !f.pay(0) {
			return nil, false
		}
		if e == a {
			list = append(list, res.values[0])
			continue
		}
		more, ok := res.values[0].elements()
		if !ok {
			return nil, false
		}
		list = append(list, more...)
	}
	return list, true
}

// call folds the calls that make text of constants.
func (f *Folder) call(r Ref) result {
	nodes := f.tree.Nodes
	callee := nodes[r].First
	if nodes[callee].Kind == ChainExpression {
		callee = nodes[callee].First
	}
	for _, name := range [...]string{"String", "Number", "parseInt", "parseFloat", "atob", "btoa",
		"decodeURIComponent", "decodeURI", "unescape", "encodeURIComponent"} {
		if f.global(callee, name) {
			return f.convert(r, name)
		}
	}
	if f.buffer(callee) {
		return f.bytes(r)
	}
	if nodes[callee].Kind != MemberExpression {
		return none
	}
	object, name := f.method(callee)
	switch name {
	case "":
		return none
	case "fromCharCode", "fromCodePoint":
		if args, ok := f.arguments(r); ok && f.global(object, "String") {
			return f.single(fromCodes(args, name == "fromCodePoint"))
		}
		return none
	case "apply":
		if inner, method := f.method(object); (method == "fromCharCode" || method == "fromCodePoint") && f.global(inner, "String") {
			if args, ok := f.arguments(r); ok && len(args) == 2 {
				if codes, ok := args[1].elements(); ok {
					return f.single(fromCodes(codes, method == "fromCodePoint"))
				}
			}
		}
		return none
	case "from":
		if f.buffer(object) {
			return f.bytes(r)
		}
		if f.global(object, "Array") && nodes[nodes[callee].Next].Next == 0 {
			return f.each(f.argument(r, 0), func(v value) (value, bool) {
				list, ok := v.elements()
				return value{kind: listKind, list: list}, ok
			})
		}
		return none
	case "freeze":
		if f.global(object, "Object") {
			return f.argument(r, 0)
		}
		return none
	case "map":
		return f.apply(object, r)
	case "replace", "replaceAll":
		if pattern := nodes[callee].Next; pattern != 0 && nodes[pattern].Kind == RegExpLiteral {
			return f.substitute(object, pattern)
		}
	}
	if !foldable()[name] {
		return none
	}
	base := f.eval(object)
	if len(base.values) == 0 {
		return none
	}
	args, ok := f.arguments(r)
	if !ok {
		return none
	}
	return f.each(base, func(v value) (value, bool) { return v.call(name, args) })
}

func (f *Folder) single(v value, ok bool) result {
	if !ok || !f.pay(v.size()) {
		return none
	}
	return one(v)
}

// buffer says whether an expression is Node's Buffer: the global, or a member Buffer
// of anything.
func (f *Folder) buffer(r Ref) bool {
	if f.global(r, "Buffer") {
		return true
	}
	n := &f.tree.Nodes[r]
	if n.Kind != MemberExpression {
		return false
	}
	name, ok := f.plainMember(r)
	return ok && name == "Buffer"
}

// bytes folds Buffer.from(text, encoding) and Buffer.from([…]).
func (f *Folder) bytes(call Ref) result {
	args, ok := f.arguments(call)
	if !ok || len(args) == 0 {
		return none
	}
	if args[0].kind == listKind {
		var b []byte
		for _, v := range args[0].list {
			b = append(b, byte(toInt32(v.numeric())))
		}
		return f.single(value{kind: bytesKind, str: string(b)}, true)
	}
	if args[0].kind == bytesKind {
		return one(args[0])
	}
	encoding := ""
	if len(args) > 1 && args[1].kind == textKind {
		encoding = args[1].str
	}
	if args[0].kind != textKind {
		return none
	}
	b, ok := decodeBytes(args[0].str, encoding)
	return f.single(value{kind: bytesKind, str: b}, ok)
}

func fromCodes(codes []value, points bool) (value, bool) {
	var b []byte
	for _, c := range codes {
		n := c.numeric()
		if !points {
			n = float64(uint16(toInt32(n)))
		}
		if n != math.Trunc(n) || n < 0 || n > 0x10ffff || len(b) > maxText {
			return value{}, false
		}
		b = appendUnit(b, rune(n))
	}
	return textValue(string(b)), true
}

// convert folds the functions that convert their first argument.
func (f *Folder) convert(call Ref, name string) result {
	second, hasSecond := value{}, false
	first := f.tree.Nodes[f.tree.Nodes[call].First].Next
	if first == 0 {
		return none
	}
	if name == "parseInt" && f.tree.Nodes[first].Next != 0 {
		res := f.argument(call, 1)
		if !res.complete || len(res.values) != 1 {
			return none
		}
		second, hasSecond = res.values[0], true
	}
	return f.each(f.argument(call, 0), func(v value) (value, bool) {
		s, ok := v.text()
		if !ok {
			return value{}, false
		}
		switch name {
		case "String":
			return textValue(s), true
		case "Number":
			return numberValue(v.numeric()), true
		case "parseFloat":
			n := parseNumber(s)
			return numberValue(n), n == n
		case "parseInt":
			base := 10
			if hasSecond {
				base = int(toInt32(second.numeric()))
			}
			return parseInt(s, base)
		case "atob":
			return textValue(latin1(decodeBase64(s), 0xff)), true
		case "btoa":
			b, _ := decodeBytes(s, "latin1")
			s, ok := encodeBytes(b, "base64")
			return textValue(s), ok
		case "decodeURIComponent":
			s, ok := percentDecode(s, "")
			return textValue(s), ok
		case "decodeURI":
			s, ok := percentDecode(s, ";/?:@&=+$,#")
			return textValue(s), ok
		case "unescape":
			return textValue(unescape(s)), true
		}
		return textValue(s), strings.Trim(s, unreserved) == "" // what encodeURIComponent leaves
	})
}

const unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.!~*'()"

func parseInt(s string, base int) (value, bool) {
	s = strings.TrimFunc(s, whiteSpace)
	negative := strings.HasPrefix(s, "-")
	s = strings.TrimLeft(s, "+-")
	if len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x' && (base == 16 || base == 10 || base == 0) {
		s, base = s[2:], 16
	}
	if base == 0 {
		base = 10
	}
	if base < 2 || base > 36 {
		return numberValue(math.NaN()), true
	}
	n := 0.0
	i := 0
	for ; i < len(s); i++ {
		d := 99
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			d = int(c - '0')
		case c|0x20 >= 'a' && c|0x20 <= 'z':
			d = int(c|0x20-'a') + 10
		}
		if d >= base {
			break
		}
		n = n*float64(base) + float64(d)
	}
	if i == 0 {
		n = math.NaN()
	}
	if negative {
		n = -n
	}
	return numberValue(n), true
}

// apply folds list.map(c => …) for a function of one parameter that is one
// expression, and for String.fromCharCode itself no: it would get the index too.
func (f *Folder) apply(object, call Ref) result {
	nodes := f.tree.Nodes
	function := nodes[nodes[call].First].Next
	var body Ref
	switch nodes[function].Kind {
	case ArrowFunctionExpression, FunctionExpression:
		body = nodes[nodes[nodes[function].First].Next].Next
	}
	if body == 0 || nodes[function].Flags&(FlagAsync|FlagGenerator) != 0 {
		return none
	}
	parameters := nodes[nodes[nodes[function].First].Next].First
	expression := nodes[body].First
	if nodes[function].Flags&FlagExpression == 0 {
		if nodes[expression].Kind != ReturnStatement || nodes[expression].Next != 0 {
			return none
		}
		expression = nodes[expression].First
	}
	if nodes[parameters].Kind != Binding || nodes[parameters].Next != 0 || expression == 0 {
		return none
	}
	base := f.eval(object)
	v := f.scopes.of[parameters]
	if !base.complete || len(base.values) != 1 || base.values[0].kind != listKind || f.scopes.variables[v].Writes != 0 {
		return none
	}
	env := f.env
	defer func() { f.env = env }()
	list := []value{}
	size := 0
	for _, e := range base.values[0].list {
		f.env = map[VariableID]value{v: e}
		for k, w := range env {
			if k != v {
				f.env[k] = w
			}
		}
		res := f.eval(expression)
		if !res.complete || len(res.values) != 1 || !f.pay(8) {
			return none
		}
		if size += res.values[0].size(); size > maxText {
			return none
		}
		list = append(list, res.values[0])
	}
	return one(value{kind: listKind, list: list})
}

func radixText(n float64, base int) (value, bool) {
	if base < 2 || base > 36 || n != math.Trunc(n) || math.Abs(n) > 1<<53 {
		return value{}, false
	}
	return textValue(strconv.FormatInt(int64(n), base)), true
}

package js

import (
	"math"
	"regexp"
	"slices"
	"strings"
)

// foldable are the methods that value.call knows.
var foldable = words(`toString valueOf toLowerCase toUpperCase toLocaleLowerCase toLocaleUpperCase trim trimStart trimEnd
	trimLeft trimRight slice substring substr charAt at charCodeAt codePointAt concat repeat padStart padEnd replace
	replaceAll split join reverse normalize`)

// call is a method of a constant with constant arguments.
func (v value) call(name string, args []value) (value, bool) {
	switch v.kind {
	case textKind:
		return v.textMethod(name, args)
	case listKind:
		return v.listMethod(name, args)
	case bytesKind:
		if name == "toString" {
			encoding := ""
			if len(args) > 0 && args[0].kind == textKind {
				encoding = args[0].str
			}
			s, ok := encodeBytes(v.str, encoding)
			return textValue(s), ok
		}
	case numberKind:
		if name == "toString" {
			if len(args) == 0 {
				return textValue(numberText(v.number)), true
			}
			return radixText(v.number, int(toInt32(args[0].numeric())))
		}
	case booleanKind:
		if name == "toString" {
			s, ok := v.text()
			return textValue(s), ok
		}
	}
	return value{}, false
}

// index is a whole-number argument, from the end where it is negative.
func index(args []value, i, missing, length int) int {
	if i >= len(args) || args[i].kind == undefinedKind {
		return missing
	}
	n := args[i].numeric()
	switch {
	case n != n:
		return 0
	case n < 0:
		return int(math.Max(0, math.Ceil(n)+float64(length)))
	}
	return int(math.Min(n, float64(length)))
}

// clamped is an argument of substring: what is negative is 0.
func clamped(args []value, i, missing, length int) int {
	if i < len(args) && args[i].kind != undefinedKind && args[i].numeric() < 0 {
		return 0
	}
	return index(args, i, missing, length)
}

func argumentText(args []value, i int) (string, bool) {
	if i >= len(args) {
		return "", false
	}
	return args[i].text()
}

func (v value) textMethod(name string, args []value) (value, bool) {
	s := v.str
	switch name {
	case "toString", "valueOf", "normalize":
		return v, name != "normalize" || ascii(s)
	case "toLowerCase", "toLocaleLowerCase":
		return textValue(strings.ToLower(s)), strings.ToValidUTF8(s, "") == s
	case "toUpperCase", "toLocaleUpperCase":
		return textValue(strings.ToUpper(s)), ascii(s) // beyond, one letter may become two
	case "trim":
		return textValue(strings.TrimFunc(s, whiteSpace)), true
	case "trimStart", "trimLeft":
		return textValue(strings.TrimLeftFunc(s, whiteSpace)), true
	case "trimEnd", "trimRight":
		return textValue(strings.TrimRightFunc(s, whiteSpace)), true
	case "slice":
		n := lengthUnits(s)
		return textValue(cutUnits(s, index(args, 0, 0, n), index(args, 1, n, n))), true
	case "substring":
		n := lengthUnits(s)
		from, to := clamped(args, 0, 0, n), clamped(args, 1, n, n)
		return textValue(cutUnits(s, min(from, to), max(from, to))), true
	case "substr":
		n := lengthUnits(s)
		from := index(args, 0, 0, n)
		return textValue(cutUnits(s, from, from+clamped(args, 1, n, n))), true
	case "charAt", "at", "charCodeAt", "codePointAt":
		return v.character(name, args)
	case "concat":
		for i := range args {
			t, ok := args[i].text()
			if !ok || len(s)+len(t) > maxText {
				return value{}, false
			}
			s += t
		}
		return textValue(joinPairs(s)), true
	case "repeat":
		if len(args) == 0 {
			return textValue(""), true
		}
		n := args[0].numeric()
		if !(n >= 0 && n <= maxText) || int(n)*len(s) > maxText {
			return value{}, false
		}
		return textValue(joinPairs(strings.Repeat(s, int(n)))), true
	case "padStart", "padEnd":
		return v.pad(name, args)
	case "replace", "replaceAll":
		from, ok1 := argumentText(args, 0)
		to, ok2 := argumentText(args, 1)
		if !ok1 || !ok2 || strings.Contains(to, "$") || name == "replaceAll" && from == "" {
			return value{}, false
		}
		n := 1
		if name == "replaceAll" {
			n = -1
		}
		return textValue(joinPairs(strings.Replace(s, from, to, n))), true
	case "split":
		return v.split(args)
	}
	return value{}, false
}

func (v value) character(name string, args []value) (value, bool) {
	i := 0.0
	if len(args) > 0 {
		if i = math.Trunc(args[0].numeric()); i != i {
			i = 0
		}
	}
	u := units(v.str)
	if name == "at" && i < 0 {
		i += float64(len(u))
	}
	if i < 0 || i >= float64(len(u)) {
		switch name {
		case "charAt":
			return textValue(""), true
		case "charCodeAt":
			return numberValue(math.NaN()), true
		}
		return value{}, true
	}
	switch name {
	case "charCodeAt":
		return numberValue(float64(u[int(i)])), true
	case "codePointAt":
		c, _ := decodeWTF8(fromUnits(u[int(i):]))
		return numberValue(float64(c)), true
	}
	return textValue(fromUnits(u[int(i) : int(i)+1])), true
}

func (v value) pad(name string, args []value) (value, bool) {
	fill := " "
	if len(args) > 1 {
		var ok bool
		if fill, ok = args[1].text(); !ok || !ascii(fill) {
			return value{}, false
		}
	}
	if len(args) == 0 || fill == "" {
		return v, true
	}
	missing := args[0].numeric() - float64(lengthUnits(v.str))
	if !(missing > 0) {
		return v, true
	}
	if missing > maxText {
		return value{}, false
	}
	n := int(missing)
	filling := strings.Repeat(fill, n/len(fill)+1)[:n]
	if name == "padStart" {
		return textValue(filling + v.str), true
	}
	return textValue(v.str + filling), true
}

func (v value) split(args []value) (value, bool) {
	if len(args) == 0 || args[0].kind == undefinedKind {
		return value{kind: listKind, list: []value{v}}, true
	}
	separator, ok := args[0].text()
	if !ok || len(args) > 1 {
		return value{}, false
	}
	list := []value{}
	if separator == "" {
		for _, u := range units(v.str) {
			list = append(list, textValue(fromUnits([]uint16{u})))
		}
		return value{kind: listKind, list: list}, true
	}
	for _, part := range strings.Split(v.str, separator) {
		list = append(list, textValue(part))
	}
	return value{kind: listKind, list: list}, true
}

func (v value) listMethod(name string, args []value) (value, bool) {
	switch name {
	case "join", "toString":
		separator := ","
		if name == "join" && len(args) > 0 && args[0].kind != undefinedKind {
			var ok bool
			if separator, ok = args[0].text(); !ok {
				return value{}, false
			}
		}
		s, ok := joined(v.list, separator)
		return textValue(s), ok
	case "reverse":
		list := slices.Clone(v.list)
		slices.Reverse(list)
		return value{kind: listKind, list: list}, true
	case "slice":
		from, to := index(args, 0, 0, len(v.list)), index(args, 1, len(v.list), len(v.list))
		if from > to {
			to = from
		}
		return value{kind: listKind, list: v.list[from:to]}, true
	case "concat":
		list := slices.Clone(v.list)
		for _, a := range args {
			if a.kind == listKind {
				list = append(list, a.list...)
			} else {
				list = append(list, a)
			}
		}
		return value{kind: listKind, list: list}, len(list) <= maxElements
	case "at":
		if len(args) == 1 {
			i := math.Trunc(args[0].numeric())
			if i < 0 {
				i += float64(len(v.list))
			}
			if i >= 0 && i < float64(len(v.list)) {
				return v.list[int(i)], true
			}
		}
	}
	return value{}, false
}

// substitute folds text.replace(/pattern/g, 'text') where the pattern means the same
// in RE2: no groups of the kinds that it lacks, no references, ASCII on both sides.
func (f *Folder) substitute(object, pattern Ref) result {
	source, flags := f.tree.RegExp(pattern)
	to := f.eval(f.tree.Nodes[pattern].Next)
	if f.tree.Nodes[pattern].Next == 0 || !to.complete || len(to.values) != 1 || to.values[0].kind != textKind ||
		strings.Contains(to.values[0].str, "$") || !sameInRE2(source) || strings.Trim(flags, "gi") != "" {
		return none
	}
	base := f.eval(object)
	if len(base.values) == 0 || !f.pay(len(source)*16) {
		return none
	}
	if strings.Contains(flags, "i") {
		source = "(?i)" + source
	}
	re, err := regexp.Compile(source)
	if err != nil {
		return none
	}
	return f.each(base, func(v value) (value, bool) {
		if v.kind != textKind || !ascii(v.str) || !f.pay(len(v.str)*4) {
			return value{}, false
		}
		if strings.Contains(flags, "g") {
			return textValue(re.ReplaceAllLiteralString(v.str, to.values[0].str)), true
		}
		at := re.FindStringIndex(v.str)
		if at == nil {
			return v, true
		}
		return textValue(v.str[:at[0]] + to.values[0].str + v.str[at[1]:]), true
	})
}

// sameInRE2 leaves out what the two languages read differently.
func sameInRE2(source string) bool {
	if len(source) > 128 || !ascii(source) || strings.Contains(source, "(?") || strings.Contains(source, "[]") ||
		strings.Contains(source, "[^]") || strings.Contains(source, "[[") || strings.ContainsAny(source, "{}") {
		return false
	}
	for i := 0; i < len(source); i++ {
		if source[i] != '\\' {
			continue
		}
		if i++; i == len(source) || strings.IndexByte(`dDwWnrt.*+?()[]|/\^$-_`, source[i]) < 0 {
			return false
		}
		if source[i] == '_' || source[i] == '/' {
			return false // right for one, an unknown escape for the other
		}
	}
	return true
}

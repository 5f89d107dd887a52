package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// check returns where value breaks the rule. Path is the value's place.
func (r *rule) check(value any, path []string) []Violation {
	broken := func(format string, args ...any) []Violation {
		return []Violation{{at(path), fmt.Sprintf(format, args...)}}
	}
	switch {
	case r.ref != nil:
		return r.ref.check(value, path)
	case r.always != nil && *r.always:
		return nil
	case r.always != nil:
		return broken("nothing may stand here")
	case r.types != nil && !slices.ContainsFunc(r.types, func(t string) bool { return isType(value, t) }):
		return broken("got %s, want %s", typeOf(value), strings.Join(r.types, " or "))
	case r.constant != nil && !equal(value, *r.constant):
		return broken("value must be %s", shown(*r.constant))
	case r.enum != nil && !slices.ContainsFunc(r.enum, func(v any) bool { return equal(value, v) }):
		return broken("value must be one of %s", choices(r.enum))
	}
	if s, ok := value.(string); ok && r.format != nil {
		if err := r.format(s); err != nil {
			return broken("%s is not valid %s: %v", shown(s), r.formatOf, err)
		}
	}
	var found violations
	switch v := value.(type) {
	case map[string]any:
		r.object(v, path, &found)
	case []any:
		r.array(v, path, &found)
	case string:
		n := utf8.RuneCountInString(v)
		if r.minLength >= 0 && n < r.minLength {
			found.add(broken("%d characters, and %d is the least", n, r.minLength)...)
		}
		if r.maxLength >= 0 && n > r.maxLength {
			found.add(broken("%d characters, and %d is the most", n, r.maxLength)...)
		}
		if r.pattern != nil && !r.pattern.MatchString(v) {
			found.add(broken("%s does not match pattern '%s'", shown(v), r.pattern)...)
		}
	case json.Number:
		n := parseNumber(v)
		if r.minimum != nil && n.compare(*r.minimum) < 0 {
			found.add(broken("%s is below the minimum", v)...)
		}
		if r.maximum != nil && n.compare(*r.maximum) > 0 {
			found.add(broken("%s is above the maximum", v)...)
		}
	}
	r.combined(value, path, &found)
	return found
}

func (r *rule) object(object map[string]any, path []string, found *violations) {
	var missing, extra []string
	for _, name := range r.required {
		if _, there := object[name]; !there {
			missing = append(missing, "'"+name+"'")
		}
	}
	if len(missing) > 0 {
		found.add(Violation{at(path), "missing " + plural(len(missing), "property", "properties") + " " + strings.Join(missing, ", ")})
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		inside := append(slices.Clip(path), name)
		switch p := r.properties[name]; {
		case p != nil:
			found.add(p.check(object[name], inside)...)
		case r.additional == nil:
		case r.additional.always != nil && !*r.additional.always:
			extra = append(extra, "'"+name+"'")
		default:
			found.add(r.additional.check(object[name], inside)...)
		}
	}
	if len(extra) > 0 {
		found.add(Violation{at(path), "additional properties " + strings.Join(extra, ", ") + " not allowed"})
	}
}

func (r *rule) array(array []any, path []string, found *violations) {
	if r.minItems >= 0 && len(array) < r.minItems {
		found.add(Violation{at(path), fmt.Sprintf("%d items, and %d is the least", len(array), r.minItems)})
	}
	if r.maxItems >= 0 && len(array) > r.maxItems {
		found.add(Violation{at(path), fmt.Sprintf("%d items, and %d is the most", len(array), r.maxItems)})
	}
	if r.unique {
		if i, j := twice(array); j > 0 {
			found.add(Violation{at(path), fmt.Sprintf("items at %d and %d are equal", i, j)})
		}
	}
	for i, v := range array {
		of := r.items
		if of == nil && i < len(r.tuple) {
			of = r.tuple[i]
		} else if of == nil && r.tuple != nil {
			of = r.additionalItems
			if of != nil && of.always != nil && !*of.always {
				found.add(Violation{at(path), fmt.Sprintf("the last %d items are not allowed", len(array)-i)})
				break
			}
		}
		if of != nil {
			found.add(of.check(v, append(slices.Clip(path), strconv.Itoa(i)))...)
		}
	}
}

// combined holds a value to the rules that are made of rules.
func (r *rule) combined(value any, path []string, found *violations) {
	if r.not != nil && len(r.not.check(value, path)) == 0 {
		found.add(Violation{at(path), "it is what it must not be"})
	}
	for _, sub := range r.all {
		found.add(sub.check(value, path)...)
	}
	if r.any != nil {
		if matched, inside := matching(r.any, value, path, 1); len(matched) == 0 {
			found.add(inside...)
		}
	}
	if r.one != nil {
		switch matched, inside := matching(r.one, value, path, 2); len(matched) {
		case 0:
			found.add(inside...)
		case 2:
			found.add(Violation{at(path), fmt.Sprintf("it is both of two choices, %d and %d, where one is asked for", matched[0]+1, matched[1]+1)})
		}
	}
	if r.when != nil {
		then := r.then
		if len(r.when.check(value, path)) > 0 {
			then = r.els
		}
		if then != nil {
			found.add(then.check(value, path)...)
		}
	}
}

// matching returns which rules a value keeps, as many as are asked for at most, and
// what is broken of the others.
func matching(rules []*rule, value any, path []string, most int) (matched []int, inside violations) {
	for i, sub := range rules {
		broken := sub.check(value, path)
		if len(broken) == 0 {
			if matched = append(matched, i); len(matched) == most {
				break
			}
		}
		inside.add(broken...)
	}
	return matched, inside
}

func typeOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "boolean"
	case json.Number:
		return "number"
	case string:
		return "string"
	case []any:
		return "array"
	}
	return "object"
}

func isType(value any, name string) bool {
	if n, ok := value.(json.Number); ok && name == "integer" {
		return parseNumber(n).integer()
	}
	return typeOf(value) == name
}

func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && maps.EqualFunc(a, b, equal)
	case []any:
		b, ok := b.([]any)
		return ok && slices.EqualFunc(a, b, equal)
	case json.Number:
		b, ok := b.(json.Number)
		return ok && parseNumber(a) == parseNumber(b)
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// twice finds two equal items, the second above 0, by a text that is the same for what
// is equal.
func twice(array []any) (first, second int) {
	if len(array) < 2 {
		return 0, 0
	}
	seen := make(map[string]int, len(array))
	for i, v := range array {
		var b strings.Builder
		canonical(&b, v)
		if j, known := seen[b.String()]; known {
			return j, i
		}
		seen[b.String()] = i
	}
	return 0, 0
}

func canonical(b *strings.Builder, value any) {
	switch v := value.(type) {
	case map[string]any:
		b.WriteByte('{')
		for _, name := range slices.Sorted(maps.Keys(v)) {
			fmt.Fprintf(b, "%q:", name)
			canonical(b, v[name])
		}
		b.WriteByte('}')
	case []any:
		b.WriteByte('[')
		for _, item := range v {
			canonical(b, item)
			b.WriteByte(',')
		}
		b.WriteByte(']')
	case json.Number:
		fmt.Fprint(b, parseNumber(v))
	case string:
		b.WriteString(strconv.Quote(v))
	default:
		fmt.Fprint(b, v)
	}
}

// shown writes a value of a schema or a document for a person, a long one cut.
func shown(value any) string {
	s := fmt.Sprint(value)
	if len(s) > 200 {
		s = strings.ToValidUTF8(s[:200], "") + "…"
	}
	return "'" + s + "'"
}

func choices(values []any) string {
	var all []string
	for _, v := range values {
		all = append(all, shown(v))
	}
	return strings.Join(all, ", ")
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

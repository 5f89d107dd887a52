package debian

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/debian/debversion"
)

// relation is one package that is asked for: a name and, where op is not "", a
// bound on its version (Debian Policy §7.1).
type relation struct{ name, op, version string }

// String writes the relation as control files do.
func (r relation) String() string {
	if r.op == "" {
		return r.name
	}
	return r.name + " (" + r.op + " " + r.version + ")"
}

// holds reports whether a version is within the bound.
func (r relation) holds(version string) bool {
	c := debversion.Compare(version, r.version)
	switch r.op {
	case "":
		return true
	case "<<":
		return c < 0
	case "<=":
		return c <= 0
	case "=":
		return c == 0
	case ">=":
		return c >= 0
	default: // ">>", the only other one that parses
		return c > 0
	}
}

// parseRelations reads a relationship field: groups separated by commas, each of
// which any one of its alternatives satisfies.
func parseRelations(text string) ([][]relation, error) {
	var groups [][]relation
	for part := range strings.SplitSeq(text, ",") {
		if strings.TrimSpace(part) == "" {
			continue
		}
		var group []relation
		for alternative := range strings.SplitSeq(part, "|") {
			r, err := parseRelation(alternative)
			if err != nil {
				return nil, err
			}
			group = append(group, r)
		}
		groups = append(groups, group)
	}
	return groups, nil
}

// parseRelation reads "name[:arch] [(op version)]". An architecture after the name
// is dropped: a root has one.
func parseRelation(text string) (relation, error) {
	name, rest, bounded := strings.Cut(strings.TrimSpace(text), "(")
	name, _, _ = strings.Cut(strings.TrimSpace(name), ":")
	r := relation{name: name}
	if !packageName(name) {
		return r, fmt.Errorf("%w: %.60q names no package", errControl, text)
	}
	if !bounded {
		return r, nil
	}
	inside, after, ok := strings.Cut(rest, ")")
	inside = strings.TrimSpace(inside)
	i := 0
	for i < len(inside) && strings.IndexByte("<>=", inside[i]) >= 0 {
		i++
	}
	r.op, r.version = inside[:i], strings.TrimSpace(inside[i:])
	switch r.op {
	case "<": // the old forms, which mean what their first readers took them for
		r.op = "<="
	case ">":
		r.op = ">="
	case "<<", "<=", "=", ">=", ">>":
	default:
		ok = false
	}
	if !ok || strings.TrimSpace(after) != "" {
		return r, fmt.Errorf("%w: %.60q is no relation", errControl, text)
	}
	return r, debversion.Check(r.version)
}

// packageName reports whether a name is one of a package (Debian Policy §5.6.1),
// so that none can be a path.
func packageName(name string) bool {
	if len(name) < 2 || len(name) > 128 || !digit(name[0]) && !letter(name[0]) {
		return false
	}
	return nameBytes(name, "+-._")
}

// nameBytes reports whether a text is of letters, digits and the bytes of also.
func nameBytes(s, also string) bool {
	for i := range len(s) {
		if !digit(s[i]) && !letter(s[i]) && strings.IndexByte(also, s[i]) < 0 {
			return false
		}
	}
	return true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

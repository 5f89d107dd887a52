package rule

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/glob"
	"github.com/nbuild/nbuild/internal/rulefile"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// compiled is a rule whose expressions are ready.
type compiled struct {
	*Rule
	when []condition
}

type condition struct {
	rulefile.Condition
	matches, target *regexp.Regexp // nil where it does not ask
}

func compile(r *Rule) (*compiled, error) {
	c := &compiled{Rule: r}
	for _, w := range r.When {
		x := condition{Condition: w}
		for _, e := range []struct {
			text string
			into **regexp.Regexp
		}{{w.Matches, &x.matches}, {w.Target, &x.target}} {
			if e.text == "" {
				continue
			}
			re, err := regexp.Compile(e.text)
			if err != nil {
				return nil, fmt.Errorf("reading rule %s: %w", r.ID, err)
			}
			*e.into = re
		}
		c.when = append(c.when, x)
	}
	return c, nil
}

// index finds the rules that may match a place without asking each.
type index struct {
	kinds   map[source.Kind][]int
	unread  map[string][]int
	calls   names
	assigns names
}

// names finds patterns by what they name. The numbers are of rules.
type names struct {
	exact   map[string][]int
	methods map[string][]int
	globs   []starred
}

type starred struct {
	parts []string // what stands between the stars
	rule  int
}

func indexOf(rules []*compiled) index {
	x := index{kinds: map[source.Kind][]int{}, unread: map[string][]int{}, calls: newNames(), assigns: newNames()}
	for i, r := range rules {
		for _, k := range r.Kinds {
			x.kinds[source.Kind(k)] = append(x.kinds[source.Kind(k)], i)
		}
		if r.Unread != "" {
			x.unread[r.Unread] = append(x.unread[r.Unread], i)
		}
		x.calls.add(r.Call, i)
		x.assigns.add(r.Assign, i)
	}
	return x
}

func newNames() names { return names{exact: map[string][]int{}, methods: map[string][]int{}} }

func (n *names) add(patterns []string, rule int) {
	for _, p := range patterns {
		method, isMethod := strings.CutPrefix(p, ".")
		switch {
		case isMethod && !strings.Contains(method, "*"):
			n.methods[method] = append(n.methods[method], rule)
		case strings.Contains(p, "*"):
			n.globs = append(n.globs, starred{strings.Split(p, "*"), rule})
		default:
			n.exact[p] = append(n.exact[p], rule)
		}
	}
}

// of returns the rules of which a pattern matches what is called, each once.
func (n *names) of(c *source.CallSite) []int {
	var found []int
	if c.Method != "" {
		found = append(found, n.methods[c.Method]...)
	}
	for _, callee := range c.Callees {
		found = append(found, n.exact[callee]...)
	}
	for _, g := range n.globs {
		if g.matches("."+c.Method) && c.Method != "" && g.parts[0] != "" && g.parts[0][0] == '.' || slices.ContainsFunc(c.Callees, g.matches) {
			found = append(found, g.rule)
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// matches reports whether a name is the pattern with any text in place of each star.
func (g starred) matches(name string) bool {
	return glob.Between(g.parts, name)
}

// calls returns the rules that match a call or an assignment.
func (p *Policy) calls(c *source.CallSite) []int {
	n := &p.index.calls
	if c.Assign {
		n = &p.index.assigns
	}
	return slices.DeleteFunc(n.of(c), func(i int) bool { return !p.rules[i].hold(c) })
}

// hold reports whether all conditions of a rule hold.
func (c *compiled) hold(site *source.CallSite) bool {
	for i := range c.when {
		if !c.when[i].holds(site) {
			return false
		}
	}
	return true
}

func (w *condition) holds(c *source.CallSite) bool {
	if w.target != nil && (c.Target == "" || !w.target.MatchString(c.Target)) {
		return false
	}
	if w.Compared && !c.Compared {
		return false
	}
	asks := len(w.Shape) > 0 || w.matches != nil || w.Below > 0 || len(w.Property) > 0
	if !asks && !w.Absent {
		return true
	}
	args := c.Arguments
	if w.Argument != rulefile.AnyArgument {
		if w.Argument >= len(args) {
			return w.Absent
		}
		args = args[w.Argument : w.Argument+1]
	}
	if w.Absent {
		return len(w.Property) > 0 && !slices.ContainsFunc(args, func(a source.Argument) bool {
			return a.Shape == source.ShapeOther || hasProperty(&a, w.Property)
		})
	}
	return slices.ContainsFunc(args, func(a source.Argument) bool {
		if len(w.Property) == 0 {
			if a.Shape == source.ShapeBuilt {
				return w.is(a.Shape, []string{strings.Join(a.Values, "…")})
			}
			return w.is(a.Shape, a.Values)
		}
		return slices.ContainsFunc(a.Properties, func(p source.Property) bool {
			shape := source.ShapeConstant
			if p.Built {
				shape = source.ShapeBuilt
			}
			return slices.Contains(w.Property, p.Name) && w.is(shape, []string{p.Value})
		})
	})
}

func hasProperty(a *source.Argument, of []string) bool {
	return slices.ContainsFunc(a.Properties, func(p source.Property) bool { return slices.Contains(of, p.Name) })
}

// is reports whether a value is made and valued as the condition asks.
func (w *condition) is(shape source.Shape, values []string) bool {
	if len(w.Shape) > 0 && !slices.Contains(w.Shape, string(shape)) {
		return false
	}
	if w.matches != nil && !slices.ContainsFunc(values, w.matches.MatchString) {
		return false
	}
	if w.Below > 0 {
		return shape == source.ShapeConstant && slices.ContainsFunc(values, func(v string) bool {
			n, err := strconv.ParseFloat(v, 64)
			return err == nil && n < float64(w.Below)
		})
	}
	return true
}

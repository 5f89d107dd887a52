package npm

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/npm/semver"
)

// override is one rule of package.json's "overrides" and, as a chain of parents, the
// set of rules that counts where it stands. The root of the chain has no name.
type override struct {
	parent   *override
	children []*override // in the order of the text
	key      string      // "foo", "foo@^1"
	name     string
	versions string // of the key: "*", "^1"
	value    string // what is asked for instead; the key's own versions where nothing is
	ruleset  []*override
}

// newOverride reads a key.
func newOverride(parent *override, key string) (*override, error) {
	name, versions := splitName(key)
	if hasProtocol(key) || !ValidName(name) {
		return nil, fmt.Errorf("%w: %q names no package", errRequest, key)
	}
	versions = strings.TrimSpace(versions)
	if versions == "" {
		versions = "*"
	}
	return &override{parent: parent, key: key, name: name, versions: versions, value: versions}, nil
}

// rules are the rules that count in a set: the nearest of each key.
func (o *override) rules() []*override {
	if o.ruleset != nil {
		return o.ruleset
	}
	seen := map[string]bool{}
	add := func(r *override) {
		if !seen[r.key] {
			seen[r.key] = true
			o.ruleset = append(o.ruleset, r)
		}
	}
	for at := o; at != nil; at = at.parent {
		for _, child := range at.children {
			add(child)
		}
		if at.parent != nil {
			add(at)
		}
	}
	return o.ruleset
}

// of returns the rule of a set for a dependency, or the set itself where none is of
// it.
func (o *override) of(e *edge) (*override, error) {
	for _, r := range o.rules() {
		if r.name != e.name {
			continue
		}
		if r.versions == "*" {
			return r, nil
		}
		asked, err := parseRequest(e.name, e.spec)
		if err != nil {
			return nil, err
		}
		text := asked.text
		switch kind := asked.kind; {
		case kind == ofGit && asked.git.versions == "":
			continue
		case kind == ofGit:
			text = asked.git.versions
		case kind == ofRange, kind == ofAlias && asked.aliased == ofRange:
		default:
			return r, nil // nothing to compare with
		}
		meet, err := intersect(text, r.versions)
		if err != nil {
			return nil, err
		}
		if meet {
			return r, nil
		}
	}
	return o, nil
}

// intersect reports whether two ranges have versions in common, read as npm reads
// them here: strictly.
func intersect(a, b string) (bool, error) {
	r, okR := semver.ParseRange(a, semver.Options{})
	s, okS := semver.ParseRange(b, semver.Options{})
	if !okR || !okS {
		return false, fmt.Errorf("%w: %q and %q can't be compared", errRequest, shown(a), shown(b))
	}
	return r.Intersects(s), nil
}

// equal reports whether two sets say the same.
func (o *override) equal(p *override) bool {
	for ; o != p; o, p = o.parent, p.parent {
		if o == nil || p == nil || o.key != p.key || o.value != p.value || !o.alike(p) {
			return false
		}
	}
	return true
}

// alike reports whether two rules have the same rules below them.
func (o *override) alike(p *override) bool {
	if len(o.children) != len(p.children) {
		return false
	}
	for _, child := range o.children {
		other := p.child(child.key)
		if other == nil || other.value != child.value || !child.alike(other) {
			return false
		}
	}
	return true
}

func (o *override) child(key string) *override {
	for _, child := range o.children {
		if child.key == key {
			return child
		}
	}
	return nil
}

// narrower returns the one of two sets that is inside the other; where neither is,
// the nearest set around both, or nil where they contradict each other.
func narrower(a, b *override) *override {
	for at := b; at != nil; at = at.parent {
		if at.equal(a) {
			return b
		}
	}
	for at := a; at != nil; at = at.parent {
		if at.equal(b) {
			return a
		}
	}
	if contradict(a, b) {
		return nil
	}
	for at := b; at != nil; at = at.parent {
		for other := a; other != nil; other = other.parent {
			if other.equal(at) {
				return other
			}
		}
	}
	return nil
}

// contradict reports whether two sets ask for versions of one package that have
// nothing in common.
func contradict(a, b *override) bool {
	for _, r := range a.rules() {
		for _, s := range b.rules() {
			if r.key != s.key || r.equal(s) || strings.HasPrefix(r.value, "$") || strings.HasPrefix(s.value, "$") {
				continue
			}
			first, errFirst := registryRequest(r.value)
			second, errSecond := registryRequest(s.value)
			if errFirst != nil || errSecond != nil || first.kind != ofRange || second.kind != ofRange {
				continue
			}
			if meet, err := intersect(first.text, second.text); err == nil && !meet {
				return true
			}
		}
	}
	return false
}

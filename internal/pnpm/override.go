package pnpm

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/semver"
)

// selector is one side of an override's: a package, and the wishes that it is about.
type selector struct{ name, wish string }

// arrow parts the two sides of a selector: a > that is no part of a range.
var arrow = lazyregexp.New(`[^ |@]>`)

// selected reads an override's selector, "parent@1>child@^2".
func selected(text string) (parent, target selector) {
	if at := arrow().FindStringIndex(text); at != nil {
		return side(text[:at[0]+1]), side(text[at[0]+2:])
	}
	return selector{}, side(text)
}

func side(text string) selector {
	if i := strings.LastIndexByte(text, '@'); i > 0 {
		return selector{text[:i], text[i+1:]}
	}
	return selector{name: text}
}

// applied are the project's own dependencies as overrides and ignoredOptionalDependencies
// leave them: that is what the lockfile's specifiers have to be.
func (s *settings) applied() map[locked.Kind]map[string]string {
	m := s.beside.Manifest
	out := map[locked.Kind]map[string]string{locked.Prod: {}, locked.Dev: {}, locked.Optional: {}}
	overrides := s.overrides()
	keys := make([]string, 0, len(overrides))
	for k := range overrides {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for kind, all := range out { // each is filled by itself
		for name, spec := range m.deps[kind] {
			if spec := overridden(m, keys, overrides, name, spec); spec != "-" {
				all[name] = spec
			}
		}
	}
	ignored := newMatcher(s.ignoredOptional())
	for name := range out[locked.Optional] {
		if ignored.takes(name) {
			delete(out[locked.Optional], name)
			delete(out[locked.Prod], name)
		}
	}
	return out
}

// overridden is what the project's own wish becomes: the most specific override counts, one
// that names the project as the parent before one that names none.
func overridden(m *Manifest, keys []string, overrides map[string]string, name, spec string) string {
	best, value, found := selector{}, spec, false
	for _, withParent := range []bool{true, false} {
		for _, key := range keys {
			parent, target := selected(key)
			if target.name != name || (parent.name != "") != withParent || !meet(target.wish, spec) {
				continue
			}
			if withParent && (parent.name != m.Name || parent.wish != "" && !satisfies(m.Version, parent.wish)) {
				continue
			}
			if !found || meet(best.wish, target.wish) && target.wish != "" {
				best, value, found = target, overrides[key], true
			}
		}
		if found {
			break
		}
	}
	return value
}

// meet reports whether an override for one wish is about another.
func meet(of, wish string) bool {
	if of == "" || of == wish {
		return true
	}
	a, known := semver.ParseRange(of, semver.Options{})
	b, also := semver.ParseRange(wish, semver.Options{})
	return known && also && a.Intersects(b)
}

func satisfies(version, wish string) bool {
	v, ok := semver.Parse(version, semver.Options{})
	r, also := semver.ParseRange(wish, semver.Options{})
	return ok && also && r.Fits(v)
}

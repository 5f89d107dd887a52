package npm

import (
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/sri"
)

// fetched reports whether e is a tarball of its own, and no part of another's.
func (l *Lockfile) fetched(e *Entry) bool {
	return !e.Link && !e.local() && l.Bundler(e) == nil
}

func (e *Entry) id() string { return e.Name + "@" + e.Version }

// source is what two entries share whose bytes must be the same: the version, and
// where it comes from.
func (e *Entry) source() string {
	o := e.Origin()
	if o.From == locked.FromRegistry {
		return e.id()
	}
	return e.id() + " from " + o.Address
}

// named is what one place of a lockfile says about a version's bytes.
type named struct {
	integrity sri.Integrity
	place     string
}

// complete finds, for each entry that names its bytes by a weak digest or not at
// all, what the rest of the lockfile says about the same version: other entries, and
// the "dependencies" that version 2 keeps for npm 6. npm 7 and later do not read
// the latter, so it only ever adds to what an entry is held to.
func (l *Lockfile) complete() {
	weak := map[string][]*Entry{}
	for _, e := range l.entries {
		if own, err := sri.Parse(e.Integrity); l.fetched(e) && own.Weak() && (err == nil || strings.TrimSpace(e.Integrity) == "") {
			weak[e.source()] = append(weak[e.source()], e)
		}
	}
	if len(weak) == 0 {
		return
	}
	places := map[string][]named{}
	add := func(source, integrity, place string) {
		if i, err := sri.Parse(integrity); err == nil && weak[source] != nil {
			places[source] = append(places[source], named{i, place})
		}
	}
	for _, e := range l.entries {
		if l.fetched(e) {
			add(e.source(), e.Integrity, e.Path)
		}
	}
	if l.Format == 2 {
		l.legacyDigests(add)
	}
	for source, entries := range weak {
		for _, e := range entries {
			e.hear(places[source])
		}
	}
}

// hear fills in Elsewhere, or against.
func (e *Entry) hear(places []named) {
	all, _ := sri.Parse(e.Integrity) // the zero value of nothing
	for _, n := range places {
		switch {
		case n.place == e.Path:
		case all.Contradicts(n.integrity):
			e.against = n.place
			return
		default:
			all = all.Join(n.integrity)
		}
	}
	if own, _ := sri.Parse(e.Integrity); all.String() != own.String() {
		e.Elsewhere = all.String()
	}
}

// legacyDigests calls add with the integrities of the section "dependencies". What
// it can't make sense of it passes over: npm does not read it.
func (l *Lockfile) legacyDigests(add func(source, integrity, place string)) {
	p := newParser(l.legacy, "")
	var section func(place string)
	section = func(place string) {
		p.Object(func(name string, _ int) {
			if p.Peek() != '{' {
				p.Skip()
				return
			}
			e, here := Entry{Name: name}, place+" > "+name
			p.Object(func(key string, _ int) {
				switch {
				case key == "version":
					e.Version = p.orFalse()
				case key == "integrity":
					e.Integrity = p.orFalse()
				case key == "bundled":
					e.InBundle = e.InBundle || p.Peek() == 't'
					p.Skip()
				case key == "dependencies" && p.Peek() == '{':
					section(here)
				default:
					p.Skip()
				}
			})
			if alias, ok := strings.CutPrefix(e.Version, "npm:"); ok {
				i := strings.LastIndexByte(alias, '@')
				e.Name, e.Version = alias[:max(i, 0)], alias[i+1:]
			}
			if !e.InBundle { // of a version that is an address, no entry has the id
				add(e.id(), e.Integrity, here)
			}
		})
	}
	if p.Peek() == '{' {
		section("dependencies")
	}
}

// unreadable reports an integrity that is there and names nothing.
func (e *Entry) unreadable() *diag.Problem {
	if _, err := sri.Parse(e.Integrity); err == nil || strings.TrimSpace(e.Integrity) == "" {
		return nil
	}
	return e.problem(CodeNoIntegrity, quote(e.Path)+" has an integrity in which no digest can be read: "+quote(e.Integrity),
		"it was meant to name the bytes, and nothing can be held to it",
		"write what `npm view "+diag.Word(e.id())+" dist.integrity` prints in its place")
}

// conflict reports a version that two places name different bytes for. Seen holds the
// places of the tree that were looked at.
func (e *Entry) conflict(seen map[string]named, file string) *diag.Problem {
	own, _ := sri.Parse(e.Integrity) // the zero value of nothing
	before, ok := seen[e.id()]
	other := e.against
	switch {
	case other != "":
	case ok && before.integrity.Contradicts(own):
		other = before.place
	case ok:
		seen[e.id()] = named{before.integrity.Join(own), before.place}
		return nil
	default:
		seen[e.id()] = named{own, e.Path}
		return nil
	}
	return e.problem(CodeConflict, e.id()+" has another integrity at "+quote(e.Path)+" than at "+quote(other),
		"a published version never changes: one of the two is not what its author published",
		"find out how the second one came in (`git log -p "+diag.Word(file)+"`), and write what `npm view "+diag.Word(e.id())+" dist.integrity` prints at both places")
}

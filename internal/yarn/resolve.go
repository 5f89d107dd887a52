package yarn

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// pkg is a version as yarn has it once it asked for it: one for each name and version, and
// a further one for a pattern that is no range, such as a tag or an alias.
type pkg struct {
	name, version string
	entry         *entry
	says          snapshot.Manifest // what its own manifest says
	known         bool              // ... where that is known
	patterns      []string
	deps          []string // patterns, as the lockfile has them, then those of its peers
	requests      [][]string
	optional      bool // only what is optional asked for it, as far as yarn notices
	asked         bool
	hint          locked.Kind // how it was asked for first, "" for plainly
	cache         string      // where yarn would unpack it: of two with one, hoisting makes one

	ignored      bool // production does not ask for it
	incompatible bool // optional, and can't run here
}

// request is one package that asks for another, or the project (parents nil).
type request struct {
	pattern  string
	parents  []string
	nested   bool // parents is known: what the project itself asks for has none
	optional bool
	hint     locked.Kind
	from     *pkg
	pos      *wish
}

// resolver follows the patterns as yarn does (package-resolver, package-request). Which of
// two requests comes first decides what is noted of a package, so the order is yarn's: one
// wish of the project after the other, each level by level.
type resolver struct {
	lock     *Lockfile
	patterns map[string]*pkg
	order    []string // of patterns
	byName   map[string][]string
	delayed  []request // for what is known already
	late     []request // for a resolution that was not known yet
	missing  []missing
	reported map[string]bool
	named    map[*entry]string // the name that yarn gives an entry: that of the first pattern that asks for it
}

// missing is a pattern that the lockfile does not answer, or answers with another version.
type missing struct {
	request
	entry *entry
}

func (l *Lockfile) resolve() *resolver {
	r := &resolver{lock: l, patterns: map[string]*pkg{}, byName: map[string][]string{}, reported: map[string]bool{}, named: map[*entry]string{}}
	for _, res := range l.resolutions {
		r.ask(request{pattern: res.pattern()})
	}
	for i := range l.manifest.wishes {
		w := &l.manifest.wishes[i]
		hint := w.kind
		if hint == locked.Prod {
			hint = ""
		}
		r.ask(request{pattern: l.rootPattern(w), optional: w.kind == locked.Optional, hint: hint, pos: w})
	}
	for _, q := range r.delayed {
		r.exists(q)
	}
	for _, q := range r.late {
		r.resolved(q)
	}
	return r
}

// rootPattern is how yarn asks for a wish: by its name alone where the lockfile answers that.
func (l *Lockfile) rootPattern(w *wish) string {
	if l.entries[w.name] != nil {
		return w.name
	}
	return w.pattern()
}

// ask follows one wish of the project to its end.
func (r *resolver) ask(first request) {
	var queue []request
	push := func(q request) {
		if r.resolved(q) {
			return
		}
		name, _ := split(q.pattern)
		e := r.lock.entries[q.pattern]
		if e == nil || outdated(q.pattern, e) {
			if !r.reported[q.pattern] {
				r.reported[q.pattern] = true
				r.missing = append(r.missing, missing{q, e})
			}
			return
		}
		if r.named[e] == "" {
			r.named[e] = cmp.Or(e.name, name)
		}
		queue = append(queue, q)
	}
	push(first)
	for ; len(queue) > 0; queue = queue[1:] {
		r.find(queue[0], push)
	}
}

// outdated reports whether an entry does not answer what its pattern says.
func outdated(pattern string, e *entry) bool {
	_, spec := split(pattern)
	if spec == "" {
		return false
	}
	wanted, ok := semver.ParseRange(spec, semver.Options{})
	v, valid := semver.Parse(e.version, semver.Options{})
	return ok && valid && !exotic(spec) && !wanted.Fits(v)
}

// find is what becomes of a request once its entry is known.
func (r *resolver) find(q request, push func(request)) {
	name, spec := split(q.pattern)
	e := r.lock.entries[q.pattern]
	own := r.named[e]
	if exotic(spec) {
		own = name
	}
	if strings.Contains(q.pattern[1:], "@") && isRange(spec) && r.same(name, e.version) != nil {
		r.delayed = append(r.delayed, q)
		return
	}
	p := &pkg{name: own, version: e.version, entry: e, requests: [][]string{q.parents}, hint: q.hint, optional: q.optional, asked: true}
	p.cache = strings.Join([]string{own, e.version, e.uid, hashOf(e), strings.TrimSpace(e.integrity)}, "\x00")
	r.add(q.pattern, p)
	p.patterns = append(p.patterns, q.pattern)
	deps, optional := e.asks()
	for i, d := range append(slices.Clone(deps), optional...) {
		hint := locked.Kind("")
		if i >= len(deps) {
			hint = locked.Optional
		}
		p.deps = append(p.deps, d.pattern())
		push(request{pattern: d.pattern(), parents: append(slices.Clip(q.parents), name), nested: true, optional: q.optional || i >= len(deps), hint: hint, from: p})
	}
}

// asks are the dependencies of an entry in yarn's order, each name once: what is in both
// sections is optional.
func (e *entry) asks() (deps, optional []dep) {
	said, isOptional := map[string]string{}, map[string]bool{}
	for i, d := range slices.Concat(e.optional, e.deps) {
		if said[d.name] == "" && d.spec != "" && d.spec != "*" {
			said[d.name] = d.spec
		}
		isOptional[d.name] = isOptional[d.name] || i < len(e.optional)
	}
	take := func(all []dep, wanted bool) (out []dep) {
		for _, d := range inOrder(all, func(d dep) string { return d.name }) {
			if isOptional[d.name] == wanted {
				out = append(out, dep{d.name, cmp.Or(said[d.name], d.spec)})
			}
		}
		return out
	}
	return take(e.deps, false), take(e.optional, true)
}

// same is the package of a name that has a version already.
func (r *resolver) same(name, version string) *pkg {
	for _, pattern := range r.byName[name] {
		if p := r.patterns[pattern]; p.version == version {
			return p
		}
	}
	return nil
}

func (r *resolver) add(pattern string, p *pkg) {
	if r.patterns[pattern] == nil {
		r.order = append(r.order, pattern)
	}
	r.patterns[pattern] = p
	if !slices.Contains(r.byName[p.name], pattern) {
		r.byName[p.name] = append(r.byName[p.name], pattern)
	}
}

// exists notes a request for a package that is known.
func (r *resolver) exists(q request) {
	name, _ := split(q.pattern)
	p := r.same(name, r.lock.entries[q.pattern].version)
	if p == nil {
		return
	}
	p.requests = append(p.requests, q.parents)
	r.add(q.pattern, p)
	p.patterns = append(p.patterns, q.pattern)
	p.optional = p.optional && q.optional
}

// resolved answers a request with what package.json's resolutions put in its place, and
// reports whether any did. What the project asks for itself is not looked at.
func (r *resolver) resolved(q request) bool {
	if !q.nested {
		return false
	}
	name, _ := split(q.pattern)
	at := strings.Join(append(slices.Clip(q.parents), name), "/")
	for _, res := range r.lock.resolutions {
		if res.name != name || !res.matches(at) {
			continue
		}
		p := r.patterns[res.pattern()]
		if p == nil {
			r.late = append(r.late, q)
			return true
		}
		p.patterns = append(p.patterns, q.pattern)
		r.add(q.pattern, p)
		return true
	}
	return false
}

// packages are what was found, each once, in the order of their patterns.
func (r *resolver) packages() []*pkg {
	seen := map[*pkg]bool{}
	var all []*pkg
	for _, pattern := range r.order {
		if p := r.patterns[pattern]; !seen[p] {
			seen[p] = true
			all = append(all, p)
		}
	}
	return all
}

// look fills in what the packages say of themselves. Of two that yarn unpacks to one place
// it looks into the first alone.
func (r *resolver) look(manifests Manifests) {
	unpacked := map[string]bool{}
	for _, p := range r.packages() {
		if unpacked[p.cache] || manifests == nil {
			continue
		}
		unpacked[p.cache] = true
		p.says, p.known = manifests(p.entry.realName(), p.version)
	}
}

// peers has packages depend on those of their peers that stand above them (yarn's
// resolvePeerModules): a request for the peer came from where the request for the package
// came through, and the nearest of them counts.
func (r *resolver) peers() {
	all := r.packages()
	byName := map[string][]*pkg{}
	for name, patterns := range r.byName {
		seen := map[*pkg]bool{}
		for _, pattern := range patterns {
			if p := r.patterns[pattern]; !seen[p] {
				seen[p] = true
				byName[name] = append(byName[name], p)
			}
		}
	}
	for _, p := range all {
		if len(p.says.Peers) == 0 {
			continue
		}
		way := p.requests[0]
		for _, parents := range p.requests {
			if len(parents) < len(way) {
				way = parents
			}
		}
		for _, name := range inOrder(slices.Sorted(maps.Keys(p.says.Peers)), func(s string) string { return s }) {
			var nearest *pkg
			distance := -1
			for _, peer := range byName[name] {
				d := above(peer, way)
				if d >= 0 && (distance < 0 || d < distance) && fitsPeer(p.says.Peers[name], peer.version) {
					nearest, distance = peer, d
				}
			}
			if nearest != nil {
				p.deps = append(p.deps, nearest.patterns...)
			}
		}
	}
}

// above is how far above the end of a way a package was asked for, -1 where it was not.
func above(p *pkg, way []string) int {
	least := -1
	for _, parents := range p.requests {
		d := len(way) - len(parents)
		if d >= 0 && (least < 0 || d < least) && slices.Equal(parents, way[:len(parents)]) {
			least = d
		}
	}
	return least
}

func fitsPeer(spec, version string) bool {
	o := semver.Options{Loose: true, Prereleases: true}
	wanted, ok := semver.ParseRange(spec, o)
	v, valid := semver.Parse(version, o)
	return spec == "*" || ok && valid && wanted.Fits(v)
}

// isRange reports whether a text is a version or a range; nothing is any version.
func isRange(spec string) bool {
	_, ok := semver.ParseRange(spec, semver.Options{})
	return ok
}

package debian

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/debian/debversion"
	"github.com/nbuild/nbuild/internal/diag"
)

// universe is every package of one architecture that the wanted suites have: of
// each name the newest version, and who provides which name.
type universe struct {
	packages  map[string]candidate
	providers map[string][]string // names that are provided, by the names of their providers
}

func newUniverse() *universe {
	return &universe{packages: map[string]candidate{}, providers: map[string][]string{}}
}

// add takes a package in, unless a newer one of its name is there.
func (u *universe) add(c candidate) {
	if old, ok := u.packages[c.name]; ok && debversion.Compare(old.version, c.version) >= 0 {
		return
	}
	u.packages[c.name] = c
}

// index makes the table of providers once all packages are in.
func (u *universe) index() {
	for _, name := range slices.Sorted(maps.Keys(u.packages)) {
		groups, err := parseRelations(u.packages[name].provides)
		if err != nil {
			continue // it provides nothing, then
		}
		for _, g := range groups {
			u.providers[g[0].name] = append(u.providers[g[0].name], name)
		}
	}
}

// satisfies reports whether c is what r asks for, by its own name or by one it provides.
// An unversioned provision satisfies no bound (Debian Policy §7.5).
func (c candidate) satisfies(r relation) bool {
	if c.name == r.name {
		return r.holds(c.version)
	}
	return c.provided(r)
}

// provided reports whether c provides what r asks for, by another name.
func (c candidate) provided(r relation) bool {
	if !strings.Contains(c.provides, r.name) {
		return false
	}
	groups, err := parseRelations(c.provides)
	if err != nil {
		return false
	}
	for _, g := range groups {
		if p := g[0]; p.name == r.name && (r.op == "" || p.op == "=" && r.holds(p.version)) {
			return true
		}
	}
	return false
}

// selection is the closure of what is wanted, with the reason for each package.
type selection struct {
	u        *universe
	excluded map[string]bool
	chosen   map[string]string // name to why it is there
	problems diag.Problems
}

// closure selects the wanted packages and all that they need. It works through one
// queue in order, so equal input gives equal output.
func (u *universe) closure(platform string, wanted, excluded []string) (*selection, error) {
	s := &selection{u: u, excluded: map[string]bool{}, chosen: map[string]string{}}
	for _, name := range excluded {
		s.excluded[name] = true
	}
	var queue []string
	for _, name := range slices.Compact(slices.Sorted(slices.Values(wanted))) {
		if _, ok := u.packages[name]; !ok {
			s.problems = append(s.problems, u.unknown(name, platform))
			continue
		}
		delete(s.excluded, name) // who asks for it by name gets it
		s.chosen[name] = "wanted"
		queue = append(queue, name)
	}
	for ; len(queue) > 0; queue = queue[1:] {
		c := u.packages[queue[0]]
		groups, err := parseRelations(c.depends)
		if err != nil {
			s.problems = append(s.problems, depends(platform, c.name+" has dependencies that do not parse", err))
			continue
		}
		for _, group := range groups {
			if s.satisfied(group) {
				continue
			}
			name, ok := s.choose(group)
			if !ok {
				s.problems = append(s.problems, depends(platform, fmt.Sprintf("%s needs %s, which can't be had", c.name, alternatives(group)), nil))
				continue
			}
			s.chosen[name] = c.name + " needs " + alternatives(group)
			queue = append(queue, name)
		}
	}
	if len(s.problems) == 0 {
		s.conflicts(platform)
	}
	return s, s.problems.Err()
}

// satisfied reports whether a group asks for nothing new: one of its alternatives
// is chosen, or excluded.
func (s *selection) satisfied(group []relation) bool {
	for _, r := range group {
		if s.excluded[r.name] {
			return true
		}
		if _, ok := s.chosen[r.name]; ok && s.u.packages[r.name].satisfies(r) {
			return true
		}
		for _, p := range s.u.providers[r.name] {
			if _, ok := s.chosen[p]; ok && s.u.packages[p].provided(r) {
				return true
			}
		}
	}
	return false
}

// choose takes the first alternative that can be had: the package of that name,
// else its first provider by name.
func (s *selection) choose(group []relation) (string, bool) {
	for _, r := range group {
		if c, ok := s.u.packages[r.name]; ok && r.holds(c.version) {
			return r.name, true
		}
		for _, p := range s.u.providers[r.name] {
			if !s.excluded[p] && s.u.packages[p].provided(r) {
				return p, true
			}
		}
	}
	return "", false
}

// conflicts refuses a selection whose members can't stand beside each other.
func (s *selection) conflicts(platform string) {
	names := slices.Sorted(maps.Keys(s.chosen))
	for _, name := range names {
		c := s.u.packages[name]
		groups, err := parseRelations(c.breaks)
		if err != nil {
			s.problems = append(s.problems, depends(platform, name+" has conflicts that do not parse", err))
			continue
		}
		for _, g := range groups {
			for _, other := range names {
				if other != name && s.u.packages[other].satisfies(g[0]) {
					s.problems = append(s.problems, depends(platform, fmt.Sprintf("%s conflicts with %s, and %s is selected", name, g[0], other), nil))
				}
			}
		}
	}
}

func alternatives(group []relation) string {
	texts := make([]string, len(group))
	for i, r := range group {
		texts[i] = r.String()
	}
	return strings.Join(texts, " | ")
}

func depends(platform, what string, err error) *diag.Problem {
	return &diag.Problem{
		Code: CodeDepends, What: what + " (" + platform + ")", Err: err,
		Why:    "a root without it would be one that its packages were not made for",
		Remedy: "change `packages` of the base in build.hcl: leave out the package that asks for it, or name the one that provides it",
	}
}

func (u *universe) unknown(name, platform string) *diag.Problem {
	remedy := "correct its name in the base block of build.hcl"
	if near := diag.Nearest(name, slices.Sorted(maps.Keys(u.packages))); near != "" {
		remedy += "; the nearest name is " + near
	} else if by := u.providers[name]; len(by) > 0 {
		remedy += ": name one of those that provide it (" + strings.Join(by[:min(len(by), 5)], ", ") + ")"
	}
	return &diag.Problem{
		Code: CodeUnknown, What: fmt.Sprintf("the suite has no package %s for %s", name, platform),
		Why: "there is nothing to pin", Remedy: remedy,
	}
}

package comparison

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/sbom"
)

// guards compares the guards of two images, where both are known, platform by
// platform. A platform that was not there is compared with the first that was: what
// it may load is as new on it as it would be there.
func (c *comparison) guards() {
	if len(c.a.Guards) == 0 || len(c.b.Guards) == 0 {
		return
	}
	for i := range c.b.Guards {
		a, b := &c.a.Guards[0], &c.b.Guards[i]
		if j := slices.IndexFunc(c.a.Guards, func(g sbom.Guard) bool { return g.Platform == b.Platform }); j >= 0 {
			a = &c.a.Guards[j]
		}
		c.guard(a, b)
	}
}

func (c *comparison) guard(a, b *sbom.Guard) {
	const mode = "guard.mode"
	switch {
	case a.Mode == "" && b.Mode == "":
		return
	case b.Mode == "":
		c.of(GuardRemoved, mode, &a.Mode, nil)
		return
	case a.Mode == "":
		c.of(GuardAdded, mode, nil, &b.Mode)
		return
	}
	c.strictness(mode, a.Mode, b.Mode)
	c.strictness("guard.eval", a.Eval, b.Eval)
	for _, s := range b.Lets {
		if !lets(a.Lets, s) {
			c.of(GuardWeakened, s.Name, nil, &s.Value)
		}
	}
	for _, s := range a.Lets {
		if !lets(b.Lets, s) {
			c.of(GuardTightened, s.Name, &s.Value, nil)
		}
	}
	c.guardFiles(a.Files, b.Files)
	c.lists(a, b)
}

// modes are how a guard may treat what it does not allow, the strictest last.
var modes = []string{"off", "report", "enforce"}

func (c *comparison) strictness(name, a, b string) {
	switch was, is := slices.Index(modes, a), slices.Index(modes, b); {
	case is < was:
		c.of(GuardWeakened, name, &a, &b)
	case is > was:
		c.of(GuardTightened, name, &a, &b)
	}
}

// lets reports whether settings let a thing pass: they name it, or all of its kind.
func lets(all []sbom.Setting, s sbom.Setting) bool {
	kind, _, _ := strings.Cut(s.Value, "=")
	return slices.ContainsFunc(all, func(o sbom.Setting) bool {
		return o.Name == s.Name && (o.Value == s.Value || o.Value == "*" || o.Value == kind+"=*")
	})
}

// guardFiles compares the guard's own code.
func (c *comparison) guardFiles(a, b []sbom.Setting) {
	find := func(all []sbom.Setting, name string) *string {
		if i := slices.IndexFunc(all, func(s sbom.Setting) bool { return s.Name == name }); i >= 0 {
			return &all[i].Value
		}
		return nil
	}
	for _, now := range b {
		if was := find(a, now.Name); was == nil || *was != now.Value {
			c.of(GuardChanged, now.Name, was, &now.Value)
		}
	}
	for _, was := range a {
		if find(b, was.Name) == nil {
			c.of(GuardChanged, was.Name, &was.Value, nil)
		}
	}
}

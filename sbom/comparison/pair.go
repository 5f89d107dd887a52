package comparison

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom"
)

// pair compares one package as it was and as it is.
func (c *comparison) pair(a, b *sbom.Item) {
	switch {
	case strings.HasPrefix(b.Purl, "pkg:oci/") && a.Version != b.Version:
		c.add(BaseChanged, b, &a.Version, &b.Version)
	case a.Version == b.Version:
		if a.Path != b.Path && a.Path != "" && b.Path != "" {
			c.add(Moved, b, &a.Path, &b.Path)
		}
		if differ(a.Hashes, b.Hashes) {
			c.integrity(a, b)
		}
	case compareVersions(b.Purl, a.Version, b.Version) > 0:
		c.add(Downgrade, b, &a.Version, &b.Version)
	default:
		c.add(Upgrade, b, &a.Version, &b.Version)
	}
	if a.Registry != "" && b.Registry != "" && a.Registry != b.Registry {
		c.add(RegistryChanged, b, &a.Registry, &b.Registry)
	}
	if a.Basis != "" && b.Basis != "" && weaker(b.Basis, a.Basis) {
		c.add(IntegrityWeakened, b, text(a.Basis), text(b.Basis))
	}
	c.origin(a, b)
	if known(a.License) && known(b.License) && a.License != b.License {
		c.add(LicenceChanged, b, &a.License, &b.License)
	}
	if a.Provenance != "" && a.Provenance != snapshot.NoProvenance && b.Provenance == snapshot.NoProvenance {
		c.add(ProvenanceLost, b, &a.Provenance, &b.Provenance)
	}
	if a.Maintainers != nil && b.Maintainers != nil {
		for _, m := range b.Maintainers {
			if !slices.Contains(a.Maintainers, m) {
				c.add(NewMaintainer, b, nil, &m)
			}
		}
	}
	c.dynamism(a, b)
}

// weaker is snapshot.Basis.Weaker, to which a lockfile that was not pinned is worth
// what a registry is: the most that pinning it can come to.
func weaker(b, o snapshot.Basis) bool {
	pinned := func(b snapshot.Basis) snapshot.Basis {
		if b == sbom.Unpinned {
			return snapshot.BasisRegistry
		}
		return b
	}
	return pinned(b).Weaker(pinned(o))
}

func text(b snapshot.Basis) *string {
	s := string(b)
	return &s
}

// origin reports that bytes come from another place: from an address and no longer from
// the registry, from another host, from a file. That they come from whichever registry
// is configured, and no longer from an address, is what a person configures.
func (c *comparison) origin(a, b *sbom.Item) {
	from, to := a.Origin, b.Origin
	if from == "" || to == "" || from == to || vague(from, to) || vague(to, from) {
		return
	}
	c.add(OriginChanged, b, &from, &to)
	if to == sbom.OriginRegistry && strings.Contains(from, "://") {
		c.changes[len(c.changes)-1].Severity = Low
	}
}

// vague reports whether one side only knows what kind of place the other side names.
func vague(kind, place string) bool {
	switch kind {
	case sbom.OriginAddress:
		return strings.Contains(place, "://")
	case sbom.OriginFile:
		return strings.HasPrefix(place, "file:")
	}
	return false
}

func known(licence string) bool { return licence != "" && licence != sbom.NoAssertion }

// integrity reports that one version has other bytes than it had.
func (c *comparison) integrity(a, b *sbom.Item) {
	from, to := differing(a.Hashes, b.Hashes), differing(b.Hashes, a.Hashes)
	c.add(IntegrityChanged, b, &from, &to)
}

// dynamism compares what an install would run and what machine code there is. A
// new package (a nil) is measured against nothing.
func (c *comparison) dynamism(a, b *sbom.Item) {
	if a == nil {
		a = &sbom.Item{Inventory: true, Searched: true}
	}
	c.found(a, b)
	hadScript, knownA := a.RunsScript()
	hasScript, knownB := b.RunsScript()
	if !knownA || !knownB {
		return
	}
	if !a.Inventory || !b.Inventory {
		if !hadScript && hasScript {
			text := strings.Join(b.Scripts, "\n")
			if text == "" {
				text = sbom.UnknownScript
			}
			c.add(NewInstallScript, b, nil, &text)
		}
		return
	}
	had := map[string]string{}
	for _, s := range a.Scripts {
		event, text, _ := strings.Cut(s, ": ")
		had[event] = text
	}
	for _, s := range b.Scripts {
		event, text, _ := strings.Cut(s, ": ")
		switch before, ok := had[event]; {
		case !ok:
			c.add(NewInstallScript, b, nil, &s)
		case before != text:
			from := event + ": " + before
			c.add(InstallScriptChanged, b, &from, &s)
		}
	}
	if b.Gyp && !a.Gyp {
		text := "binding.gyp"
		c.add(NewImplicitGyp, b, nil, &text)
	}
	for _, f := range b.Addons {
		if !slices.Contains(a.Addons, f) {
			c.add(NewNativeAddon, b, nil, &f)
		}
	}
	for _, f := range b.Binaries {
		// An addon is reported once, as what it is.
		if !slices.Contains(a.Binaries, f) && !slices.Contains(b.Addons, f) {
			c.add(NewPrebuiltBinary, b, nil, &f)
		}
	}
}

// differ reports whether two lists of hashes contradict each other: both have a
// hash of one algorithm, and share none of it.
func differ(a, b []string) bool {
	for _, h := range a {
		algorithm, _, _ := strings.Cut(h, ":")
		both, shared := false, false
		for _, o := range b {
			if strings.HasPrefix(o, algorithm+":") {
				both = true
				shared = shared || slices.Contains(a, o)
			}
		}
		if both && !shared {
			return true
		}
	}
	return false
}

// differing lists the hashes of a whose algorithm b has with another value.
func differing(a, b []string) string {
	var out []string
	for _, h := range a {
		algorithm, _, _ := strings.Cut(h, ":")
		if !slices.Contains(b, h) && slices.ContainsFunc(b, func(o string) bool { return strings.HasPrefix(o, algorithm+":") }) {
			out = append(out, h)
		}
	}
	return strings.Join(out, " ")
}

package pnpm

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/strictyaml"
)

// For holds the lockfile against what stands beside it, as `pnpm install
// --frozen-lockfile` does before it installs, and returns it as trees are planned from.
// The error is a diag.Problems.
func (l *Lockfile) For(b Beside) (*Lockfile, error) {
	s, err := newSettings(l, b)
	if err != nil {
		return nil, err
	}
	held := *l
	held.project = b.Manifest
	var ps diag.Problems
	if held.layout, ps = s.layout(); len(ps) > 0 {
		return nil, ps
	}
	if ps = s.refused(l); len(ps) == 0 {
		ps = l.settled(s)
	}
	if len(ps) == 0 {
		ps = l.agrees(s)
	}
	if err := ps.Err(); err != nil {
		return nil, err
	}
	return &held, nil
}

// outdated is a problem that pnpm installs nothing with.
func (l *Lockfile) outdated(at diag.Pos, what, why string) *diag.Problem {
	return &diag.Problem{
		Code: npm.CodeManifest, Pos: at, What: what, Why: why + "; pnpm install --frozen-lockfile refuses that as well",
		Remedy: "run " + l.relock() + ", and review the diff",
	}
}

// settled holds the settings that the lockfile was resolved with against those of today
// (pnpm, getOutdatedLockfileSetting).
func (l *Lockfile) settled(s *settings) diag.Problems {
	at := func(line int) diag.Pos { return diag.Pos{File: l.File, Line: max(line, 1)} }
	differs := func(line int, name string) diag.Problems {
		return diag.Problems{l.outdated(at(line), "the lockfile was written with other "+name+" than the project has now", "which versions were chosen depends on them")}
	}
	catalogs := s.catalogs()
	for name, catalog := range l.catalogs { // one problem, whichever it is
		for alias, specifier := range catalog {
			if catalogs[name][alias] != specifier {
				return differs(l.catalogsLine, "catalogs")
			}
		}
	}
	if !maps.Equal(l.overrides, s.overrides()) {
		return differs(l.overridesLine, "overrides")
	}
	if (l.extensionsSum != "") != s.extends() {
		return differs(l.extensionsLine, "packageExtensions")
	}
	if !slices.Equal(slices.Sorted(slices.Values(l.ignoredOptional)), slices.Sorted(slices.Values(s.ignoredOptional()))) {
		return differs(l.ignoredLine, "ignoredOptionalDependencies")
	}
	if s.patches() {
		return differs(l.patchedLine, "patchedDependencies")
	}
	for _, key := range []struct {
		name, setting, usual string
		always               bool
	}{
		{"autoInstallPeers", "auto-install-peers", "true", false},
		{"excludeLinksFromLockfile", "exclude-links-from-lockfile", "false", false},
		{"peersSuffixMaxLength", "peers-suffix-max-length", "1000", true},
	} {
		said, stands := l.settings[key.name]
		if !stands && key.always {
			said, stands = key.usual, s.major >= 9
		}
		if stands && said != s.text(key.setting, key.usual) {
			return differs(1, "settings ("+key.setting+")")
		}
	}
	if sum := s.pnpmfileSum(); l.pnpmfileSum != sum && (l.pnpmfileSum == "" || sum == "" || s.comparable(l.pnpmfileSum)) {
		return differs(l.pnpmfileLine, ".pnpmfile.cjs")
	}
	return nil
}

// extends reports whether the project adds to what packages say (packageExtensions). pnpm
// keeps a digest of them; that there are some, or none, is what is compared here.
func (s *settings) extends() bool {
	if v := s.workspace.Get("packageExtensions"); v != nil && s.major >= 10 {
		return len(v.Entries) > 0
	}
	return s.beside.Manifest.extensions && s.major < 11
}

// patches reports whether the project patches a package, where its lockfile has none.
func (s *settings) patches() bool {
	if v := s.workspace.Get("patchedDependencies"); v != nil && s.major >= 10 {
		return v.Kind == strictyaml.Map && len(v.Entries) > 0
	}
	return len(s.beside.Manifest.patched) > 0 && s.major < 11
}

// pnpmfileSum is what pnpm writes into the lockfile of its hooks.
func (s *settings) pnpmfileSum() string {
	if s.beside.Pnpmfile == nil || s.truth("ignore-pnpmfile", false) {
		return ""
	}
	text := strings.ReplaceAll(string(s.beside.Pnpmfile), "\r\n", "\n")
	if s.major < 10 {
		return digest(text, s.major)
	}
	return whole(text)
}

// comparable reports whether a digest in a lockfile is of the kind that this pnpm writes.
func (s *settings) comparable(sum string) bool {
	return strings.HasPrefix(sum, "sha256-") == (s.major >= 10)
}

// agrees holds the dependencies of the lockfile against those of package.json (pnpm,
// satisfiesPackageManifest).
func (l *Lockfile) agrees(s *settings) diag.Problems {
	m := s.beside.Manifest
	i := l.importers["."]
	if i == nil {
		return diag.Problems{l.outdated(diag.Pos{File: l.File, Line: max(1, l.importersLine)}, "the lockfile has no entry for the project beside it", "its importers name other folders only")}
	}
	applied := s.applied()
	wanted := map[string]wish{}
	for _, kind := range []locked.Kind{locked.Dev, locked.Prod, locked.Optional} { // of one in two of them the last counts
		for name, spec := range applied[kind] {
			wanted[name] = wish{kind, spec}
		}
	}
	if s.truth("auto-install-peers", true) {
		for name, spec := range m.peers {
			if _, ok := wanted[name]; !ok {
				wanted[name] = wish{locked.Prod, spec}
			}
		}
	}
	without := s.truth("exclude-links-from-lockfile", false)
	has := map[string]bool{}
	var ps diag.Problems
	for _, kind := range []locked.Kind{locked.Prod, locked.Dev, locked.Optional} {
		for _, d := range i.direct[kind] {
			has[d.name] = true
			w, ok := wanted[d.name]
			at := diag.Pos{File: l.File, Line: d.line}
			switch {
			case !ok:
				ps = append(ps, l.outdated(at, "the lockfile has "+d.name+" "+strconv.Quote(shown(d.specifier))+", which package.json does not ask for", "they do not belong together"))
			case w.spec != d.specifier:
				ps = append(ps, l.outdated(m.place(d.name), "package.json asks for "+d.name+" "+strconv.Quote(shown(w.spec))+", and the lockfile was written for "+strconv.Quote(shown(d.specifier)), "which version answers may be another now"))
			case w.kind != kind:
				ps = append(ps, l.outdated(m.place(d.name), d.name+" stands in "+field(w.kind)+" of package.json and in "+field(kind)+" of the lockfile", "what an image takes depends on it"))
			case broken(d):
				ps = append(ps, l.outdated(at, "the lockfile has "+d.name+" "+strconv.Quote(d.version)+", which "+strconv.Quote(d.specifier)+" does not take", "no pnpm chose it for that"))
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if w := wanted[name]; !has[name] && !(without && strings.HasPrefix(w.spec, "link:")) {
			ps = append(ps, l.outdated(m.place(name), "package.json asks for "+name+" "+strconv.Quote(shown(w.spec))+", which the lockfile does not have", "which version answers was not decided yet"))
		}
	}
	if i.publishDir != m.publishDir {
		ps = append(ps, l.outdated(diag.Pos{File: m.File}, "publishConfig.directory of package.json is not what the lockfile has", "the folder that others link is another one"))
	}
	if meta(i.meta) != meta(m.meta) {
		ps = append(ps, l.outdated(diag.Pos{File: m.File}, "dependenciesMeta of package.json is not what the lockfile has", "it decides how packages are laid out"))
	}
	ps.Sort()
	return ps
}

// wish is what a package.json asks for.
type wish struct {
	kind locked.Kind
	spec string
}

func meta(form string) string {
	if form == "{}" {
		return ""
	}
	return form
}

func field(kind locked.Kind) string {
	switch kind {
	case locked.Dev:
		return "devDependencies"
	case locked.Optional:
		return "optionalDependencies"
	}
	return "dependencies"
}

// broken reports whether the version of a dependency does not answer its own specifier.
func broken(d direct) bool {
	r, ranged := semver.ParseRange(d.specifier, semver.Options{})
	v, ok := semver.Parse(withoutSuffix(d.version), semver.Options{})
	return ranged && ok && !r.Fits(v)
}

// place is where a dependency stands in package.json.
func (m *Manifest) place(name string) diag.Pos { return diag.Pos{File: m.File, Line: m.at[name]} }

func sortedKeys(v *strictyaml.Value) []string {
	keys := make([]string, len(v.Entries))
	for i, e := range v.Entries {
		keys[i] = e.Key
	}
	slices.Sort(keys)
	return keys
}

// shown is a wish in a form that may be shown: an address has no password.
func shown(spec string) string {
	if !strings.Contains(spec, "://") {
		return spec
	}
	return locked.Origin{From: locked.FromUnknown, Address: spec}.Shown()
}

package pnpm

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictyaml"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// CodeUnsupported is a project that makes use of what nbuild does not do as pnpm does.
const CodeUnsupported diag.Code = "NB0384"

// Beside is what stands beside a lockfile and decides, with it, what the tree is.
type Beside struct {
	Manifest  *Manifest
	Npmrc     func(key string) []string // the values of a setting in the project's .npmrc
	Workspace []byte                    // pnpm-workspace.yaml, nil where there is none
	Pnpmfile  []byte                    // .pnpmfile.cjs, nil where there is none
	Folder    string                    // in which they stand, as the user would type it, with a slash at its end or ""
}

// settings are what a project says to pnpm, wherever it says that.
type settings struct {
	major     int
	beside    Beside
	workspace *strictyaml.Value
	file      string // pnpm-workspace.yaml, as the user would type it
}

// workspaceFile is where pnpm's settings stand since pnpm 10.
const workspaceFile = "pnpm-workspace.yaml"

func newSettings(l *Lockfile, b Beside) (*settings, error) {
	s := &settings{beside: b, file: b.Folder + workspaceFile, major: 10}
	if l.Format == 6 {
		s.major = 8
	}
	if version, ok := strings.CutPrefix(b.Manifest.manager, "pnpm@"); ok {
		if n, err := strconv.Atoi(version[:max(0, strings.IndexByte(version+".", '.'))]); err == nil {
			s.major = n
		}
	}
	if l.Format == 9 {
		s.major = max(9, s.major)
	}
	if b.Workspace == nil {
		return s, nil
	}
	documents, err := strictyaml.Parse(utf8bom.Trim(b.Workspace), bounds.PackageJSON)
	if err != nil {
		return nil, diag.Problems{unreadable(b.Workspace, s.file, err)}
	}
	if len(documents) > 0 {
		s.workspace = documents[0]
	}
	return s, nil
}

// values are those of a setting, "public-hoist-pattern"; set is whether it is set at all.
func (s *settings) values(key string) (values []string, set bool) {
	if v := s.workspace.Get(camel(key)); v != nil && s.major >= 10 {
		switch {
		case v.Kind == strictyaml.List:
			for _, item := range v.Items {
				values = append(values, item.Text)
			}
		case !v.Null():
			values = []string{v.Text}
		}
		return values, true
	}
	if s.major >= 11 {
		return nil, false // .npmrc says where packages are fetched, and no more
	}
	values = s.beside.Npmrc(key)
	return values, values != nil
}

func (s *settings) text(key, otherwise string) string {
	values, _ := s.values(key)
	if len(values) == 0 {
		return otherwise
	}
	return values[len(values)-1]
}

func (s *settings) truth(key string, otherwise bool) bool {
	return s.text(key, strconv.FormatBool(otherwise)) == "true"
}

// camel is a setting's name as it stands in pnpm-workspace.yaml.
func camel(key string) string {
	words := strings.Split(key, "-")
	for i, w := range words[1:] {
		words[i+1] = strings.ToUpper(w[:1]) + w[1:]
	}
	return strings.Join(words, "")
}

// layout reads what decides where things stand, and refuses what nbuild does not lay out.
func (s *settings) layout() (layout, diag.Problems) {
	var ps diag.Problems
	refuse := func(key, value, remedy string) {
		at := diag.Pos{File: s.beside.Folder + ".npmrc"}
		if v := s.workspace.Get(camel(key)); v != nil {
			at = diag.Pos{File: s.file, Line: v.Line}
		}
		ps = append(ps, &diag.Problem{
			Code: CodeUnsupported, Pos: at, What: "pnpm's setting " + key + " is " + value,
			Why: "nbuild lays packages out as pnpm does without it: each in a folder of node_modules/.pnpm, with links between them", Remedy: remedy,
		})
	}
	without := func(key string) string {
		return "run `pnpm config delete --location project " + key + "`, then `pnpm install`, and see whether the project runs"
	}
	if v := s.text("node-linker", "isolated"); v != "isolated" {
		refuse("node-linker", v, without("node-linker"))
	}
	for _, key := range []string{"symlink", "enable-modules-dir"} {
		if !s.truth(key, true) {
			refuse(key, "false", without(key))
		}
	}
	for _, key := range []string{"enable-global-virtual-store", "enable-pnp", "inject-workspace-packages", "dedupe-peers"} {
		if s.truth(key, false) {
			refuse(key, "true", without(key))
		}
	}
	for key, usual := range map[string]string{"modules-dir": "node_modules", "virtual-store-dir": "node_modules/.pnpm"} { // sorted by Problems.Sort
		if v := s.text(key, usual); strings.TrimPrefix(v, "./") != usual {
			refuse(key, strconv.Quote(v), without(key))
		}
	}
	l := layout{major: s.major, maxLength: 120}
	if n, err := strconv.Atoi(s.text("virtual-store-dir-max-length", "120")); err == nil && n >= 34 && n <= 200 && s.major > 8 {
		l.maxLength = n
	}
	if s.truth("hoist", true) {
		patterns, set := s.values("hoist-pattern")
		if !set {
			patterns = []string{"*"}
		}
		l.private = newMatcher(patterns)
	}
	public, set := s.values("public-hoist-pattern")
	switch {
	case s.truth("shamefully-hoist", false):
		public = []string{"*"}
	case s.text("shamefully-hoist", "") == "false":
		public = nil
	case !set && s.major < 10:
		public = []string{"*eslint*", "*prettier*"}
	case len(public) == 1 && public[0] == "":
		public = nil
	}
	l.public = newMatcher(public)
	ps.Sort()
	return l, ps
}

// overrides are the versions that the project sets for others, by selector.
func (s *settings) overrides() map[string]string {
	all := map[string]string{}
	for k, v := range s.beside.Manifest.resolutions {
		all[k] = v
	}
	if s.major < 11 {
		for k, v := range s.beside.Manifest.overrides {
			all[k] = v
		}
	}
	if v := s.workspace.Get("overrides"); v != nil && s.major >= 10 {
		if len(s.beside.Manifest.overrides) > 0 {
			clear(all)
		}
		for _, e := range v.Entries {
			all[e.Key] = e.Value.Text
		}
	}
	for k, v := range all {
		all[k] = s.meant(k, v)
	}
	return all
}

// meant is what an override's value stands for: $NAME is what the project itself asks for,
// catalog: is what a catalog says.
func (s *settings) meant(selector, value string) string {
	if name, ok := strings.CutPrefix(value, "$"); ok {
		deps := s.beside.Manifest.deps
		for _, all := range []map[string]string{deps["optional"], deps["prod"], deps["dev"]} {
			if spec := all[name]; spec != "" {
				return spec
			}
		}
	}
	if name, ok := strings.CutPrefix(value, "catalog:"); ok {
		_, target := selected(selector)
		if spec := s.catalogs()[cmp.Or(strings.TrimSpace(name), "default")][target.name]; spec != "" {
			return spec
		}
	}
	return value
}

// catalogs are those of pnpm-workspace.yaml.
func (s *settings) catalogs() map[string]map[string]string {
	out := map[string]map[string]string{}
	add := func(name string, v *strictyaml.Value) {
		if v == nil {
			return
		}
		if out[name] == nil {
			out[name] = map[string]string{}
		}
		for _, e := range v.Entries {
			out[name][e.Key] = e.Value.Text
		}
	}
	add("default", s.workspace.Get("catalog"))
	if all := s.workspace.Get("catalogs"); all != nil {
		for _, c := range all.Entries {
			add(c.Key, c.Value)
		}
	}
	return out
}

func (s *settings) ignoredOptional() []string {
	if v := s.workspace.Get("ignoredOptionalDependencies"); v != nil && s.major >= 10 {
		values, _ := s.values("ignored-optional-dependencies")
		return values
	}
	if s.major >= 11 {
		return nil
	}
	return s.beside.Manifest.ignoredOptional
}

// refused are the parts of pnpm that nbuild does not do.
func (s *settings) refused(l *Lockfile) diag.Problems {
	var ps diag.Problems
	add := func(line int, what, why, remedy string) {
		ps = append(ps, l.problem(CodeUnsupported, line, what, why, remedy))
	}
	if len(l.patched) > 0 {
		add(l.patchedLine, "the project patches "+strings.Join(l.patched, ", ")+" (patchedDependencies)", "nbuild applies no patch, and an image without it would hold other code than was tested",
			"run `pnpm patch-remove "+diag.Word(l.patched[0])+"` for each, and take a version in which it is mended")
	}
	if names := l.members(); len(names) > 0 {
		ps = append(ps, l.problem(npm.CodeWorkspaces, l.importers[names[0]].line, "the lockfile is that of a workspace with "+diag.Count(len(names), "member")+": "+strings.Join(names[:min(len(names), 5)], ", "),
			"nbuild builds one project from a lockfile of its own, and no members of a workspace",
			"run `pnpm install --ignore-workspace --lockfile-only` in the folder of the member, which writes a lockfile of its own there, and build that folder"))
	}
	return ps
}

// members are the projects of the lockfile but the one beside it.
func (l *Lockfile) members() []string {
	var names []string
	for name := range l.importers { // sorted below
		if name != "." {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

package npm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Options says for which machine a tree is planned and what is left out of it.
// The words are Node's and npm's: OS "linux" (process.platform), CPU "x64"
// (process.arch), Libc "glibc" or "musl". An empty OS or CPU fits every package.
// NodeVersion ("22.15.0") and NPMVersion leave out optional packages whose engines refuse
// them, as npm does; empty, no engine is looked at.
type Options struct {
	OS, CPU, Libc  string
	NodeVersion    string
	NPMVersion     string
	EngineStrict   bool     // a required package whose engines refuse them is a problem (.npmrc: engine-strict)
	Omit           []string // of "dev", "optional", "peer"
	LegacyPeerDeps bool     // peer dependencies ask for nothing (.npmrc: legacy-peer-deps)
	StrictPeerDeps bool     // no peer may be another than asked for (.npmrc: strict-peer-deps)
	Platforms      []string // the machines that problems name, "linux/amd64"
	InstallLinks   bool     // folders of the project are packed and not linked (.npmrc: install-links)
	NoBinLinks     bool     // no command is linked (.npmrc: bin-links=false)
	Links          bool     // keep links to folders of the project; without it, one in the tree is a problem
}

// Kind is how one package asks for another.
type Kind string

// The kinds of dependency, as npm names them.
const (
	Prod         Kind = "prod"
	Dev          Kind = "dev"
	Optional     Kind = "optional"
	Peer         Kind = "peer"
	PeerOptional Kind = "peerOptional"
)

// Edge is a dependency as Node resolves it in the tree: Name is what the code
// requires, To the install path of the package that it gets.
type Edge struct {
	Name string
	To   string
	Kind Kind
	Spec string // what the package asks for, "^1.2.0"
}

// Package is one folder of the tree.
type Package struct {
	Path             string // "node_modules/a/node_modules/b"
	Name             string // the package's own, which may differ from the folder's
	Version          string
	Integrity        string // as the lockfile has it; "" of what is bundled
	Elsewhere        string // as Entry has it
	Resolved         string // as the lockfile has it; often ""
	Origin           Origin // where its bytes come from
	License          string
	Deprecated       string
	Bundler          string // the path of the package whose tarball brings this one, or ""
	Link             string // the project's folder that this is a link to, or ""
	HasInstallScript bool
	Dev              bool              // only development reaches it
	Optional         bool              // only optional dependencies reach it
	Peer             bool              // only peer dependencies reach it
	Dependencies     []Edge            // by Name
	Bins             map[string]string // command to file inside the package
	Engines          map[string]string
	Pos              diag.Pos // in the lockfile

	devOptional bool
}

// Purl returns the package URL (purl-spec, type npm).
func (p *Package) Purl() string {
	name := p.Name
	if strings.HasPrefix(name, "@") {
		name = "%40" + name[1:]
	}
	return "pkg:npm/" + name + "@" + strings.ReplaceAll(p.Version, "+", "%2B")
}

// Tree is what is installed: Packages by Path, bytewise.
type Tree struct {
	Name     string // of the project, "" where it has none
	Version  string
	License  string
	Root     []Edge // the project's own dependencies, by Name
	Packages []Package
	Options  Options
	Left     []Left // what was left out because it can't be had: of PlanAvailable only

	engines map[string]string // of the project itself
}

// Left is a package of a lockfile that can't be had, and why.
type Left struct {
	Path    string // "" of the project itself, which asks for what is not there
	Name    string
	Version string
	Problem *diag.Problem
}

// AsksEngines reports whether the tree may be another one, or none, on another version of
// Node or of npm: an optional package names the versions that it takes, or any does and
// engine-strict is set.
func (t *Tree) AsksEngines() bool {
	return slices.ContainsFunc(t.Packages, func(p Package) bool {
		return (p.Optional || t.Options.EngineStrict) && p.Engines["node"]+p.Engines["npm"] != ""
	}) || t.Options.EngineStrict && t.engines["node"]+t.engines["npm"] != ""
}

// Find returns the package at an install path.
func (t *Tree) Find(path string) (*Package, bool) {
	i, ok := slices.BinarySearchFunc(t.Packages, path, func(p Package, path string) int { return strings.Compare(p.Path, path) })
	if !ok {
		return nil, false
	}
	return &t.Packages[i], true
}

// Part returns what one package at the top of the tree needs, itself included, and
// what is bundled with any of that. The second result is false where there is no
// package of that name.
func (t *Tree) Part(name string) (*Tree, bool) {
	return t.PartAt("node_modules/" + name)
}

// PartAt is Part of the package that is installed at a path.
func (t *Tree) PartAt(first string) (*Tree, bool) {
	if _, ok := t.Find(first); !ok {
		return nil, false
	}
	reached := map[string]bool{first: true}
	for queue := []string{first}; len(queue) > 0; queue = queue[1:] {
		p, ok := t.Find(queue[0])
		if !ok {
			continue
		}
		next := []string{p.Bundler}
		for _, e := range p.Dependencies {
			next = append(next, e.To)
		}
		for _, path := range next {
			if path != "" && !reached[path] {
				reached[path] = true
				queue = append(queue, path)
			}
		}
	}
	part := *t
	part.Root, part.Packages = nil, nil
	for _, e := range t.Root {
		if reached[e.To] {
			part.Root = append(part.Root, e)
		}
	}
	for _, p := range t.Packages {
		if reached[p.Path] || reached[p.Bundler] {
			part.Packages = append(part.Packages, p)
		}
	}
	return &part, true
}

// PlanTree plans the tree that `npm ci` installs from the lockfile. What is wrong
// with anything in it is an error, a diag.Problems; what is wrong with the rest of the
// lockfile is not.
func PlanTree(l *Lockfile, o Options) (*Tree, error) {
	t, faults, err := judged(l, o)
	if err == nil {
		err = problems(faults).Err()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// PlanAvailable plans the same tree without the packages that can't be had, which it
// lists in Left. Edges still lead to them. It is for what judges each package by
// itself, and never for what installs or builds: that takes PlanTree.
func PlanAvailable(l *Lockfile, o Options) (*Tree, error) {
	t, faults, err := judged(l, o)
	if err != nil {
		return nil, err
	}
	bad := map[string]bool{}
	for _, f := range faults {
		bad[f.node.Path] = true
		t.Left = append(t.Left, Left{f.node.Path, f.node.Name, f.node.Version, f.problem})
	}
	t.Packages = slices.DeleteFunc(t.Packages, func(p Package) bool { return bad[p.Path] || bad[p.Bundler] && p.Bundler != "" })
	return t, nil
}

// PlanPackage plans what one package at the top of the tree needs (see Tree.Part),
// and asks only that everything in that can be had. The second result is false where
// there is no package of that name.
func PlanPackage(l *Lockfile, o Options, name string) (*Tree, bool, error) {
	t, faults, err := judged(l, o)
	if err != nil {
		return nil, false, err
	}
	part, ok := t.Part(name)
	if !ok {
		return nil, false, nil
	}
	faults = slices.DeleteFunc(faults, func(f fault) bool {
		_, used := part.Find(f.node.Path)
		return !used
	})
	if err := problems(faults).Err(); err != nil {
		return nil, true, err
	}
	return part, true, nil
}

// problems are those of faults, up to the bound of what is shown.
func problems(faults []fault) diag.Problems {
	var ps diag.Problems
	for i, f := range faults {
		if i == bounds.Problems {
			ps[i-1].Why += "; there are more problems than these"
			break
		}
		ps = append(ps, f.problem)
	}
	ps.Sort()
	return ps
}

// judged plans a tree and reports what is wrong in it.
func judged(l *Lockfile, o Options) (*Tree, []fault, error) {
	for _, word := range o.Omit {
		if word != "dev" && word != "optional" && word != "peer" {
			return nil, nil, fmt.Errorf("planning tree: omit %q is none of dev, optional, peer", word)
		}
	}
	g := newGraph(l, o)
	g.flag()
	g.skip()
	g.omit()
	t := &Tree{Name: l.root.Name, Version: l.root.Version, License: l.root.License, Options: o, engines: l.root.Engines}
	installed := func(n *node) bool { return !n.gone }
	t.Root = g.edges(g.root, installed)
	for _, n := range g.nodes[1:] {
		if n.gone || n.local() || outside(n.Path) { // a link to what is outside is a fault
			continue
		}
		e := n.Entry
		p := Package{
			Path: e.Path, Name: e.Name, Version: e.Version, Integrity: e.Integrity, Elsewhere: e.Elsewhere, Resolved: e.Resolved, Origin: e.Origin(), License: e.License,
			Deprecated: e.Deprecated, HasInstallScript: e.HasInstallScript, Bins: e.Bin, Engines: e.Engines, Pos: e.Pos,
			Dev: n.dev, Optional: n.optional, Peer: n.peer, devOptional: n.devOptional,
		}
		if n.target != nil {
			p.Link, p.Version, p.License, p.Bins = n.target.Path, n.target.Version, n.target.License, n.target.Bin
		}
		if n.bundler != nil {
			p.Bundler = n.bundler.Path
		}
		p.Dependencies = g.edges(n, installed)
		t.Packages = append(t.Packages, p)
	}
	return t, g.faults(), nil
}

package locked

import (
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// Tree is what is installed: Packages by Path, bytewise.
type Tree struct {
	Name     string // of the project, "" where it has none
	Version  string
	License  string
	Root     []Edge // the project's own dependencies, by Name
	Packages []Package
	Links    []Link // between places of the tree, by Path, bytewise; without those of commands
	Options  Options

	// BinFolders are the folders in which commands are linked; nil where each package's
	// commands are linked in the .bin folder beside it, as npm does.
	BinFolders []BinFolder

	Left []Left // what was left out because it can't be had: of PlanAvailable only

	Engines map[string]string // of the project itself

	// Unsaid is that the lockfile does not say what packages say of themselves (the
	// machines that they run on, their peers): nbuild.lock has it, once they are pinned.
	Unsaid bool
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
	}) || t.Options.EngineStrict && t.Engines["node"]+t.Engines["npm"] != ""
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
	at := "node_modules/" + name
	if _, ok := t.Find(at); ok {
		return t.PartAt(at)
	}
	if i, ok := slices.BinarySearchFunc(t.Links, at, func(l Link, at string) int { return strings.Compare(l.Path, at) }); ok {
		at = t.Links[i].Leads()
	}
	return t.PartAt(at)
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
	part.Root, part.Packages, part.Links = nil, nil, nil
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
	part.Links, part.BinFolders = t.linksOf(&part, first), t.binsOf(&part, first)
	return &part, true
}

// Package contents gathers what a BOM holds, for an image or for a project. Neither
// need have been built.
//
// Everything comes from nbuild.lock, the file indexes and the planned trees; no
// image is unpacked and nothing is fetched. What a registry said when a package was
// pinned comes from nbuild.lock too, and from nowhere else: a registry says something
// else another day, and the BOM must be the same on every machine.
//
// The invariant: the contents are those of the layers of the image block, on all of
// its platforms together, and nothing else.
package contents

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/inventory"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// gatherer is one run.
type gatherer struct {
	ctx      context.Context // of this one run
	project  *project.Project
	lock     *snapshot.Lock
	store    *cas.Store
	contents *sbom.Contents
	findings *inventory.Collector
	packages map[string]*sbom.Package // by path
	files    *worktree.Tree           // the project's default files, once asked for
	steps    execution.Results
	made     map[string]*sbom.Step // by the step's name
	names    []string              // of the project's files that the image holds
}

// Given is what the caller knows already.
type Given struct {
	Files *worktree.Tree    // the project's default files; nil is to look for them
	Steps execution.Results // what steps have made; what a step leaves that is not there is not in the contents
}

// OfImage gathers the contents of an image of the project.
func OfImage(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock, given Given, block *pipelines.Image, date time.Time) (*sbom.Contents, error) {
	g, err := newGatherer(ctx, host, p, lock, date)
	if err != nil {
		return nil, err
	}
	g.contents.Image = &sbom.Image{Name: shortName(block)}
	g.files, g.steps = given.Files, given.Steps
	for _, platform := range block.Platforms {
		for _, l := range block.Layers {
			for _, s := range l.From {
				if err := g.source(s, p.Machine(block.Base, platform, lock), prefix(block, l), l.At); err != nil {
					return nil, err
				}
			}
		}
		base, ok := p.Base(block.Base)
		if !ok {
			return nil, fmt.Errorf("image %q has no base", block.Name)
		}
		if err := g.base(base, platform); err != nil {
			return nil, err
		}
	}
	if err := g.own(); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(g.made)) {
		g.contents.Steps = append(g.contents.Steps, *g.made[name])
	}
	return g.finish(), nil
}

// OfProject gathers what production needs of a project's packages, on all of its
// platforms, whether an image holds it or not.
func OfProject(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock, date time.Time, all bool) (*sbom.Contents, error) {
	g, err := newGatherer(ctx, host, p, lock, date)
	if err != nil {
		return nil, err
	}
	tree := "production"
	if all {
		tree = "all"
	}
	for _, n := range p.Npm {
		for _, platform := range p.Platforms {
			at := ""
			if len(p.Npm) > 1 {
				at = n.Name
			}
			if err := g.source(pipelines.Source{Kind: pipelines.FromNpm, Name: n.Name, Tree: tree}, pipelines.Machine{Platform: platform}, at, n.At); err != nil {
				return nil, err
			}
		}
	}
	return g.finish(), nil
}

func newGatherer(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock, date time.Time) (*gatherer, error) {
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	return &gatherer{
		ctx: ctx, project: p, lock: lock, store: store, findings: inventory.New(store, inventory.Options{}), packages: map[string]*sbom.Package{}, made: map[string]*sbom.Step{},
		contents: &sbom.Contents{
			Tool: host.Version, Date: date, Snapshot: lock.Digest(), Complete: true, Project: sbom.Project{Name: p.Name},
		},
	}, nil
}

// shortName is the last element of an image's repository, else its name: a BOM
// names no server.
func shortName(block *pipelines.Image) string {
	if block.Repository == "" {
		return block.Name
	}
	_, rest, _ := strings.Cut(block.Repository, "/")
	return rest
}

// prefix is where the packages of a layer stand below the working folder, which is
// left out of their paths.
func prefix(block *pipelines.Image, l pipelines.Layer) string {
	to := path.Clean("/" + l.To)
	if to == path.Clean("/"+block.Workdir) {
		return ""
	}
	return strings.TrimPrefix(to, "/")
}

func (g *gatherer) source(s pipelines.Source, on pipelines.Machine, at string, pos diag.Pos) error {
	switch s.Kind {
	case pipelines.FromNpm:
		tree, err := g.project.Tree(s.Name, on, s.Tree == "all")
		if err != nil {
			return err
		}
		if s.Tree == "package" {
			var ok bool
			if tree, ok = tree.Part(s.Package); !ok {
				return builder.NoPackage(s, pos)
			}
		}
		return g.tree(tree, s.Name, on.Platform, at)
	case pipelines.FromFiles:
		g.names = append(g.names, s.Files...)
	case pipelines.FromProject:
		if g.files == nil {
			var err error
			if g.files, err = g.project.Files(g.ctx); err != nil {
				return err
			}
		}
		for _, f := range g.files.Files {
			if f.Link == "" {
				g.names = append(g.names, f.Path)
			}
		}
	case pipelines.FromStep:
		return g.step(s, on.Platform)
	case pipelines.FromFetch:
		if a, ok := g.lock.Find(snapshot.KindFetch, s.Name, "", ""); ok {
			f := sbom.File{Name: a.Name, SHA256: a.SHA256, Size: a.Size}
			if !slices.Contains(g.contents.Files, f) {
				g.contents.Files = append(g.contents.Files, f)
			}
		}
	}
	return nil
}

// own adds what was found in the project's own files.
func (g *gatherer) own() error {
	if len(g.names) == 0 {
		return nil
	}
	found, err := g.findings.Own(g.ctx, g.project.Root, g.names)
	if err != nil {
		return err
	}
	if built := g.contents.Project.Found; built != nil {
		found.Join(*built)
	}
	g.contents.Project.Found = &found
	return nil
}

// tree adds the packages of a tree. One lockfile has one package at a path, so the
// trees of several platforms join by path.
func (g *gatherer) tree(tree *locked.Tree, block, platform, at string) error {
	facts, err := g.together(tree)
	if err != nil {
		return err
	}
	root, packages, err := sbom.FromTree(tree, g.lock, facts)
	if err != nil {
		return err
	}
	found, err := g.findings.Tree(g.ctx, tree, g.lock)
	if err != nil {
		return err
	}
	inside := make(map[string]*dynamism.Package, len(found))
	for i := range found {
		inside[found[i].Path] = &found[i]
	}
	made := g.steps.Built(block, platform)
	place := func(p string) string { return path.Join(at, p) }
	into := &g.contents.Project
	if into.Version == "" {
		into.Version, into.License = root.Version, root.License
	}
	into.DependsOn = join(into.DependsOn, root.DependsOn, place)
	for i := range packages {
		p := packages[i]
		p.Found = inside[p.Path]
		p.Path = place(p.Path)
		p.Unbuilt = g.unbuilt(block, p.Name, p.Version)
		if r := made[packages[i].Path]; r != nil {
			if err := g.built(&p, r); err != nil {
				return err
			}
		}
		if p.Bundler != "" {
			p.Bundler = place(p.Bundler)
		}
		if old, ok := g.packages[p.Path]; ok {
			old.DependsOn = join(old.DependsOn, p.DependsOn, place)
			old.Dev, old.Optional = old.Dev && p.Dev, old.Optional && p.Optional
			if len(p.Built) > 0 && !slices.ContainsFunc(old.Built, func(b sbom.Built) bool { return b.Action == p.Built[0].Action }) {
				old.Built, old.Found = append(old.Built, p.Built...), p.Found
			}
			continue
		}
		p.DependsOn = join(nil, p.DependsOn, place)
		g.packages[p.Path] = &p
	}
	return nil
}

// unbuilt is why production does without what a package's scripts make.
func (g *gatherer) unbuilt(block, name, version string) string {
	for i := range g.project.Npm {
		if n := &g.project.Npm[i]; n.Name == block {
			if accepted := n.Accepts(name, version); accepted != nil {
				return accepted.Reason
			}
		}
	}
	return ""
}

func join(have, more []string, place func(string) string) []string {
	for _, p := range more {
		have = append(have, place(p))
	}
	slices.Sort(have)
	return slices.Compact(have)
}

// base adds what an image stands on.
func (g *gatherer) base(b *pipelines.Base, platform string) error {
	if b.Image != "" {
		a, ok := g.lock.Find(snapshot.KindBase, b.Name, "", platform)
		if !ok {
			return fmt.Errorf("base %q is not pinned for %s", b.Name, platform)
		}
		g.contents.Bases = append(g.contents.Bases, sbom.Base{Name: b.Name, Digest: a.SHA256.OCI(), Platform: platform})
		return nil
	}
	for a := range g.lock.Of(snapshot.KindNode) {
		if a.Platform == platform {
			bin, _ := cas.ParseDigest(a.Facts["bin"])
			g.contents.Runtimes = append(g.contents.Runtimes, sbom.Runtime{
				Version: a.Version, Package: a.Name, Integrity: a.Integrity, Basis: a.Basis(), SHA256: a.SHA256, Binary: bin,
			})
		}
	}
	distro := distros[b.Suite]
	if distro.ID == "" {
		distro = sbom.Distro{ID: "debian", Codename: b.Suite, Name: "Debian GNU/Linux"}
	}
	g.contents.Distro = &distro
	for a := range g.lock.Of(snapshot.KindDeb) {
		if a.Platform == platform && !a.OnlySteps() {
			d, err := g.deb(a)
			if err != nil {
				return err
			}
			g.contents.Debs = append(g.contents.Debs, d)
		}
	}
	return nil
}

// distros are the releases of Debian, as os-release has them.
var distros = map[string]sbom.Distro{
	"bookworm": {ID: "debian", Version: "12", Codename: "bookworm", Name: "Debian GNU/Linux"},
	"trixie":   {ID: "debian", Version: "13", Codename: "trixie", Name: "Debian GNU/Linux"},
	"forky":    {ID: "debian", Version: "14", Codename: "forky", Name: "Debian GNU/Linux"},
}

func (g *gatherer) deb(a snapshot.Artefact) (sbom.Deb, error) {
	architecture, err := debian.Architecture(a.Platform)
	if err != nil {
		return sbom.Deb{}, err
	}
	d := sbom.Deb{Name: a.Name, Version: a.Version, Arch: architecture, SHA256: a.SHA256}
	if source, version, ok := strings.Cut(a.Facts["source"], "="); ok {
		d.Source, d.SourceVersion = source, version
	}
	index, ok := a.Index()
	if !ok {
		return d, nil
	}
	x, err := g.facts(index)
	if err != nil {
		return d, err
	}
	if x.Package != nil {
		d.License, d.Maintainer, d.Homepage = x.Package.License, x.Package.Author, x.Package.Homepage
	}
	return d, nil
}

func (g *gatherer) finish() *sbom.Contents {
	if g.contents.Image != nil {
		g.contents.Image.Version = g.contents.Project.Version
	}
	for _, p := range slices.Sorted(maps.Keys(g.packages)) {
		g.contents.Packages = append(g.contents.Packages, *g.packages[p])
	}
	return g.contents
}

package pin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
	"github.com/nbuild/nbuild/internal/wholefile"
	"github.com/nbuild/nbuild/pipelines"
)

// The problems of making a snapshot.
const (
	CodeOffline diag.Code = "NB1147" // pinning needs the network
)

// Options say what to pin anew.
type Options struct {
	Update []string // names of packages, "node", "debian", names of bases and fetches; "all"
	Check  bool     // only report whether nbuild.lock is current
}

// Pinned is nbuild.pin/v1: what a snapshot holds and how it changed.
type Pinned struct {
	Schema    string   `json:"schema"`
	File      string   `json:"file"`
	Digest    string   `json:"digest"`
	Artefacts int      `json:"artefacts"`
	Added     []string `json:"added"`
	Removed   []string `json:"removed"`
	Changed   []string `json:"changed"`
	Left      []Left   `json:"left"` // what was not pinned

	Integrity []snapshot.Unnamed `json:"integrity"` // what the lockfile does not name by itself, and what does
}

// Left is a package that only development needs and that can't be pinned. Whatever
// needs it is refused with the same problem: nbuild install, a step, an image that
// takes development's packages.
type Left struct {
	Name    string        `json:"name"`
	Version string        `json:"version"`
	Problem *diag.Problem `json:"problem"`
}

// NotNamed counts on a line what the lockfile does not name, what is worth least
// first; "" where it names everything.
func (p *Pinned) NotNamed() string {
	var parts []string
	for _, basis := range slices.Backward(snapshot.Bases()) {
		n := 0
		for _, u := range p.Integrity {
			if u.Basis == basis {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d with integrity=%s", n, basis))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "not named by the lockfile: " + strings.Join(parts, ", ") + "\n"
}

// pinner is one run.
type pinner struct {
	host     machine.Host
	project  *project.Project
	store    *cas.Store
	client   *registry.Client // of the project's folder
	previous *snapshot.Lock
	options  Options
	wanted   []upstream.Package  // of npm
	nodes    []snapshot.Artefact // once they are pinned
}

// Run resolves everything outside and writes nbuild.lock.
func Run(ctx context.Context, host machine.Host, o Options) (*Pinned, error) {
	p, err := project.Open(ctx, host)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	return Project(ctx, host, p, o)
}

// Project is Run for a project that is open.
func Project(ctx context.Context, host machine.Host, p *project.Project, o Options) (*Pinned, error) {
	previous, err := p.PreviousLock()
	anew := err != nil && !o.Check && onlyMissing(p, err)
	if anew {
		previous, err = snapshot.New(nil)
	}
	if err != nil {
		return nil, err
	}
	if err := checkNames(p, o.Update); err != nil {
		return nil, err
	}
	if o.Check {
		return check(p, previous)
	}
	if host.Offline {
		return nil, &diag.Problem{
			Code: CodeOffline, What: "pinning needs the network, and --offline says not to use it",
			Why: "what is pinned is asked for outside", Remedy: "run `nbuild pin` without --offline",
		}
	}
	wanted, left, err := Wanted(p) // before anybody outside learns a name
	if err != nil {
		return nil, err
	}
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	client, err := host.Registry(ctx, p.Folder)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	run := &pinner{host: host, project: p, store: store, client: client, previous: previous, options: o, wanted: wanted}
	artefacts, err := run.all(ctx)
	if err != nil {
		return nil, err
	}
	lock, err := snapshot.New(artefacts)
	if err != nil {
		return nil, err
	}
	if anew || lock.Digest() != previous.Digest() { // a project may need nothing, and is pinned then too
		if err := wholefile.Write(p.LockPath(), lock.Format(), 0o644); err != nil {
			return nil, err
		}
	}
	out := compare(previous, lock)
	out.Left = append(out.Left, left...)
	return out, nil
}

// onlyMissing reports whether there is no nbuild.lock yet, or one that is to be
// written anew because a person can't repair it.
func onlyMissing(p *project.Project, err error) bool {
	_, statErr := p.Root.Stat(project.LockName)
	ps := diag.All(err)
	return len(ps) > 0 && (errors.Is(statErr, fs.ErrNotExist) || ps[0].Code == snapshot.CodeLockSyntax || ps[0].Code == snapshot.CodeLockConflict)
}

func (r *pinner) update(name string) bool {
	return slices.Contains(r.options.Update, name) || slices.Contains(r.options.Update, "all")
}

// all pins everything, kind by kind, and reports the problems of all kinds.
func (r *pinner) all(ctx context.Context) ([]snapshot.Artefact, error) {
	var artefacts []snapshot.Artefact
	var problems diag.Problems
	for _, kind := range []func(context.Context) ([]snapshot.Artefact, error){r.npm, r.node, r.tools, r.debian, r.bases, r.fetches} {
		more, err := kind(ctx)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if ps := diag.All(err); len(ps) > 0 {
			problems = append(problems, ps...)
		} else if err != nil {
			return nil, err
		}
		artefacts = append(artefacts, more...)
	}
	return artefacts, problems.Err()
}

func (r *pinner) npmOptions() upstream.PinOptions {
	o := upstream.PinOptions{
		Store: r.store, Client: r.client, Files: r.project.ReadFile, Events: r.host.Events, Previous: r.previous, Update: r.options.Update,
		Cooldown: r.project.Snapshot.Cooldown, Deny: r.project.Snapshot.DenyIntegrity, Now: r.host.Now(),
	}
	if r.update("all") {
		o.Previous = nil
	}
	return o
}

// npm pins the packages that any platform of the project needs, development's too:
// a developer installs from the same snapshot.
func (r *pinner) npm(ctx context.Context) ([]snapshot.Artefact, error) {
	if len(r.wanted) == 0 {
		return nil, nil
	}
	return upstream.PinNPM(ctx, r.wanted, r.npmOptions())
}

// Wanted lists the npm packages that a project's snapshot holds, and those that it
// can't hold. What production needs on any platform must be had, or the error says
// why not; what only development needs is left out where it can't.
func Wanted(p *project.Project) ([]upstream.Package, []Left, error) {
	var wanted []upstream.Package
	var left []Left
	var problems diag.Problems
	reported := map[string]bool{}
	for _, n := range p.Npm {
		for _, platform := range p.Platforms {
			_, err := p.Tree(n.Name, pipelines.Machine{Platform: platform}, false)
			if ps := diag.All(err); len(ps) > 0 {
				for _, one := range ps {
					if id := one.Error(); !reported[id] { // each platform has the same
						reported[id] = true
						problems = append(problems, one)
					}
				}
				continue
			}
			if err != nil {
				return nil, nil, err
			}
			tree, err := p.Everything(n.Name, platform)
			if err != nil {
				return nil, nil, err
			}
			wanted = append(wanted, upstream.Wanted(tree, path.Dir(n.Lockfile))...)
			for _, l := range tree.Left {
				if id := l.Problem.Error(); !reported[id] {
					reported[id] = true
					left = append(left, Left{l.Name, l.Version, l.Problem})
				}
			}
		}
	}
	if len(problems) > 0 {
		return nil, nil, problems
	}
	return wanted, left, nil
}

// node pins Node for each base that is made of it.
func (r *pinner) node(ctx context.Context) ([]snapshot.Artefact, error) {
	version := ""
	for _, b := range r.project.Bases {
		switch {
		case b.Image != "" || !r.project.Uses(b.Name):
		case version != "" && version != b.Node:
			return nil, &diag.Problem{
				Code: upstream.CodeNoNode, Pos: b.At, What: fmt.Sprintf("two bases want Node %s and %s", version, b.Node),
				Why: "a snapshot pins one Node a platform", Remedy: "give both bases the same `node`",
			}
		default:
			version = b.Node
		}
	}
	if version == "" {
		return nil, nil
	}
	var err error
	r.nodes, err = upstream.PinNode(ctx, version, r.project.Platforms, r.npmOptions())
	return r.nodes, err
}

// tools pins what steps find beside their base that is no Debian package, where any of
// them asks for it.
func (r *pinner) tools(ctx context.Context) ([]snapshot.Artefact, error) {
	if !r.project.Compiles() {
		return nil, nil
	}
	node := ""
	if len(r.nodes) > 0 {
		node = r.nodes[0].Version
	}
	return upstream.PinNPMTool(ctx, node, r.npmOptions())
}

// fetches pins the files of fetch blocks.
func (r *pinner) fetches(ctx context.Context) ([]snapshot.Artefact, error) {
	client := upstream.NewFiles(r.host.Transport(), r.host.Retry())
	var all []snapshot.Artefact
	var problems diag.Problems
	for _, f := range r.project.Fetches {
		if a, ok := r.previous.Find(snapshot.KindFetch, f.Name, "", ""); ok && !r.update(f.Name) && a.Answers(f.URL) {
			all = append(all, a.Answering(f.URL))
			continue
		}
		a, err := client.Pin(ctx, r.store, f.Name, f.URL)
		if ps := diag.All(err); len(ps) > 0 {
			problems = append(problems, ps...)
			continue
		}
		if err != nil {
			return nil, err
		}
		r.host.Events.Emit(event.Event{Kind: event.Transfer, Phase: "pin", Name: a.ID(), Bytes: a.Size})
		all = append(all, a)
	}
	return all, problems.Err()
}

// check compares nbuild.lock with what the project needs, without asking anyone.
func check(p *project.Project, lock *snapshot.Lock) (*Pinned, error) {
	wanted, left, err := Wanted(p)
	if err != nil {
		return nil, err
	}
	err = upstream.Check(lock, wanted, project.LockName)
	problems := diag.All(err)
	if err != nil && len(problems) == 0 {
		return nil, err
	}
	problems = append(problems, missing(p, lock)...)
	problems = append(problems, diag.All(lock.Deny(p.Snapshot.DenyIntegrity, project.LockName))...)
	out := compare(lock, lock)
	out.Left = append(out.Left, left...)
	return out, problems.Err()
}

// compare reports what changed from one snapshot to the next.
func compare(before, after *snapshot.Lock) *Pinned {
	out := &Pinned{
		Schema: "nbuild.pin/v1", File: project.LockName, Digest: after.Digest().OCI(), Artefacts: after.Len(),
		Added: []string{}, Removed: []string{}, Changed: []string{}, Left: []Left{}, Integrity: after.Unnamed(),
	}
	for a := range after.All() {
		old, ok := before.Find(a.Kind, a.Name, a.Version, a.Platform)
		switch {
		case !ok:
			out.Added = append(out.Added, a.ID())
		case old.SHA256 != a.SHA256 || old.Integrity != a.Integrity || !maps.Equal(old.Facts, a.Facts):
			// Anything on its line, such as the scope whose registry it is bound to: what
			// a reviewer of nbuild.lock sees change is named here.
			out.Changed = append(out.Changed, a.ID())
		}
	}
	for a := range before.All() {
		if _, ok := after.Find(a.Kind, a.Name, a.Version, a.Platform); !ok {
			out.Removed = append(out.Removed, a.ID())
		}
	}
	return out
}

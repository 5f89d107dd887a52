// Package project opens what an operation works on: build.hcl evaluated, the
// lockfiles that it names, its own files, nbuild.lock, and the one date.
//
// Everything is read from the project's folder. The user's and the machine's npm
// configuration have no say in which packages a tree holds, only in where they are
// fetched from: two machines must plan one tree.
//
// The invariant: what a [Project] returns depends on the project's files, its git
// commit and the variables that were given, and on nothing else.
package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/nodemodules"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/unfinished"
	"github.com/nbuild/nbuild/internal/wholefile"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
)

// LockName is the snapshot's file, beside build.hcl.
const LockName = "nbuild.lock"

// Project is an opened project.
type Project struct {
	*pipelines.Project
	Folder    string   // the project's own, absolute
	Root      *os.Root // of Folder; Close closes it
	host      machine.Host
	lockfiles map[string]locked.Lockfile
	warned    bool // of the default files
	options   map[string]locked.Options
	says      func() *snapshot.Lock // what nbuild.lock has of manifests, nil for none
}

// Open reads the build file and every lockfile that it names.
func Open(ctx context.Context, host machine.Host) (*Project, error) {
	evaluated, err := pipelines.Open(host.Dir, host.File, pipelines.Options{Vars: host.Vars})
	if err != nil {
		return nil, err
	}
	p := &Project{
		Project: evaluated, Folder: filepath.Join(evaluated.Dir, filepath.FromSlash(evaluated.Root)), host: host,
		lockfiles: map[string]locked.Lockfile{}, options: map[string]locked.Options{},
	}
	p.says = sync.OnceValue(p.anyLock)
	if p.Root, err = os.OpenRoot(p.Folder); err != nil {
		return nil, fmt.Errorf("opening the project's folder: %w", err)
	}
	unfinished.SweepBeside(p.Folder) // what killed runs left is no part of the project
	nodemodules.Sweep(p.Root)
	var problems diag.Problems
	for i := range evaluated.Npm {
		p.choose(&evaluated.Npm[i])
		err := p.read(ctx, evaluated.Npm[i])
		ps := diag.All(err)
		if err != nil && len(ps) == 0 {
			p.Close()
			return nil, err
		}
		problems = append(problems, ps...)
	}
	if err := problems.Err(); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close lets go of the project's folder.
func (p *Project) Close() error { return p.Root.Close() }

// ReadFile reads a regular file of the project, of at most limit bytes. A link that
// leaves the project's folder is not followed.
func (p *Project) ReadFile(name string, limit int64) ([]byte, error) {
	return wholefile.ReadIn(p.Root, filepath.FromSlash(name), limit)
}

// LockFolder is the folder of an npm block's lockfile, whose .npmrc counts.
func (p *Project) LockFolder(n pipelines.Npm) string {
	return filepath.Join(p.Folder, filepath.FromSlash(path.Dir(n.Lockfile)))
}

// Tree plans the tree of an npm block for a machine: all of it, or without what only
// development needs.
func (p *Project) Tree(name string, on pipelines.Machine, all bool) (*locked.Tree, error) {
	o := p.on(name, on.Platform)
	o.NodeVersion = on.Node
	return p.plan(name, o, all)
}

// Available plans all of the tree of an npm block for a platform but the packages
// that can't be had, which the tree lists in Left. Nothing is built or installed
// from it.
func (p *Project) Available(name, platform string) (*locked.Tree, error) {
	lockfile := p.lockfiles[name]
	if lockfile == nil {
		return &locked.Tree{}, nil
	}
	return locked.PlanAvailable(lockfile, p.on(name, platform))
}

// Everything plans what Available does, of the whole project with all members of its
// workspace, of which the npm block may be for one: who develops installs from the same
// snapshot. Where the lockfile does not say which packages run on a platform, it is of all
// platforms: what is pinned must not depend on what was pinned before.
func (p *Project) Everything(name, platform string) (*locked.Tree, error) {
	lockfile := p.lockfiles[name]
	if lockfile == nil {
		return &locked.Tree{}, nil
	}
	o := p.on(name, platform)
	o.Workspace = ""
	tree, err := locked.PlanAvailable(lockfile, o)
	if err != nil || !tree.Unsaid {
		return tree, err
	}
	o.OS, o.CPU, o.Libc = "", "", ""
	return locked.PlanAvailable(lockfile, o)
}

// Package plans what one package at the top of an npm block's tree needs on a
// platform, development's packages included. The second result is false where there
// is no package of that name.
func (p *Project) Package(name, platform, pkg string) (*locked.Tree, bool, error) {
	lockfile := p.lockfiles[name]
	if lockfile == nil {
		return nil, false, nil
	}
	return locked.PlanPackage(lockfile, p.on(name, platform), pkg)
}

// on are the options of an npm block for a platform, "linux/amd64".
func (p *Project) on(name, platform string) locked.Options {
	system, architecture, _ := strings.Cut(platform, "/")
	o := p.options[name]
	o.OS, o.CPU = system, CPU(architecture)
	return o
}

// CPU returns what Node calls an architecture of OCI's or Go's.
func CPU(architecture string) string {
	switch architecture {
	case "amd64":
		return "x64"
	case "386":
		return "ia32"
	}
	return architecture
}

func (p *Project) plan(name string, o locked.Options, all bool) (*locked.Tree, error) {
	lockfile := p.lockfiles[name]
	if lockfile == nil {
		return &locked.Tree{}, nil
	}
	if !all {
		o.Omit = append([]string{"dev"}, o.Omit...)
	}
	return locked.Plan(lockfile, o)
}

// Engines are the versions that packages may name in their engines, "" where one is not
// known.
type Engines struct{ Node, NPM string }

// LocalTree plans the tree of an npm block for another machine than an image: the
// user's own, as the user's npm settings say. Engines are asked for where the tree depends
// on them.
func (p *Project) LocalTree(name, system, architecture, libc string, s registry.TreeSettings, engines func() (Engines, error)) (*locked.Tree, error) {
	o := p.options[name]
	o.Workspace = "" // who develops has all members
	o.OS, o.CPU, o.Libc = cmp.Or(s.OS, system), cmp.Or(s.CPU, CPU(architecture)), cmp.Or(s.Libc, libc)
	o.Omit, o.LegacyPeerDeps, o.NoBinLinks, o.EngineStrict = s.Omit, s.LegacyPeerDeps, s.NoBinLinks, s.EngineStrict
	tree, err := p.plan(name, o, true)
	if err != nil || !tree.AsksEngines() {
		return tree, err
	}
	known, err := engines()
	if err != nil {
		return nil, err
	}
	o.NodeVersion, o.NPMVersion = known.Node, known.NPM
	return p.plan(name, o, true)
}

// FitsDeveloper holds this machine against devEngines of the package.json beside an npm
// block's lockfile, where it has any: they say what the machine of a developer must have,
// and nothing about an image. The machine is asked for only then.
func (p *Project) FitsDeveloper(name string, forced bool, machine func() (npm.Developer, error)) (warnings diag.Problems, err error) {
	lockfile, ok := p.lockfiles[name].(*npm.Lockfile)
	if !ok || lockfile == nil || !lockfile.HasDevEngines() {
		return nil, nil
	}
	on, err := machine()
	if err != nil {
		return nil, err
	}
	return lockfile.FitsDeveloper(on, forced)
}

// LockPath is where nbuild.lock stands.
func (p *Project) LockPath() string { return filepath.Join(p.Dir, LockName) }

// Lock reads nbuild.lock, and refuses one that holds what the project denies. Where
// there is none the error is pipelines.CodeUnpinned.
func (p *Project) Lock() (*snapshot.Lock, error) {
	lock, err := p.PreviousLock()
	if err != nil {
		return nil, err
	}
	if err := lock.Deny(p.Snapshot.DenyIntegrity, LockName); err != nil {
		return nil, err
	}
	return lock, nil
}

// PreviousLock is Lock for a caller that is about to pin: what it holds may be denied
// today.
func (p *Project) PreviousLock() (*snapshot.Lock, error) { return ReadLock(p.Dir) }

// ReadLock reads the nbuild.lock of a folder. Where there is none the error is
// pipelines.CodeUnpinned.
func ReadLock(dir string) (*snapshot.Lock, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("opening the project: %w", err)
	}
	defer root.Close()
	src, err := wholefile.ReadIn(root, LockName, bounds.Snapshot)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &diag.Problem{
			Code: pipelines.CodeUnpinned, Pos: diag.Pos{File: LockName}, What: "there is no nbuild.lock",
			Why: "every byte that enters a build is pinned there first", Remedy: "run `nbuild pin`, and commit the file that it writes",
		}
	}
	if err != nil {
		return nil, unreadable(root, LockName, LockName, err)
	}
	return snapshot.Parse(src, LockName)
}

// unreadable says why a file of the project was not read: mostly it is a link that
// leads out.
func unreadable(root *os.Root, name, shown string, err error) error {
	if info, statErr := root.Lstat(name); statErr == nil && info.Mode()&fs.ModeSymlink != 0 {
		return &diag.Problem{
			Code: pipelines.CodeFiles, Pos: diag.Pos{File: shown}, What: shown + " is a link that can't be followed", Err: err,
			Why: "a build reads its own folder only, and what lies elsewhere is not the project's to show", Remedy: "replace the link by the file",
		}
	}
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err // the problem names the file as the user does
	}
	return &diag.Problem{
		Code: pipelines.CodeFiles, Pos: diag.Pos{File: shown}, What: shown + " can't be read", Err: err,
		Why: "what a build takes is decided by what stands in it", Remedy: "look at the file; once it is out of the way, `" + writer(shown) + "` writes it anew",
	}
}

// writer is the command that writes a file of the project.
func writer(name string) string {
	if path.Base(name) == LockName {
		return "nbuild pin"
	}
	return locked.ManagerOf(name).Relock()
}

// Files finds the project's default files, and reports what is odd about them the first
// time.
func (p *Project) Files(ctx context.Context) (*worktree.Tree, error) {
	tree, err := worktree.Scan(ctx, p.Folder, p.git())
	if err != nil {
		return nil, err
	}
	if !p.warned {
		p.warned = true
		for _, w := range tree.Warnings {
			p.host.Events.Emit(event.Event{Kind: event.Problem, Phase: "files", Name: w.Pos.File, Code: string(w.Code), Text: w.What + ": " + w.Why + "; " + w.Remedy})
		}
	}
	return tree, nil
}

// All finds every file of the project that a build may read: tests and settings of tools
// are among them.
func (p *Project) All(ctx context.Context) (*worktree.Tree, error) {
	look := p.git()
	look.All = true
	return worktree.Scan(ctx, p.Folder, look)
}

// git says how git is asked: never, where the machine has none.
func (p *Project) git() worktree.Options {
	program, err := p.host.Program("git")
	if err != nil {
		return worktree.Options{}
	}
	store, err := p.host.Store()
	if err != nil {
		return worktree.Options{}
	}
	temp, ok := store.Scratch()
	if !ok {
		if temp = p.host.Env("TMPDIR"); temp == "" {
			temp = "/tmp"
		}
	}
	return worktree.Options{Git: worktree.Exec(program), Temp: temp}
}

package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
	"github.com/nbuild/nbuild/internal/wholefile"
	"github.com/nbuild/nbuild/pipelines"
)

// The problems of lockfiles.
const (
	CodeNoLockfile   diag.Code = "NB0349" // the lockfile is not there
	CodeTwoLockfiles diag.Code = "NB0383" // lockfiles of two managers; a warning
)

// choose finds the lockfile that counts where an npm block names none, and says so where
// there are those of two managers: one of them is out of date sooner or later.
func (p *Project) choose(n *pipelines.Npm) {
	if !n.Found {
		return
	}
	named := p.packageManager()
	c := locked.Choose(func(name string) bool { _, err := p.Root.Lstat(name); return err == nil }, named)
	n.Lockfile = c.File
	if len(c.Others) == 0 {
		return
	}
	why := "package.json names no manager in packageManager, and of two lockfiles one is out of date sooner or later"
	if c.Named {
		why = "package.json says so in packageManager (" + strconv.Quote(named) + ")"
	}
	p.host.Events.Emit(event.Event{
		Kind: event.Problem, Phase: "lockfile", Name: c.File, Code: string(CodeTwoLockfiles),
		Text: "of " + c.File + " and " + strings.Join(c.Others, ", ") + " the first one counts: " + why + "; remove the other, or name one in the npm block: lockfile = " + strconv.Quote(c.File),
	})
}

// packageManager is what package.json says in packageManager, "" where it says nothing
// that can be read: a broken package.json is told by who reads the lockfile.
func (p *Project) packageManager() string {
	src, err := wholefile.ReadIn(p.Root, "package.json", bounds.PackageJSON)
	if err != nil {
		return ""
	}
	named := ""
	r := strictjson.NewReader(utf8bom.Trim(src))
	r.Object(func(key string, _ int) {
		if key == "packageManager" {
			named = r.AsText()
			return
		}
		r.Skip()
	})
	if r.End(); r.Failed() {
		return ""
	}
	return named
}

// read reads the lockfile of an npm block and the settings beside it that decide
// what is in its tree.
func (p *Project) read(ctx context.Context, n pipelines.Npm) error {
	name := filepath.Join(p.Folder, filepath.FromSlash(n.Lockfile))
	shown, err := filepath.Rel(p.host.Dir, name)
	if err != nil {
		shown = n.Lockfile
	}
	src, err := wholefile.ReadIn(p.Root, filepath.FromSlash(n.Lockfile), bounds.Lockfile)
	if errors.Is(err, fs.ErrNotExist) {
		if _, err := p.Root.Stat("package.json"); n.Implied && errors.Is(err, fs.ErrNotExist) {
			p.lockfiles[n.Name] = nil // a project without packages
			return nil
		}
		return missing(n, name, filepath.ToSlash(shown))
	}
	if err != nil {
		return unreadable(p.Root, filepath.FromSlash(n.Lockfile), filepath.ToSlash(shown), err)
	}
	lockfile, options, err := p.held(ctx, n, src, filepath.ToSlash(shown))
	if err != nil {
		return err
	}
	if options.Workspace, err = filepath.Rel(filepath.FromSlash(path.Dir(n.Lockfile)), filepath.FromSlash(n.Workspace)); n.Workspace == "" || err != nil {
		options.Workspace = ""
	}
	options.Workspace = filepath.ToSlash(options.Workspace)
	p.options[n.Name], p.lockfiles[n.Name] = options, lockfile
	return nil
}

// held reads a lockfile and holds it against the package.json beside it, with the settings
// that stand there.
func (p *Project) held(ctx context.Context, n pipelines.Npm, src []byte, shown string) (locked.Lockfile, locked.Options, error) {
	if locked.ManagerOf(n.Lockfile) == locked.PNPM {
		return p.heldPNPM(ctx, n, src, shown)
	}
	if locked.ManagerOf(n.Lockfile) == locked.Yarn {
		return p.heldByYarn(n, src, shown)
	}
	lockfile, err := npm.ReadLockfile(src, shown)
	if err != nil {
		return nil, locked.Options{}, p.besides(n, shown, err)
	}
	folder := path.Dir(filepath.ToSlash(n.Lockfile))
	held, options, err := Held(ctx, lockfile, p.Root, folder, p.Platforms)
	if err != nil {
		return nil, locked.Options{}, err
	}
	packed, err := held.Pack(packed(n, folder))
	return packed, options, err
}

// missing says that there is no lockfile, and whose command writes one.
func missing(n pipelines.Npm, name, shown string) error {
	p := &diag.Problem{Code: CodeNoLockfile, Pos: diag.Pos{File: shown}, What: "the lockfile is not there"}
	if w := npm.WorkspaceOf(filepath.Dir(name)); w != nil {
		p.Why = fmt.Sprintf("this folder is %s of the workspace in %s: npm keeps one lockfile there for all members, and nbuild builds a member from one of its own", w.Member, w.Root)
		p.Remedy = "run `" + npm.OwnLockfile + "` in the member's folder"
		return p
	}
	manager := locked.ManagerOf(n.Lockfile)
	p.Why = "which packages a build takes is decided before it, by " + string(manager) + ", and stands in a lockfile"
	p.Remedy = "run `" + manager.Relock() + "`, or correct `lockfile` in the npm block"
	return p
}

// packed are the tarballs that an npm block names, as they are seen from the folder of its
// lockfile.
func packed(n pipelines.Npm, folder string) []npm.Packed {
	var all []npm.Packed
	for _, b := range n.Packed {
		file, err := filepath.Rel(filepath.FromSlash(folder), filepath.FromSlash(b.File))
		if err != nil {
			file = b.File // both are in the project, so that there is a way
		}
		all = append(all, npm.Packed{Package: b.Package, File: filepath.ToSlash(file), At: b.At})
	}
	return all
}

// besides adds to what is wrong with a lockfile what happened to the package.json
// beside it: a merge leaves both unresolved, and npm mends the one once the other is
// whole.
func (p *Project) besides(n pipelines.Npm, lockfile string, err error) error {
	src, readErr := wholefile.ReadIn(p.Root, filepath.Join(filepath.FromSlash(path.Dir(n.Lockfile)), "package.json"), bounds.PackageJSON)
	if readErr != nil || json.Valid(utf8bom.Trim(src)) {
		return err
	}
	manifest := npm.Unreadable(src, path.Join(path.Dir(lockfile), "package.json"), npm.CodeManifest)
	if manifest == nil {
		return err
	}
	return append(diag.Problems{manifest}, diag.All(err)...)
}

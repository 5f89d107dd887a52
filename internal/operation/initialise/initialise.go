// Package initialise writes the first build.hcl of a project: the shortest one that
// builds what its package.json starts.
//
// It looks at the project as somebody would who is to run it: at package.json, the
// lockfile, the settings of compilers and bundlers, a Procfile and a Dockerfile. Of
// scripts it takes the commands, without npm and without what only watches, checks or
// cleans. It states only what the defaults of the language don't: a file that a newcomer
// reads in a minute is better than one that shows every knob. What it could not know
// stands in one list, at the file's end and in the answer.
//
// The invariant: what it writes is in the standard form and valid, and a file that
// is there is never written over.
package initialise

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/pnpm"
)

// The problems of this package.
const (
	// CodeExists is a build file that is there already.
	CodeExists diag.Code = "NB0320"
	// CodeManifest is a package.json that is not there, or can't be read.
	CodeManifest diag.Code = "NB0321"
	// CodeStart is a package.json that does not say what it starts.
	CodeStart diag.Code = "NB0322"
	// CodeWorkspace is a workspace's root, or a member that can't be built by itself.
	CodeWorkspace diag.Code = "NB0327"
)

// Result is nbuild.init/v1: what was written.
type Result struct {
	Schema string   `json:"schema"`
	File   string   `json:"file"`
	Text   string   `json:"text"`
	Cmd    []string `json:"cmd"`
	From   string   `json:"from"` // where the command was found, for people
	Next   []string `json:"next"` // the commands to run now, in order

	// Workspace is the root of the workspace that the folder is a member of, where the
	// member has no lockfile of its own yet.
	Workspace string `json:"workspace,omitempty"`

	// Steps are the steps that the file has, with the scripts of package.json that they do.
	Steps []string `json:"steps"`
	// Unknown is what could not be found out, or can't be built, a sentence each.
	Unknown []string `json:"unknown"`

	// Missing is the file that the command gives to node, where it is not there now: a
	// build refuses to make an image without it.
	Missing string `json:"missing,omitempty"`
}

// Write writes the build file of the project in dir. File is its name in dir.
func Write(dir, file string) (Result, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return Result{}, fmt.Errorf("opening the project: %w", err)
	}
	defer root.Close()
	lock := "npm install --package-lock-only"
	workspace := npm.WorkspaceOf(dir)
	if workspace != nil {
		if err := buildable(workspace); err != nil {
			return Result{}, err
		}
		lock = npm.OwnLockfile
	}
	if manager := named(root.FS()); manager == locked.PNPM && workspace == nil {
		lock = manager.Relock()
	}
	r, err := build(root.FS())
	if members := npm.Members(root.FS()); err != nil && len(members) > 0 {
		return Result{}, ofMember(members)
	}
	if err != nil {
		return Result{}, err
	}
	r.File, r.Next = file, []string{"nbuild pin"}
	if found, _ := lockOf(root.FS()); found == "" {
		r.Next = []string{lock, "nbuild pin"}
		if workspace != nil {
			r.Workspace = workspace.Root
		}
	}
	f, err := root.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return Result{}, &diag.Problem{Code: CodeExists, Pos: diag.Pos{File: file}, What: file + " is there already", Why: "it may hold decisions of yours", Remedy: "run `nbuild validate`, or remove it first"}
	}
	if err != nil {
		return Result{}, fmt.Errorf("writing %s: %w", file, err)
	}
	if _, err := io.WriteString(f, r.Text); err != nil {
		f.Close()
		return Result{}, fmt.Errorf("writing %s: %w", file, err)
	}
	if err := f.Close(); err != nil {
		return Result{}, fmt.Errorf("writing %s: %w", file, err)
	}
	return r, nil
}

// named is the manager that package.json names.
func named(folder fs.FS) locked.Manager {
	m, err := pnpm.ReadManifest(contents(folder, "package.json", bounds.PackageJSON), "package.json")
	if err != nil {
		return "" // told by who asks it for more
	}
	name, _, _ := strings.Cut(m.Manager(), "@")
	return locked.Manager(name)
}

// buildable refuses a member that depends on others of its workspace: npm would ask the
// registry for them once the member has a lockfile of its own, and whoever published
// something under such a name would be asked to serve it.
func buildable(w *npm.Workspace) error {
	if len(w.Locals) == 0 {
		return nil
	}
	return &diag.Problem{
		Code: CodeWorkspace, Pos: diag.Pos{File: "package.json"},
		What:   fmt.Sprintf("this member of a workspace depends on others of it: %s", strings.Join(w.Locals, ", ")),
		Why:    fmt.Sprintf("the workspace in %s links them as folders, and its lockfile says what all of them need", w.Root),
		Remedy: fmt.Sprintf("write build.hcl there, with the folders of both in files(); `nbuild explain NB0327` has a whole one\nnpm \"deps\" {\n  workspace = %q\n}", w.Member),
	}
}

// ofMember says how a build file of a workspace names the member that an image is of, where
// its root has nothing to start.
func ofMember(members []string) error {
	return &diag.Problem{
		Code: CodeWorkspace, Pos: diag.Pos{File: "package.json"}, What: "this is the root of a workspace, and its package.json does not say what to start",
		Why:    "an image is of one member: " + strings.Join(members, ", "),
		Remedy: fmt.Sprintf("write build.hcl here, with a block that names the member; `nbuild explain NB0327` has a whole one\nnpm \"deps\" {\n  workspace = %q\n}", members[0]),
	}
}

// Package initialise writes the first build.hcl of a project: the shortest one that
// builds what its package.json starts.
//
// It looks at package.json and at nothing else, and states only what the defaults
// of the language don't: a file that a newcomer reads in a minute is better than
// one that shows every knob.
//
// The invariant: what it writes is in the standard form and valid, and a file that
// is there is never written over.
package initialise

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/nbuild/nbuild/builder/launch"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
	"github.com/nbuild/nbuild/pipelines"
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
	if members := npm.Members(root.FS()); len(members) > 0 {
		return Result{}, &diag.Problem{
			Code: CodeWorkspace, Pos: diag.Pos{File: "package.json"}, What: "this is the root of a workspace",
			Why:    "an image is of one member, and nbuild builds each in its own folder: " + strings.Join(members, ", "),
			Remedy: fmt.Sprintf("run `nbuild -C %s init`, or name another member", diag.Word(members[0])),
		}
	}
	r, err := build(root.FS())
	if err != nil {
		return Result{}, err
	}
	r.File, r.Next = file, []string{"nbuild pin"}
	if _, err := root.Lstat("package-lock.json"); errors.Is(err, fs.ErrNotExist) {
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
		Why:    fmt.Sprintf("the workspace in %s links them as folders, which nbuild does not build yet; by themselves they would be asked of the registry", w.Root),
		Remedy: "publish them to your registry under these names, or take them out of this member's dependencies",
	}
}

// manifest is the part of package.json that a build file is made of.
type manifest struct {
	name, main string
	scripts    map[string]string
}

func read(folder fs.FS) (manifest, error) {
	var m manifest
	wrong := func(what string, err error) error {
		return &diag.Problem{Code: CodeManifest, Pos: diag.Pos{File: "package.json"}, What: what, Remedy: "run `nbuild init` where package.json is; `npm init` writes one", Err: err}
	}
	f, err := folder.Open("package.json")
	if err != nil {
		return m, wrong("there is no package.json here", nil)
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, bounds.PackageJSON+1))
	if err != nil || len(src) > bounds.PackageJSON {
		return m, wrong("package.json can't be read", err)
	}
	r := strictjson.NewReader(utf8bom.Trim(src))
	r.Object(func(key string, _ int) {
		switch key {
		case "name":
			m.name = r.AsText()
		case "main":
			m.main = r.AsText()
		case "scripts":
			m.scripts = r.AsTexts()
		default:
			r.Skip()
		}
	})
	if r.End(); r.Failed() {
		if p := npm.Unreadable(src, "package.json", CodeManifest); p != nil {
			return m, p
		}
		return m, wrong("package.json is not what npm would read", r.Err())
	}
	return m, nil
}

func build(folder fs.FS) (Result, error) {
	r := Result{Schema: "nbuild.init/v1"}
	m, err := read(folder)
	if err != nil {
		return r, err
	}
	r.Cmd, r.From = start(folder, m)
	if r.Cmd == nil {
		return r, &diag.Problem{
			Code: CodeStart, Pos: diag.Pos{File: "package.json"}, What: "package.json does not say what to start",
			Why:    "there is no start script of the form `node FILE`, no main that exists, and no server.js or index.js",
			Remedy: `add "start": "node server.js" to the scripts of package.json and run it again`,
		}
	}
	if rest := launch.ReadArguments(r.Cmd[1:]).Rest; len(rest) > 0 && !stands(folder, rest[0]) {
		r.Missing = rest[0]
	}
	name := blockName(m.name)
	var quoted []string
	for _, c := range r.Cmd {
		quoted = append(quoted, quote(c))
	}
	text := fmt.Sprintf("nbuild = %q\n\nproject %q {}\n\nimage %q {\n  cmd = [%s]\n}\n", pipelines.Edition, name, name, strings.Join(quoted, ", "))
	formatted, err := hclfile.Format([]byte(text), "build.hcl")
	if err != nil {
		return r, fmt.Errorf("writing build.hcl: %w", err)
	}
	if _, err := pipelines.Parse(formatted, "build.hcl", folder, pipelines.Options{}); err != nil {
		return r, err
	}
	r.Text = string(formatted)
	return r, nil
}

// quote writes a text as HCL does: as Go does, and without templates.
func quote(s string) string {
	s = strings.NewReplacer("${", "$${", "%{", "%%{").Replace(s)
	b, _ := json.Marshal(s) // JSON's escapes are among HCL's
	return string(b)
}

var notName = lazyregexp.New(`[^A-Za-z0-9_-]+`)

// blockName makes a label of a package's name: "@shop/store.front" is
// "store-front".
func blockName(name string) string {
	name = strings.Trim(notName().ReplaceAllString(path.Base(name), "-"), "-_")
	if len(name) > 63 {
		name = name[:63]
	}
	if name == "" || name[0] >= '0' && name[0] <= '9' {
		return "app"
	}
	return name
}

// started is the script that the start script comes to: another one, where all it does
// is to run that.
func started(scripts map[string]string) string {
	name := "start"
	for range scripts { // no chain is longer, so one that goes in circles ends
		words := strings.Fields(scripts[name])
		if len(words) != 3 || words[0] != "npm" || words[1] != "run" && words[1] != "run-script" || scripts[words[2]] == "" {
			break
		}
		name = words[2]
	}
	return name
}

// start finds the command of a project: its start script, where that is plain
// node and needs no shell; else main; else a file by its usual name.
func start(folder fs.FS, m manifest) ([]string, string) {
	name := started(m.scripts)
	if words := strings.Fields(m.scripts[name]); len(words) > 1 && words[0] == "node" && !strings.ContainsAny(m.scripts[name], "\"'`$&|;<>()*?\\~#=!") {
		return words, "the " + name + " script of package.json"
	}
	for _, c := range []struct{ file, from string }{{path.Clean(m.main), "main of package.json"}, {"server.js", "a file by its usual name"}, {"index.js", "a file by its usual name"}} {
		if !fs.ValidPath(c.file) {
			continue
		}
		for _, file := range endings(c.file) {
			if info, err := fs.Stat(folder, file); err == nil && info.Mode().IsRegular() && path.Ext(file) != "" {
				return []string{"node", file}, c.from
			}
		}
	}
	return nil, ""
}

// endings are the files that node tries for a name.
func endings(name string) []string { return []string{name, name + ".js", name + "/index.js"} }

// stands reports whether a file is there that node would run by a name. What only a
// package.json could show counts as there.
func stands(folder fs.FS, name string) bool {
	name = path.Clean(name)
	if !fs.ValidPath(name) {
		return true
	}
	for _, file := range append(endings(name), name+".cjs", name+".json", name+".node") {
		if _, err := fs.Stat(folder, file); err == nil {
			return true
		}
	}
	return false
}

package trace

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/pipelines"
)

// node is the version of Node that resolves.
func (t *tracer) node() string {
	version := "22"
	if t.made != nil && t.made.contents != nil && t.made.contents.Node != "" {
		version = t.made.contents.Node
	} else if i, err := t.image(); err == nil && i != nil {
		if b, ok := t.project.Base(i.Base); ok && b.Node != "" {
			version = b.Node
		}
	}
	return cmp.Or(t.options.Node, version)
}

// image is the image block that is asked about, nil where the project has none.
func (t *tracer) image() (*pipelines.Image, error) {
	if t.project == nil {
		return nil, nil
	}
	if t.options.Image != "" {
		if i, ok := t.project.Image(t.options.Image); ok {
			return i, nil
		}
		var names []string
		for _, i := range t.project.Images {
			names = append(names, i.Name)
		}
		return nil, &diag.Problem{Code: CodeEntry, What: fmt.Sprintf("there is no image %q", t.options.Image), Remedy: diag.DidYouMean(t.options.Image, names, "nbuild trace --image %s")}
	}
	switch len(t.project.Images) {
	case 0:
		return nil, nil
	case 1:
		return &t.project.Images[0], nil
	}
	return nil, &diag.Problem{
		Code: CodeEntry, Pos: diag.Pos{File: t.project.File}, What: "the project has several images",
		Why: "each starts with a command of its own", Remedy: fmt.Sprintf("name one, as in: `nbuild trace --image %s`", diag.Word(t.project.Images[0].Name)),
	}
}

// entries are the files that production starts with, relative to the base.
func (t *tracer) entries() ([]string, error) {
	if len(t.options.Entries) == 0 {
		return t.commanded()
	}
	var all []string
	for _, e := range t.options.Entries {
		if t.tree != nil {
			name, ok := t.file(path.Join(t.root, filepath.ToSlash(e)))
			if !ok {
				return nil, missing(e, fs.ErrNotExist)
			}
			all = append(all, name)
			continue
		}
		name, err := t.relative(t.host.Path(e))
		if err != nil {
			return nil, missing(e, err)
		}
		all = append(all, name)
	}
	return distinct(all), nil
}

func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// relative names a file of this machine as the base has it.
func (t *tracer) relative(name string) (string, error) {
	if t.tree != nil {
		rel, err := filepath.Rel(t.base, name)
		if err == nil && t.tree.At(rel) == nil {
			err = fs.ErrNotExist
		}
		return rel, err
	}
	real, err := filepath.EvalSymlinks(name)
	if err != nil {
		return "", err
	}
	rel, err := filepath.Rel(t.base, real)
	if err != nil || !filepath.IsLocal(rel) {
		return "", fmt.Errorf("it is outside of %s, which --base names", filepath.Base(t.base))
	}
	return filepath.ToSlash(rel), nil
}

// commanded are the files that the image's command starts.
func (t *tracer) commanded() ([]string, error) {
	i, err := t.image()
	if err != nil {
		return nil, err
	}
	if i == nil {
		return nil, &diag.Problem{Code: CodeEntry, Pos: diag.Pos{File: t.project.File}, What: "the project has no image, and no entry was named", Remedy: "name the file that production starts with, as in: `nbuild trace server.js`"}
	}
	files := Started(slices.Concat(i.Entrypoint, i.Cmd))
	var all []string
	for _, file := range files {
		if name, ok := t.ofImage(i, path.Join("/", i.Workdir, file)); ok {
			all = append(all, name)
		} else if path.IsAbs(file) {
			if name, ok := t.ofImage(i, path.Clean(file)); ok {
				all = append(all, name)
			}
		}
	}
	if len(all) > 0 {
		all = append(all, t.preloaded(slices.Concat(i.Entrypoint, i.Cmd))...)
	}
	if len(all) == 0 {
		return nil, &diag.Problem{
			Code: CodeEntry, Pos: i.At, What: fmt.Sprintf("the command %q of image %q starts no file of the project that could be found", strings.Join(slices.Concat(i.Entrypoint, i.Cmd), " "), i.Name),
			Why: "what production loads is followed from the file that it starts with", Remedy: "name the file, as in: `nbuild trace server.js`",
		}
	}
	return distinct(all), nil
}

// preloaded are the files of packages that the command has node load before its own,
// as in node --require dotenv/config server.js, found from the project's folder.
func (t *tracer) preloaded(cmd []string) []string {
	node, err := resolution.ParseVersion(t.node())
	if err != nil {
		return nil // the walk says so
	}
	from, err := filepath.Rel(t.base, t.root)
	if err != nil || !filepath.IsLocal(from) {
		return nil
	}
	r := resolution.New(t.fsys, resolution.Target{Node: node})
	var all []string
	for _, p := range preloads(cmd) {
		if found, err := r.Resolve(p.name, path.Join(filepath.ToSlash(from), "-"), p.mode); err == nil && found.Path != "" {
			all = append(all, found.Path)
		}
	}
	return all
}

// ofImage finds the project's file that stands at a path of the image.
func (t *tracer) ofImage(i *pipelines.Image, at string) (string, bool) {
	if t.tree != nil {
		return t.file(at)
	}
	for _, l := range i.Layers {
		to := path.Clean("/" + l.To)
		rest, ok := strings.CutPrefix(at, strings.TrimSuffix(to, "/")+"/")
		if !ok {
			continue
		}
		for _, try := range []string{rest, rest + ".js", rest + ".cjs", rest + ".mjs", path.Join(rest, "index.js")} {
			full := filepath.Join(t.folder, filepath.FromSlash(try))
			if info, err := os.Stat(full); err == nil && info.Mode().IsRegular() {
				if name, err := t.relative(full); err == nil {
					return name, true
				}
			}
		}
	}
	return "", false
}

// valued are the flags of node whose value is the next argument.
var valued = []string{"-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file", "--max-old-space-size", "--title", "--input-type"}

// preload is what a flag of node names to be loaded first.
type preload struct {
	name string
	mode resolution.Mode
}

// named reports whether it is a package's, and no file of the project.
func (p preload) named() bool { return !strings.HasPrefix(p.name, ".") && !path.IsAbs(p.name) }

// preloads are the packages that flags of a command of node name.
func preloads(cmd []string) []preload {
	_, all := started(cmd)
	return slices.DeleteFunc(all, func(p preload) bool { return !p.named() })
}

// Started are the files that a command of node loads: those of --require and
// --import, and the one that it is given. A command that is not node's has none.
func Started(cmd []string) []string {
	file, all := started(cmd)
	var files []string
	for _, p := range all {
		if !p.named() {
			files = append(files, p.name)
		}
	}
	if file != "" {
		files = append(files, file)
	}
	return files
}

// started returns the file that node is given, and what it loads before that.
func started(cmd []string) (file string, before []preload) {
	if len(cmd) == 0 || path.Base(cmd[0]) != "node" {
		return "", nil
	}
	for i := 1; i < len(cmd); i++ {
		name, value, joined := strings.Cut(cmd[i], "=")
		switch {
		case cmd[i] == "--":
			if i+1 < len(cmd) {
				file = cmd[i+1]
			}
			return file, before
		case !strings.HasPrefix(name, "-"):
			return cmd[i], before
		case slices.Contains(valued, name) && !joined && i+1 < len(cmd):
			i++
			value = cmd[i]
		}
		switch {
		case value == "":
		case name == "-r" || name == "--require":
			before = append(before, preload{value, resolution.Require})
		case name == "--import":
			before = append(before, preload{value, resolution.Import})
		}
	}
	return "", before
}

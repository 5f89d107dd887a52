package trace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// ReadFile reads nbuild.trace of a project's folder. Where there is none, the file is
// nil and so is the error.
func ReadFile(root *os.Root) (*tracefile.File, error) {
	src, err := wholefile.ReadIn(root, tracefile.Name, bounds.Sources)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", tracefile.Name, err)
	}
	f, err := tracefile.Parse(src)
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeTraceFile, Pos: diag.Pos{File: tracefile.Name}, What: tracefile.Name + " is not as nbuild wrote it", Err: err,
			Why: "what stands in it joins what production may load, so nothing in it is guessed at", Remedy: "write it anew: `nbuild trace --run -- npm test`",
		}
	}
	return f, nil
}

// traced joins what nbuild.trace has, where the files are what they were.
func (t *tracer) traced() ([]string, error) {
	root, err := os.OpenRoot(t.folder)
	if err != nil {
		return nil, fmt.Errorf("opening the project's folder: %w", err)
	}
	defer root.Close()
	f, err := ReadFile(root)
	if f == nil {
		return nil, err
	}
	var names []string
	for _, l := range f.Files {
		name, err := t.relative(filepath.Join(t.root, filepath.FromSlash(l.Path)))
		if err != nil {
			t.warn(l.Path, "it is traced, and is not there any more: run "+t.again(f))
			continue
		}
		sum, err := t.digest(root, l.Path)
		if err != nil || sum != l.SHA256 {
			t.warn(l.Path, "it was changed since it was traced: run "+t.again(f))
			continue
		}
		var from []string
		for _, p := range l.From {
			if name, err := t.relative(filepath.Join(t.root, filepath.FromSlash(p))); err == nil {
				from = append(from, name)
			}
		}
		t.add(name, string(l.Format), sources.Traced, from)
		names = append(names, name)
	}
	return names, nil
}

// again is what writes nbuild.trace anew.
func (t *tracer) again(f *tracefile.File) string {
	if len(f.Command) > 2 && f.Command[0] == "nbuild" {
		return strings.Join(f.Command, " ")
	}
	return "nbuild trace --run"
}

// digest is that of a file of the project as the ground has it.
func (t *tracer) digest(root *os.Root, name string) (cas.Digest, error) {
	if t.tree != nil {
		content, err := fs.ReadFile(t.own, name)
		return cas.Sum(content), err
	}
	content, err := wholefile.ReadIn(root, filepath.FromSlash(name), bounds.ArchiveFile)
	return cas.Sum(content), err
}

// listed joins what build.hcl lists by hand.
func (t *tracer) listed(ctx context.Context) ([]string, error) {
	if t.project == nil || len(t.project.Dynamism.Load) == 0 {
		return nil, nil
	}
	found := make([]int, len(t.project.Dynamism.Load))
	packages := false
	for _, l := range t.project.Dynamism.Load {
		packages = packages || strings.HasPrefix(l.Glob, "node_modules/")
	}
	var names []string
	err := fs.WalkDir(t.own, ".", func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return fmt.Errorf("listing the project: %w", err)
		}
		if d.IsDir() {
			if base := path.Base(name); base == ".git" || base == "node_modules" && !packages {
				return fs.SkipDir
			}
			return nil
		}
		for i := range t.project.Dynamism.Load {
			if !t.project.Dynamism.Load[i].Matches(name) {
				continue
			}
			if at, err := t.relative(filepath.Join(t.root, filepath.FromSlash(name))); err == nil {
				found[i]++
				t.add(at, "", sources.Listed, nil)
				names = append(names, at)
			}
		}
		return nil
	})
	for i, n := range found {
		if l := t.project.Dynamism.Load[i]; n == 0 && err == nil {
			t.warn(l.At.File, fmt.Sprintf("load %q names no file", l.Glob))
		}
	}
	return distinct(names), err
}

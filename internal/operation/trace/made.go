package trace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/operation/run"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// ground is where what is followed stands: the project's folder, or the files of an image.
type ground struct {
	base string     // absolute; what is outside of it does not count
	root string     // where the project's files stand, absolute
	fsys fs.FS      // of base
	own  fs.FS      // of root
	tree *rootfs.FS // of an image; nil of the project's folder
}

// shown is a path relative to base as a person is shown it: in an image, relative to where
// the project stands in it.
func (g *ground) shown(name string) string {
	if g.tree == nil || name == "" {
		return name
	}
	if rest, ok := strings.CutPrefix("/"+name, strings.TrimSuffix(g.root, "/")+"/"); ok {
		return rest
	}
	return "/" + name
}

func (g *ground) allShown(names []string) []string {
	for i := range names {
		names[i] = g.shown(names[i])
	}
	slices.Sort(names)
	return names
}

// made is the project with what its steps make.
type made struct {
	*run.Begun
	platform string
	input    builder.Input
	block    *pipelines.Image  // the image that is followed; nil where none is
	contents *builder.Contents // of it
	results  execution.Results
	stands   map[string]string // where the image has outputs of steps, by their paths in those
}

func (t *tracer) close() {
	if t.made != nil {
		t.made.Close()
	}
}

// make has steps run that are asked for, and takes the image's files for what is followed
// where the project's folder does not have them.
func (t *tracer) make(ctx context.Context) error {
	followed, err := t.followed()
	if err != nil {
		return err
	}
	if t.options.Checks {
		if err := traceable(followed); err != nil {
			return err
		}
	}
	if followed == nil && !t.options.Steps {
		return nil
	}
	begun, err := run.Begin(ctx, t.host, run.Options{})
	if err != nil {
		return err
	}
	m := &made{Begun: begun, platform: begun.Key.Platform, block: followed, stands: map[string]string{}}
	t.made = m
	if followed != nil && !slices.Contains(followed.Platforms, m.platform) && len(followed.Platforms) > 0 {
		m.platform = followed.Platforms[0]
	}
	keys := m.traced()
	if t.options.Steps && len(keys) == 0 {
		return &diag.Problem{
			Code: CodeNoTrace, Pos: diag.Pos{File: m.Project.File}, What: "no step of the project is traced",
			Why: "what loads is recorded in steps that say so", Remedy: "write trace = true in the step that runs the tests, or record a command with `nbuild trace --run -- npm test`",
		}
	}
	if !t.options.Steps {
		keys = nil
	}
	if followed != nil {
		only := *followed
		only.Platforms = []string{m.platform}
		m.block = &only
		of, err := steps.OfImages(m.Project, m.Lock, only)
		if err != nil {
			return err
		}
		keys = append(keys, of...)
	}
	m.Runner.KnownOnly = !t.options.Steps && !t.options.Checks
	if m.results, err = steps.Run(ctx, m.Project, m.Lock, m.Runner, keys); err != nil {
		return err
	}
	if followed == nil {
		return nil
	}
	return t.enter(ctx)
}

// followed is the image whose files are followed; nil means the project's folder. An image
// that takes what steps make is, unless all that is asked about is on disk.
func (t *tracer) followed() (*pipelines.Image, error) {
	if t.project == nil || t.options.Base != "" {
		return nil, nil
	}
	missing := len(t.options.Entries) == 0 || t.options.Checks
	for _, e := range t.options.Entries {
		_, err := os.Stat(t.host.Path(e))
		missing = missing || errors.Is(err, fs.ErrNotExist)
	}
	i, err := t.image()
	if err != nil || i == nil {
		if !missing { // nothing that is asked is the image's
			err = nil
		}
		return nil, err
	}
	takes := slices.ContainsFunc(i.Layers, func(l pipelines.Layer) bool {
		return slices.ContainsFunc(l.From, func(s pipelines.Source) bool { return s.Kind == pipelines.FromStep })
	})
	if t.options.Checks || takes && missing {
		return i, nil
	}
	return nil, nil
}

// enter makes the image's files the ground.
func (t *tracer) enter(ctx context.Context) error {
	m := t.made
	files, err := m.Project.Files(ctx)
	if err != nil {
		return err
	}
	source, err := m.Project.Source(ctx, m.Lock)
	if err != nil {
		return err
	}
	m.input = builder.Input{
		Project: m.Project.Project, Lock: m.Lock, Store: m.Runner.Store, Root: m.Project.Root, Files: files.Files, Steps: m.results,
		Tree: m.Project.Tree, Available: m.Project.Available, Date: source.Date, Lease: m.Runner.Lease,
	}
	if m.contents, err = builder.ContentsOf(ctx, m.input, m.block, m.platform); err != nil {
		return err
	}
	tree, err := rootfs.New(ctx, nil, m.contents.Members)
	if err != nil {
		return err
	}
	root := ""
	for _, l := range m.block.Layers {
		to := path.Clean("/" + l.To)
		if within(to, path.Clean("/"+m.block.Workdir)) && len(to) > len(root) {
			root = to
		}
		for _, s := range l.From {
			if r := m.results[execution.Key{Step: s.Name, Platform: m.platform}]; s.Kind == pipelines.FromStep && r != nil {
				for _, e := range r.Outputs {
					for _, taken := range s.Take([]snapshot.Entry{e}) {
						m.stands[e.Path] = path.Join(to, taken.Path)
					}
				}
			}
		}
	}
	if root == "" {
		root = path.Clean("/" + m.block.Workdir)
	}
	own := fs.FS(tree)
	if root != "/" {
		if own, err = fs.Sub(tree, strings.TrimPrefix(root, "/")); err != nil {
			return fmt.Errorf("following image %q: %w", m.block.Name, err)
		}
	}
	t.ground = ground{base: "/", root: root, fsys: tree, own: own, tree: tree}
	return nil
}

func within(dir, name string) bool {
	return dir == "/" || name == dir || strings.HasPrefix(name, dir+"/")
}

// file finds a file of the image as Node finds one that it is given, by its absolute path.
func (t *tracer) file(at string) (string, bool) {
	node, err := resolution.ParseVersion(t.node())
	if err != nil {
		return "", false // the walk says so
	}
	found, err := resolution.New(t.tree, resolution.Target{Node: node}).Resolve("."+path.Clean(at), "-", resolution.Require)
	return found.Path, err == nil && found.Path != ""
}

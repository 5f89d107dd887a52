// Package trace shows which sources production can load, and writes down what it was
// seen to load.
//
// Three ways lead to a file, and each is reported with it: the code spells a way from
// an entry point (static), a test run loaded it (traced), or build.hcl lists it by hand
// (listed). Reading code finds what a test does not come by, and a test finds what no
// reading can find, such as a plugin whose name is in a database; so the union counts.
//
// A run records everything that its processes load, which is mostly the test runner.
// What is kept is what production's own files asked for: whatever is reached from the
// entry points through edges that the code has and edges that were seen. It goes to
// nbuild.trace, which is committed and reviewed. A file that was changed since then
// is traced no more, because what was seen were other bytes.
//
// Where the image takes what steps make, there is no entry on disk: what is followed are
// the image's own files, as a build takes them, and paths are those in the folder of the
// image where the project stands. The packages are those of the lockfile, installed or not.
//
// The invariant: without a run, the answer depends on the project's files alone, and on what
// its steps make of them; with one, nothing of the machine is in what is written.
package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/dynamism/reach"
)

// Options say where to start and what to run.
type Options struct {
	Entries []string  // files; none means those that the image's command starts
	Image   string    // the image block's name, where there are several
	Base    string    // paths are given relative to it, and nothing outside counts; "" is the project's folder
	Node    string    // the version of Node that resolves; "" is what the image has, else 22
	Command []string  // what is run and recorded; none is run where it is empty
	Steps   bool      // the steps that are traced are run and recorded
	Checks  bool      // the image is started for its checks that are traced, and recorded
	Output  io.Writer // gets what the command prints
}

// File is one file that production can load. Format is "" where it is only read.
type File struct {
	Path    string           `json:"path"`
	Format  string           `json:"format"`
	Package string           `json:"package,omitempty"`
	Reasons []sources.Reason `json:"reasons"`
	From    []string         `json:"from"`
}

// Result is nbuild.trace/v1: what production can load, by path.
type Result struct {
	Schema   string          `json:"schema"`
	Node     string          `json:"node"`
	Entries  []string        `json:"entries"`
	Files    []File          `json:"files"`
	Links    []string        `json:"links"` // symbolic links on the way
	Warnings []reach.Warning `json:"warnings"`
	Run      *Recorded       `json:"run,omitempty"`
}

// Recorded is what a run gave.
type Recorded struct {
	Trace     string   `json:"trace"`     // the file that was written
	Processes int      `json:"processes"` // and workers
	Loaded    int      `json:"loaded"`    // files of production that were loaded
	Code      int      `json:"code"`      // strings that became code in them
	Dropped   []string `json:"dropped"`   // files that only the test loaded
}

// tracer is one run.
type tracer struct {
	host    machine.Host
	options Options
	project *pipelines.Project // nil where there is no build.hcl
	folder  string             // the project's, absolute and real
	ground                     // where what is followed stands
	made    *made              // what steps and the image are of; nil where neither is asked for
	result  *Result
	reached map[string]*File
	unclear []reach.Warning // of the code, as of the last look
}

// Run answers what production can load, and records a command first if there is one.
func Run(ctx context.Context, host machine.Host, o Options) (*Result, error) {
	t := &tracer{host: host, options: o, reached: map[string]*File{}}
	if err := t.open(); err != nil {
		return nil, err
	}
	defer t.close()
	if err := t.make(ctx); err != nil {
		return nil, err
	}
	entries, err := t.entries()
	if err != nil {
		return nil, err
	}
	t.result = &Result{Schema: "nbuild.trace/v1", Node: t.node(), Entries: entries, Files: []File{}, Links: []string{}, Warnings: []reach.Warning{}}
	if err := t.static(entries, nil); err != nil {
		return nil, err
	}
	t.uninstalled()
	if len(o.Command) > 0 || o.Steps || o.Checks {
		if err := t.record(ctx); err != nil {
			return nil, err
		}
	}
	traced, err := t.traced()
	if err != nil {
		return nil, err
	}
	listed, err := t.listed(ctx)
	if err != nil {
		return nil, err
	}
	if more := slices.Concat(traced, listed); len(more) > 0 {
		if err := t.static(entries, more); err != nil {
			return nil, err
		}
	}
	return t.finish(), nil
}

// uninstalled says where the project's packages are not there to be followed into.
func (t *tracer) uninstalled() {
	_, err := os.Lstat(filepath.Join(t.folder, "node_modules"))
	if t.project == nil || t.tree != nil || !errors.Is(err, fs.ErrNotExist) {
		return
	}
	for _, w := range t.unclear {
		if strings.Contains(w.Message, "MODULE_NOT_FOUND") || strings.Contains(w.Message, "ERR_MODULE_NOT_FOUND") {
			t.warn("node_modules", "it is not there, so nothing of the packages is listed: run `nbuild install`")
			return
		}
	}
}

// open finds the project and the folder that paths are relative to.
func (t *tracer) open() error {
	t.folder = t.host.Dir
	if _, err := os.Stat(t.host.Path(t.host.File)); err == nil || len(t.options.Entries) == 0 {
		p, err := pipelines.Open(t.host.Dir, t.host.File, pipelines.Options{Vars: t.host.Vars})
		if err != nil {
			return err
		}
		t.project = p
		t.folder = filepath.Join(p.Dir, filepath.FromSlash(p.Root))
	}
	var err error
	if t.folder, err = filepath.EvalSymlinks(t.folder); err != nil {
		return fmt.Errorf("opening the project's folder: %w", err)
	}
	base := t.folder
	if t.options.Base != "" {
		if base, err = filepath.EvalSymlinks(t.host.Path(t.options.Base)); err != nil {
			return missing(t.options.Base, err)
		}
	}
	t.ground = ground{base: base, root: t.folder, fsys: resolution.DirFS(base), own: os.DirFS(t.folder)}
	return nil
}

// static adds what the code reaches from the entries, and from files that are loaded
// for other reasons. Those do not become static by being asked about, only by being
// led to.
func (t *tracer) static(entries, loaded []string) error {
	cwd, err := filepath.Rel(t.base, t.root)
	if err != nil || !filepath.IsLocal(cwd) {
		cwd = "."
	}
	r, err := reach.Run(t.fsys, entries, reach.Options{Node: t.node(), Loaded: distinct(loaded), Cwd: filepath.ToSlash(cwd)})
	if err != nil {
		return &diag.Problem{Code: CodeEntry, What: "what the entries reach is not known", Err: err, Remedy: "name files that are there, and a Node of 20 or later, as in: `nbuild trace --node 22 server.js`"}
	}
	for _, f := range r.Files {
		have := t.reached[f.Path]
		if have == nil {
			have = &File{Path: f.Path, From: []string{}}
			t.reached[f.Path] = have
		}
		if have.Format == "" {
			have.Format = string(f.Format)
		}
		have.Package = f.Package
		have.From = union(have.From, f.From)
		if loaded == nil || len(f.From) > 0 || f.Reason == reach.Governs {
			have.Reasons = sources.Ordered(append(have.Reasons, sources.Static))
		}
	}
	t.result.Links = union(t.result.Links, r.Links)
	t.unclear = r.Warnings
	return nil
}

// add joins a file for a reason.
func (t *tracer) add(name, format string, reason sources.Reason, from []string) {
	f := t.reached[name]
	if f == nil {
		f = &File{Path: name, From: []string{}}
		t.reached[name] = f
	}
	if format != "" {
		f.Format = format
	}
	f.Reasons = sources.Ordered(append(f.Reasons, reason))
	f.From = union(f.From, from)
}

func union(a, b []string) []string {
	out := append(append([]string{}, a...), b...)
	slices.Sort(out)
	return slices.Compact(out)
}

func (t *tracer) finish() *Result {
	r := t.result
	for _, f := range t.reached {
		f.Path, f.Package, f.From = t.shown(f.Path), t.shown(f.Package), t.allShown(f.From)
		r.Files = append(r.Files, *f)
	}
	r.Entries, r.Links = t.allShown(r.Entries), t.allShown(r.Links)
	for i := range t.unclear {
		t.unclear[i].File = t.shown(t.unclear[i].File)
	}
	slices.SortFunc(r.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	r.Warnings = append(append([]reach.Warning{}, t.unclear...), r.Warnings...)
	return r
}

func missing(name string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		err = at.Err
	}
	return &diag.Problem{
		Code: CodeEntry, What: fmt.Sprintf("%s can't be read", filepath.ToSlash(name)), Err: err,
		Why: "what production loads is followed from there", Remedy: "name a file that is there, as in: `nbuild trace server.js`",
	}
}

package production

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/builder/rootfs"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/dynamism/reach"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// The problems of a source list.
const (
	CodeEvaluator diag.Code = "NB1177" // an approval names no module that the image may load
	CodeLoad      diag.Code = "NB1178" // a load block names no file of the image
	CodeStopped   diag.Code = "NB1157" // the guard would stop the image as it starts
)

// Result is the list and what a person should know about it.
type Result struct {
	List     *sources.List
	Warnings []reach.Warning  // places where more may be loaded than could be found out; paths in the image
	Stale    []string         // files of the trace that have other bytes now, or are gone; relative to the project
	Uses     guard.Permission // what a listed module was found to use; Write is not reported
	Meanings guard.Meanings   // what require answers
	Imports  []string         // those listed files that have an import() in them; never nil
	// Libraries are what listed addons link to, by path.
	Libraries map[string]guard.Linked
	Proposed  []Proposal // modules that may turn strings into code and are not approved
	AtOnce    []Proposal // ... that do whenever they are loaded

	// Rewriters are modules that rewrite others as they load and are not approved.
	Rewriters []Proposal

	loaded, approved, instruments []bool // which load, evaluator and instrumenter blocks meant something here
}

// Unused are the load and evaluator blocks that meant nothing in any of a project's
// lists. An exception that means nothing hides a mistake, or waits for code that
// nobody has read.
func Unused(d pipelines.Dynamism, all []*Result) diag.Problems {
	var problems diag.Problems
	for i, block := range d.Load {
		if !slices.ContainsFunc(all, func(r *Result) bool { return r.loaded[i] }) {
			problems = append(problems, &diag.Problem{
				Code: CodeLoad, Pos: block.At, What: fmt.Sprintf("%q names no file of an image that Node could load", block.Glob),
				Why: "an exception that means nothing hides a mistake", Remedy: "correct the pattern, which is relative to the project's folder, or take the block out",
			})
		}
	}
	for i, block := range d.Evaluators {
		if !slices.ContainsFunc(all, func(r *Result) bool { return r.approved[i] }) {
			problems = append(problems, &diag.Problem{
				Code: CodeEvaluator, Pos: block.At, What: fmt.Sprintf("evaluator %q approves no module that an image may load", block.Purl),
				Why: "an approval that means nothing waits for code that nobody has read", Remedy: "correct its label or `files`, or take the block out",
			})
		}
	}
	for i, block := range d.Instrumenters {
		if !slices.ContainsFunc(all, func(r *Result) bool { return r.instruments[i] }) {
			problems = append(problems, &diag.Problem{
				Code: CodeEvaluator, Pos: block.At, What: fmt.Sprintf("instrumenter %q approves no module that an image may load", block.Purl),
				Why: "an approval that means nothing waits for code that nobody has read", Remedy: "correct its label or `files`, or take the block out",
			})
		}
	}
	return problems
}

// lister works one list out.
type lister struct {
	contents builder.Contents
	dynamism pipelines.Dynamism
	tree     *rootfs.FS
	listed   map[string]bool // files that a load block names
	traced   map[string]bool // files that the trace saw, with these bytes
	result   *Result
	findings map[string][]source.Finding // of modules that evaluate or rewrite, by path in the image
}

// List works out what an image may load. trace is what nbuild.trace holds, nil where
// the project has none.
func List(ctx context.Context, c builder.Contents, d pipelines.Dynamism, trace *tracefile.File) (*Result, error) {
	t, err := rootfs.New(ctx, nil, c.Members)
	if err != nil {
		return nil, err
	}
	t.Hold(loadable)
	l := &lister{
		contents: c, dynamism: d, tree: t, listed: map[string]bool{}, traced: map[string]bool{}, findings: map[string][]source.Finding{},
		result: &Result{List: &sources.List{Node: c.Node}, Imports: []string{}},
	}
	entry, err := l.entry()
	if err != nil {
		return nil, err
	}
	preloaded, err := l.preloads()
	if err != nil {
		return nil, err
	}
	entries := append([]string{entry}, preloaded...)
	l.load()
	if err := l.trace(trace); err != nil {
		return nil, err
	}
	var loaded []string
	for _, name := range slices.Concat(slices.Collect(maps.Keys(l.listed)), slices.Collect(maps.Keys(l.traced))) {
		if !slices.Contains(entries, name) {
			loaded = append(loaded, name)
		}
	}
	slices.Sort(loaded)
	loaded = slices.Compact(loaded)
	node, err := resolution.ParseVersion(c.Node)
	if err != nil {
		return nil, err
	}
	found, err := reach.Run(t, entries, reach.Options{
		Node: c.Node, NoRequireModule: !guard.RequiresModules(node.Major), Conditions: l.conditions(),
		Loaded: loaded, Cwd: inTree(c.Block.Workdir), Platform: platform(c.Platform),
	})
	if err != nil {
		return nil, fmt.Errorf("finding what image %q may load: %w", c.Block.Name, err)
	}
	l.result.Warnings = found.Warnings
	for _, f := range found.Files {
		if err := l.add(f, entries); err != nil {
			return nil, err
		}
	}
	if err := l.libraries(); err != nil {
		return nil, err
	}
	l.meanings(found.Meanings)
	l.evaluators()
	if guard.Mode(c.Block.Guard) == guard.Enforce {
		if err := l.stopped(entries); err != nil {
			return nil, err
		}
	}
	for _, g := range d.Generated {
		l.result.List.Generated = append(l.result.List.Generated, sources.Generated{SHA256: g.SHA256, Reason: g.Reason})
	}
	l.result.List.Sort()
	return l.result, nil
}

// add puts a file on the list, unless it is only read.
func (l *lister) add(f reach.File, entries []string) error {
	if f.Format == resolution.Other {
		return nil
	}
	data, err := l.tree.ReadFile(f.Path)
	if err != nil {
		return err
	}
	e := sources.Entry{Path: "/" + f.Path, SHA256: cas.Sum(data), Format: sources.Format(f.Format)}
	if f.Package != "" {
		e.Package = "/" + f.Package
	}
	if slices.Contains(entries, f.Path) || len(f.From) > 0 || f.Reason == reach.Governs || !l.listed[f.Path] && !l.traced[f.Path] {
		e.Reasons = append(e.Reasons, sources.Static)
	}
	if l.traced[f.Path] {
		e.Reasons = append(e.Reasons, sources.Traced)
	}
	if l.listed[f.Path] {
		e.Reasons = append(e.Reasons, sources.Listed)
	}
	l.result.List.Entries = append(l.result.List.Entries, e)
	if (e.Format == sources.CommonJS || e.Format == sources.Module) && mayImport(data, e.Format) {
		l.result.Imports = append(l.result.Imports, e.Path)
	}
	return nil
}

// load finds the files that load blocks name.
func (l *lister) load() {
	l.result.loaded = make([]bool, len(l.dynamism.Load))
	for _, name := range l.tree.Own() {
		if !loadable(name) {
			continue
		}
		for _, at := range l.places() {
			rel, ok := below(at, name)
			if !ok {
				continue
			}
			for i := range l.dynamism.Load {
				if l.dynamism.Load[i].Matches(rel) {
					l.listed[name], l.result.loaded[i] = true, true
				}
			}
		}
	}
}

// trace finds the files that the trace saw, as far as they have the bytes that it saw.
func (l *lister) trace(t *tracefile.File) error {
	if t == nil {
		return nil
	}
	for _, f := range t.Files {
		current := false
		for _, at := range l.places() {
			name := path.Join(at, f.Path)
			n := l.tree.At(name)
			if n == nil || !n.Mode().IsRegular() {
				continue
			}
			data, err := l.tree.Contents(n)
			if err != nil {
				return err
			}
			if cas.Sum(data) == f.SHA256 {
				l.traced[name], current = true, true
			}
		}
		if !current {
			l.result.Stale = append(l.result.Stale, f.Path)
		}
	}
	return nil
}

// places are the folders of the image where the project's files and its packages
// stand, without the leading slash, sorted.
func (l *lister) places() []string {
	var all []string
	for _, layer := range l.contents.Block.Layers {
		for _, s := range layer.From {
			if s.Kind == pipelines.FromProject || s.Kind == pipelines.FromFiles || s.Kind == pipelines.FromNpm || s.Kind == pipelines.FromStep {
				all = append(all, inTree(layer.To))
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// loadable says whether a name may be one of code, or say what code is.
func loadable(name string) bool {
	switch path.Ext(name) {
	case ".js", ".cjs", ".mjs", ".json", ".node", ".wasm", ".ts", ".cts", ".mts", "":
		return true
	}
	return false
}

// inTree is an absolute path of the image as the tree has it.
func inTree(p string) string {
	if p = strings.TrimPrefix(path.Clean("/"+p), "/"); p == "" {
		return "."
	}
	return p
}

// below names a file relative to a folder that it is in.
func below(at, name string) (string, bool) {
	if at == "." {
		return name, true
	}
	return strings.CutPrefix(name, at+"/")
}

// platform spells an image's platform as prebuilt addons are named.
func platform(p string) string {
	if _, arch, _ := strings.Cut(p, "/"); arch == "amd64" {
		return "linux-x64"
	}
	return strings.ReplaceAll(p, "/", "-")
}

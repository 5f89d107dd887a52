package trace

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/sbom/dynamism/reach"
)

// record runs the command, keeps what production's files loaded in it and writes
// nbuild.trace.
func (t *tracer) record(ctx context.Context) error {
	r, err := t.seen(ctx)
	if err != nil {
		return err
	}
	k := &keeper{t: t, record: r, from: map[string][]string{}, kept: map[string]bool{}}
	f, err := k.file()
	if err != nil {
		return err
	}
	text, err := f.Format()
	if err != nil {
		return fmt.Errorf("writing %s: %w", tracefile.Name, err)
	}
	if err := t.write(text); err != nil {
		return fmt.Errorf("writing %s: %w", tracefile.Name, err)
	}
	t.result.Run = &Recorded{Trace: tracefile.Name, Processes: r.Processes, Loaded: len(f.Files), Code: len(f.Code), Dropped: k.dropped()}
	if r.Blind {
		t.warn(tracefile.Name, "a Node without its inspector ran, so strings that became code were not seen in it")
	}
	return nil
}

// seen is what was recorded of all that was asked for, where the ground has it.
func (t *tracer) seen(ctx context.Context) (*recorder.Record, error) {
	if !t.options.Steps && !t.options.Checks {
		r, err := t.observe(ctx)
		if err == nil && t.tree != nil {
			relocate(r, t.folder, t.root, t.made.stands)
		}
		return r, err
	}
	all := &recorder.Record{}
	if t.options.Steps {
		r, err := t.observeSteps(ctx)
		if err != nil {
			return nil, err
		}
		all.Add(r)
	}
	if t.options.Checks {
		r, err := t.observeChecks(ctx)
		if err != nil {
			return nil, err
		}
		all.Add(r)
	}
	return all, nil
}

// write replaces the trace file as a whole, without following a link in its place.
func (t *tracer) write(text []byte) error {
	temp := filepath.Join(t.folder, "."+tracefile.Name+".new")
	if err := os.WriteFile(temp, text, 0o644); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(t.folder, tracefile.Name))
}

func (t *tracer) warn(file, message string) {
	t.result.Warnings = append(t.result.Warnings, reach.Warning{File: file, Message: message})
}

// observe runs the command with the recorder in every Node that it starts.
func (t *tracer) observe(ctx context.Context) (*recorder.Record, error) {
	store, err := t.host.Store()
	if err != nil {
		return nil, err
	}
	dir, end, err := store.Unfinished("trace-")
	if err != nil {
		return nil, err
	}
	defer end()
	env, err := recorder.Install(dir, t.host.Environ)
	if err != nil {
		return nil, err
	}
	argv := t.options.Command
	program := t.host.Path(argv[0])
	if !strings.Contains(argv[0], "/") {
		if program, err = t.host.Program(argv[0]); err != nil {
			return nil, &diag.Problem{Code: CodeCommand, What: fmt.Sprintf("there is no program %q in PATH", argv[0]), Remedy: "name a program that is there, as in: `nbuild trace --run -- npm test`"}
		}
	}
	cmd := exec.CommandContext(ctx, program, argv[1:]...)
	cmd.Args[0] = argv[0]
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = t.host.Dir, env, t.options.Output, t.options.Output
	if err := family(cmd); err != nil {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, &diag.Problem{
			Code: CodeCommand, What: fmt.Sprintf("%q failed", strings.Join(argv, " ")), Err: err,
			Why: "what a run that failed loaded is not what production loads; " + tracefile.Name + " is as it was", Remedy: "run it by itself and correct it: " + strings.Join(argv, " "),
		}
	}
	r, err := recorder.ReadInstalled(dir)
	if errors.Is(err, recorder.ErrFull) {
		return nil, &diag.Problem{Code: CodeCommand, What: "one process loaded more than is recorded", Err: err, Remedy: "trace a smaller part of the tests at a time"}
	}
	if err != nil {
		return nil, err
	}
	if r.Processes == 0 {
		return nil, &diag.Problem{
			Code: CodeNothing, What: fmt.Sprintf("no Node was seen in %q", strings.Join(argv, " ")),
			Why: "the recorder comes to Node through NODE_OPTIONS, which something may have taken away", Remedy: "run Node by it, as in: `nbuild trace --run -- npm test`",
		}
	}
	return r, nil
}

// keeper decides what of a record is production's.
type keeper struct {
	t      *tracer
	record *recorder.Record
	from   map[string][]string // edges that were seen, from a file to what it asked for
	kept   map[string]bool     // absolute paths
}

func (k *keeper) file() (*tracefile.File, error) {
	for _, e := range k.record.Edges {
		k.from[e.From] = append(k.from[e.From], e.To)
	}
	var queue []string
	reach := func(name string) {
		if !k.kept[name] {
			k.kept[name] = true
			queue = append(queue, name)
		}
	}
	for name := range k.t.reached {
		reach(filepath.Join(k.t.base, filepath.FromSlash(name)))
	}
	for len(queue) > 0 {
		name := queue[0]
		queue = queue[1:]
		for _, to := range k.from[name] {
			reach(to)
		}
	}
	parents := map[string][]string{}
	for _, e := range k.record.Edges {
		if from, ok := k.t.named(e.From); ok && k.kept[e.From] && e.From != e.To {
			parents[e.To] = append(parents[e.To], from)
		}
	}
	f := &tracefile.File{Command: k.t.command(), Entries: []string{}, Files: []tracefile.Loaded{}, Code: []tracefile.Code{}}
	for _, e := range k.t.result.Entries {
		if name, ok := k.t.named(filepath.Join(k.t.base, filepath.FromSlash(e))); ok {
			f.Entries = append(f.Entries, name)
		}
	}
	seen := map[string]bool{}
	for _, l := range k.record.Loads {
		if !k.kept[l.File] {
			continue
		}
		name, ok := k.t.named(l.File)
		switch {
		case !ok:
			k.t.outside(l.File)
			continue
		case seen[name]:
			k.t.warn(name, "it was loaded in two ways, or changed while the command ran; "+tracefile.Name+" has the first")
			continue
		case slices.Contains(k.record.Changed, l.File) && !slices.Contains([]string{".js", ".cjs", ".mjs", ".json"}, path.Ext(name)):
			k.t.warn(name, "a tool translated it when it was loaded, so it is not what production loads")
			continue
		}
		seen[name] = true
		f.Files = append(f.Files, tracefile.Loaded{Path: name, SHA256: l.SHA256, Format: sources.Format(l.Format), From: union(nil, parents[l.File])})
	}
	if err := k.binaries(f, seen); err != nil {
		return nil, err
	}
	var local []string
	for _, c := range k.record.Codes {
		name, ok := k.t.named(c.From)
		switch {
		case !ok || !k.kept[c.From]:
		case c.Local:
			local = append(local, name)
		default:
			f.Code = append(f.Code, tracefile.Code{SHA256: c.SHA256, Way: c.Way, From: name, Size: c.Size, Text: tracefile.Excerpt(c.Text)})
		}
	}
	for _, name := range distinct(local) {
		k.t.warn(name, "strings that it turns into code hold paths of this machine, so no hash of theirs is worth approving: approve the module, with an evaluator block")
	}
	f.Sort()
	return f, nil
}

// binaries finds the files of WebAssembly that was compiled from bytes.
func (k *keeper) binaries(f *tracefile.File, seen map[string]bool) error {
	wanted := map[cas.Digest][]string{}
	for _, b := range k.record.Binaries {
		if name, ok := k.t.named(b.From); ok && k.kept[b.From] {
			wanted[b.SHA256] = append(wanted[b.SHA256], name)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	return fs.WalkDir(k.t.own, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || path.Ext(name) != ".wasm" || seen[name] {
			return nil
		}
		info, err := d.Info()
		if err != nil || info.Size() > bounds.ArchiveFile {
			return nil
		}
		content, err := fs.ReadFile(k.t.own, name)
		if err != nil {
			return nil
		}
		sum := cas.Sum(content)
		if from, ok := wanted[sum]; ok {
			f.Files = append(f.Files, tracefile.Loaded{Path: name, SHA256: sum, Format: sources.Wasm, From: union(nil, from)})
		}
		return nil
	})
}

// dropped are the files of the project that only the test loaded.
func (k *keeper) dropped() []string {
	names := []string{}
	for _, l := range k.record.Loads {
		if name, ok := k.t.named(l.File); ok && !k.kept[l.File] {
			names = append(names, name)
		}
	}
	return distinct(names)
}

// outside says that production loaded a file that does not stand where the project does.
func (t *tracer) outside(file string) {
	if t.tree != nil {
		t.warn(file, "production loads it, and it stands outside of "+t.root+", where the project does: name its layer's folder by load in build.hcl")
		return
	}
	t.warn(path.Base(file), "production loads a file outside of the project, which no image can have: "+path.Base(file))
}

// named names a file as the trace file does, relative to the project's folder.
func (t *tracer) named(file string) (string, bool) {
	rest, ok := strings.CutPrefix(file, strings.TrimSuffix(t.root, "/")+"/")
	return filepath.ToSlash(rest), ok && fs.ValidPath(rest)
}

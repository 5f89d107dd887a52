package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/production"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/dynamism/reach"
)

// The problems of a build's source lists.
const (
	CodeTrace    diag.Code = "NB1175" // nbuild.trace can't be read
	CodeStale    diag.Code = "NB1174" // files changed since they were traced
	CodeUnknown  diag.Code = "NB1173" // more may be loaded than could be found out
	CodeProposed diag.Code = "NB1172" // modules turn strings into code and are not approved
)

// lister answers a build's question what its guarded images may load, and keeps what
// was found.
type lister struct {
	keeper   production.Keeper
	dynamism pipelines.Dynamism
	trace    *tracefile.File
	events   event.Sink
	results  []*production.Result
	reported map[string]bool
}

// list is builder.Input.Sources. What a person should know about a list is reported
// once, however many platforms it is for.
func (l *lister) list(ctx context.Context, c builder.Contents) (*builder.Loads, error) {
	r, err := l.keeper.List(ctx, c, l.dynamism, l.trace)
	if err != nil {
		return nil, err
	}
	l.results = append(l.results, r)
	if len(r.Stale) > 0 {
		l.report(c, CodeStale, fmt.Sprintf("%s names %s of other bytes than now, or gone, such as %s, and not listed as traced; run `nbuild trace --run -- npm test` and review what it writes", tracefile.Name, diag.Count(len(r.Stale), "file"), r.Stale[0]))
	}
	l.unknown(c, r.Warnings)
	for _, p := range r.AtOnce {
		l.report(c, CodeProposed, fmt.Sprintf("%s turns a string into code as soon as %s of it is loaded, and is not approved: under guard = \"enforce\" whatever loads it is stopped, a worker too; where the image needs it, add evaluator %q { reason = \"…\" } to the dynamism block", p.Label, p.Files[0], p.Label))
	}
	if names := labels(r.Proposed); names != "" {
		l.report(c, CodeProposed, fmt.Sprintf("modules of %s turn strings into code and are not approved: where they do, they throw under guard = \"enforce\"; approve what the image needs, as in evaluator %q { reason = \"…\" } in the dynamism block", names, r.Proposed[0].Label))
	}
	if names := labels(r.Rewriters); names != "" {
		l.report(c, CodeProposed, fmt.Sprintf("modules of %s rewrite others as they load and are not approved: what they rewrite is refused under guard = \"enforce\"; approve what the image needs, as in instrumenter %q { reason = \"…\" } in the dynamism block", names, r.Rewriters[0].Label))
	}
	return &builder.Loads{List: r.List, Uses: r.Uses, Imports: r.Imports, Libraries: r.Libraries, Meanings: r.Meanings}, nil
}

func labels(all []production.Proposal) string {
	var names []string
	for _, p := range all {
		names = append(names, p.Label)
	}
	return strings.Join(names, ", ")
}

// unknown reports places where more may be loaded than could be found out: one line for
// the project's own files and one for each package that has any, up to a few, and a
// count of the rest. `nbuild trace` has each of them.
func (l *lister) unknown(c builder.Contents, all []reach.Warning) {
	type group struct {
		name  string
		first reach.Warning
		n     int
	}
	at := map[string]int{}
	var groups []group
	for _, w := range all {
		name := packageIn(w.File)
		i, ok := at[name]
		if !ok {
			i = len(groups)
			at[name] = i
			groups = append(groups, group{name: name, first: w})
		}
		groups[i].n++
	}
	slices.SortStableFunc(groups, func(a, b group) int {
		return cmp.Or(cmp.Compare(min(len(a.name), 1), min(len(b.name), 1)), b.n-a.n, strings.Compare(a.name, b.name)) // the project's own first
	})
	const shown = 10
	const way = "what they may load besides can be traced (`nbuild trace --run`) or listed (load \"…\")"
	for _, g := range groups[:min(shown, len(groups))] {
		who := g.name
		if who == "" {
			who = "the project's own files"
		}
		l.report(c, CodeUnknown, fmt.Sprintf("%s: %s, such as /%s:%d:%d: %s; %s", who, places(g.n), g.first.File, g.first.Line, g.first.Column, g.first.Message, way))
	}
	if len(groups) > shown {
		n := 0
		for _, g := range groups[shown:] {
			n += g.n
		}
		l.report(c, CodeUnknown, fmt.Sprintf("%s: %s of this kind; `nbuild trace` has each", diag.Count(len(groups)-shown, "more package"), places(n)))
	}
}

func places(n int) string {
	return "at " + diag.Count(n, "more place") + " something may be loaded that could not be found out"
}

// packageIn is the package of a file of an image, by the innermost node_modules above it;
// "" of the project's own.
func packageIn(file string) string {
	i := strings.LastIndex("/"+file, "/node_modules/")
	if i < 0 {
		return ""
	}
	parts := strings.SplitN(("/" + file)[i+len("/node_modules/"):], "/", 3)
	if strings.HasPrefix(parts[0], "@") && len(parts) > 1 {
		return parts[0] + "/" + parts[1]
	}
	return parts[0]
}

func (l *lister) report(c builder.Contents, code diag.Code, text string) {
	if l.reported[text] {
		return
	}
	l.reported[text] = true
	l.events.Emit(event.Event{Kind: event.Problem, Phase: "sources", Name: c.Block.Name, Code: string(code), Text: text})
}

// unused are the exceptions that meant nothing in any guarded image.
func (l *lister) unused() error {
	if len(l.results) == 0 {
		return nil
	}
	return production.Unused(l.dynamism, l.results).Err()
}

// readTrace reads the project's nbuild.trace; nil where it has none.
func readTrace(root *os.Root) (*tracefile.File, error) {
	f, err := root.Open(tracefile.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var src []byte
	if err == nil {
		defer f.Close()
		src, err = io.ReadAll(io.LimitReader(f, bounds.Sources+1))
	}
	var trace *tracefile.File
	if err == nil {
		trace, err = tracefile.Parse(src)
	}
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeTrace, Pos: diag.Pos{File: tracefile.Name}, What: tracefile.Name + " can't be read", Err: err,
			Why: "an image's source list would lack what the tests were seen to load", Remedy: "write it again with `nbuild trace --run -- npm test`, or delete it",
		}
	}
	return trace, nil
}

package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/production"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/pipelines"
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
	told     map[string]bool
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
		l.tell(c, CodeStale, fmt.Sprintf("%s has %d files that have other bytes now, or are gone, such as %s: they are not listed as traced; run `nbuild trace --run -- npm test` and review what it writes", tracefile.Name, len(r.Stale), r.Stale[0]))
	}
	for _, w := range r.Warnings {
		l.tell(c, CodeUnknown, fmt.Sprintf("/%s:%d:%d: %s; what it may load besides can be traced (`nbuild trace --run`) or listed (load \"…\")", w.File, w.Line, w.Column, w.Message))
	}
	if len(r.Proposed) > 0 {
		var names []string
		for _, p := range r.Proposed {
			names = append(names, p.Label)
		}
		l.tell(c, CodeProposed, fmt.Sprintf("modules of %s turn strings into code and are not approved: where they do, they throw under guard = \"enforce\"; approve what the image needs, as in evaluator %q { reason = \"…\" } in the dynamism block", strings.Join(names, ", "), r.Proposed[0].Label))
	}
	return &builder.Loads{List: r.List, Uses: r.Uses, Imports: r.Imports, Libraries: r.Libraries, Meanings: r.Meanings}, nil
}

func (l *lister) tell(c builder.Contents, code diag.Code, text string) {
	if l.told[text] {
		return
	}
	l.told[text] = true
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

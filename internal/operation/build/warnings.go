package build

import (
	"context"
	"fmt"
	"sync"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
)

// Warning is something that a person should look at and that stops nothing.
type Warning struct {
	Code string `json:"code"` // "" of a rule's warning, whose text begins with the rule
	Name string `json:"name"` // the image or the layer, "" for the project
	Text string `json:"text"`
}

// reportedKind is the kind of results that remember what was reported about a project. They
// hold nothing but that: a store that is lost, or can't be written to, has everything
// reported again.
const reportedKind = "reported"

// warnings holds back what a build warns of until it is known whether it was reported
// before, and lets everything else through. The same warning of several platforms is
// one.
type warnings struct {
	to   event.Sink
	mu   sync.Mutex
	held []event.Event
	seen map[Warning]bool
}

func newWarnings(to event.Sink) *warnings { return &warnings{to: to, seen: map[Warning]bool{}} }

// Emit holds an event back if it is a warning.
func (w *warnings) Emit(e event.Event) {
	if e.Kind != event.Problem {
		w.to.Emit(e)
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if one := warningOf(e); !w.seen[one] {
		w.seen[one] = true
		w.held = append(w.held, e)
	}
}

func warningOf(e event.Event) Warning { return Warning{e.Code, e.Name, e.Text} }

// list returns every warning, whether it is reported or not.
func (w *warnings) list() []Warning {
	out := make([]Warning, len(w.held))
	for i, e := range w.held {
		out[i] = warningOf(e)
	}
	return out
}

// reportAll reports every warning.
func (w *warnings) reportAll() {
	for _, e := range w.held {
		w.to.Emit(e)
	}
}

// reportNew reports the warnings that were not reported about the project before, counts
// the others in one line, and remembers what it reported.
func (w *warnings) reportNew(ctx context.Context, store *cas.Store, project string) {
	before := 0
	for _, e := range w.held {
		one := warningOf(e)
		key := cas.Sum(fmt.Appendf(nil, "nbuild-reported 1\n%q\n%q\n%q\n%q\n%q\n", project, e.Phase, one.Code, one.Name, one.Text))
		if _, reported := store.Result(reportedKind, key); reported {
			before++
			continue
		}
		w.to.Emit(e)
		_ = store.PutResult(ctx, reportedKind, key, nil) // else it is reported once more
	}
	if before == 0 {
		return
	}
	text := fmt.Sprintf("%d warnings are as they were", before)
	if before == 1 {
		text = "1 warning is as it was"
	}
	w.to.Emit(event.Event{Kind: event.Problem, Phase: "warnings", Text: text + "; `nbuild build -v` shows all of them"})
}

// Package event is how a running operation reports what it does.
//
// Libraries never print. They emit events to a [Sink] that the command handed down, and
// the command draws them: a live line on a terminal, plain lines in a log, one JSON
// object a line for `--progress json`.
//
// The invariant: an event carries names, digests, counts and times handed to it,
// never a credential, and never an address that carries one.
package event

import "time"

// Kind is what an event reports. The list is closed (cli contract, "Shapes that others
// read").
type Kind string

// The kinds of event.
const (
	Plan      Kind = "plan"       // the work ahead is known: Total units of it
	StepStart Kind = "step.start" // a unit of work named Name begins
	StepLog   Kind = "step.log"   // a line that the unit printed
	StepEnd   Kind = "step.end"   // the unit ended
	Progress  Kind = "progress"   // Bytes of Name came so far, of a transfer that goes on
	Wait      Kind = "wait"       // a server asked for patience: nothing happens for Duration
	Transfer  Kind = "transfer"   // an artefact came or went: Bytes of it
	Problem   Kind = "problem"    // something a person must act on
	Summary   Kind = "summary"    // the operation ended
)

// Event is one thing that happened. Fields that say nothing are left out of its
// JSON form. Phase names the operation's phase in a word ("pin", "vendor",
// "layer"); Name is what it is about ("lodash@4.17.21"); Done and Total count
// units of the phase, Bytes is a size in bytes. A Plan whose sizes are known says in
// TotalBytes how much there is to bring.
type Event struct {
	Kind     Kind          `json:"event"`
	Phase    string        `json:"phase,omitempty"`
	Name     string        `json:"name,omitempty"`
	Text     string        `json:"text,omitempty"`
	Code     string        `json:"code,omitempty"`
	Digest   string        `json:"digest,omitempty"`
	Done     int           `json:"done,omitempty"`
	Total    int           `json:"total,omitempty"`
	Bytes    int64         `json:"bytes,omitempty"`
	Cached   bool          `json:"cached,omitempty"`
	Duration time.Duration `json:"duration_ns,omitempty"`

	TotalBytes int64 `json:"total_bytes,omitempty"`
}

// Sink takes events. An implementation must be safe for use by many goroutines.
type Sink interface {
	Emit(Event)
}

// Discard is the Sink that drops every event.
var Discard Sink = discard{}

type discard struct{}

func (discard) Emit(Event) {}

// Func makes a Sink of a function.
type Func func(Event)

// Emit calls f.
func (f Func) Emit(e Event) { f(e) }

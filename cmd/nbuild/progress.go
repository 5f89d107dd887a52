package main

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
)

// sink chooses how progress is drawn: a live line on a terminal, a plain line a
// phase elsewhere, one JSON object an event, or nothing. The second result clears
// what a live line left on the screen.
func (a *app) sink() (event.Sink, func(), error) {
	how := a.progress
	if how == "auto" {
		how = "plain"
		if a.terminal && a.env("TERM") != "dumb" {
			how = "tty"
		}
	}
	switch how {
	case "quiet":
		return event.Discard, func() {}, nil
	case "json":
		return &jsonSink{enc: json.NewEncoder(a.stderr)}, func() {}, nil
	case "plain":
		return &plainSink{w: a.stderr, paint: a.paintLine, verbose: a.verbose}, func() {}, nil
	case "tty":
		s := &liveSink{w: a.stderr, paint: a.paintLine, now: a.now, width: a.width}
		return s, s.clear, nil
	}
	return event.Discard, func() {}, noneOf("--progress", a.progress, "auto", "tty", "plain", "quiet", "json")
}

type jsonSink struct {
	mu  sync.Mutex
	enc *json.Encoder
}

// Emit writes the event as one line.
func (s *jsonSink) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.enc.Encode(e) // progress that can't be written must not stop the work
}

// plainSink prints lines that make sense in a log: what begins, what a step
// printed, what it came to. Single transfers are reported with -v only.
type plainSink struct {
	mu      sync.Mutex
	w       io.Writer
	paint   func(string) string
	verbose bool
}

// Emit prints the event's line, if it has one.
func (s *plainSink) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if line := plainLine(e, s.verbose); line != "" {
		fmt.Fprintln(s.w, s.paint(line))
	}
}

// paintLine colours a line of progress.
func (a *app) paintLine(line string) string { return a.paint(line, a.terminal) }

func plainLine(e event.Event, verbose bool) string {
	switch e.Kind {
	case event.Plan:
		if e.Total == e.Done {
			return ""
		}
		return fmt.Sprintf("%s: %d %s%s", e.Phase, e.Total-e.Done, orElse(e.Name, "to bring"), sizeSuffix(e.TotalBytes))
	case event.Transfer, event.StepStart:
		if !verbose {
			return ""
		}
		return fmt.Sprintf("%s: %s%s", e.Phase, diag.Clean(e.Name), sizeSuffix(e.Bytes))
	case event.StepLog:
		return fmt.Sprintf("%s | %s", diag.Clean(e.Name), diag.Clean(e.Text))
	case event.Wait:
		return fmt.Sprintf("%s: %s: %s", e.Phase, diag.Clean(e.Name), diag.Clean(e.Text))
	case event.Problem:
		return "warning: " + diag.Lines(e.Text, "  ")
	case event.Summary:
		if e.Text == "" {
			return ""
		}
		return fmt.Sprintf("%s: %s", e.Phase, diag.Lines(e.Text, "  "))
	}
	return ""
}

func orElse(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

// sizeSuffix writes a size as a person reads it, in powers of 1024, or nothing
// for none.
func sizeSuffix(n int64) string {
	switch {
	case n <= 0:
		return ""
	case n < 1<<10:
		return fmt.Sprintf(", %d B", n)
	case n < 1<<20:
		return fmt.Sprintf(", %.1f KiB", float64(n)/(1<<10))
	case n < 1<<30:
		return fmt.Sprintf(", %.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf(", %.2f GiB", float64(n)/(1<<30))
}

// afterLive writes the answer below what the live line left on the screen.
type afterLive struct {
	io.Writer
	clear func()
}

func (w afterLive) Write(p []byte) (int, error) {
	w.clear()
	return w.Writer.Write(p)
}

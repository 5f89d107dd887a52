package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/event"
)

// screen runs events a second apart, and returns the last line that was drawn.
func screen(columns int, events ...event.Event) string {
	var out strings.Builder
	now := time.Unix(1_000_000, 0)
	s := &liveSink{w: &out, paint: func(s string) string { return s }, now: func() time.Time { return now }, width: func() int { return columns }}
	for _, e := range events {
		s.Emit(e)
		now = now.Add(time.Second)
	}
	return out.String()[strings.LastIndex(out.String(), "\x1b[K")+len("\x1b[K"):]
}

func TestADownloadShowsBytesRateAndTimeLeft(t *testing.T) {
	const mib = 1 << 20
	plan := event.Event{Kind: event.Plan, Phase: "vendor", Total: 4, Done: 1, TotalBytes: 10 * mib}
	tests := map[string]struct {
		events []event.Event
		want   string
	}{
		"begun": {[]event.Event{plan}, "vendor 1/4"},
		"half way through one": {
			[]event.Event{plan, {Kind: event.Progress, Name: "npm left@1.0.0", Bytes: 2 * mib}},
			"vendor 1/4, 2.0 MiB of 10.0 MiB, 2.0 MiB/s, 4s left  npm left@1.0.0",
		},
		"one is whole, another comes": {
			[]event.Event{plan, {Kind: event.Progress, Name: "a", Bytes: 3 * mib}, {Kind: event.Transfer, Name: "a", Bytes: 4 * mib}, {Kind: event.Progress, Name: "b", Bytes: 2 * mib}},
			"vendor 2/4, 6.0 MiB of 10.0 MiB, 2.0 MiB/s, 2s left  b",
		},
		"a try begins anew": {
			[]event.Event{plan, {Kind: event.Progress, Name: "a", Bytes: 3 * mib}, {Kind: event.Progress, Name: "a", Bytes: 1 * mib}},
			"vendor 1/4, 1.0 MiB of 10.0 MiB, 512.0 KiB/s, 18s left  a",
		},
		"what the store had is no download": {
			[]event.Event{plan, {Kind: event.Transfer, Name: "a", Bytes: 4 * mib, Cached: true}}, "vendor 2/4  a",
		},
		"without sizes, by units": {
			[]event.Event{{Kind: event.Plan, Phase: "pin", Total: 3}, {Kind: event.Transfer, Name: "a@1.0.0", Bytes: mib}},
			"pin 1/3, 1.0 MiB, 1.0 MiB/s, 2s left  a@1.0.0",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := screen(200, test.events...); got != test.want {
				t.Errorf("drawn is %q, want %q", got, test.want)
			}
		})
	}
}

func TestALineIsClippedToTheTerminal(t *testing.T) {
	plan := event.Event{Kind: event.Plan, Phase: "vendor", Total: 2, TotalBytes: 1 << 20}
	long := event.Event{Kind: event.Progress, Name: strings.Repeat("ä", 300), Bytes: 1 << 19}
	for _, columns := range []int{0, 1, 2, 20, 80, 400} {
		t.Run(fmt.Sprint(columns), func(t *testing.T) {
			line := []rune(screen(columns, plan, long))
			fits := columns
			if columns == 0 {
				fits = 80 // where nobody knows
			}
			if len(line) >= max(fits, 2) || columns == 400 && line[len(line)-1] == '…' {
				t.Errorf("%d characters on %d columns: %s", len(line), columns, string(line))
			}
		})
	}
}

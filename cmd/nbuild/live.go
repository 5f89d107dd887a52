package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
)

// liveSink keeps one line on the terminal up to date, drawn at most twenty times a
// second and clipped to the terminal's width, and prints what must stay above it. A line
// that wrapped would be drawn anew below itself.
type liveSink struct {
	mu    sync.Mutex
	w     io.Writer
	paint func(string) string
	now   func() time.Time
	width func() int // columns; 0 for not known
	drawn bool
	last  time.Time

	phase       string
	began       time.Time
	done, total int
	came        int64            // bytes of what is whole
	coming      map[string]int64 // bytes so far, by name
	totalBytes  int64            // 0 for not known
	fetched     int              // units that came over the network
}

// Emit redraws the line.
func (s *liveSink) Emit(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	switch e.Kind {
	case event.Plan:
		s.phase, s.began, s.total, s.done, s.totalBytes = e.Phase, now, e.Total, e.Done, e.TotalBytes
		s.came, s.fetched, s.coming = 0, 0, map[string]int64{}
	case event.Progress:
		if s.coming != nil {
			s.coming[e.Name] = e.Bytes
		}
	case event.Transfer, event.StepEnd:
		s.done++
		delete(s.coming, e.Name)
		if !e.Cached {
			s.came += e.Bytes
			s.fetched++
		}
	case event.StepLog, event.Wait, event.Problem, event.Summary:
		if line := plainLine(e, false); line != "" {
			s.erase()
			fmt.Fprintln(s.w, s.paint(line))
		}
	}
	if s.total > 0 && now.Sub(s.last) >= 50*time.Millisecond {
		s.last, s.drawn = now, true
		fmt.Fprintf(s.w, "\r\x1b[K%s", clip(s.line(now, e.Name), s.columns()))
	}
}

// line says how far the phase is: units, bytes, rate, and the time left at that rate.
func (s *liveSink) line(now time.Time, name string) string {
	bytes := s.came
	for _, n := range s.coming {
		bytes += n
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d/%d", s.phase, min(s.done, s.total), s.total)
	if bytes > 0 {
		b.WriteString(sizeSuffix(bytes))
		if s.totalBytes > 0 {
			b.WriteString(" of " + strings.TrimPrefix(sizeSuffix(max(s.totalBytes, bytes)), ", "))
		}
	}
	if elapsed := now.Sub(s.began); elapsed >= time.Second && bytes > 0 {
		rate := float64(bytes) / elapsed.Seconds()
		b.WriteString(sizeSuffix(int64(rate)) + "/s")
		if left, known := s.left(bytes, rate, elapsed); known {
			fmt.Fprintf(&b, ", %s left", left)
		}
	}
	if name != "" {
		b.WriteString("  " + diag.Clean(name))
	}
	return b.String()
}

// left estimates the time that the rest takes: by bytes where their sum is known, else
// by units.
func (s *liveSink) left(bytes int64, rate float64, elapsed time.Duration) (time.Duration, bool) {
	var seconds float64
	switch {
	case s.totalBytes > 0 && rate > 0:
		seconds = float64(max(s.totalBytes-bytes, 0)) / rate
	case s.totalBytes == 0 && s.fetched > 0:
		seconds = elapsed.Seconds() / float64(s.fetched) * float64(max(s.total-s.done, 0))
	default:
		return 0, false
	}
	return time.Duration(seconds+0.5) * time.Second, seconds < 24*60*60
}

func (s *liveSink) columns() int {
	if s.width != nil {
		if n := s.width(); n > 0 {
			return n
		}
	}
	return 80
}

// clip cuts a line to the columns that a terminal has, less one: some wrap when the last
// is written. A character is taken for one column wide.
func clip(line string, columns int) string {
	runes := []rune(line)
	if len(runes) < columns {
		return line
	}
	return string(runes[:max(columns-2, 0)]) + "…"
}

func (s *liveSink) erase() {
	if s.drawn {
		fmt.Fprint(s.w, "\r\x1b[K")
		s.drawn = false
	}
}

func (s *liveSink) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.erase()
}

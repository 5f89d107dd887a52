package execution

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
)

// logFile takes what a command prints: whole into a file, and line by line to whoever
// watches.
type logFile struct {
	mu   sync.Mutex
	file *os.File
	size int64
	line []byte
	to   event.Sink
	step string
	last []string // lines
}

// mostTold is how many lines of a log a failure shows, and longestLine how much of each.
const (
	mostTold    = 10
	longestLine = 4 << 10
)

func newLog(name string, to event.Sink, step string) (*logFile, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return nil, err
	}
	return &logFile{file: f, to: to, step: step}, nil
}

// Write takes output. It never fails for the sake of a log that is full.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if room := bounds.StepLog - l.size; room > 0 {
		n, err := l.file.Write(p[:min(int64(len(p)), room)])
		if l.size += int64(n); err != nil {
			return n, err
		}
	}
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		l.line = append(l.line, line[:min(len(line), longestLine-min(longestLine, len(l.line)))]...)
		if rest = after; ended {
			l.tell()
		}
	}
	return len(p), nil
}

// tell hands on a line.
func (l *logFile) tell() {
	text := strings.TrimSuffix(string(l.line), "\r")
	l.line = l.line[:0]
	l.to.Emit(event.Event{Kind: event.StepLog, Phase: "step", Name: l.step, Text: text})
	l.last = append(l.last, text)
	if len(l.last) > mostTold {
		l.last = l.last[1:]
	}
}

// flush hands on a last line that nothing ended.
func (l *logFile) flush() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.line) > 0 {
		l.tell()
	}
}

// tail is how the log ends.
func (l *logFile) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, line := range l.last {
		b.WriteString(line + "\n")
	}
	return b.String()
}

// keep puts the log into the store.
func (l *logFile) keep(ctx context.Context, store *cas.Store) (cas.Digest, error) {
	if _, err := l.file.Seek(0, io.SeekStart); err != nil {
		return cas.Digest{}, err
	}
	digest, _, err := store.Put(ctx, l.file, bounds.StepLog)
	return digest, err
}

// replay tells the lines of a log again.
func replay(ctx context.Context, store *cas.Store, r *Result, to event.Sink) error {
	blob, err := store.Open(ctx, r.Log)
	if err != nil {
		return err
	}
	defer blob.Close()
	l := &logFile{to: to, step: r.Step, size: bounds.StepLog} // which keeps nothing
	if _, err := io.Copy(l, blob); err != nil {
		return fmt.Errorf("reading the log of step %s: %w", r.Step, err)
	}
	l.flush()
	return nil
}

// Close ends the log.
func (l *logFile) Close() error {
	if err := l.file.Close(); !errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

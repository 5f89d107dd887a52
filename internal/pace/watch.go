package pace

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// phase is what a transfer waits for.
type phase int

const (
	ours      phase = iota // for this side: nothing is counted
	sending                // for the other side to take a byte
	answering              // for the beginning of an answer
	receiving              // for a byte of the body
)

// watch looks at one transfer every step and ends it at a limit.
type watch struct {
	limits Limits
	every  time.Duration
	cancel context.CancelCauseFunc
	timer  *time.Timer

	mu      sync.Mutex
	now     phase
	age     time.Duration // of the transfer
	still   time.Duration // waited since the last byte
	waited  time.Duration // in this window
	moved   int64         // bytes in this window
	total   int64         // bytes of the body, either way
	body    bool          // the answer is there: what is still sent counts no more
	stopped bool
}

// begin watches a transfer that waits for its answer.
func begin(limits Limits, cancel context.CancelCauseFunc) *watch {
	w := &watch{limits: limits, cancel: cancel, now: answering}
	w.every = w.limits.step()
	w.mu.Lock()
	defer w.mu.Unlock() // the first tick waits until the timer is known
	w.timer = time.AfterFunc(w.every, w.tick)
	return w
}

// sends says that n bytes of the request went out, and what is waited for from now on.
// A server may answer before it has read all, and then only the answer counts.
func (w *watch) sends(n int, to phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.body {
		w.count(n, to)
	}
}

// answered begins the count of the body.
func (w *watch) answered() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.body = true
	w.now, w.still, w.waited, w.moved, w.total = ours, 0, 0, 0, 0
}

// comes says that n bytes of the body came, and whether more are waited for.
func (w *watch) comes(n int, to phase) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count(n, to)
}

func (w *watch) count(n int, to phase) {
	w.now = to
	if n > 0 {
		w.still = 0
		w.moved += int64(n)
		w.total += int64(n)
	}
}

// stop ends the watch, and with it the transfer's context.
func (w *watch) stop() {
	w.mu.Lock()
	w.stopped = true
	w.mu.Unlock()
	w.timer.Stop()
	w.cancel(nil)
}

func (w *watch) tick() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.stopped {
		return
	}
	if why := w.look(); why != "" {
		w.stopped = true
		w.cancel(&Slow{why})
		return
	}
	w.timer.Reset(w.every)
}

// look counts one step and returns why the transfer is at its end, or "".
func (w *watch) look() string {
	if w.age += w.every; w.age >= w.limits.Whole {
		return fmt.Sprintf("it was not whole after %s, when %s had come or gone", w.limits.Whole, size(w.total))
	}
	if w.now == ours {
		return ""
	}
	w.still += w.every
	switch {
	case w.now == answering && w.still >= w.limits.Answer:
		return fmt.Sprintf("no answer came in %s", w.limits.Answer)
	case w.now == sending && w.still >= w.limits.Answer:
		return fmt.Sprintf("no byte was taken for %s, after %s", w.limits.Answer, size(w.total))
	case w.now == receiving && w.still >= w.limits.Stall:
		return fmt.Sprintf("no byte came for %s, after %s", w.limits.Stall, size(w.total))
	case w.now == answering:
		return ""
	}
	if w.waited += w.every; w.waited < w.limits.Window {
		return ""
	}
	if w.moved < int64(float64(w.limits.Floor)*w.limits.Window.Seconds()) {
		verb := "came"
		if w.now == sending {
			verb = "were taken"
		}
		return fmt.Sprintf("it is too slow: %s %s in %s, and the least is %s a second", size(w.moved), verb, w.limits.Window, size(w.limits.Floor))
	}
	w.waited, w.moved = 0, 0
	return ""
}

// size is a number of bytes for a person.
func size(n int64) string {
	if n == 1 {
		return "1 byte"
	}
	return fmt.Sprintf("%d bytes", n)
}

// Package retry decides whether a request is sent again, and when.
//
// A server that is busy says so, and often says for how long (Retry-After, RFC 9110
// §10.2.3). Whoever asks again before that makes it worse for everybody, and whoever
// gives up fails a build that only had to wait. So what a server asks for is done, up
// to bounds.RetryWait, and a person is shown why nothing moves. A server that asks for
// longer is given up on at once: no build should hang for an hour because a header says
// so. Where it asks for nothing, the wait doubles from a second.
//
// A date is counted from the server's own Date: this machine's clock may be wrong and
// is not asked.
//
// npm's registries, Debian's archives, image registries and fetched files all come
// here, so that they behave alike.
//
// Some requests can be sent again by themselves: asking twice changes nothing, and so
// does storing the same bytes under their digest. A [Transport] does that. Others are
// parts of something larger, such as the pieces of an upload, where the server is in
// another state after a lost answer. Those fail once, and whoever does the larger thing
// does all of it again with [Policy.Do]. What a transport has given up on is final, so
// that nothing is tried three times three times.
//
// The invariant: what is final is never tried again, nothing is tried more often than
// the policy says, and all tries together end within the time for one.
package retry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
)

// Policy says how often and how patiently. The zero value is the project's.
type Policy struct {
	Tries   int           // of one request; 0 is bounds.RetryLimit
	Backoff time.Duration // before the second try where the server asks for nothing, twice as long before each next; 0 is a second
	Whole   time.Duration // for all tries of one thing, waits among them; 0 is bounds.RequestTimeout
	Events  event.Sink    // is sent the waits that a server asked for; nil drops them

	// Sleep waits between tries; nil waits for real.
	Sleep func(ctx context.Context, d time.Duration) error

	waiting *atomic.Int64 // how many requests wait now, where one line is enough for all
}

// Reporting returns the project's policy, which reports to events a wait that a server
// asked for, once for all requests that wait at a time.
func Reporting(events event.Sink) Policy {
	return Policy{Events: events, waiting: new(atomic.Int64)}
}

// Final marks an error that another try would not mend.
type Final struct{ Err error }

// Error is that of the error itself.
func (f Final) Error() string { return f.Err.Error() }

// Unwrap returns the error itself.
func (f Final) Unwrap() error { return f.Err }

// Bare takes the mark off an error that is marked itself. One further down stays where
// it is: what stands around it says more than it does.
func Bare(err error) error {
	if f, ok := err.(Final); ok {
		return f.Err
	}
	return err
}

// Status is an answer with a status that was not asked for.
type Status struct {
	Code  int           // HTTP's
	After time.Duration // how long the server asks to be left alone
	Asked bool          // it asked for that
}

// StatusOf makes the Status of an answer.
func StatusOf(resp *http.Response) *Status {
	s := &Status{Code: resp.StatusCode}
	s.After, s.Asked = after(resp.Header)
	return s
}

// Error gives the status and what the server asked for.
func (s *Status) Error() string {
	text := strings.TrimSpace(fmt.Sprintf("it answered %d %s", s.Code, http.StatusText(s.Code)))
	if s.Asked && s.again() {
		text += fmt.Sprintf(" and asked to be left alone for %s", s.After)
	}
	return text
}

// again reports whether the status is one that may pass.
func (s *Status) again() bool {
	switch s.Code {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return s.Code >= 500
}

// after reads Retry-After: seconds, or a date, which is counted from the answer's own.
func after(h http.Header) (time.Duration, bool) {
	text := strings.TrimSpace(h.Get("Retry-After"))
	if n, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(n) * time.Second, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	now, err := http.ParseTime(h.Get("Date"))
	if err != nil {
		return 0, false
	}
	return max(at.Sub(now), 0), true
}

// Do calls once until it succeeds, fails for good, was tried often enough or long
// enough, and returns its last error. What names the thing that is asked for, for a
// person. The context that a try gets is done when Do returns.
func (p Policy) Do(ctx context.Context, what string, once func(ctx context.Context) error) error {
	ctx, cancel := pace.Within(ctx, p.Limit(), what)
	defer cancel()
	return p.repeat(ctx, what, func() error { return pace.Cause(ctx, once(ctx)) })
}

// repeat is Do in a context that lives on.
func (p Policy) repeat(ctx context.Context, what string, once func() error) error {
	for try := 1; ; try++ {
		err := once()
		if err == nil || ctx.Err() != nil {
			return err
		}
		wait, again := p.wait(err, try)
		if !again || try >= p.tries() {
			return err
		}
		if err := p.pause(ctx, what, err, wait); err != nil {
			return err
		}
	}
}

// Limit is the time for all tries of one thing.
func (p Policy) Limit() time.Duration {
	if p.Whole == 0 {
		return bounds.RequestTimeout
	}
	return p.Whole
}

func (p Policy) tries() int {
	if p.Tries == 0 {
		return bounds.RetryLimit
	}
	return p.Tries
}

// wait returns how long to wait after a failed try, and whether there is to be another.
func (p Policy) wait(err error, try int) (time.Duration, bool) {
	var final Final
	if errors.As(err, &final) {
		return 0, false
	}
	var s *Status
	if errors.As(err, &s) {
		if !s.again() || s.Asked && s.After > bounds.RetryWait {
			return 0, false
		}
		if s.Asked {
			return s.After, true
		}
	}
	backoff := p.Backoff
	if backoff == 0 {
		backoff = time.Second
	}
	return backoff << (try - 1), true
}

// pause waits, and says so where a server asked for it.
func (p Policy) pause(ctx context.Context, what string, err error, d time.Duration) error {
	var s *Status
	alone := true
	if p.waiting != nil {
		alone = p.waiting.Add(1) == 1
		defer p.waiting.Add(-1)
	}
	if errors.As(err, &s) && s.Asked && d > 0 && alone && p.Events != nil {
		p.Events.Emit(event.Event{
			Kind: event.Wait, Phase: "wait", Name: what, Duration: d,
			Text: fmt.Sprintf("the server answers %d and asks for %s of patience", s.Code, d),
		})
	}
	if p.Sleep != nil {
		return p.Sleep(ctx, d)
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

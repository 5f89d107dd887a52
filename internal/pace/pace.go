// Package pace ends a transfer that does not get on.
//
// Whoever serves bytes can hold whoever waits for them: by saying nothing, by stopping
// in the middle, or by a byte a second, which no limit on silence ever notices. So a
// transfer has four limits: the time until an answer begins, the time without a byte,
// the bytes that must come in a window of time, and the time that the whole may take.
//
// Only time that is spent in waiting for the other side counts towards the first three.
// A disk that is slow on this side ends nothing. What counts it is a tick that looks
// whether anybody waits, so that no clock is read.
//
// Every client of this project is on a [Transport], so that npm's registries, Debian's
// archives, image registries and fetched files are held to the same. A command that has
// a limit of its own gives its context one with [Within].
//
// The invariant: a transfer ends within the limit for the whole, and a transfer that is
// ended says which limit it was and how far it had come.
package pace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Limits are what one transfer may take. The zero value is the project's table.
type Limits struct {
	Answer time.Duration // until an answer begins, and between bytes that go out; 0 is bounds.ConnectTimeout
	Stall  time.Duration // without a byte of a body; 0 is bounds.StallTimeout
	Window time.Duration // over which the rate is taken; 0 is bounds.PaceWindow
	Floor  int64         // bytes a second over a window; 0 is bounds.PaceFloor
	Whole  time.Duration // from the request to the end of the body; 0 is bounds.RequestTimeout
}

// Filled is the limits with the project's table where they say nothing.
func (l Limits) Filled() Limits {
	for _, d := range []struct {
		of   *time.Duration
		from time.Duration
	}{
		{&l.Answer, bounds.ConnectTimeout}, {&l.Stall, bounds.StallTimeout}, {&l.Window, bounds.PaceWindow}, {&l.Whole, bounds.RequestTimeout},
	} {
		if *d.of == 0 {
			*d.of = d.from
		}
	}
	if l.Floor == 0 {
		l.Floor = bounds.PaceFloor
	}
	return l
}

// Longer is a limit for a whole transfer where so many bytes go over the line that no
// server has chosen: what this side sends, or what a pinned descriptor names.
func Longer(whole time.Duration, size int64) time.Duration {
	return whole + time.Duration(size/bounds.PaceLarge)*time.Second
}

// step is how often a transfer is looked at.
func (l Limits) step() time.Duration {
	return max(time.Millisecond, min(time.Second, min(l.Answer, l.Stall, l.Window, l.Whole)/16))
}

// Slow is a transfer that was ended because it did not get on. The next try may be
// faster, so it is a net.Error that is a timeout.
type Slow struct{ why string }

// Error says which limit it was.
func (s *Slow) Error() string { return s.why }

// Timeout is true, as net.Error has it.
func (s *Slow) Timeout() bool { return true }

// Temporary is true, as net.Error has it.
func (s *Slow) Temporary() bool { return true }

// Within returns a context that ends after a time, with a cause that is Slow and names
// the time. What is the thing that is not finished then, as in "the download".
func Within(ctx context.Context, d time.Duration, what string) (context.Context, context.CancelFunc) {
	return context.WithTimeoutCause(ctx, d, &Slow{fmt.Sprintf("%s was not finished after %s", what, d)})
}

// Cause returns, of the error of something that ran under ctx, what ended it: a Slow
// where that is why the context is done, else the error itself.
func Cause(ctx context.Context, err error) error {
	var slow *Slow
	if err != nil && errors.As(context.Cause(ctx), &slow) {
		return slow
	}
	return err
}

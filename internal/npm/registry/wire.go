package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/strictjson"
)

// maxRedirects bounds how many redirects one request follows.
const maxRedirects = 5

// errStalled means that a server took too long to say anything.
var errStalled = errors.New("no answer in time")

// statusError is an answer that is no success.
type statusError struct {
	code       int
	retryAfter string
}

func (e *statusError) Error() string {
	return fmt.Sprintf("status %d %s", e.code, http.StatusText(e.code))
}

// redirectError is a redirect that is not followed.
type redirectError struct {
	format string
	arg    any
}

func (e *redirectError) Error() string { return fmt.Sprintf(e.format, e.arg) }

// redirect returns where an answer sends us, or nil if it is final. From https to
// http is refused: who sits between could read and choose what comes.
func redirect(resp *http.Response, from *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := from.Parse(resp.Header.Get("Location"))
	switch {
	case err != nil || to.Host == "":
		return nil, &redirectError{"a redirect to no address (status %d)", resp.StatusCode}
	case to.Scheme == "http" && from.Scheme == "https":
		return nil, &redirectError{"a redirect from https to %s", "http"}
	case to.Scheme != "http" && to.Scheme != "https":
		return nil, &redirectError{"a redirect to the scheme %q", to.Scheme}
	}
	to.User = nil
	return to, nil
}

// guard cancels a request that stalls.
type guard struct {
	timer  *time.Timer
	ctx    context.Context
	cancel context.CancelCauseFunc
}

func watch(ctx context.Context, d time.Duration) (*guard, context.Context) {
	ctx, cancel := context.WithCancelCause(ctx)
	g := &guard{ctx: ctx, cancel: cancel}
	g.timer = time.AfterFunc(d, func() { cancel(errStalled) })
	return g, ctx
}

func (g *guard) reset(d time.Duration) { g.timer.Reset(d) }

func (g *guard) stop() {
	g.timer.Stop()
	g.cancel(nil)
}

// explain puts the stall in the place of the cancelled request that it made.
func (g *guard) explain(err error) error {
	if err != nil && context.Cause(g.ctx) == errStalled {
		return errStalled
	}
	return err
}

// guarded resets its guard with each read.
type guarded struct {
	r     io.Reader
	guard *guard
	stall time.Duration
}

func (b *guarded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.guard.reset(b.stall)
	return n, err
}

// inflated hands on what a gzip body holds.
func inflated(r io.Reader, use func(io.Reader) error) error {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("inflating answer: %w", err)
	}
	defer func() { _ = zr.Close() }()
	return use(zr)
}

// retry reports whether a failed try may be made again, and after how long.
func retry(err error, try int) (time.Duration, bool) {
	wait := time.Second << (try - 1)
	var status *statusError
	if errors.As(err, &status) {
		if s, bad := strconv.Atoi(status.retryAfter); bad == nil && s >= 0 && s <= 60 {
			wait = time.Duration(s) * time.Second
		}
		return wait, status.code == http.StatusTooManyRequests || status.code == http.StatusRequestTimeout || status.code >= 500
	}
	var bad *redirectError
	switch {
	case errors.As(err, &bad), errors.Is(err, errMismatch), errors.Is(err, strictjson.ErrSyntax), errors.Is(err, errLocal), isCertificate(err), isProblem(err):
		return 0, false
	}
	return wait, true
}

package pace

import (
	"context"
	"io"
	"net/http"
)

// Transport holds each request, and the body of its answer, to limits. The body must be
// closed, as net/http asks of every caller.
type Transport struct {
	Inner  http.RoundTripper
	Limits Limits
}

// RoundTrip implements http.RoundTripper.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	limits := t.Limits.Filled()
	limits.Whole = Longer(limits.Whole, max(req.ContentLength, 0))
	w := begin(limits, cancel)
	req = req.Clone(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &request{ReadCloser: req.Body, watch: w}
	}
	resp, err := t.Inner.RoundTrip(req)
	if err != nil {
		err = Cause(ctx, err)
		w.stop()
		return nil, err
	}
	w.answered()
	resp.Body = &answer{ReadCloser: resp.Body, ctx: ctx, watch: w}
	return resp, nil
}

// CloseIdleConnections hands on to the transport beneath.
func (t *Transport) CloseIdleConnections() {
	if inner, ok := t.Inner.(interface{ CloseIdleConnections() }); ok {
		inner.CloseIdleConnections()
	}
}

// request is a body that is sent: between two reads of it the other side takes bytes.
type request struct {
	io.ReadCloser
	watch *watch
}

func (r *request) Read(p []byte) (int, error) {
	r.watch.sends(0, ours)
	n, err := r.ReadCloser.Read(p)
	if err != nil {
		r.watch.sends(n, answering)
	} else {
		r.watch.sends(n, sending)
	}
	return n, err
}

// answer is a body that is read: inside a read of it the other side is waited for.
type answer struct {
	io.ReadCloser
	ctx   context.Context
	watch *watch
}

func (a *answer) Read(p []byte) (int, error) {
	a.watch.comes(0, receiving)
	n, err := a.ReadCloser.Read(p)
	a.watch.comes(n, ours)
	if err != nil && err != io.EOF {
		err = Cause(a.ctx, err)
	}
	return n, err
}

func (a *answer) Close() error {
	err := a.ReadCloser.Close()
	a.watch.stop()
	return err
}

package retry

import (
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Transport sends requests again that failed in a way that may pass, by a Policy. It is
// for clients that do not see single answers; what becomes of a body is theirs.
//
// An answer that may pass and was the last one is an error that is a [Status]: it says
// more than the answer, and is Final where the request was sent as often as it may be.
type Transport struct {
	Inner  http.RoundTripper
	Policy Policy

	// Alone reports whether a request may be sent again by itself. Any other fails once,
	// not finally, for whoever does all that it is a part of again. Nil means any.
	Alone func(*http.Request) bool
}

// RoundTrip implements http.RoundTripper. A request whose body can't be had again is
// never sent again.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	if !t.alone(req) {
		return t.once(req)
	}
	var resp *http.Response
	first := true
	err := t.Policy.repeat(req.Context(), req.URL.Host, func() error {
		if !first && hasBody(req) {
			body, err := req.GetBody()
			if err != nil {
				return Final{err}
			}
			req = req.Clone(req.Context())
			req.Body = body
		}
		first = false
		var err error
		resp, err = t.once(req)
		if err != nil && !Passing(err) {
			return Final{err}
		}
		return err
	})
	if err != nil {
		return nil, Final{Bare(err)}
	}
	return resp, nil
}

func (t *Transport) alone(req *http.Request) bool {
	return (!hasBody(req) || req.GetBody != nil) && (t.Alone == nil || t.Alone(req))
}

func hasBody(req *http.Request) bool { return req.Body != nil && req.Body != http.NoBody }

// once sends a request. An answer that may pass is an error.
func (t *Transport) once(req *http.Request) (*http.Response, error) {
	resp, err := t.Inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if s := StatusOf(resp); s.again() {
		_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be used again
		_ = resp.Body.Close()
		return nil, s
	}
	return resp, nil
}

// Passing reports whether a request failed in a way that the next may not: its
// connection broke or was too slow, or the server says that it is busy.
func Passing(err error) bool {
	var s *Status
	if errors.As(err, &s) {
		return s.again()
	}
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return true
	}
	if errors.As(err, new(streamError)) {
		return true
	}
	for _, of := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.EPIPE, syscall.ECONNRESET, syscall.ECONNABORTED, net.ErrClosed} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

// streamError is a stream of HTTP/2 that the other side ended. The error of net/http
// turns itself into any struct of these fields (its method As).
type streamError struct {
	StreamID uint32
	Code     uint32
	Cause    error
}

// Error is never asked for: the error itself is shown.
func (e streamError) Error() string { return "a stream was ended" }

package retry

import (
	"errors"
	"io"
	"net"
	"net/http"
	"syscall"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Transport sends requests again that failed in a way that may pass, by a Policy. It is
// for clients that do not see single answers; what becomes of a body is theirs.
type Transport struct {
	Inner  http.RoundTripper
	Policy Policy
}

// RoundTrip implements http.RoundTripper. A request whose body can't be had again is
// sent once.
func (t *Transport) RoundTrip(req *http.Request) (*http.Response, error) {
	var resp *http.Response
	first := true
	err := t.Policy.Do(req.Context(), req.URL.Host, func() error {
		if !first && req.Body != nil && req.Body != http.NoBody {
			body, err := req.GetBody()
			if err != nil {
				return Final{err}
			}
			req = req.Clone(req.Context())
			req.Body = body
		}
		first = false
		if resp != nil {
			_, _ = io.CopyN(io.Discard, resp.Body, 4<<10) // so that the connection can be used again
			_ = resp.Body.Close()
		}
		var err error
		resp, err = t.Inner.RoundTrip(req)
		once := req.Body != nil && req.Body != http.NoBody && req.GetBody == nil
		switch {
		case err != nil && (once || !Passing(err)):
			return Final{err}
		case err != nil:
			return err
		case once:
			return nil
		}
		if s := StatusOf(resp); s.again() {
			return s
		}
		return nil
	})
	var s *Status
	if errors.As(err, &s) && resp != nil {
		if s.Asked && s.After > bounds.RetryWait {
			_ = resp.Body.Close()
			return nil, s // which says for how long, as no client would
		}
		return resp, nil // the last answer says more than that it was one too many
	}
	if err != nil {
		return nil, Bare(err)
	}
	return resp, nil
}

// Passing reports whether a connection failed in a way that the next may not.
func Passing(err error) bool {
	var n net.Error
	if errors.As(err, &n) && n.Timeout() {
		return true
	}
	for _, of := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.EPIPE, syscall.ECONNRESET, net.ErrClosed} {
		if errors.Is(err, of) {
			return true
		}
	}
	return false
}

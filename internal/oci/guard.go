package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

var errStall = errors.New("no byte came for too long")

// guard is the transport under everything that talks to a registry. It refuses
// plain HTTP to anything but the loopback, ends what hangs, and bounds each answer
// that is not a blob; blobs are bounded by their descriptors.
type guard struct {
	inner          http.RoundTripper
	connect, stall time.Duration
}

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !loopback(req.URL.Hostname()) {
		return nil, &diag.Problem{
			Code: CodeInsecure, What: "registry " + diag.Clean(req.URL.Host) + " would be asked without TLS",
			Why:    "anyone on the way could read the credentials and change the image",
			Remedy: "serve the registry over HTTPS; plain HTTP is for 127.0.0.1 and localhost",
		}
	}
	ctx, cancel := context.WithCancelCause(req.Context())
	timer := time.AfterFunc(g.connect, func() { cancel(errStall) })
	req = req.Clone(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &watched{ReadCloser: req.Body, touch: func() { timer.Reset(g.connect) }}
	}
	resp, err := g.inner.RoundTrip(req)
	timer.Stop()
	if err != nil {
		if cause := context.Cause(ctx); errors.Is(cause, errStall) {
			err = errStall
		}
		cancel(nil)
		return nil, err
	}
	limit := int64(bounds.Manifest)
	if strings.Contains(req.URL.Path, "/blobs/") || resp.Request.URL.Host != req.URL.Host || !strings.Contains(req.URL.Path, "/v2/") {
		limit = bounds.Layer
	}
	resp.Body = &watchedBody{ReadCloser: resp.Body, ctx: ctx, cancel: cancel, stall: g.stall, left: limit, limit: limit}
	return resp, nil
}

// watched reports every read.
type watched struct {
	io.ReadCloser
	touch func()
}

func (w *watched) Read(p []byte) (int, error) {
	w.touch()
	return w.ReadCloser.Read(p)
}

// watchedBody ends a body that stalls or grows beyond its limit.
type watchedBody struct {
	io.ReadCloser
	ctx         context.Context
	cancel      context.CancelCauseFunc
	stall       time.Duration
	left, limit int64
}

func (b *watchedBody) Read(p []byte) (int, error) {
	timer := time.AfterFunc(b.stall, func() { b.cancel(errStall) })
	n, err := b.ReadCloser.Read(p)
	timer.Stop()
	if err != nil && err != io.EOF && errors.Is(context.Cause(b.ctx), errStall) {
		err = errStall
	}
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("answer: %w (%d bytes)", ErrBound, b.limit)
	}
	return n, err
}

func (b *watchedBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel(nil)
	return err
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

// followRedirect lets a registry send a reader to where its blobs are, but not
// from outside to this machine or its link, where it would reach what it can't.
func followRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > 5 {
		return errors.New("too many redirects")
	}
	if local(req.URL.Hostname()) && !loopback(via[0].URL.Hostname()) {
		return errors.New("a redirect from outside to this machine")
	}
	return nil
}

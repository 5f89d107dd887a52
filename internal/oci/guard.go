package oci

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// guard is the transport under everything that talks to a registry. It refuses plain
// HTTP to anything but the loopback, and bounds each answer that is not a blob; blobs
// are bounded by their descriptors.
type guard struct{ inner http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != "https" && !loopback(req.URL.Hostname()) {
		return nil, &diag.Problem{
			Code: CodeInsecure, What: "registry " + diag.Clean(req.URL.Host) + " would be asked without TLS",
			Why:    "anyone on the way could read the credentials and change the image",
			Remedy: "serve the registry over HTTPS; plain HTTP is for 127.0.0.1 and localhost",
		}
	}
	resp, err := g.inner.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	limit := int64(bounds.Manifest)
	if strings.Contains(req.URL.Path, "/blobs/") || resp.Request.URL.Host != req.URL.Host || !strings.Contains(req.URL.Path, "/v2/") {
		limit = bounds.Layer
	} else if strings.Contains(req.URL.Path, "/referrers/") {
		limit = bounds.ReferrerList
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: limit, limit: limit}
	return resp, nil
}

// boundedBody ends a body that grows beyond its limit.
type boundedBody struct {
	io.ReadCloser
	left, limit int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("answer: %w (%d bytes)", ErrBound, b.limit)
	}
	return n, err
}

// alone reports whether a request may be sent again by itself, whatever became of it
// before: what is asked for, a manifest under its digest, and the beginning of an upload,
// since a registry drops one that nobody goes on with. The pieces of an upload are sent
// to a place that is another one after each of them. A tag may be somebody else's by
// the second time.
func alone(req *http.Request) bool {
	switch req.Method {
	case http.MethodGet, http.MethodHead:
		return true
	case http.MethodPost:
		return strings.HasSuffix(req.URL.Path, "/blobs/uploads/")
	case http.MethodPut:
		return strings.Contains(req.URL.Path, "/manifests/sha256:")
	}
	return false
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

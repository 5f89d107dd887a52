package oci

import (
	"errors"
	"net"
	"net/http"
	"net/url"

	"github.com/nbuild/nbuild/internal/retry"
)

var errInward = errors.New("the registry is outside, and sent nbuild to this machine or its link")

// outside is the transport of a registry that is not on this machine. It refuses every
// request to the loopback or to the link, which that registry can't reach and nbuild
// can: whatever it is that asks for one, a redirect of a blob, the place that an upload
// is said to go on at, or a token server's address.
type outside struct{ inner http.RoundTripper }

// inward returns the transport for a registry at a host, with a port or without.
func inward(host string, inner http.RoundTripper) http.RoundTripper {
	if at := (&url.URL{Host: host}); local(at.Hostname()) {
		return inner
	}
	return outside{inner}
}

// RoundTrip implements http.RoundTripper.
func (o outside) RoundTrip(req *http.Request) (*http.Response, error) {
	if local(req.URL.Hostname()) {
		return nil, retry.Final{Err: errInward}
	}
	return o.inner.RoundTrip(req)
}

// local reports whether a host is this machine or reached without a router.
func local(host string) bool {
	ip := net.ParseIP(host)
	return loopback(host) || ip != nil && (ip.IsLinkLocalUnicast() || ip.IsUnspecified())
}

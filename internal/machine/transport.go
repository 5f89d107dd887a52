package machine

import (
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// Transport makes the HTTP transport for everything but npm's registries: image
// registries, Debian's mirrors, fetched files. Proxies are those of the host's
// environment; certificates are the machine's. What does not get on is ended.
func (h Host) Transport() http.RoundTripper {
	either := func(upper, lower string) string {
		if v := h.Env(upper); v != "" {
			return v
		}
		return h.Env(lower)
	}
	proxy := (&httpproxy.Config{
		HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
		NoProxy:    either("NO_PROXY", "no_proxy"),
	}).ProxyFunc()
	return &pace.Transport{Limits: h.Patience.Pace, Inner: &http.Transport{
		Proxy:               func(r *http.Request) (*url.URL, error) { return proxy(r.URL) },
		DialContext:         (&net.Dialer{Timeout: bounds.ConnectTimeout, KeepAlive: 30 * time.Second}).DialContext,
		TLSHandshakeTimeout: bounds.ConnectTimeout,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 16,
		IdleConnTimeout:     30 * time.Second,
		DisableCompression:  true,
	}}
}

// Retry is how requests that fail are sent again: a wait that a server asks for is
// reported.
func (h Host) Retry() retry.Policy {
	p := retry.Reporting(h.Events)
	p.Backoff, p.Whole = h.Patience.Backoff, h.Patience.Pace.Whole
	return p
}

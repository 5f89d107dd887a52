package registry

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"

	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// Options are a client's settings. The zero value is the project's table.
type Options struct {
	UserAgent   string       // "" means "nbuild"
	Connections int          // to one host at once; 0 means 16
	Pace        pace.Limits  // what a transfer may take
	Retry       retry.Policy // of what failed in a way that may pass
}

// Client asks the registries that a configuration names. It may be used by many
// goroutines at once.
type Client struct {
	config *Config
	o      Options

	mu         sync.Mutex
	transports map[string]*pace.Transport // by client certificate
}

// NewClient makes a client. What is wrong with certificates or keys in the
// configuration is a Problem.
func NewClient(config *Config, o Options) (*Client, error) {
	if o.UserAgent == "" {
		o.UserAgent = "nbuild"
	}
	if o.Connections == 0 {
		o.Connections = 16
	}
	c := &Client{config: config, o: o, transports: map[string]*pace.Transport{}}
	if _, err := c.transport(credential{}); err != nil {
		return nil, err
	}
	return c, nil
}

// Config is the configuration that the client was made with.
func (c *Client) Config() *Config { return c.config }

// Close drops idle connections.
func (c *Client) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range c.transports {
		t.CloseIdleConnections()
	}
}

func (c *Client) transport(cred credential) (*pace.Transport, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	key := cred.certFile + "\x00" + cred.keyFile
	if t := c.transports[key]; t != nil {
		return t, nil
	}
	inner, err := c.config.transport(cred, c.o.Pace.Filled().Answer, c.o.Connections)
	if err != nil {
		return nil, err
	}
	t := &pace.Transport{Inner: inner, Limits: c.o.Pace}
	c.transports[key] = t
	return t, nil
}

// ask is one thing wanted from a server: its name for messages, where it is, and
// the registry on whose behalf it is asked.
type ask struct {
	what     string
	target   *url.URL
	registry *url.URL
	accept   string
	encoding string // what the answer may be compressed with
}

// get asks, up to the limit of tries, and hands the body of a good answer to use,
// which starts anew each time. It returns a Problem, or the context's error.
func (c *Client) get(ctx context.Context, a ask, use func(body io.Reader) error) error {
	err := retry.Bare(c.o.Retry.Do(ctx, a.what, func(ctx context.Context) error { return final(c.once(ctx, a, use)) }))
	if err == nil || ctx.Err() != nil {
		return err
	}
	return problem(a, err)
}

// once asks one time, following redirects by this package's own rules.
func (c *Client) once(ctx context.Context, a ask, use func(io.Reader) error) error {
	cred, err := c.config.sendable(a.target, a.registry)
	if err != nil {
		return err
	}
	target := a.target
	for range maxRedirects {
		resp, err := c.send(ctx, a, target, cred)
		if err != nil {
			return err
		}
		next, err := redirect(resp, target)
		if next == nil && err == nil {
			err = c.body(resp, use)
		}
		closeBody(resp)
		if next == nil || err != nil {
			return err
		}
		if next.Host != target.Host || next.Scheme != target.Scheme {
			cred = credential{}
		}
		target = next
	}
	return &redirectError{"more than %d redirects", maxRedirects}
}

func (c *Client) send(ctx context.Context, a ask, target *url.URL, cred credential) (*http.Response, error) {
	plain := *target
	plain.User = nil
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, plain.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", c.o.UserAgent)
	req.Header.Set("Accept", a.accept)
	req.Header.Set("Accept-Encoding", a.encoding)
	if cred.header != "" {
		req.Header.Set("Authorization", cred.header)
	}
	t, err := c.transport(credential{certFile: cred.certFile, keyFile: cred.keyFile})
	if err != nil {
		return nil, err
	}
	return t.RoundTrip(req)
}

// closeBody drains a little, so that the connection can be used again.
func closeBody(resp *http.Response) {
	_, _ = io.CopyN(io.Discard, resp.Body, 4<<10)
	_ = resp.Body.Close()
}

// body checks the status and hands on the decoded body.
func (c *Client) body(resp *http.Response, use func(io.Reader) error) error {
	if resp.StatusCode != http.StatusOK {
		return retry.StatusOf(resp)
	}
	switch enc := resp.Header.Get("Content-Encoding"); enc {
	case "", "identity":
		return use(resp.Body)
	case "gzip", "x-gzip":
		return inflated(resp.Body, use)
	default:
		return fmt.Errorf("%w: content encoding %q", strictjson.ErrSyntax, enc)
	}
}

package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// The problems of fetched files.
const (
	CodeAddress diag.Code = "NB1145" // the URL can't be fetched from
	CodeFailed  diag.Code = "NB1146" // the server does not give the file
)

// maxRedirects is how many redirects are followed.
const maxRedirects = 5

// Files fetches files by URL.
type Files struct {
	retry retry.Policy
	http  *http.Client
}

// NewFiles makes a client on a transport, which asks again as the policy says.
func NewFiles(transport http.RoundTripper, policy retry.Policy) *Files {
	return &Files{policy, &http.Client{
		Transport: transport,
		Timeout:   bounds.RequestTimeout,
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if len(via) > maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			if inner(r.URL.Hostname()) && !inner(via[0].URL.Hostname()) {
				return errors.New("a redirect from outside to this machine or its network")
			}
			return checkAddress(r.URL)
		},
	}}
}

var errAddress = errors.New("not an https address")

// checkAddress refuses what is not https, plain http to the loopback aside, and
// addresses that carry a credential.
func checkAddress(u *url.URL) error {
	loopback := u.Hostname() == "localhost"
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		loopback = ip.IsLoopback()
	}
	switch {
	case u.Host == "", u.Scheme != "https" && (u.Scheme != "http" || !loopback):
		return errAddress
	case u.User != nil:
		return errors.New("a user name or password stands in the address")
	}
	return nil
}

// inner reports whether a host is this machine or an address of a network that is
// not public, where a server outside has nothing to send us: services there take
// who can reach them for a friend. A name is not looked up; what it leads to still
// has to answer by TLS under that name.
func inner(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil &&
		(ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || ip.IsUnspecified() || ip.IsMulticast())
}

// Pin fetches the file of a block into the store and returns its artefact.
func (c *Files) Pin(ctx context.Context, store *cas.Store, block, address string) (snapshot.Artefact, error) {
	w, err := store.Create(ctx)
	if err != nil {
		return snapshot.Artefact{}, err
	}
	defer w.Abort()
	if err := c.Get(ctx, block, address, w); err != nil {
		return snapshot.Artefact{}, err
	}
	digest, size, err := w.Commit()
	if err != nil {
		return snapshot.Artefact{}, err
	}
	pinned := snapshot.Artefact{Kind: snapshot.KindFetch, Name: block, SHA256: digest, Size: size}
	return pinned.Answering(address), nil
}

// Get writes what an address serves. What was written counts only if Get returns
// nil.
func (c *Files) Get(ctx context.Context, block, address string, to io.Writer) error {
	u, err := url.Parse(address)
	if err == nil {
		err = checkAddress(u)
	}
	if err != nil {
		return &diag.Problem{
			Code: CodeAddress, What: fmt.Sprintf("fetch %q has a URL that can't be fetched from", block), Err: addressError(err),
			Why:    "what comes the first time is what gets pinned, so it must come over https, and the URL stands in a file that others read",
			Remedy: "write an https URL without user name and password",
		}
	}
	err = retry.Bare(c.retry.Do(ctx, block, func() error { return c.get(ctx, u, to) }))
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &diag.Problem{
		Code: CodeFailed, What: fmt.Sprintf("fetch %q: the server does not give the file", block), Err: addressError(err),
		Why:    "nothing was kept",
		Remedy: "check the URL and the network, then run the command again",
	}
}

// get asks once.
func (c *Files) get(ctx context.Context, u *url.URL, to io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err != nil && !retry.Passing(err) {
		err = retry.Final{Err: err}
	}
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return retry.StatusOf(resp)
	}
	if resp.ContentLength > bounds.FetchFile {
		return retry.Final{Err: fmt.Errorf("it announces %d bytes, over the bound of %d", resp.ContentLength, int64(bounds.FetchFile))}
	}
	stall := time.AfterFunc(bounds.StallTimeout, cancel)
	defer stall.Stop()
	body := readerFunc(func(p []byte) (int, error) {
		n, err := resp.Body.Read(p)
		stall.Reset(bounds.StallTimeout)
		return n, err
	})
	n, err := io.Copy(to, io.LimitReader(body, bounds.FetchFile+1))
	if err != nil {
		return retry.Final{Err: err} // what was written can't be taken back here
	}
	if n > bounds.FetchFile {
		return retry.Final{Err: fmt.Errorf("it sends more than the bound of %d bytes", int64(bounds.FetchFile))}
	}
	return nil
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// addressError takes the address out of an error of net/http: its query may hold a
// token.
func addressError(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// PinnedFiles brings pinned files for a vendor run.
type PinnedFiles struct {
	Client    *Files
	Addresses map[string]string // by block
}

// Fetch writes the file of an artefact.
func (f PinnedFiles) Fetch(ctx context.Context, a snapshot.Artefact, w io.Writer) error {
	return f.Client.Get(ctx, a.Name, f.Addresses[a.Name], w)
}

// Index is nil: a fetched file is not looked into.
func (PinnedFiles) Index(io.Reader) ([]byte, error) { return nil, nil }

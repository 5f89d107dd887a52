package upstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// CodeFailed is a fetched file that does not come.
const CodeFailed diag.Code = "NB1146"

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
	var w *cas.Writer
	abort := func() {
		if w != nil {
			w.Abort()
		}
	}
	defer func() { abort() }()
	err := c.Get(ctx, block, address, func() (io.Writer, error) {
		abort()
		var err error
		if w, err = store.Create(ctx); err != nil {
			return nil, err
		}
		return event.Counting(w, c.retry.Events, "pin", block), nil
	})
	if err != nil {
		return snapshot.Artefact{}, err
	}
	digest, size, err := w.Commit()
	if err != nil {
		return snapshot.Artefact{}, err
	}
	pinned := snapshot.Artefact{Kind: snapshot.KindFetch, Name: block, SHA256: digest, Size: size}
	return pinned.Answering(address), nil
}

// Get writes what an address serves. Begin is called for each try and returns where its
// bytes go; they count only if Get returns nil.
func (c *Files) Get(ctx context.Context, block, address string, begin func() (io.Writer, error)) error {
	u, err := url.Parse(address)
	if err == nil {
		err = checkAddress(u)
	}
	if err != nil { // which build.hcl can't name
		return c.failed(block, err)
	}
	var local error // of the store, which no other try mends
	err = retry.Bare(c.retry.Do(ctx, block, func(ctx context.Context) error {
		err := c.get(ctx, u, func() (io.Writer, error) {
			w, err := begin()
			local = err
			return ours{w, &local}, err
		})
		if err != nil && (local != nil || !retry.Passing(err)) {
			err = retry.Final{Err: err}
		}
		return err
	}))
	if local != nil {
		return local
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	return c.failed(block, err)
}

// failed is the problem of a file that does not come.
func (c *Files) failed(block string, err error) error {
	return &diag.Problem{
		Code: CodeFailed, What: fmt.Sprintf("fetch %q: the server does not give the file", block), Err: addressError(err),
		Why:    "nothing was kept",
		Remedy: "check the URL and the network, then run the command again",
	}
}

// get asks once.
func (c *Files) get(ctx context.Context, u *url.URL, begin func() (io.Writer, error)) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return err
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return retry.StatusOf(resp)
	}
	if resp.ContentLength > bounds.FetchFile {
		return fmt.Errorf("it announces %d bytes, over the bound of %d", resp.ContentLength, int64(bounds.FetchFile))
	}
	to, err := begin()
	if err != nil {
		return err
	}
	n, err := io.Copy(to, io.LimitReader(resp.Body, bounds.FetchFile+1))
	if err == nil && n > bounds.FetchFile {
		err = fmt.Errorf("it sends more than the bound of %d bytes", int64(bounds.FetchFile))
	}
	return err
}

// ours keeps apart what a writer on this side says.
type ours struct {
	io.Writer
	err *error
}

func (o ours) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err != nil {
		*o.err = err
	}
	return n, err
}

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

// Fetch writes the file of an artefact, for the first try only; Bring uses more.
func (f PinnedFiles) Fetch(ctx context.Context, a snapshot.Artefact, w io.Writer) error {
	begun := false
	return f.fetch(ctx, a, func() (io.Writer, error) {
		if begun {
			return nil, errBroken
		}
		begun = true
		return w, nil
	})
}

// errBroken is a transfer that broke and can't begin anew.
var errBroken = errors.New("the transfer broke")

func (f PinnedFiles) fetch(ctx context.Context, a snapshot.Artefact, begin func() (io.Writer, error)) error {
	return f.Client.Get(ctx, a.Name, f.Addresses[a.Name], begin)
}

// Index is nil: a fetched file is not looked into.
func (PinnedFiles) Index(io.Reader) ([]byte, error) { return nil, nil }

package debian

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/retry"
)

// errMissing reports that a server does not have what it was asked for.
var errMissing = errors.New("not there")

// errLong reports a body that is longer than it may be.
var errLong = errors.New("more bytes came than there should be")

// Archive is where packages come from: who is asked, and whose signature counts.
// A value that is zero except for Client and Now asks Debian's archive of dated
// snapshots.
type Archive struct {
	Client    *http.Client // with the user's proxies and certificates, on a pace.Transport
	Now       time.Time    // what the clock said when the operation began
	Mirrors   []string     // candidates, asked in this order before the snapshots
	Snapshots string       // the archive of dated snapshots; "" is SnapshotArchive
	Keyring   *Keyring     // nil is Debian's own
	Retry     retry.Policy // of what failed in a way that may pass
}

// snapshots is the address of Debian's archive at a moment. The archive answers
// with its last state before it. Suites of security updates are kept apart.
func (a *Archive) snapshots(suite string, at time.Time) string {
	root := a.Snapshots
	if root == "" {
		root = SnapshotArchive
	}
	archive := "debian"
	if strings.HasSuffix(suite, "-security") {
		archive = "debian-security"
	}
	return strings.TrimRight(root, "/") + "/" + archive + "/" + at.UTC().Format("20060102T150405Z")
}

// get reads a file of an archive, at most limit bytes. What may pass is tried
// again; what is not there is errMissing.
func (a *Archive) get(ctx context.Context, root, file string, limit int64) ([]byte, error) {
	address, err := url.Parse(root)
	if err != nil {
		return nil, errors.New("an archive's address does not parse")
	}
	address = address.JoinPath(strings.Split(file, "/")...)
	var body []byte
	err = a.Retry.Do(ctx, file, func(ctx context.Context) error {
		var err error
		body, err = a.once(ctx, address, limit)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("%s on %s: %w", file, address.Host, err)
	}
	return body, nil
}

// once asks once.
func (a *Archive) once(ctx context.Context, address *url.URL, limit int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address.String(), nil)
	if err != nil {
		return nil, retry.Final{Err: errors.New("no request can be made of it")}
	}
	resp, err := a.Client.Do(req)
	if err != nil {
		return nil, cause(err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotFound || resp.StatusCode == http.StatusGone:
		return nil, retry.Final{Err: errMissing}
	case resp.StatusCode != http.StatusOK:
		return nil, retry.StatusOf(resp)
	}
	body := bytes.NewBuffer(make([]byte, 0, min(max(resp.ContentLength, 0), limit, easySize)+bytes.MinRead))
	n, err := body.ReadFrom(io.LimitReader(resp.Body, limit+1))
	switch {
	case err != nil:
		return nil, cause(err)
	case n > limit:
		return nil, retry.Final{Err: fmt.Errorf("%w (%d)", errLong, limit)}
	}
	return body.Bytes(), nil
}

// cause drops the address from an HTTP client's error: it may carry a credential.
func cause(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

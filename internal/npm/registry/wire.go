package registry

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// maxRedirects bounds how many redirects one request follows.
const maxRedirects = 5

// redirectError is a redirect that is not followed.
type redirectError struct {
	format string
	arg    any
}

func (e *redirectError) Error() string { return fmt.Sprintf(e.format, e.arg) }

// redirect returns where an answer sends us, or nil if it is final. From https to
// http is refused: who sits between could read and choose what comes.
func redirect(resp *http.Response, from *url.URL) (*url.URL, error) {
	switch resp.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil, nil
	}
	to, err := from.Parse(resp.Header.Get("Location"))
	switch {
	case err != nil || to.Host == "":
		return nil, &redirectError{"a redirect to no address (status %d)", resp.StatusCode}
	case to.Scheme == "http" && from.Scheme == "https":
		return nil, &redirectError{"a redirect from https to %s", "http"}
	case to.Scheme != "http" && to.Scheme != "https":
		return nil, &redirectError{"a redirect to the scheme %q", to.Scheme}
	}
	to.User = nil
	return to, nil
}

// inflated hands on what a gzip body holds.
func inflated(r io.Reader, use func(io.Reader) error) error {
	zr, err := gzip.NewReader(r)
	if err != nil {
		return fmt.Errorf("inflating answer: %w", err)
	}
	defer func() { _ = zr.Close() }()
	return use(zr)
}

// final marks an error that another try would not mend.
func final(err error) error {
	var bad *redirectError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &bad), errors.Is(err, errMismatch), errors.Is(err, errLarge), errors.Is(err, strictjson.ErrSyntax), errors.Is(err, errLocal), isCertificate(err), isProblem(err):
		return retry.Final{Err: err}
	}
	return err
}

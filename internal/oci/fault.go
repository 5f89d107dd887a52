package oci

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// classify turns what went wrong at a place into a Problem that says whether the
// thing is not there, is not what it should be, or could not be had. The text of a
// server and the addresses it redirected to stay out of it: both may carry
// credentials.
func classify(place string, err error) error {
	var p *diag.Problem
	switch {
	case err == nil:
		return nil
	case errors.As(err, &p), errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, ErrNotFound):
		return missing(place, "", err)
	case errors.Is(err, ErrMismatch):
		return &diag.Problem{
			Code: CodeMismatch, What: place + " gave bytes that are not what was asked for",
			Why:    "they were changed on the way or in the store",
			Remedy: "push the image again, or ask another copy of it", Err: err,
		}
	case errors.Is(err, ErrBound):
		return &diag.Problem{
			Code: CodeBound, What: place + " gave more than nbuild reads",
			Why:    "each answer is bounded, so that a hostile server costs little",
			Remedy: "name another image, or remove what was attached to this one", Err: err,
		}
	}
	var slow *pace.Slow
	if errors.As(err, &slow) {
		return &diag.Problem{
			Code: CodeUnreachable, What: place + " did not answer in time",
			Why:    slow.Error() + "; what it would have said is unknown, so nothing may rest on it",
			Remedy: "run the command again when the registry answers",
		}
	}
	status := statusOf(err)
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return &diag.Problem{
			Code: CodeDenied, What: place + " refuses these credentials",
			Why:    "it answered " + http.StatusText(status),
			Remedy: "log in with `docker login REGISTRY` or `podman login REGISTRY`, or ask for the right to this repository", Err: reason(err),
		}
	case http.StatusNotFound:
		return missing(place, "", ErrNotFound)
	}
	return &diag.Problem{
		Code: CodeUnreachable, What: place + " could not be asked",
		Why:    "what it would have said is unknown, so nothing may rest on it",
		Remedy: "run the command again when the registry answers", Err: reason(err),
	}
}

func statusOf(err error) int {
	var t *transport.Error
	if errors.As(err, &t) {
		return t.StatusCode
	}
	var s *retry.Status
	if errors.As(err, &s) {
		return s.Code
	}
	return 0
}

// reason keeps of an error what is safe to show.
func reason(err error) error {
	var s *retry.Status
	if errors.As(err, &s) {
		return s
	}
	if code := statusOf(err); code != 0 {
		return &retry.Status{Code: code}
	}
	var u *url.Error
	for errors.As(err, &u) {
		err = u.Err
	}
	text := err.Error()
	if strings.Contains(text, "://") || len(text) > 300 { // an address may carry a token
		return errors.New("the connection failed")
	}
	return errors.New(diag.Clean(text))
}

func missing(place, what string, err error) error {
	return missingRemedy(place, what, "check the name, or push the image there first", err)
}

func missingRemedy(place, what, remedy string, err error) error {
	text := place + " is not there"
	if what != "" {
		text = place + " has no " + diag.Clean(what)
	}
	if !errors.Is(err, ErrNotFound) {
		err = errors.Join(ErrNotFound, err)
	}
	return &diag.Problem{
		Code: CodeMissing, What: text, Why: "nothing can be said about an image that is not there",
		Remedy: remedy, Err: err,
	}
}

package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/retry"
)

// Tag implements Store, and reads the tag back. A tag that is where it should be is
// left alone.
//
// A tag is what others deploy, and anybody may move it meanwhile. So where the answer of
// a move was lost, the tag itself is looked at: the move is made again only if the tag is
// still where it was before.
func (r *Registry) Tag(ctx context.Context, digest v1.Hash, tag string) error {
	if !tagForm().MatchString(tag) {
		return badReference(r.repo.String()+":"+tag, "its tag is malformed", "a tag is a letter, digit or _, then up to 127 of letters, digits, _ . -")
	}
	before, err := r.tagged(ctx, tag)
	if err != nil || before == digest {
		return err
	}
	m, err := r.Manifest(ctx, digest)
	if err != nil {
		return err
	}
	if err := r.whole(ctx, func(ctx context.Context) error { return r.move(ctx, m, tag, before) }); err != nil {
		return r.fault("", err)
	}
	now, err := r.tagged(ctx, tag)
	if err != nil {
		return fmt.Errorf("reading back tag %s: %w", tag, err)
	}
	if now != digest {
		return r.elsewhere(tag, now)
	}
	return nil
}

// move makes one try to move a tag.
func (r *Registry) move(ctx context.Context, m Manifest, tag string, before v1.Hash) error {
	err := r.pusher.Put(ctx, r.repo.Tag(tag), raw{m})
	switch status := statusOf(err); {
	case err == nil:
		return nil
	case refusal(status):
		return r.refused(tag, status)
	case !retry.Passing(err):
		return err
	}
	now, look := r.tagged(ctx, tag)
	switch {
	case look != nil:
		return r.unknown(tag, err)
	case now == m.Digest:
		return nil // it was done, and the answer was lost
	case now != before:
		return r.elsewhere(tag, now)
	}
	return err
}

// tagged returns what a tag points at, the zero value for nothing.
func (r *Registry) tagged(ctx context.Context, tag string) (v1.Hash, error) {
	d, err := r.Resolve(ctx, tag)
	if errors.Is(err, ErrNotFound) {
		return v1.Hash{}, nil
	}
	return d.Digest, err
}

// refusal reports whether a registry answers so that a tag must not be moved: by rights,
// or because tags are immutable there.
func refusal(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusMethodNotAllowed,
		http.StatusConflict, http.StatusPreconditionFailed:
		return true
	}
	return false
}

func (r *Registry) refused(tag string, status int) error {
	return &diag.Problem{
		Code: CodeDenied, What: fmt.Sprintf("%s does not let tag %s be moved", r.repo, tag),
		Why:    fmt.Sprintf("it answered %d %s to the tag and took the image before: the tag is protected or immutable there, or these credentials may push and not tag", status, http.StatusText(status)),
		Remedy: "take the tag out of `tags` in the image block, or have the registry let it move, then run the command again: what was pushed is kept",
	}
}

func (r *Registry) unknown(tag string, err error) error {
	return &diag.Problem{
		Code: CodeUnreachable, What: fmt.Sprintf("whether tag %s of %s moved is not known", tag, r.repo),
		Why:    "the registry gave no answer to rely on, and could not be asked for the tag afterwards",
		Remedy: "run the same command again: a tag that moved is left as it is", Err: reason(err),
	}
}

func (r *Registry) elsewhere(tag string, now v1.Hash) error {
	at := "it is gone"
	if now != zeroHash {
		at = "it points at " + now.String()
	}
	return &diag.Problem{
		Code: CodeMoved, What: fmt.Sprintf("somebody else moved tag %s of %s", tag, r.repo),
		Why:    at + " now, and was not moved over that",
		Remedy: "run the same command again if the tag should be at this image",
	}
}

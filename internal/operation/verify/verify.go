// Package verify answers the question that production asks: would this image be
// accepted here, and why.
//
// It resolves the image's name to a digest once, judges that digest by what is
// attached to it and by the operator's trust file, and gives the verdict with
// every check. It changes nothing but the memory of floors that --state names.
//
// The invariant: the verdict is about one digest, the one in its subject; a tag
// that moves meanwhile changes nothing.
package verify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/trust"
)

// The problems of asking for a verdict.
const (
	CodeArchive     diag.Code = "NB0203" // a docker archive holds no signatures
	CodeEnvironment diag.Code = "NB0204" // the trust file has several environments and none is named
	CodeUnreachable diag.Code = "NB2202" // the image could not be resolved to a digest
)

// Options say what to judge by what.
type Options struct {
	Reference   string
	Trust       trust.Options
	Environment string        // may be "" where the trust file has one only
	StateDir    string        // "" remembers nothing
	Timeout     time.Duration // until there is a verdict; 0 is bounds.VerifyTimeout
}

// Run judges an image. An error means that there was nothing to judge or to judge
// by; everything else is in the verdict.
func Run(ctx context.Context, host machine.Host, o Options) (*attest.Verdict, error) {
	if o.Trust.Checkout == "" {
		o.Trust.Checkout = host.Checkout()
	}
	policy, trusted, err := trust.Load(host, o.Trust)
	if err != nil {
		return nil, err
	}
	environment, err := Environment(policy, o.Environment)
	if err != nil {
		return nil, err
	}
	ref, store, err := images.Open(host, o.Reference)
	if err != nil {
		return nil, err
	}
	if store == nil {
		return nil, &diag.Problem{
			Code: CodeArchive, What: "a docker archive can't be judged", Why: "it holds no signatures",
			Remedy: "verify the registry or the layout that it was made from",
		}
	}
	ctx, cancel := InTime(ctx, o.Timeout)
	defer cancel()
	at, err := oci.Find(ctx, store, ref)
	if err != nil {
		return nil, undecided(ctx, ref, err)
	}
	digest, err := images.Digest(at.Digest)
	if err != nil {
		return nil, err
	}
	var opt attest.Options
	if o.StateDir != "" {
		if opt.State, err = attest.OpenState(host.Path(o.StateDir)); err != nil {
			return nil, err
		}
	}
	return attest.Verify(ctx, trusted, environment, Subject(ref, digest), images.Attached{Store: store}, opt), nil
}

// InTime gives a verdict its time: whoever serves the image may let it wait for ever. 0
// is bounds.VerifyTimeout.
func InTime(ctx context.Context, limit time.Duration) (context.Context, context.CancelFunc) {
	limit = cmp.Or(limit, bounds.VerifyTimeout)
	return context.WithTimeoutCause(ctx, limit, fmt.Errorf("%w after %s", attest.ErrTime, limit))
}

// Subject names a digest at a place as a verdict does.
func Subject(ref oci.Ref, digest cas.Digest) attest.Subject {
	s := attest.Subject{Reference: ref.Name(), Digest: digest}
	if ref.Kind == oci.InRegistry {
		s.Repository = ref.Name()
	}
	return s
}

// Environment returns the environment to judge for: the one that is named, or the
// only one that the trust file has.
func Environment(policy *attest.Policy, name string) (string, error) {
	if name != "" {
		return name, nil
	}
	if len(policy.Environments) == 1 {
		return policy.Environments[0].Name, nil
	}
	return "", &diag.Problem{
		Code: CodeEnvironment, What: fmt.Sprintf("%s has %d environments and none is named", policy.File, len(policy.Environments)),
		Why: "what production accepts, staging may not", Remedy: "name one with --environment NAME",
	}
}

// undecided makes an image that can't be resolved exit with 22, unless the place
// answered: that it has no such image, or that the name fits several.
func undecided(ctx context.Context, ref oci.Ref, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, attest.ErrTime) {
		return &diag.Problem{
			Code: CodeUnreachable, What: "no decision about " + ref.String(), Err: cause,
			Why:    "the image could not be resolved to a digest in time; treat it as rejected",
			Remedy: "look why the registry is slow, or give it more time: `--timeout 15m`",
		}
	}
	for _, p := range diag.All(err) {
		if p.Code == oci.CodeReference || p.Code == oci.CodeMissing || p.Code.Exit() == 22 {
			return err
		}
		if p.Code == oci.CodeLayout {
			return &diag.Problem{
				Code: CodeUnreachable, What: "no decision about " + ref.String(), Err: p.Err,
				Why:    p.What + ": " + p.Why + "; treat the image as rejected",
				Remedy: "bring the layout's own files back, or verify the image where it was released",
			}
		}
	}
	return &diag.Problem{
		Code: CodeUnreachable, What: "no decision about " + ref.String(), Err: err,
		Why: "the image could not be resolved to a digest; treat it as rejected", Remedy: "look whether the registry is in reach, and run it again",
	}
}

package remote

import (
	"context"
	"errors"
	"fmt"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/retry"
)

// Known returns what the server keeps of an action. What it keeps and is not whole, or
// did not end well, counts as nothing; what does not fit the action is told as well, and
// what runs anew replaces it.
func (c *Client) Known(ctx context.Context, j *execution.Job) (*execution.Outcome, error) {
	if _, err := c.offers(ctx); err != nil || c.o.Afresh {
		return nil, err
	}
	var kept *repb.ActionResult
	err := c.call(ctx, "asking for a result", c.answer(), func(ctx context.Context) (err error) {
		kept, err = c.results.GetActionResult(ctx, &repb.GetActionResultRequest{
			InstanceName: c.o.Address.Instance, ActionDigest: c.action(j), InlineStdout: true, InlineStderr: true, DigestFunction: repb.DigestFunction_SHA256,
		})
		if status.Code(err) == codes.NotFound {
			kept, err = nil, nil
		}
		return err
	})
	if err != nil || kept == nil {
		return nil, err
	}
	if kept.GetExitCode() != 0 {
		return nil, nil // no result of this project is kept that did not end well
	}
	out, err := c.outcome(ctx, j, kept)
	if errors.As(err, new(gone)) {
		return nil, nil
	}
	if wrong(err) {
		c.o.Events.Emit(event.Event{Kind: event.Problem, Phase: "step", Name: j.Step.Step.Name, Code: string(CodeLie), Text: fmt.Sprintf(
			"the result that %s keeps of step %s is not used: %v", c.o.Address, j.Step.Step.Name, c.cleaned(err))})
		c.wrong.Store(j.Action.Digest(), true)
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if out.Ran.Exit != 0 || out.Ran.Limit != "" || len(out.Ran.Refused) > 0 {
		return nil, nil
	}
	out.Cached = true
	return out, nil
}

func (c *Client) action(j *execution.Job) *repb.Digest {
	return digest(j.Action.Digest(), int64(len(j.Action.Action.Bytes)))
}

// Share keeps at the server what an action came to that ran here: first all that the
// result names, and the action with its command, then the result (REAPI v2,
// ActionCache.UpdateActionResult). A command that did not end well has none.
func (c *Client) Share(ctx context.Context, j *execution.Job, o *execution.Outcome) error {
	if o.Ran.Exit != 0 || o.Ran.Limit != "" || len(o.Ran.Refused) > 0 || o.Ran.Failed != "" {
		return errors.New("a result of what did not end well is not to be shared")
	}
	result, made, err := describe(ctx, j, o)
	if err != nil {
		return err
	}
	made.add(j.Action.Action.Bytes)
	made.add(j.Action.Command.Bytes)
	for _, e := range o.Outputs {
		if e.Link == "" {
			made.pieces = append(made.pieces, execution.Piece{Digest: e.SHA256, Size: e.Size})
		}
	}
	if err := c.send(ctx, made.pieces, made.open(j.Store), true); err != nil {
		return err
	}
	return c.call(ctx, "giving it a result", c.answer(), func(ctx context.Context) error {
		_, err := c.results.UpdateActionResult(ctx, &repb.UpdateActionResultRequest{
			InstanceName: c.o.Address.Instance, ActionDigest: c.action(j), ActionResult: result, DigestFunction: repb.DigestFunction_SHA256,
		})
		return err
	})
}

// wrong reports whether an error is an answer that can't be true.
func wrong(err error) bool { return errors.As(retry.Bare(err), new(lie)) }

package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	longrunning "cloud.google.com/go/longrunning/autogen/longrunningpb"
	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// rounds is how often an action is sent again because the server lost what it reads or
// what it made.
const rounds = 3

// Run has the server run an action, and waits for its end.
func (c *Client) Run(ctx context.Context, j *execution.Job) (*execution.Outcome, error) {
	can, err := c.offers(ctx)
	if err != nil {
		return nil, err
	}
	if !can.executes {
		return nil, c.unable("it runs no actions named by SHA-256: it is a cache alone", "use it as one: add --remote-cache")
	}
	pieces, err := j.Pieces()
	if err != nil {
		return nil, err
	}
	what := "running step " + j.Step.Step.Name
	ctx, cancel := pace.Within(ctx, j.Step.Step.Timeout+c.o.Queue, what)
	defer cancel()
	_, again := c.wrong.Load(j.Action.Digest())
	afresh := c.o.Afresh || again
	if err := c.send(ctx, pieces, j.Open, false); err != nil {
		return nil, err
	}
	for round := 1; ; round++ {
		done, err := c.execute(ctx, j, afresh)
		var lacking missing
		if errors.As(err, &lacking) && round < rounds {
			// It said that it has them, or they were dropped since. All are asked for again: what
			// one worker can't find, the next may miss as well.
			if err := c.send(ctx, pieces, j.Open, true); err != nil {
				return nil, err
			}
			if err := c.giveNamed(ctx, j, pieces, lacking); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, c.problem(ctx, what, pace.Cause(ctx, err))
		}
		out, err := c.ended(ctx, j, done)
		if errors.As(err, new(gone)) && round < rounds {
			afresh = true // what it made is gone: a result that it keeps is of no use
			continue
		}
		if errors.As(err, new(gone)) {
			err = c.problem(ctx, what, lied("what the step left is gone each time: %v", err))
		}
		return out, err
	}
}

// giveNamed sends blobs though the server says that it has them, because a worker does
// not find them.
func (c *Client) giveNamed(ctx context.Context, j *execution.Job, pieces []execution.Piece, of missing) error {
	var all []execution.Piece
	for _, p := range pieces {
		if of[p.Digest] {
			all = append(all, p)
		}
	}
	return c.give(ctx, all, j.Open)
}

// missing are blobs that an action needs and a server does not find.
type missing map[cas.Digest]bool

func (m missing) Error() string {
	return fmt.Sprintf("it does not find %d blobs that it was given", len(m))
}

// execute sends an action and follows it to its end, over as many streams as it takes.
// Each stream that said something may be followed by another one; those that said nothing
// are counted.
func (c *Client) execute(ctx context.Context, j *execution.Job, afresh bool) (*repb.ExecuteResponse, error) {
	name, silent := "", 0
	for {
		heard := false
		done, err := c.follow(ctx, j, &name, &heard, afresh)
		switch {
		case err == nil:
			return done, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case status.Code(err) == codes.NotFound && name != "":
			name = "" // it has forgotten that it runs: it is sent again
		case !passing(err):
			return nil, err
		}
		if silent++; heard {
			silent = 1
		}
		if silent >= bounds.RetryLimit {
			return nil, err
		}
		wait := c.o.Retry.Backoff
		if wait == 0 {
			wait = time.Second
		}
		if err := sleep(ctx, wait<<(silent-1)); err != nil {
			return nil, err
		}
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}

// follow reads one stream of what an action comes to.
func (c *Client) follow(ctx context.Context, j *execution.Job, name *string, heard *bool, afresh bool) (*repb.ExecuteResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var stream interface {
		Recv() (*longrunning.Operation, error)
	}
	var err error
	if *name != "" {
		stream, err = c.executions.WaitExecution(ctx, &repb.WaitExecutionRequest{Name: *name})
	} else {
		stream, err = c.executions.Execute(ctx, &repb.ExecuteRequest{
			InstanceName: c.o.Address.Instance, ActionDigest: c.action(j), SkipCacheLookup: afresh, DigestFunction: repb.DigestFunction_SHA256, InlineStdout: true, InlineStderr: true,
		})
	}
	if err != nil {
		return nil, err
	}
	for {
		op, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil, status.Error(codes.Unavailable, "the stream ended before the action did")
		}
		if err != nil {
			return nil, lacking(err)
		}
		*heard = true
		if op.GetName() != "" && len(op.GetName()) <= bounds.Path {
			*name = op.GetName()
		}
		var at repb.ExecuteOperationMetadata
		if op.GetMetadata().MessageIs(&at) && op.GetMetadata().UnmarshalTo(&at) == nil && at.GetActionDigest() != nil {
			if d := at.GetActionDigest(); d.GetHash() != j.Action.Digest().String() {
				return nil, lied("it tells of the action %.80q, and was asked for %s", d.GetHash(), j.Action.Digest())
			}
		}
		if !op.GetDone() {
			continue
		}
		if s := op.GetError(); s != nil {
			return nil, lacking(status.ErrorProto(s))
		}
		var done repb.ExecuteResponse
		if err := op.GetResponse().UnmarshalTo(&done); err != nil {
			return nil, lied("its answer is none: %v", err)
		}
		if s := status.FromProto(done.GetStatus()); s.Code() != codes.OK && s.Code() != codes.DeadlineExceeded {
			*name = "" // that one ended
			return nil, lacking(s.Err())
		}
		return &done, nil
	}
}

// lacking makes an error that says which blobs a server does not find (REAPI v2,
// Execution.Execute) one that names them.
func lacking(err error) error {
	s, ok := status.FromError(err)
	if !ok || s.Code() != codes.FailedPrecondition {
		return err
	}
	all := missing{}
	for _, detail := range s.Details() {
		failure, ok := detail.(*errdetails.PreconditionFailure)
		if !ok {
			continue
		}
		for _, v := range failure.GetViolations() {
			if v.GetType() != "MISSING" {
				return err
			}
			parts := strings.Split(v.GetSubject(), "/")
			if len(parts) < 3 || parts[0] != "blobs" {
				return err
			}
			d, parsed := cas.ParseDigest(parts[len(parts)-2])
			if _, number := strconv.ParseInt(parts[len(parts)-1], 10, 64); parsed != nil || number != nil {
				return err
			}
			all[d] = true
		}
	}
	if len(all) == 0 {
		return err
	}
	return retry.Final{Err: all}
}

// ended reads the answer to an action.
func (c *Client) ended(ctx context.Context, j *execution.Job, done *repb.ExecuteResponse) (*execution.Outcome, error) {
	if done.GetStatus().GetCode() == int32(codes.DeadlineExceeded) {
		log, err := c.log(ctx, j.Store, done.GetResult())
		return &execution.Outcome{Ran: &sandbox.Result{Exit: 137, Limit: protocol.LimitTime}, Log: log}, err
	}
	if done.GetResult() == nil {
		return nil, c.problem(ctx, "running step "+j.Step.Step.Name, lied("its answer has no result"))
	}
	out, err := c.outcome(ctx, j, done.GetResult())
	if err == nil {
		out.Cached = done.GetCachedResult()
	}
	return out, err
}

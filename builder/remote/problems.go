package remote

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
)

// The problems of other machines.
const (
	CodeLost      diag.Code = "NB1050" // a server is out of reach, or does not answer
	CodeUnable    diag.Code = "NB1051" // a server can't do what is asked of it
	CodeLie       diag.Code = "NB1052" // what a server says does not fit together
	CodeForbidden diag.Code = "NB1053" // a server does not take the credentials
	CodeDenied    diag.Code = "NB1401" // a worker can't make the sandbox
)

// lie is an answer that can't be true, or that is no answer to what was asked.
type lie struct{ what string }

func (l lie) Error() string { return l.what }

func lied(format string, args ...any) error {
	return retry.Final{Err: lie{fmt.Sprintf(format, args...)}}
}

// gone reports a blob that a server said it had, and has not.
type gone struct{ what string }

func (g gone) Error() string { return g.what + " is not there any more" }

// lost is an error of a server that may be well again later.
type lost struct{ error }

// Is makes it an execution.ErrLost.
func (l lost) Is(target error) bool { return target == execution.ErrLost }

// Unwrap returns the error itself.
func (l lost) Unwrap() error { return l.error }

// passing reports whether another try may succeed.
func passing(err error) bool {
	var slow *pace.Slow
	if errors.As(err, &slow) {
		return true
	}
	if s, ok := status.FromError(err); ok {
		switch s.Code() {
		case codes.Unavailable, codes.DeadlineExceeded, codes.Aborted, codes.Internal, codes.ResourceExhausted, codes.Unknown:
			return true
		}
		return false
	}
	return retry.Passing(err)
}

// problem makes of an error what a person can act on.
func (c *Client) problem(ctx context.Context, what string, err error) error {
	var problem *diag.Problem
	if err == nil || ctx.Err() != nil || errors.As(err, &problem) || errors.As(err, new(gone)) {
		return retry.Bare(err)
	}
	if !passing(err) && !errors.As(err, new(lie)) && !errors.As(err, new(missing)) {
		if s, ok := status.FromError(retry.Bare(err)); !ok || s.Code() == codes.OK {
			return retry.Bare(err) // of this side: a disk, a file that changed
		}
	}
	err = c.cleaned(err)
	p := &diag.Problem{What: fmt.Sprintf("%s: %s", c.o.Address, what), Err: err}
	switch code := status.Code(err); {
	case errors.As(err, new(lie)):
		p.Code, p.Why = CodeLie, "what a server says is used only where it can be checked or fits what was asked"
		p.Remedy = "run the command without --remote, and tell who runs the server"
	case code == codes.Unauthenticated || code == codes.PermissionDenied:
		p.Code, p.Why = CodeForbidden, "the server does not take the credentials that it was sent, or was sent none"
		p.Remedy = "set token_file or certificate for it in remotes.hcl, or NBUILD_REMOTE_TOKEN; `nbuild explain NB1053` shows how"
	case passing(err):
		p.Code, p.Why, p.Err = CodeLost, "it can't be reached, or does not answer in time", lost{err}
		p.Remedy = "run the command again, or add --remote-fallback=local to go on here"
	default:
		p.Code, p.Why = CodeUnable, "the server refuses it, and would again"
		p.Remedy = "check the instance's name in the address, and ask who runs the server"
	}
	return p
}

// cleaned takes the token out of what a server says, should it repeat it.
func (c *Client) cleaned(err error) error {
	err = retry.Bare(err)
	if c.o.Token == "" || !strings.Contains(err.Error(), c.o.Token) {
		return err
	}
	return said{strings.ReplaceAll(err.Error(), c.o.Token, "(the token)"), status.Code(err)}
}

// said is a status with another text.
type said struct {
	text string
	code codes.Code
}

func (s said) Error() string { return s.text }

// GRPCStatus makes it a status.
func (s said) GRPCStatus() *status.Status { return status.New(s.code, s.text) }

// unable is a server that lacks something.
func (c *Client) unable(why, remedy string) error {
	return &diag.Problem{Code: CodeUnable, What: fmt.Sprintf("%s can't be used", c.o.Address), Why: why, Remedy: remedy}
}

func insecureToken(a Address) error {
	a.TLS = true
	return &diag.Problem{
		Code: CodeForbidden, What: "a token would be sent in the clear", Why: "grpc:// has no encryption, and whoever reads the token can use it",
		Remedy: "use TLS: --remote " + a.String(),
	}
}

// Package check starts a project's images and holds them to their checks, as a build does
// before it puts them anywhere, and puts them nowhere.
//
// The invariant: what is reported as passed is what a build and a release of the same
// project would find, from the same results.
package check

import (
	"context"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/pipelines"
)

// CodeNoCheck is an image that has no check.
const CodeNoCheck diag.Code = "NB0219"

// Report is nbuild.check/v1.
type Report struct {
	Schema string  `json:"schema"`
	Checks []Check `json:"checks"`
}

// Check is one check of an image on a platform.
type Check struct {
	Image    string `json:"image"`
	Check    string `json:"check"`
	Platform string `json:"platform"`
	Asks     string `json:"asks"`
	Outcome  string `json:"outcome"` // "pass", or "not-started" of another platform
	Action   string `json:"action"`
	Cached   bool   `json:"cached"`
	Limits   string `json:"limits"` // how the sandbox held them; "" where it was not started
}

// Run builds the images, or only those that are named, and starts them.
func Run(ctx context.Context, host machine.Host, only []string) (*Report, error) {
	b, err := build.Make(ctx, host, only)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	out := &Report{Schema: "nbuild.check/v1", Checks: []Check{}}
	for _, o := range b.Checks {
		c := Check{Image: o.Image, Check: o.Check, Platform: o.Platform, Outcome: "pass", Action: o.Action.OCI(), Cached: o.Cached, Limits: o.Held}
		if !o.Started {
			c.Outcome = "not-started"
		}
		if img, ok := b.Project.Image(o.Image); ok {
			c.Asks = asks(img, o.Check)
		}
		out.Checks = append(out.Checks, c)
	}
	if len(out.Checks) == 0 {
		return nil, &diag.Problem{
			Code: CodeNoCheck, Pos: b.Project.Images[0].At, What: fmt.Sprintf("image %q has no check", b.Project.Images[0].Name),
			Why: "nothing was started", Remedy: "add a block to the image: check \"health\" { expect_http = \"8080/\" }; `nbuild explain image` shows what it can ask",
		}
	}
	return out, nil
}

func asks(img *pipelines.Image, name string) string {
	for i := range img.Checks {
		if img.Checks[i].Name == name {
			return img.Checks[i].Asks()
		}
	}
	return ""
}

// Text is a line a check.
func (r *Report) Text() string {
	var b strings.Builder
	for _, c := range r.Checks {
		said := c.Outcome
		switch {
		case c.Outcome == "not-started":
			said = "not started on this machine"
		case c.Cached:
			said += ", as before"
		}
		fmt.Fprintf(&b, "image %s (%s), check %s: %s: %s\n", diag.Clean(c.Image), c.Platform, diag.Clean(c.Check), said, diag.Clean(c.Asks))
	}
	return b.String()
}

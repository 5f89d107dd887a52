package registry

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/nbuild/nbuild/internal/retry"
)

// Reached is what came of asking a registry anything at all.
type Reached struct {
	Binding string    // "" of the default registry, or a scope, "@acme"
	Shown   string    // its address, without a credential
	Status  int       // of its answer
	Date    time.Time // what its clock says; zero where it does not
	Err     error     // a Problem where it can't be reached
}

// Reach asks each registry of the configuration once, with the credentials that it would
// be sent, whether it is there: it answers, whatever it answers.
func (c *Client) Reach(ctx context.Context) []Reached {
	var all []Reached
	one := func(binding string, u *url.URL) {
		r := Reached{Binding: binding, Shown: shown(u)}
		a := ask{what: "the registry", target: u.JoinPath("-", "ping"), registry: u, accept: "*/*", encoding: "identity"}
		err := retry.Bare(c.o.Retry.Do(ctx, a.what, func(ctx context.Context) error {
			cred, err := c.config.sendable(a.target, a.registry)
			if err != nil {
				return err
			}
			resp, err := c.send(ctx, a, a.target, cred)
			if err != nil {
				return err
			}
			defer closeBody(resp)
			r.Status = resp.StatusCode
			r.Date, _ = http.ParseTime(resp.Header.Get("Date"))
			return nil
		}))
		if err != nil && !errors.Is(err, context.Canceled) {
			r.Err = problem(a, err)
		}
		all = append(all, r)
	}
	if c.config.registry != nil {
		one("", c.config.registry)
	}
	var scopes []string
	for scope := range c.config.scopes {
		scopes = append(scopes, scope)
	}
	slices.Sort(scopes)
	for _, scope := range scopes {
		one(scope, c.config.scopes[scope])
	}
	return all
}

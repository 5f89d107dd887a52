package registry

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/sri"
)

// errMismatch means that bytes are not those that an integrity names.
var errMismatch = errors.New("integrity mismatch")

// errLarge means that more bytes came than nbuild takes of a tarball.
var errLarge = errors.New("more bytes came than nbuild takes")

// Packument asks a package's registry about some of its versions. A version that
// the registry does not know is absent from the answer.
func (c *Client) Packument(ctx context.Context, name string, versions []string) (*Packument, error) {
	reg, err := c.config.Registry(name)
	if err != nil {
		return nil, err
	}
	target, err := packumentURL(reg, name)
	if err != nil {
		return nil, err
	}
	var p *Packument
	err = c.get(ctx, ask{"package " + name, target, reg, "application/json", "gzip"}, func(body io.Reader) error {
		var err error
		p, err = parsePackument(body, versions)
		return err
	})
	if err != nil {
		return nil, err
	}
	if p.Name != name {
		return nil, &diag.Problem{
			Code: CodePackument, What: fmt.Sprintf("asked about %s, the registry answers about %q", name, p.Name),
			Why:    "it is no registry, or a cache before it mixes answers up",
			Remedy: "check that `npm config get registry` names an npm registry",
		}
	}
	return p, nil
}

// Request is a tarball wanted.
type Request struct {
	Name      string
	Version   string
	Integrity string // an SRI that it must have, by every algorithm in it
	Unnamed   bool   // take what comes where Integrity is ""
	Resolved  string // its address as the lockfile has it, or ""
	URL       bool   // the lockfile names it by that address and no registry
}

// Tarball fetches one. Begin is called for each try and returns where its bytes
// go; they count only if Tarball returns nil. The bound registry is asked first,
// at the path where registries keep tarballs, then at the address that its
// document or the lockfile has. A request by URL is made of that address alone, as
// npm makes it.
func (c *Client) Tarball(ctx context.Context, r Request, begin func() (io.Writer, error)) error {
	want, err := sri.Parse(r.Integrity)
	if err != nil && (!r.Unnamed || r.Integrity != "") {
		return &diag.Problem{
			Code: CodeIntegrity, Err: err, What: fmt.Sprintf("%s@%s has no integrity that can be checked", r.Name, r.Version),
			Why:    "whatever a server sends would have to be believed",
			Remedy: "run `nbuild pin --update " + diag.Word(r.Name) + "` to pin it anew, and review the diff",
		}
	}
	what := r.Name + "@" + r.Version
	if r.URL {
		target, err := parseTarball(r.Resolved)
		if err != nil {
			return badResolved(what, err)
		}
		target = c.config.replaced(target)
		reg, _ := c.config.Registry(r.Name)
		if !within(target, reg) {
			reg = nil // it is asked for nothing, and its credential goes nowhere else
		}
		return c.tarball(ctx, ask{what, target, reg, "*/*", "identity"}, want, begin)
	}
	reg, err := c.config.Registry(r.Name)
	if err != nil {
		return err
	}
	first, err := tarballURL(reg, r.Name, r.Version)
	if err != nil {
		return err
	}
	if u, err := parseTarball(r.Resolved); err == nil && u.Host == reg.Host && u.Scheme == reg.Scheme {
		first = u
	}
	missing := c.tarball(ctx, ask{what, first, reg, "*/*", "identity"}, want, begin)
	if !isMissing(missing) {
		return missing
	}
	tried, places := map[string]bool{first.String(): true}, shown(first)
	said := ""
	if p, err := c.Packument(ctx, r.Name, []string{r.Version}); err == nil {
		said = p.Versions[r.Version].Tarball
	} else if ctx.Err() != nil {
		return err
	}
	for _, address := range []string{said, r.Resolved} {
		u, err := parseTarball(address)
		if err != nil {
			continue
		}
		if u = c.config.replaced(u); tried[u.String()] {
			continue
		}
		tried[u.String()] = true
		places += " and at " + shown(u)
		if err := c.tarball(ctx, ask{what, u, reg, "*/*", "identity"}, want, begin); !isMissing(err) {
			return err
		}
	}
	var p *diag.Problem
	if errors.As(missing, &p) {
		p.Why = "it was removed, or its name is bound to another registry; asked at " + places
	}
	return missing
}

func badResolved(what string, err error) error {
	return &diag.Problem{
		Code: CodeNotFound, Err: err, What: what + " comes from an address that the lockfile does not have, or that is none",
		Why:    "it is not in a registry, so there is nowhere to ask for it",
		Remedy: "run `npm install --package-lock-only` with omit-lockfile-registry-resolved, which keeps such addresses",
	}
}

func isMissing(err error) bool {
	var p *diag.Problem
	return errors.As(err, &p) && p.Code == CodeNotFound
}

// tarball fetches from one place and checks what came.
func (c *Client) tarball(ctx context.Context, a ask, want sri.Integrity, begin func() (io.Writer, error)) error {
	return c.get(ctx, a, func(body io.Reader) error {
		w, err := begin()
		if err != nil {
			return fmt.Errorf("%w %s: %w", errLocal, a.what, err)
		}
		sum := want.Checker()
		n, err := io.Copy(io.MultiWriter(sum, local{w}), io.LimitReader(body, bounds.Tarball+1))
		if err != nil {
			return err
		}
		if n > bounds.Tarball {
			return fmt.Errorf("%w of a tarball (%d)", errLarge, int64(bounds.Tarball))
		}
		if algorithm := sum.Fails(); algorithm != "" {
			return fmt.Errorf("%w: %d bytes came, whose %s is another", errMismatch, n, algorithm)
		}
		return nil
	})
}

// local marks a writer's errors as ours.
type local struct{ w io.Writer }

func (l local) Write(p []byte) (int, error) {
	n, err := l.w.Write(p)
	if err != nil {
		err = fmt.Errorf("%w: %w", errLocal, err)
	}
	return n, err
}

// checkName refuses what is not a package's name, so that none can be a path.
func checkName(name string) error {
	scope, base, scoped := strings.Cut(name, "/")
	if !scoped {
		scope, base = "@x", name
	}
	for _, part := range []string{strings.TrimPrefix(scope, "@"), base} {
		if part == "" || part[0] == '.' || len(part) > 214 || strings.ContainsAny(part, "/\\?#%@: \x00") {
			return fmt.Errorf("%q is no package's name", name)
		}
	}
	if scope[0] != '@' {
		return fmt.Errorf("%q is no package's name", name)
	}
	return nil
}

func packumentURL(reg *url.URL, name string) (*url.URL, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	return reg.Parse("./" + strings.Replace(url.PathEscape(name), "%2F", "%2f", 1))
}

func tarballURL(reg *url.URL, name, version string) (*url.URL, error) {
	if err := checkName(name); err != nil {
		return nil, err
	}
	if version == "" || strings.ContainsAny(version, "/\\?#% \x00") {
		return nil, fmt.Errorf("%q is no version", version)
	}
	return reg.Parse("./" + name + "/-/" + path.Base(name) + "-" + url.PathEscape(version) + ".tgz")
}

// parseTarball reads an address that a lockfile or a registry gave.
func parseTarball(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, errors.New("no http or https address")
	}
	u.Fragment = ""
	return u, nil
}

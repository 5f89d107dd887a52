package registry

import (
	"net/url"
	"strings"

	"github.com/nbuild/nbuild/internal/npm"
)

// replaced is the address that npm asks in place of one that a lockfile has: what lies
// at npm's own default registry is asked of the one that is configured, and every
// other address is asked as it is. The key replace-registry-host changes which are
// replaced: "never", "always", a host, or the beginning of an address (npm docs,
// config, "replace-registry-host").
func (c *Config) replaced(u *url.URL) *url.URL {
	if c.registry == nil {
		return u
	}
	which, prefix := c.value("replace-registry-host"), ""
	match := false
	switch which {
	case "", "npmjs":
		match = npm.IsDefaultRegistry(u)
	case "always":
		match = true
	default:
		host := which
		if from, err := url.Parse(which); err == nil && from.Host != "" {
			host, prefix = from.Hostname(), strings.TrimSuffix(from.Path, "/")
		}
		match = strings.EqualFold(host, u.Hostname()) && (prefix == "" || under(u.Path, prefix))
	}
	if !match {
		return u
	}
	to := *u
	to.Scheme, to.Host, to.User, to.RawPath = c.registry.Scheme, c.registry.Host, nil, ""
	base := strings.TrimSuffix(c.registry.Path, "/")
	switch {
	case prefix != "":
		to.Path = base + strings.TrimPrefix(u.Path, prefix)
	case base != "" && !under(u.Path, base):
		to.Path = base + u.Path
	}
	return &to
}

// under reports whether a path is a folder or lies below it.
func under(path, folder string) bool { return path == folder || strings.HasPrefix(path, folder+"/") }

// Keeps reports whether an address of a lockfile lies at the registry that a
// package's name is bound to, which may then be asked about the package: it has the
// tarball, so it knows the name.
func (c *Config) Keeps(name, address string) bool {
	u, err := parseTarball(address)
	if err != nil {
		return false
	}
	reg, err := c.Registry(name)
	return err == nil && within(c.replaced(u), reg)
}

// within reports whether an address lies at a registry: the same server, and below its
// path.
func within(u, reg *url.URL) bool {
	return reg != nil && u.Scheme == reg.Scheme && u.Host == reg.Host && strings.HasPrefix(u.Path, reg.Path)
}

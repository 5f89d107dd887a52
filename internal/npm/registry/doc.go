// Package registry is an npm registry as a client sees it: npm's configuration as
// npm reads it, package documents, tarballs.
//
// No server's address stands here. The user's own npm configuration names the
// registry of each scope (project, user and global .npmrc, npm_config_*), else npm
// itself is asked, else it is an error. An artefact is found by name, version and
// integrity; an address counts only where the user's lockfile or the bound
// registry's own document gives it, and whoever serves the bytes is held to the
// integrity that was asked for.
//
// A credential goes to the registry whose path its key names, over the scheme
// that this registry is configured with, and never along a redirect to another
// host. None is ever part of an error or an event: addresses in messages have no
// user, no query and no fragment.
//
// The invariant: [Client.Tarball] returns nil only if what it wrote has the integrity
// that was asked for, and every wait and every body is bounded.
//
// The formats are npm's npmrc(5) and the npm registry API's package document.
package registry

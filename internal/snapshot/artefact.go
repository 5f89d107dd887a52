package snapshot

import (
	"cmp"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
)

// Kind is what an artefact is. The list is closed.
type Kind string

// The kinds of artefact.
const (
	KindNPM      Kind = "npm"       // an npm package's tarball
	KindNode     Kind = "node"      // the npm package that holds a Node binary
	KindTool     Kind = "tool"      // an npm package that build steps find beside their base, and no image has
	KindDeb      Kind = "deb"       // a Debian package
	KindDebIndex Kind = "deb-index" // the InRelease file that the .debs were resolved with
	KindBase     Kind = "base"      // an OCI image manifest, by its digest
	KindFetch    Kind = "fetch"     // a file from a URL that build.hcl names
	KindGit      Kind = "git"       // an npm package packed from a git commit
	KindPatch    Kind = "patch"     // a project's patch of a package
	KindHelper   Kind = "helper"    // the sandbox helper
	KindOSV      Kind = "osv"       // advisory data
)

// facts lists the keys that a kind's artefacts may carry, and what they hold.
var facts = map[Kind][]string{
	KindNPM: {
		"index",       // SHA-256 of the file index
		"integrity",   // a Basis: what named its bytes, where that is less than the lockfile
		"published",   // when the registry published it, RFC 3339 in UTC
		"registry",    // the scope whose npm configuration named its registry; absent: the default one
		"provenance",  // what the registry said about it, as Signals has it
		"maintainers", //
		"deprecated",  //
		"signals",     // of earlier versions, which kept that beside nbuild.lock; taken and not read
		"resolution",  // how the lockfile names it where that is no registry: "url"
		factManifest,  // a Manifest, where the lockfile does not say what is in it
	},
	KindNode: {
		"bin", // SHA-256 of bin/node
		"index",
		"integrity", // a Basis, where that is less than the registry
		"published",
	},
	KindTool: {
		"index",
		"integrity", // a Basis, where that is less than the registry
		"published",
	},
	KindDeb: {
		"date",    // of the archive that had it, RFC 3339 in UTC
		"file",    // its path in the archive
		factFor,   // "steps" or "compiler": no image has it, steps find it beside their base
		"index",   //
		"section", // of the archive: main, contrib
		"source",  // its source package and version, name=version
		"suite",   //
	},
	KindDebIndex: {factAsked, "component", "date", "signer"},
	KindBase:     {factAsked, "config", "layers", "tag"},
	KindFetch:    {factAsked, "block"},
	KindGit:      {"commit", "index"},
	KindPatch:    {"resolves"},
	KindHelper:   {"go"},
	KindOSV:      {"date", "records"},
}

// Artefact is one line of nbuild.lock: something from outside, named by content.
type Artefact struct {
	Kind      Kind
	Name      string            // as its ecosystem writes it: "@scope/name", "libc6"
	Version   string            // "" where it has none
	Platform  string            // "linux/amd64", or "" where it fits all
	SHA256    cas.Digest        // of the stored bytes
	Size      int64             // of the stored bytes
	Integrity string            // what upstream says: an SRI, an index's digest; "" where it says nothing
	Facts     map[string]string // by key; the keys are closed for each kind
}

// Renewal is the NAME with which `nbuild pin --update NAME` pins the artefact anew.
func (a Artefact) Renewal() string {
	switch a.Kind {
	case KindNode:
		return "node"
	case KindDeb, KindDebIndex:
		return "debian"
	case KindTool:
		return "tools"
	}
	return a.Name
}

// ID names the artefact for a person: "npm lodash@4.17.21", "deb libc6@2.41 (linux/amd64)".
func (a Artefact) ID() string {
	id := string(a.Kind) + " " + a.Name
	if a.Version != "" {
		id += "@" + a.Version
	}
	if a.Platform != "" {
		id += " (" + a.Platform + ")"
	}
	return id
}

// Index returns the digest of the artefact's file index and whether it names one.
func (a Artefact) Index() (cas.Digest, bool) {
	d, err := cas.ParseDigest(a.Facts["index"])
	return d, err == nil
}

// compare orders artefacts by what identifies them.
func compare(a, b Artefact) int {
	return cmp.Or(
		strings.Compare(string(a.Kind), string(b.Kind)),
		strings.Compare(a.Name, b.Name),
		strings.Compare(a.Version, b.Version),
		strings.Compare(a.Platform, b.Platform),
	)
}

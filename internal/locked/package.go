package locked

import (
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// Kind is how one package asks for another.
type Kind string

// The kinds of dependency, as npm names them.
const (
	Prod         Kind = "prod"
	Dev          Kind = "dev"
	Optional     Kind = "optional"
	Peer         Kind = "peer"
	PeerOptional Kind = "peerOptional"
)

// Edge is a dependency as Node resolves it in the tree: Name is what the code
// requires, To the install path of the package that it gets.
type Edge struct {
	Name string
	To   string
	Kind Kind
	Spec string // what the package asks for, "^1.2.0"
}

// Package is one folder of the tree.
type Package struct {
	Path             string // "node_modules/a/node_modules/b"
	Name             string // the package's own, which may differ from the folder's
	Version          string
	Integrity        string // as the lockfile has it; "" of what is bundled
	Elsewhere        string // as Entry has it
	Resolved         string // as the lockfile has it; often ""
	Origin           Origin // where its bytes come from
	License          string
	Deprecated       string
	Bundler          string // the path of the package whose tarball brings this one, or ""
	Link             string // the project's folder that this is a link to, or ""
	HasInstallScript bool
	Dev              bool              // only development reaches it
	Optional         bool              // only optional dependencies reach it
	Peer             bool              // only peer dependencies reach it
	Dependencies     []Edge            // by Name
	Bins             map[string]string // command to file inside the package
	HasBins          bool              // it has commands, which its manifest names and the lockfile does not: see WithBins
	Engines          map[string]string
	Pos              diag.Pos // in the lockfile
}

// Purl returns the package URL (purl-spec, type npm).
func (p *Package) Purl() string {
	name := p.Name
	if strings.HasPrefix(name, "@") {
		name = "%40" + name[1:]
	}
	return "pkg:npm/" + name + "@" + strings.ReplaceAll(p.Version, "+", "%2B")
}

package npm

import (
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/semver"
)

// fit reports whether engines take the versions of Node and npm that are planned for.
func fit(o locked.Options, engines map[string]string) bool {
	return engineFits(engines["node"], o.NodeVersion) && engineFits(engines["npm"], o.NPMVersion)
}

// engineFault reports a required package that refuses the machine, where that counts
// (arborist, build-ideal-tree, checkEngineAndPlatform).
func (g *graph) engineFault(n *node) *diag.Problem {
	if !g.o.EngineStrict || n.optional || fit(g.o, n.Engines) {
		return nil
	}
	engine, version := "node", "Node "+g.o.NodeVersion
	if engineFits(n.Engines["node"], g.o.NodeVersion) {
		engine, version = "npm", "npm "+g.o.NPMVersion
	}
	name := n.Name + "@" + n.Version
	if n == g.root {
		name = "the project itself"
	}
	return n.problem(CodeEngine, fmt.Sprintf("%s does not take %s", name, version),
		fmt.Sprintf("it asks for %s %s, and npm's setting engine-strict makes that a condition", engine, quote(strings.TrimSpace(n.Engines[engine]))),
		"use a version that it takes: `node` of the base in build.hcl says which is in an image, and `nbuild install` goes by the one on this machine; or unset engine-strict in npm's configuration")
}

// EngineFits reports whether a range of engines takes a version: see engineFits.
func EngineFits(spec, version string) bool { return engineFits(spec, version) }

// engineFits reports whether a Node version is in a range of a package's engines, as
// npm asks: prereleases count, no range and an unreadable version fit, an unreadable
// range does not.
func engineFits(spec, version string) bool {
	o := semver.Options{Prereleases: true}
	v, known := semver.Parse(version, o)
	if spec == "" || !known {
		return true
	}
	r, ok := semver.ParseRange(spec, o)
	return ok && r.Fits(v)
}

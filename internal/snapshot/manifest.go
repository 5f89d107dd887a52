package snapshot

import (
	"errors"
	"fmt"
	"maps"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/strictjson"
)

// Manifest is what a package's own package.json says that decides whether it is installed
// on a machine, and where. npm's and pnpm's lockfiles of today repeat it. Those of yarn's
// first version and of npm's do not: their clients look into the package once they have it.
// So that a tree follows from the lockfile, package.json and nbuild.lock alone, it stands
// on the package's line there.
type Manifest struct {
	OS      []string          `json:"os,omitempty"`
	CPU     []string          `json:"cpu,omitempty"`
	Libc    []string          `json:"libc,omitempty"`
	Engines map[string]string `json:"engines,omitempty"`
	Peers   map[string]string `json:"peers,omitempty"`   // peerDependencies: name to range
	Scripts bool              `json:"scripts,omitempty"` // it has install scripts, or an addon that npm compiles without one
	Bundled map[string]string `json:"bundled,omitempty"` // packages in its tarball, by folder: "node_modules/a" to "a@1.0.0"
}

// factManifest is the key under which a line has it.
const factManifest = "manifest"

// Manifest returns what stands on the line of the package's manifest. The second result
// is false where nothing does: it was pinned for a lockfile that says it.
func (a Artefact) Manifest() (Manifest, bool) {
	text, ok := a.Facts[factManifest]
	if !ok {
		return Manifest{}, false
	}
	m, err := parseManifest(text)
	return m, err == nil // New has checked it
}

// WithManifest returns the artefact with a manifest on its line, or with none.
func (a Artefact) WithManifest(m *Manifest) (Artefact, error) {
	facts := maps.Clone(a.Facts)
	delete(facts, factManifest)
	if m != nil {
		text, err := strictjson.Marshal(m)
		if err != nil {
			return a, fmt.Errorf("writing the manifest of %s: %w", a.ID(), err)
		}
		if facts == nil {
			facts = map[string]string{}
		}
		facts[factManifest] = string(text)
	}
	a.Facts = facts
	return a, nil
}

var errManifest = errors.New("it is not in canonical form (RFC 8785)")

// parseManifest reads the canonical form and no other.
func parseManifest(text string) (Manifest, error) {
	var m Manifest
	if err := strictjson.Decode([]byte(text), bounds.PackageJSON, &m); err != nil {
		return m, err
	}
	again, err := strictjson.Marshal(m)
	if err != nil {
		return m, err
	}
	if string(again) != text {
		return m, errManifest
	}
	return m, nil
}

// checkManifest holds the key to its one spelling.
func checkManifest(a Artefact) error {
	if text, ok := a.Facts[factManifest]; ok {
		if _, err := parseManifest(text); err != nil {
			return fmt.Errorf("key %s: %w", factManifest, err)
		}
	}
	return nil
}

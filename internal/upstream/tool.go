package upstream

import (
	"context"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/semver"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// NPMTool is the package of npm itself. Its tarball brings all that it needs, so that one
// digest names it: the module that runs the scripts of packages, and node-gyp.
const NPMTool = "npm"

// npmFor are the versions of npm that are taken, by the Node that is to run them: the
// engines of npm 11 and 10.
var npmFor = []struct{ node, npm string }{{"^20.17.0 || >=22.9.0", "^11.6.0"}, {"", "^10.9.0"}}

// PinNPMTool pins the newest npm that runs on a version of Node, "" where that is not
// known. What was pinned before and still fits stays, unless Update names "tools".
func PinNPMTool(ctx context.Context, node string, o PinOptions) ([]snapshot.Artefact, error) {
	want := npmFor[0].npm
	if v, ok := semver.Parse(node, semver.Options{}); ok {
		for _, f := range npmFor {
			if r, ok := semver.ParseRange(f.node, semver.Options{}); ok && r.Fits(v) {
				want = f.npm
				break
			}
		}
	}
	admitted, ok := semver.ParseRange(want, semver.Options{})
	if !ok {
		return nil, fmt.Errorf("pinning npm: %q is no range", want)
	}
	if o.Previous != nil && !strings.Contains(" "+strings.Join(o.Update, " ")+" ", " "+ToolsName+" ") {
		for a := range o.Previous.Of(snapshot.KindTool) {
			if v, ok := semver.Parse(a.Version, semver.Options{}); ok && a.Name == NPMTool && admitted.Fits(v) {
				kept, err := o.reindex(ctx, a)
				return []snapshot.Artefact{kept}, err
			}
		}
	}
	doc, err := o.Client.Packument(ctx, NPMTool, nil)
	if err != nil {
		return nil, err
	}
	artefacts, err := newest(doc.Known, admitted, func(version string) ([]snapshot.Artefact, error) {
		doc, err := o.Client.Packument(ctx, NPMTool, []string{version})
		if err != nil {
			return nil, err
		}
		pinned, err := PinNPM(ctx, []Package{{Name: NPMTool, Version: version, Integrity: doc.Versions[version].Integrity}}, o)
		for i := range pinned {
			pinned[i] = asTool(pinned[i])
		}
		return pinned, err
	})
	if artefacts == nil && err == nil {
		err = &diag.Problem{
			Code: CodeNoNode, What: fmt.Sprintf("the registry has no version of npm that fits %q", want),
			Why: "install scripts are run by npm's own module, and addons are built by its node-gyp", Remedy: "publish such a version to the registry that npm is configured for, or set it to one that has it",
		}
	}
	return artefacts, err
}

// ToolsName is what --update calls the tools of steps.
const ToolsName = "tools"

// asTool makes a tool of a package that was pinned.
func asTool(a snapshot.Artefact) snapshot.Artefact {
	facts := map[string]string{}
	for _, key := range []string{"index", "published", "integrity"} {
		if v := a.Facts[key]; v != "" && v != string(snapshot.BasisRegistry) {
			facts[key] = v
		}
	}
	a.Kind, a.Facts = snapshot.KindTool, facts
	return a
}

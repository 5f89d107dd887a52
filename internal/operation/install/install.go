// Package install lays out a project's packages in its own folder, for developers and
// tests, from the same snapshot that images are built of.
//
// It is `npm ci --ignore-scripts` with nothing but nbuild.lock to believe: the tree
// is planned for the machine at hand, everything comes out of the store, and no
// script of any package runs here. What install scripts that build.hcl allows have made in
// the sandbox is laid out as well.
//
// The invariant: node_modules holds what nbuild.lock pins, or is left as it was.
package install

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/nodemodules"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/pipelines"
)

// CodeNoTree is an npm block that is not there, or not singled out.
const CodeNoTree diag.Code = "NB0212"

// Options say what is laid out.
type Options struct {
	Npm     string   // the npm block's name; may be "" where there is one
	Omit    []string // of "dev", "optional", "peer"; nil is what npm's configuration says
	Include []string // of the same, which are not left out whatever else says so
	Check   bool     // compare what is there, change nothing
}

// Run lays out node_modules beside the lockfile.
func Run(ctx context.Context, host machine.Host, o Options) (*nodemodules.Result, error) {
	p, err := project.Open(ctx, host)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	block, err := choose(p, o.Npm)
	if err != nil {
		return nil, err
	}
	lock, err := p.Lock()
	if err != nil {
		return nil, err
	}
	settings, err := host.TreeSettings(ctx, p.LockFolder(*block), o.Omit, o.Include)
	if err != nil {
		return nil, err
	}
	if len(settings.Unjudged) > 0 && host.Events != nil {
		host.Events.Emit(event.Event{Kind: event.Problem, Phase: "install", Text: "npm would refuse some trees for the settings " +
			strings.Join(settings.Unjudged, ", ") + "; nbuild lays out what nbuild.lock pins, and judges none by them"})
	}
	known := func() (project.Engines, error) { return engines(ctx, host, lock) }
	warnings, err := p.FitsDeveloper(block.Name, settings.Forced, func() (npm.Developer, error) { return developer(known) })
	if err != nil {
		return nil, err
	}
	for _, w := range warnings {
		if host.Events != nil {
			host.Events.Emit(event.Event{Kind: event.Problem, Phase: "install", Text: w.What})
		}
	}
	tree, err := p.LocalTree(block.Name, runtime.GOOS, runtime.GOARCH, libc(), settings, known)
	if err != nil {
		return nil, err
	}
	if err := pin.VendorProject(ctx, host, p, lock); err != nil {
		return nil, err
	}
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	lease, err := store.Lease()
	if err != nil {
		return nil, err
	}
	defer lease.Close()
	machines, end, err := steps.Remote(host)
	if err != nil {
		return nil, err
	}
	defer end()
	built, err := built(ctx, host, p, lock, &execution.Runner{Store: store, Lease: lease, Events: host.Events, Remote: machines}, block, tree)
	if err != nil {
		return nil, err
	}
	return nodemodules.Run(ctx, nodemodules.Options{
		Dir: p.LockFolder(*block), Store: store, Lock: lock, Tree: tree, Built: built, Check: o.Check, Events: host.Events,
	})
}

func choose(p *project.Project, name string) (*pipelines.Npm, error) {
	var names []string
	for i := range p.Npm {
		names = append(names, p.Npm[i].Name)
		if p.Npm[i].Name == name || name == "" && len(p.Npm) == 1 {
			return &p.Npm[i], nil
		}
	}
	if one := p.Npm[0]; name == "" && !slices.ContainsFunc(p.Npm, func(n pipelines.Npm) bool { return n.Lockfile != one.Lockfile }) {
		return &p.Npm[0], nil // members of one workspace, of which who develops has all
	}
	return nil, &diag.Problem{
		Code: CodeNoTree, What: fmt.Sprintf("which npm block to install is not clear from %q", name),
		Remedy: diag.DidYouMean(name, names, "--npm %s"),
	}
}

package install

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path"
	"runtime"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// built are the packages of a tree whose install scripts build.hcl allows, with what their
// folders hold once those ran: in the sandbox, from the same action as for an image, so that
// none of it has the rights of who installs. On a machine that no image is built for there
// are none, and that is said.
func built(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock, r *execution.Runner, block *pipelines.Npm, tree *npm.Tree) (map[string][]snapshot.Entry, error) {
	platform := runtime.GOOS + "/" + runtime.GOARCH
	keys := steps.OfTree(block, tree, platform)
	if len(keys) == 0 {
		return nil, nil
	}
	say := func(text string) {
		if host.Events != nil {
			host.Events.Emit(event.Event{Kind: event.Problem, Phase: "install", Text: text})
		}
	}
	if !slices.Contains(p.Platforms, platform) || libc() == "musl" {
		say(fmt.Sprintf("what install scripts make is built for %s and the GNU C library, which is not this machine; packages of script blocks are laid out as their tarballs have them", strings.Join(p.Platforms, " and ")))
		return nil, nil
	}
	if err := p.Outdated(lock).Err(); err != nil {
		return nil, err
	}
	results, err := steps.Run(ctx, p, lock, r, keys)
	if err != nil {
		return nil, err
	}
	all := map[string][]snapshot.Entry{}
	made := results.Built(block.Name, platform)
	var bound []string
	for _, at := range slices.Sorted(maps.Keys(made)) {
		all[at] = made[at].Files()
		if bindsNode(ctx, r.Store, all[at]) {
			bound = append(bound, made[at].Scripts.Package.Name)
		}
	}
	if len(bound) > 0 {
		here, err := host.NodeVersion(ctx)
		if err != nil {
			return nil, err
		}
		for a := range lock.Of(snapshot.KindNode) {
			mine, _, _ := strings.Cut(here, ".")
			if built, _, _ := strings.Cut(a.Version, "."); here != "" && a.Platform == platform && mine != built {
				say(fmt.Sprintf("addons of %s are built for Node %s, and Node %s here can't load them: use the base's version for development", strings.Join(bound, ", "), a.Version, here))
			}
		}
	}
	return all, nil
}

// bindsNode reports whether an addon among files is for one version of Node alone.
func bindsNode(ctx context.Context, store *cas.Store, files []snapshot.Entry) bool {
	return slices.ContainsFunc(files, func(e snapshot.Entry) bool {
		if path.Ext(e.Path) != ".node" || e.Link != "" {
			return false
		}
		data, err := store.Read(ctx, e.SHA256, bounds.FetchFile)
		if err != nil {
			return false
		}
		o, err := linkage.Read(bytes.NewReader(data))
		return err == nil && o.Addon.Is() && !o.Addon.NodeAPI
	})
}

package install

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"os"
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
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// built are the packages of a tree whose install scripts build.hcl allows, with what their
// folders hold once those ran: in the sandbox, from the same action as for an image, so that
// none of it has the rights of who installs. On a machine that no image is built for there
// are none, and that is said.
func built(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock, r *execution.Runner, block *pipelines.Npm, tree *locked.Tree) (map[string][]snapshot.Entry, error) {
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
	var bound, old []string
	for _, at := range slices.Sorted(maps.Keys(made)) {
		all[at] = made[at].Files()
		name := made[at].Scripts.Package.Name
		for _, o := range addons(ctx, r.Store, all[at]) {
			if !o.Addon.NodeAPI && !slices.Contains(bound, name) {
				bound = append(bound, name)
			}
			if lack := newer(os.DirFS("/"), o); lack != "" && !slices.Contains(old, name+" ("+lack+")") {
				old = append(old, name+" ("+lack+")")
			}
		}
	}
	if len(old) > 0 {
		say(fmt.Sprintf("addons that were built for the suite of the base need a newer system than this one, and can't be loaded here: %s; develop in a container of that suite, or name an older `suite` in the base of the script block", strings.Join(old, ", ")))
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

// addons reads those among files that are for a Node of Linux.
func addons(ctx context.Context, store *cas.Store, files []snapshot.Entry) []*linkage.Object {
	var all []*linkage.Object
	for _, e := range files {
		if path.Ext(e.Path) != ".node" || e.Link != "" {
			continue
		}
		data, err := store.Read(ctx, e.SHA256, bounds.FetchFile)
		if err != nil {
			continue // whoever lays it out says so
		}
		if o, err := linkage.Read(bytes.NewReader(data)); err == nil && o.Addon.Is() {
			all = append(all, o)
		}
	}
	return all
}

// libraries are the folders that Linux's loader looks in, for this machine's processor.
var libraries = []string{"lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "usr/lib/x86_64-linux-gnu", "usr/lib/aarch64-linux-gnu", "lib64", "usr/lib64", "lib", "usr/lib"}

// newer names a version of the C or C++ library that an addon asks for and this machine's
// does not have, "" where there is none or that can't be told.
func newer(root fs.FS, o *linkage.Object) string {
	for _, need := range o.Needs {
		if need.Library != "libc.so.6" && need.Library != "libstdc++.so.6" {
			continue
		}
		for _, dir := range libraries {
			data, err := fs.ReadFile(root, path.Join(dir, need.Library))
			if err != nil {
				continue
			}
			has, err := linkage.Read(bytes.NewReader(data))
			if err != nil || has.Platform != o.Platform {
				continue
			}
			for _, v := range slices.Backward(need.Versions) {
				if !slices.Contains(has.Defines, v) {
					return v
				}
			}
			break
		}
	}
	return ""
}

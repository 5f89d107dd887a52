package builder

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/pipelines"
)

// guardedSite is a site whose image stands on a base with Node 22 and has the guard.
func guardedSite(t *testing.T) (*site, *Contents) {
	s := newSite(t)
	s.env = []string{"NODE_VERSION=22.20.0"}
	s.base("node", "linux/amd64")
	s.project.Bases = append(s.project.Bases, pipelines.Base{Name: "node", Image: "registry.example.com/node:22"})
	image := &s.project.Images[0]
	image.Base, image.Guard = "node", "enforce"
	s.layers(pipelines.Layer{Name: "app", From: from(project), To: "/app"})
	asked := &Contents{}
	s.sources = func(_ context.Context, c Contents) (*Loads, error) {
		*asked = c
		return &Loads{
			List: &sources.List{Node: c.Node, Entries: []sources.Entry{{
				Path: "/app/server.js", SHA256: cas.Sum([]byte("listen()")), Format: sources.CommonJS, Reasons: []sources.Reason{sources.Static},
			}}},
			Uses: guard.Permission{Workers: true},
		}, nil
	}
	return s, asked
}

func TestAGuardedImageStartsNodeThroughTheGuardWithItsList(t *testing.T) {
	s, asked := guardedSite(t)
	built := s.mustBuild()
	if asked.Node != "22.20.0" || asked.Platform != "linux/amd64" || len(asked.Members) != 1 {
		t.Errorf("asked for %+v", asked)
	}
	if diff := cmp.Diff([]string{"node", "server.js"}, asked.Command); diff != "" {
		t.Error(diff)
	}
	config, err := built.Platforms[0].ConfigFile()
	s.must(err)
	if e := config.Config.Entrypoint; e[0] != "node" || !slices.Contains(e, "/.nbuild/guard.cjs") || slices.Contains(e, "server.js") {
		t.Errorf("entry point %q", e)
	}
	if diff := cmp.Diff([]string{"server.js"}, config.Config.Cmd); diff != "" {
		t.Error(diff)
	}
	if !slices.Contains(config.Config.Env, "NODE_DISABLE_COMPILE_CACHE=1") {
		t.Errorf("environment %q", config.Config.Env)
	}
	got := contents(t, built.Platforms[0])["guard"]
	slices.Sort(got)
	want := []string{".nbuild/guard.cjs", ".nbuild/guard.json", ".nbuild/sources.json"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if built.Sources[0] == nil || built.Sources[0].Entries[0].Path != "/app/server.js" {
		t.Errorf("the image says %+v", built.Sources)
	}
}

func TestTheGuardingBlockReachesTheGuard(t *testing.T) {
	s, _ := guardedSite(t)
	s.project.Images[0].Guarding = pipelines.Guarding{
		Eval: "report", Children: []string{"/usr/bin/git"}, Console: "module", Permission: true, Write: []string{"/tmp/*"},
	}
	built := s.mustBuild()
	config, err := built.Platforms[0].ConfigFile()
	s.must(err)
	e := config.Config.Entrypoint
	for _, flag := range []string{"--permission", "--allow-fs-write=/tmp/*", "--allow-worker"} {
		if !slices.Contains(e, flag) {
			t.Errorf("%s is missing in %q", flag, e)
		}
	}
	for _, flag := range []string{"--allow-child-process", "--disallow-code-generation-from-strings"} {
		if slices.Contains(e, flag) {
			t.Errorf("%s stands in %q", flag, e)
		}
	}
	options := guardOptions(s.project.Images[0].Guarding, resolution.Version{Major: 22}, &Loads{List: &sources.List{}})
	text, err := json.Marshal(options)
	s.must(err)
	if options.Console != "module" || !slices.Equal(options.Children, []string{"/usr/bin/git"}) || options.Eval != guard.Report {
		t.Errorf("%s", text)
	}
}

func TestAnImageWithoutTheGuardIsAskedForNoList(t *testing.T) {
	s, asked := guardedSite(t)
	s.project.Images[0].Guard = "off"
	built := s.mustBuild()
	if asked.Node != "" || built.Sources[0] != nil || len(contents(t, built.Platforms[0])["guard"]) > 0 {
		t.Error("it has one")
	}
}

// Imports go by a thread on Node 20, which the permission model must let begin.
func TestNode20IsAllowedTheThreadThatImportsTake(t *testing.T) {
	module := &sources.List{Entries: []sources.Entry{{Path: "/app/a.mjs", Format: sources.Module}}}
	for _, c := range []struct {
		node  int
		loads Loads
		want  bool
	}{
		{20, Loads{List: &sources.List{}}, false},
		{20, Loads{List: &sources.List{}, Imports: []string{"/app/a.js"}}, true},
		{20, Loads{List: module}, true},
		{22, Loads{List: module, Imports: []string{"/app/a.js"}}, false},
	} {
		o := guardOptions(pipelines.Guarding{Permission: true}, resolution.Version{Major: c.node, Minor: 20}, &c.loads)
		if o.Permission.Workers != c.want {
			t.Errorf("Node %d, %+v: %v", c.node, c.loads, o.Permission.Workers)
		}
	}
}

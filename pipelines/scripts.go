package pipelines

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Where a step with a compiler finds what is nbuild's: the program that runs install
// scripts, and npm, whose module it runs them with.
const (
	ScriptsProgram = "/usr/local/lib/nbuild/install-scripts.js"
	NPMFolder      = "/usr/local/lib/nbuild/npm"
)

// ScriptsPipeline is the standard pipeline that every script block is made from.
const ScriptsPipeline = "npm/scripts"

// InstallScripts is a package of a tree whose install scripts run, at one of its places.
// Its step has the package's folder as its only output.
type InstallScripts struct {
	Npm     string // the npm block's name
	Package locked.Package
	Script  *Script // that allows it
	Facts   *snapshot.PackageFacts
	Run     []Lifecycle         // what runs, in npm's order
	Left    []Lifecycle         // what npm would run and nobody allows
	Tools   []snapshot.Artefact // that are named by what compiles: the compilers, Node and npm
	Before  []Input             // what the package's folder held, with those of other packages below it
}

// Lifecycle is a script of a package.
type Lifecycle struct{ Event, Text string }

// LifecycleEvents are the scripts that an install runs, in npm's order.
var LifecycleEvents = []string{"preinstall", "install", "postinstall"}

// NodeGyp is what npm runs as the install script of a package that has a binding.gyp and
// neither a preinstall nor an install script.
const NodeGyp = "node-gyp rebuild"

// LifecycleOf lists what an install runs of a package, in npm's order.
func LifecycleOf(says *snapshot.PackageFacts) []Lifecycle {
	if says == nil {
		return nil
	}
	var all []Lifecycle
	for _, event := range LifecycleEvents {
		text := says.Scripts[event]
		if event == "install" && text == "" && says.Scripts["preinstall"] == "" && says.Gyp {
			text = NodeGyp
		}
		if text != "" {
			all = append(all, Lifecycle{event, text})
		}
	}
	return all
}

// Allows returns the block that allows install scripts of a package's version; nil where
// there is none. One that names the version goes before one that names any.
func (n *Npm) Allows(name, version string) *Script {
	var found *Script
	for i := range n.Scripts {
		switch s := &n.Scripts[i]; s.Package {
		case name + "@" + version:
			return s
		case name:
			found = s
		}
	}
	return found
}

// scripts reads which install scripts npm blocks allow. It comes after the bases.
func (e *evaluator) scripts() {
	std, _ := Standard(ScriptsPipeline)
	for i, b := range e.body.Of("npm") {
		n := &e.project.Npm[i]
		e.ofPackages(b, "script", "better-sqlite3", func(s *hclfile.Body) {
			out := Script{
				Package: s.Labels[0], Reason: e.reason(s), Base: e.baseOf(s), Env: maps.Clone(std.Env), At: e.position(s),
				Timeout: e.timeout(s, std.Timeout), Memory: e.size(s, "memory", std.Memory),
			}
			allow := e.Strings(s, "allow")
			for _, event := range LifecycleEvents {
				if slices.Contains(allow, event) {
					out.Allow = append(out.Allow, event)
				}
			}
			if allow != nil && len(allow) == 0 {
				e.Problem(s.At("allow"), CodeForm, fmt.Sprintf("script %q allows nothing", out.Package), "none runs without the block as well", `write allow = ["install"], or take the block out`)
			}
			for k, v := range e.env(s, "env") {
				out.Env[k] = v
			}
			n.Scripts = append(n.Scripts, out)
		})
	}
}

// scripted are the install scripts that run for a platform, by npm block, and the names of
// their steps by the package's path.
type scripted struct {
	tree  *locked.Tree
	steps map[string]string
}

// ScriptsName is the name of the step that runs the install scripts of a package of an npm
// block: "npm.deps/bcrypt", or with a longer path where it stands below another.
func ScriptsName(block, path string) string {
	return "npm." + block + "/" + strings.TrimPrefix(path, "node_modules/")
}

// scriptSteps plans the install scripts of an npm block for a platform, each after those
// of the packages that it needs.
func (pl *planner) scriptSteps(ctx context.Context, block *Npm, platform string) {
	if len(block.Scripts) == 0 || pl.err != nil {
		return
	}
	if pl.World.Tree == nil || pl.World.Index == nil {
		pl.err = fmt.Errorf("planning scripts of npm.%s: no lockfile and file indexes at hand", block.Name)
		return
	}
	tree, err := pl.World.Tree(ctx, block, Source{Kind: FromNpm, Name: block.Name, Tree: Available}, platform)
	if err != nil {
		pl.err = fmt.Errorf("planning scripts of npm.%s: %w", block.Name, err)
		return
	}
	s := scripted{tree: tree, steps: map[string]string{}}
	var found []*InstallScripts
	parts := map[string]*locked.Tree{}
	for i := range tree.Packages {
		p := &tree.Packages[i]
		script := block.Allows(p.Name, p.Version)
		if script == nil || p.Link != "" {
			continue
		}
		one, err := pl.allowed(ctx, tree, p, script)
		if err != nil {
			pl.err = err
			return
		}
		if one == nil {
			continue
		}
		pl.meant(script, one.Run)
		if len(one.Run) == 0 {
			continue
		}
		one.Npm = block.Name
		found = append(found, one)
		s.steps[p.Path] = ScriptsName(block.Name, p.Path)
		parts[p.Path], _ = tree.PartAt(p.Path)
	}
	pl.scripted[block.Name+" "+platform] = s
	needs := func(a, b string) bool { // b comes before a: a needs it, and it does not need a
		if a == b || s.steps[b] == "" {
			return false
		}
		_, ab := parts[a].Find(b)
		_, ba := parts[b].Find(a)
		return ab && !ba
	}
	done := map[string]bool{}
	var visit func(one *InstallScripts)
	visit = func(one *InstallScripts) {
		if done[one.Package.Path] {
			return
		}
		done[one.Package.Path] = true
		before := map[string]bool{}
		for _, other := range found {
			if needs(one.Package.Path, other.Package.Path) {
				visit(other)
				before[other.Package.Path] = true
			}
		}
		pl.scriptStep(ctx, block, one, parts[one.Package.Path], before, platform)
	}
	for _, one := range found {
		visit(one)
	}
}

// Available is the Tree of a Source that stands for all packages of a lockfile that can be
// had. No block can name it: it is for what judges each package by itself.
const Available = "available"

// meant notes which blocks mean a package, and which of the scripts that they allow.
func (pl *planner) meant(s *Script, run []Lifecycle) {
	if pl.means[s] == nil {
		pl.means[s] = map[string]bool{}
	}
	for _, l := range run {
		pl.means[s][l.Event] = true
	}
}

// allowed finds what runs of a package; nil where it has no install script, or is not
// pinned, which is reported elsewhere.
func (pl *planner) allowed(ctx context.Context, tree *locked.Tree, p *locked.Package, script *Script) (*InstallScripts, error) {
	says, err := pl.facts(ctx, tree, p)
	if says == nil || err != nil {
		return nil, err
	}
	one := &InstallScripts{Package: *p, Script: script, Facts: says}
	for _, l := range LifecycleOf(says) {
		if slices.Contains(script.Allow, l.Event) {
			one.Run = append(one.Run, l)
		} else {
			one.Left = append(one.Left, l)
		}
	}
	return one, nil
}

// facts are what a package's manifest says, from the file index of its tarball.
func (pl *planner) facts(ctx context.Context, tree *locked.Tree, p *locked.Package) (*snapshot.PackageFacts, error) {
	owner, within := p, ""
	if p.Bundler != "" {
		var ok bool
		if owner, ok = tree.Find(p.Bundler); !ok {
			return nil, nil
		}
		within = strings.TrimPrefix(p.Path, p.Bundler+"/")
	}
	_, named, ok := pl.ofPackage(owner)
	if !ok {
		return nil, nil
	}
	index, err := pl.Index(ctx, named)
	if err != nil {
		return nil, fmt.Errorf("reading file index of %s: %w", owner.Name, err)
	}
	if within != "" {
		return index.Bundled[within], nil
	}
	return index.Package, nil
}

// scriptStep plans the step that runs the scripts of one package: with what that needs, and
// nothing of the project.
func (pl *planner) scriptStep(ctx context.Context, block *Npm, one *InstallScripts, part *locked.Tree, before map[string]bool, platform string) {
	p := &one.Package
	name := ScriptsName(block.Name, p.Path)
	step := &Step{
		Name: name, Use: ScriptsPipeline, Base: one.Script.Base, Run: []string{"node", ScriptsProgram, p.Path}, Env: maps.Clone(one.Script.Env), Outputs: []string{p.Path},
		Timeout: one.Script.Timeout, Memory: one.Script.Memory, Disk: defaultDisk, Processes: defaultProcesses, Network: "none", Compiler: true, At: one.Script.At,
	}
	for _, l := range one.Run {
		step.Run = append(step.Run, l.Event)
	}
	problems := len(pl.problems)
	out := PlannedStep{
		Step: step, Platform: platform, Scripts: one, Base: pl.base(step.Base, platform, forCompiler), Helper: pl.helper(platform), Fixed: pl.Fixed,
	}
	compilers := debian.CompilerPackages
	if b, ok := pl.project.Base(step.Base); ok {
		compilers = debian.Compilers(b.Compiling)
	}
	for _, a := range out.Base {
		if a.Kind == snapshot.KindTool || a.Kind == snapshot.KindNode || a.Kind == snapshot.KindBase || slices.Contains(compilers, a.Name) {
			one.Tools = append(one.Tools, a)
		}
	}
	for path := range before {
		out.Needs = append(out.Needs, ScriptsName(block.Name, path))
	}
	slices.Sort(out.Needs)
	for key, value := range pl.npmVariables(p, out.Base, platform) {
		if _, given := step.Env[key]; !given {
			step.Env[key] = value
		}
	}
	if len(pl.problems) == problems {
		out.Root = pl.root(ctx, step.Base, out.Base, platform, true)
		t := pl.treeOf(ctx, part, name, before)
		if t != nil {
			out.Trees = []*Tree{t}
		}
	}
	if pl.err == nil && len(pl.problems) == problems {
		all, err := out.Trees[0].List(ctx)
		if err != nil {
			pl.err = err
			return
		}
		for _, in := range all {
			if strings.HasPrefix(in.Path, p.Path+"/") {
				one.Before = append(one.Before, in)
			}
		}
	}
	pl.finish(&out, problems)
}

// npmVariables is what npm puts into the environment of a package's scripts and its module
// for them does not, but for what would name a machine, a person or a registry.
func (pl *planner) npmVariables(p *locked.Package, of []snapshot.Artefact, platform string) map[string]string {
	env := map[string]string{
		"npm_package_integrity": p.Integrity, "npm_package_optional": "", "npm_package_dev": "", "npm_package_peer": "",
	}
	for name, is := range map[string]bool{"optional": p.Optional, "dev": p.Dev, "peer": p.Peer} {
		if is {
			env["npm_package_"+name] = "true"
		}
	}
	agent := []string{}
	for _, kind := range []snapshot.Kind{snapshot.KindTool, snapshot.KindNode} {
		for _, a := range of {
			switch {
			case a.Kind != kind:
			case kind == snapshot.KindTool:
				agent = append(agent, "npm/"+a.Version)
				env["npm_config_npm_version"] = a.Version
			default:
				agent = append(agent, "node/v"+a.Version)
			}
		}
	}
	cpu := map[string]string{"linux/amd64": "x64", "linux/arm64": "arm64"}[platform]
	env["npm_config_user_agent"] = strings.Join(append(agent, "linux", cpu, "workspaces/false"), " ")
	return env
}

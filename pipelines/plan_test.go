package pipelines

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
)

const planned = `nbuild = "1"

project "shop" {
  platforms = ["linux/amd64", "linux/arm64"]
}

fetch "geo" {
  url = "https://data.example.com/geo.mmdb"
}

step "test" {
  use    = "npm/test"
  inputs = [files("package.json", "test/**"), step.bundle]
}

step "bundle" {
  inputs  = [files("src/**", "package.json"), npm.deps.all, fetch.geo]
  run     = ["node", "build.js", ""]
  env     = { NODE_ENV = "production", EMPTY = "" }
  outputs = ["dist", "a.txt"]
  timeout = "1500ms"
}

image "shop" {
  cmd   = ["node", "dist/server.js"]
  after = [step.test]
  layer "app" {
    from = [npm.deps.production, step.bundle]
  }
  layer "data" {
    from = fetch.geo
  }
}
`

// world is a project of two packages, one of them for development, and its
// snapshot.
func world(t *testing.T) (*Project, World) {
	t.Helper()
	folder := fstest.MapFS{
		"package.json":   {Data: []byte(`{"name":"shop","version":"1.0.0"}`)},
		"src/a.js":       {Data: []byte("a")},
		"src/deep/b.sh":  {Data: []byte("b"), Mode: 0o755},
		"src/empty":      {},
		"test/a.test.js": {Data: []byte("t")},
		"package-lock.json": {Data: []byte(`{"name":"shop","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{
			"":{"name":"shop","version":"1.0.0","dependencies":{"left":"1.0.0"},"devDependencies":{"tool":"2.0.0"}},
			"node_modules/left":{"version":"1.0.0","integrity":"sha512-` + strings.Repeat("A", 86) + `=="},
			"node_modules/tool":{"version":"2.0.0","dev":true,"bin":{"tool":"cli.js"},"integrity":"sha512-` + strings.Repeat("B", 85) + `A=="}}}`)},
	}
	docs := map[cas.Digest]*snapshot.Index{}
	pin := func(name, version, integrity string, entries ...snapshot.Entry) snapshot.Artefact {
		x := &snapshot.Index{Entries: entries}
		src, err := snapshot.EncodeIndex(x)
		if err != nil {
			t.Fatal(err)
		}
		docs[cas.Sum(src)] = x
		return snapshot.Artefact{Kind: snapshot.KindNPM, Name: name, Version: version, SHA256: cas.Sum([]byte(name)), Size: 100, Integrity: integrity, Facts: map[string]string{"index": cas.Sum(src).String()}}
	}
	file := func(path string, mode uint32) snapshot.Entry {
		return snapshot.Entry{Path: path, Mode: mode, Size: int64(len(path)), SHA256: cas.Sum([]byte(path))}
	}
	artefacts := []snapshot.Artefact{
		pin("left", "1.0.0", "sha512-"+strings.Repeat("A", 86)+"==", file("index.js", 0o644), file("package.json", 0o644)),
		pin("tool", "2.0.0", "sha512-"+strings.Repeat("B", 85)+"A==", file("cli.js", 0o755), file("package.json", 0o644)),
		{Kind: snapshot.KindFetch, Name: "geo", SHA256: cas.Sum([]byte("geo")), Size: 3, Facts: map[string]string{"block": "geo"}},
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		artefacts = append(artefacts, snapshot.Artefact{Kind: snapshot.KindNode, Name: NodePackage(platform), Version: "22.15.0", Platform: platform, SHA256: cas.Sum([]byte(platform)), Size: 9})
		for _, deb := range append([]string{"libc6", "ca-certificates", "tzdata"}, debian.StepPackages...) {
			a := snapshot.Artefact{Kind: snapshot.KindDeb, Name: deb, Version: "1", Platform: platform, SHA256: cas.Sum([]byte(deb + platform)), Size: 9}
			if slices.Contains(debian.StepPackages, deb) {
				a = a.ForSteps()
			}
			artefacts = append(artefacts, a)
		}
	}
	lock, err := snapshot.New(artefacts)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Parse([]byte(planned), "build.hcl", folder, Options{})
	if err != nil {
		t.Fatal(problems(err))
	}
	return p, World{
		Lock: lock, Project: folder, Tree: readTree(folder),
		Index: func(_ context.Context, d cas.Digest) (*snapshot.Index, error) { return docs[d], nil },
		Root:  rootOf, Helper: func(platform string) ([]byte, error) { return []byte("sandbox of " + platform), nil }, Fixed: []string{"PATH=/bin", "HOME=/tmp"},
	}
}

// rootOf is a root file system with a file for each artefact of a base.
func rootOf(ctx context.Context, base *Base, of []snapshot.Artefact, platform string) (*Tree, error) {
	var inputs []Input
	key := platform
	for _, a := range of {
		key += "\n" + a.SHA256.String()
		inputs = append(inputs, Input{Path: "usr/lib/" + a.Name, Size: a.Size, SHA256: a.SHA256, Archive: a.SHA256, Kind: a.Kind, Member: a.Name, From: a.ID()})
	}
	inputs = append(inputs, Input{Path: "proc", Folder: true}, Input{Path: "lib", Link: "usr/lib"})
	return NewTree(ctx, nil, "base."+base.Name, cas.Sum([]byte(key)), func(context.Context) ([]Input, error) { return inputs, nil })
}

func TestActionDigests(t *testing.T) {
	p, w := world(t)
	plan, err := p.Plan(t.Context(), w)
	if err != nil {
		t.Fatal(problems(err), err)
	}
	var out strings.Builder
	for _, s := range plan.Steps {
		action := s.Action
		if action == nil {
			dist := Input{Path: "dist/server.js", Size: 3, SHA256: cas.Sum([]byte("out")), From: "step.bundle"}
			if action, err = s.Encode([]Input{dist}); err != nil {
				t.Fatal(err)
			}
		}
		fmt.Fprintf(&out, "step %s %s needs %v\n  action  %s\n  command %s\n  root    %s\n", s.Step.Name, s.Platform, s.Needs, action.Digest(), action.Command.Digest, action.Directories[0].Digest)
		for _, in := range action.Inputs {
			fmt.Fprintf(&out, "  %s x=%t %d %.12s%s (%s)\n", in.Path, in.Executable, in.Size, in.SHA256, in.Link, in.From)
		}
		for _, tree := range append(action.Trees, action.Root) {
			fmt.Fprintf(&out, "  tree %.12s of %d (%s)\n", tree.Root.Digest, tree.Files, tree.From)
		}
		fmt.Fprintf(&out, "  | %s\n", strings.ReplaceAll(strings.TrimSpace(string(action.Settings)), "\n", "\n  | "))
	}
	golden(t, "testdata/actions.txt", out.String())
}

// TestActionsAreWrittenAsTheLibraryWritesThem reads every message with the Remote
// Execution API's own types, and writes it again.
func TestActionsAreWrittenAsTheLibraryWritesThem(t *testing.T) {
	p, w := world(t)
	plan, err := p.Plan(t.Context(), w)
	if err != nil {
		t.Fatal(problems(err), err)
	}
	again := func(b Blob, m proto.Message) {
		t.Helper()
		if err := proto.Unmarshal(b.Bytes, m); err != nil {
			t.Fatal(err)
		}
		if len(m.ProtoReflect().GetUnknown()) > 0 {
			t.Errorf("unknown fields in %T", m)
		}
		out, err := proto.MarshalOptions{Deterministic: true}.Marshal(m)
		if err != nil || !bytes.Equal(out, b.Bytes) || b.Digest != cas.Sum(b.Bytes) {
			t.Errorf("%T: %v\n%x\n%x", m, err, b.Bytes, out)
		}
	}
	var action repb.Action
	var command repb.Command
	for _, s := range plan.Steps {
		if s.Action == nil {
			continue
		}
		again(s.Action.Action, &action)
		again(s.Action.Command, &command)
		all := s.Action.Directories
		for _, tree := range append(s.Action.Trees, s.Action.Root) {
			below, err := tree.Directories()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, below...)
		}
		for _, d := range all {
			again(d, &repb.Directory{})
		}
		whole(t, all, s.Action.Directories[0].Digest.String())
		if command.WorkingDirectory != "work" || len(command.Arguments) != 5 || len(command.EnvironmentVariables) != 0 || len(command.OutputPaths) != 2 {
			t.Errorf("command: %v", &command)
		}
		//lint:ignore SA1019 older workers read the platform of the command, so both have it
		if string(action.Salt) != Salt || action.Timeout.AsDuration() != s.Step.Timeout+layingOut || !proto.Equal(action.Platform, command.Platform) {
			t.Errorf("action: %v", &action)
		}
		if action.InputRootDigest.Hash != s.Action.Directories[0].Digest.String() {
			t.Errorf("root: %v", &action)
		}
	}
}

// whole looks for the message of every folder below one: who is given the messages of an
// action and of its trees lacks none.
func whole(t *testing.T, all []Blob, root string) {
	t.Helper()
	at := map[string][]byte{}
	for _, b := range all {
		at[b.Digest.String()] = b.Bytes
	}
	var walk func(path, hash string)
	walk = func(path, hash string) {
		message, ok := at[hash]
		var d repb.Directory
		if err := proto.Unmarshal(message, &d); err != nil || !ok {
			t.Fatalf("%s is not there: %v", path, err)
		}
		for _, below := range d.Directories {
			walk(path+"/"+below.Name, below.Digest.Hash)
		}
	}
	walk("", root)
}

func TestWhatChangesAResultChangesTheAction(t *testing.T) {
	p, w := world(t)
	plan, err := p.Plan(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[cas.Digest]string{}
	try := func(name string, change func(s *PlannedStep), weaker ...string) {
		s := plan.Steps[0]
		step := *s.Step
		s.Step = &step
		s.Inputs = append([]Input(nil), s.Inputs...)
		change(&s)
		a, err := s.Encode(nil, weaker...)
		if err != nil {
			t.Fatal(name, err)
		}
		if other, twice := seen[a.Digest()]; twice {
			t.Errorf("%s gives the same action as %s", name, other)
		}
		seen[a.Digest()] = name
	}
	try("nothing", func(*PlannedStep) {})
	try("weaker", func(*PlannedStep) {}, "sandbox=degraded")
	try("run", func(s *PlannedStep) { s.Step.Run = []string{"node"} })
	try("env", func(s *PlannedStep) { s.Step.Env = map[string]string{"A": "b"} })
	try("outputs", func(s *PlannedStep) { s.Step.Outputs = []string{"dist"} })
	try("timeout", func(s *PlannedStep) { s.Step.Timeout++ })
	try("memory", func(s *PlannedStep) { s.Step.Memory++ })
	try("network", func(s *PlannedStep) { s.Step.Network = "snapshot" })
	for _, content := range []string{"one", "two"} {
		try("packages that are served: "+content, func(s *PlannedStep) {
			s.Step.Network = "snapshot"
			served, err := NewTree(t.Context(), nil, "served", cas.Sum([]byte(content)), func(context.Context) ([]Input, error) {
				return []Input{{Path: "documents", Content: []byte(content), SHA256: cas.Sum([]byte(content)), Size: int64(len(content))}}, nil
			})
			if err != nil {
				t.Fatal(err)
			}
			s.Replica = served
		})
	}
	try("trace", func(s *PlannedStep) { s.Step.Trace = true })
	try("platform", func(s *PlannedStep) { s.Platform = "linux/arm64" })
	try("root", func(s *PlannedStep) {
		var err error
		if s.Root, err = rootOf(t.Context(), &Base{}, s.Base[1:], s.Platform); err != nil {
			t.Fatal(err)
		}
	})
	try("no packages", func(s *PlannedStep) { s.Trees = nil })
	try("fixed", func(s *PlannedStep) { s.Fixed = append(s.Fixed, "TZ=UTC") })
	try("content", func(s *PlannedStep) { s.Inputs[0].SHA256 = cas.Sum([]byte("x")) })
	try("mode", func(s *PlannedStep) { s.Inputs[0].Executable = !s.Inputs[0].Executable })
	try("less", func(s *PlannedStep) { s.Inputs = s.Inputs[1:] })
	try("helper", func(s *PlannedStep) { s.Helper = &Input{Path: "sandbox", Size: 1} })
}

func TestPlanRefusesWhatIsNotPinned(t *testing.T) {
	p, w := world(t)
	w.Lock = nil
	_, err := p.Plan(t.Context(), w)
	if diag.Exit(err) != 11 {
		t.Errorf("exit %d", diag.Exit(err))
	}
	golden(t, "testdata/unpinned.txt", problems(err))
}

func TestInputsAtOnePathMustBeEqual(t *testing.T) {
	a, b := Input{Path: "x/y", SHA256: cas.Sum([]byte("a"))}, Input{Path: "x/y", SHA256: cas.Sum([]byte("b"))}
	for name, pair := range map[string][2]Input{
		"two contents": {a, b}, "file under a file": {a, {Path: "x/y/z"}}, "folder over a file": {{Path: "x/y/z"}, a}, "out": {a, {Path: "../../../x"}}, "absolute": {a, {Path: "/../x"}},
	} {
		t.Run(name, func(t *testing.T) {
			root := newRoot()
			if err := root.add(pair[0]); err != nil {
				t.Fatal(err)
			}
			if err := root.add(pair[1]); err == nil {
				t.Error("taken")
			}
			if err := root.add(pair[0]); err != nil {
				t.Errorf("the same again: %v", err)
			}
		})
	}
}

func TestStepsHaveAShellAndImagesHaveNone(t *testing.T) {
	p, w := world(t)
	plan, err := p.Plan(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	has := func(base []snapshot.Artefact) bool {
		return slices.ContainsFunc(base, func(a snapshot.Artefact) bool { return a.Name == "dash" })
	}
	for _, s := range plan.Steps {
		if !has(s.Base) {
			t.Errorf("step %s on %s has no shell", s.Step.Name, s.Platform)
		}
	}
	for _, i := range plan.Images {
		if has(i.Base) {
			t.Errorf("image %s for %s has a shell", i.Image.Name, i.Platform)
		}
	}
}

func TestPlansAreEqual(t *testing.T) {
	var digests []string
	for range 5 {
		p, w := world(t)
		plan, err := p.Plan(t.Context(), w)
		if err != nil {
			t.Fatal(err)
		}
		digests = append(digests, plan.Steps[0].Action.Digest().String())
	}
	for _, d := range digests {
		if diff := cmp.Diff(digests[0], d); diff != "" {
			t.Error(diff)
		}
	}
}

// readTree makes World.Tree of a folder.
func readTree(folder fs.FS) func(context.Context, *Npm, Source, string) (*locked.Tree, error) {
	return func(_ context.Context, block *Npm, s Source, platform string) (*locked.Tree, error) {
		f, err := folder.Open(block.Lockfile)
		if err != nil {
			return nil, fmt.Errorf("reading lockfile: %w", err)
		}
		defer f.Close()
		src, err := io.ReadAll(io.LimitReader(f, bounds.Lockfile+1))
		if err != nil {
			return nil, fmt.Errorf("reading lockfile: %w", err)
		}
		lockfile, err := npm.ReadLockfile(src, block.Lockfile)
		if err != nil {
			return nil, err
		}
		cpu := map[string]string{"linux/amd64": "x64", "linux/arm64": "arm64"}[platform]
		o := locked.Options{OS: "linux", CPU: cpu, Libc: "glibc"}
		switch s.Tree {
		case "package":
			tree, _, err := locked.PlanPackage(lockfile, o, s.Package)
			return tree, err
		case "production":
			o.Omit = []string{"dev"}
		}
		return locked.Plan(lockfile, o)
	}
}

func TestBaseImageIsFoundByItsBlock(t *testing.T) {
	const src = `nbuild = "1"

project "shop" {}

base "runtime" {
  image = "registry.example.com/base/node:22"
}

image "shop" {
  base = base.runtime
  cmd  = ["node", "server.js"]
}
`
	p, err := Parse([]byte(src), "build.hcl", fstest.MapFS{}, Options{})
	if err != nil {
		t.Fatal(problems(err))
	}
	for name, test := range map[string]struct {
		artefact snapshot.Artefact
		found    bool
	}{
		"its name and platform": {snapshot.Artefact{Kind: snapshot.KindBase, Name: "runtime", Platform: "linux/amd64", SHA256: cas.Sum([]byte("m")), Size: 1}, true},
		"another block":         {snapshot.Artefact{Kind: snapshot.KindBase, Name: "other", Platform: "linux/amd64", SHA256: cas.Sum([]byte("m")), Size: 1}, false},
		"another platform":      {snapshot.Artefact{Kind: snapshot.KindBase, Name: "runtime", Platform: "linux/arm64", SHA256: cas.Sum([]byte("m")), Size: 1}, false},
	} {
		t.Run(name, func(t *testing.T) {
			lock, err := snapshot.New([]snapshot.Artefact{test.artefact})
			if err != nil {
				t.Fatal(err)
			}
			plan, err := p.Plan(t.Context(), World{Lock: lock})
			if !test.found {
				if diag.Exit(err) != 11 {
					t.Errorf("want a problem that ends with 11, got %v", err)
				}
				return
			}
			if err != nil || plan.Images[0].Base[0].Name != "runtime" {
				t.Errorf("the base of the image: %v, %v", plan, err)
			}
		})
	}
}

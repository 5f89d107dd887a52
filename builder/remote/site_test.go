package remote_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/remote"
	"github.com/nbuild/nbuild/builder/remote/remotetest"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
	"github.com/nbuild/nbuild/internal/retry"
	"github.com/nbuild/nbuild/pipelines"
)

const here = runtime.GOOS + "/" + runtime.GOARCH

// site is a store, a server, and a runner that asks it.
type site struct {
	t      *testing.T
	server *remotetest.Server
	runner *execution.Runner
	client *remote.Client
	mu     sync.Mutex
	ran    []string // steps that ran on this machine
	lines  []string // of logs
	told   []string // problems that end nothing
	large  []byte   // a file of every step that goes on a stream of its own
}

// quick is the patience of tests.
var quick = remote.Options{
	Retry: retry.Policy{Backoff: time.Millisecond}, Pace: pace.Limits{Whole: 20 * time.Second}, Queue: 20 * time.Second, Unique: "test",
}

func newSite(t *testing.T, server *remotetest.Server, o remote.Options, how execution.Remote) *site {
	t.Helper()
	s := &site{t: t, server: server, large: []byte(strings.Repeat("a large file\n", 81_000))}
	server.Dir = t.TempDir()
	if server.Run == nil {
		server.Run = worker(t, nil)
	}
	if server.Address == "" {
		stop, err := server.Start(nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(stop)
	}
	s.again(o, how)
	return s
}

// again gives the site another store and another client.
func (s *site) again(o remote.Options, how execution.Remote) {
	s.t.Helper()
	store, err := cas.Open(filepath.Join(s.t.TempDir(), "store"))
	s.must(err)
	root, err := os.OpenRoot(s.t.TempDir())
	s.must(err)
	s.t.Cleanup(func() { root.Close() })
	if o.Address, err = remote.ParseAddress(s.server.Address); err != nil {
		s.t.Fatal(err)
	}
	o.Events = event.Func(s.event)
	s.client, err = remote.New(o)
	s.must(err)
	s.t.Cleanup(func() { s.client.Close() })
	how.Machines = s.client
	s.runner = &execution.Runner{Store: store, Project: root, Remote: &how, Events: event.Func(s.event), Sandbox: s.sandbox}
}

func (s *site) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) event(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e.Kind {
	case event.StepLog:
		s.lines = append(s.lines, e.Text)
	case event.Problem:
		s.told = append(s.told, e.Text)
	}
}

// sandbox plays a command of this machine, which leaves what the worker's does.
func (s *site) sandbox(_ context.Context, spec sandbox.Spec, log io.Writer) (*sandbox.Result, error) {
	s.mu.Lock()
	s.ran = append(s.ran, spec.Run[0])
	s.mu.Unlock()
	fmt.Fprintf(log, "%s says hello\n", spec.Run[0])
	return &sandbox.Result{Held: "played"}, leave(filepath.Join(spec.Scratch, "out"), spec.Run[0])
}

// leave writes the outputs of a step: a file, a link, and a folder with two alike in it.
func leave(dir, step string) error {
	for name, text := range map[string]string{
		"dist/a/index.js": step, "dist/b/index.js": step, "dist/main.js": "main of " + step, "dist/large.txt": strings.Repeat(step+"\n", 300_000),
	} {
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			return err
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tool"), []byte("#!"+step), 0o755); err != nil {
		return err
	}
	for at, to := range map[string]string{"link": "dist/main.js", "dist/b/up": "../main.js"} {
		if err := os.Symlink(to, filepath.Join(dir, at)); err != nil {
			return err
		}
	}
	return nil
}

// worker plays the sandbox on a worker: it finds what it is held to where the helper does.
func worker(t *testing.T, change func(sent *protocol.Sent)) func(work string, args []string) ([]byte, []byte, int) {
	return func(work string, args []string) (stdout, stderr []byte, exit int) {
		text, err := os.ReadFile(filepath.Join(work, "../.nbuild/step"))
		if err != nil || args[0] != "../.nbuild/sandbox" || args[1] != "--" {
			t.Errorf("%q, %v", args, err)
		}
		if _, err := protocol.ParseSettings(string(text)); err != nil {
			t.Error(err)
		}
		for _, name := range []string{"../root/bin/sh", "large", "node_modules/x/index.js"} {
			if _, err := os.Stat(filepath.Join(work, name)); err != nil {
				t.Error(err)
			}
		}
		sent := protocol.Sent{Step: protocol.NameStep(string(text), args[2:]), Report: protocol.Report{Held: "played"}}
		if change != nil {
			change(&sent)
		}
		if sent.Report.Failed != "" {
			exit = protocol.ExitDenied
		} else if exit = sent.Report.Exit; exit == 0 {
			if err := leave(work, args[2]); err != nil {
				t.Error(err)
			}
		}
		stderr, err = json.Marshal(sent)
		if err != nil {
			t.Error(err)
		}
		return []byte(args[2] + " says hello\n"), stderr, exit
	}
}

func input(name, text string) pipelines.Input {
	return pipelines.Input{Path: name, Content: []byte(text), SHA256: cas.Sum([]byte(text)), Size: int64(len(text))}
}

// step is a planned step that reads the outputs of others.
func (s *site) step(name string, needs ...string) pipelines.PlannedStep {
	s.t.Helper()
	tree := func(from string, list ...pipelines.Input) *pipelines.Tree {
		t, err := pipelines.NewTree(s.t.Context(), nil, from, cas.Digest{}, func(context.Context) ([]pipelines.Input, error) { return list, nil })
		s.must(err)
		return t
	}
	s.must(os.WriteFile(filepath.Join(s.runner.Project.Name(), "large"), s.large, 0o644))
	helper := input("sandbox", "helper")
	helper.Executable = true
	return pipelines.PlannedStep{
		Step: &pipelines.Step{
			Name: name, Run: []string{name}, Outputs: []string{"dist", "link", "tool"}, Timeout: time.Minute, Memory: 1 << 30, Disk: 1 << 30, Processes: 100, Network: "none",
		},
		Platform: here, Needs: needs, Helper: &helper,
		Inputs: []pipelines.Input{{Path: "large", Project: "large", SHA256: cas.Sum(s.large), Size: int64(len(s.large))}},
		Root:   tree("base.node", input("bin/sh", "shell"), pipelines.Input{Path: "proc", Folder: true}, pipelines.Input{Path: "lib", Link: "usr/lib"}),
		Trees:  []*pipelines.Tree{tree("npm.deps", input("node_modules/x/index.js", "x"))},
	}
}

// run runs a step.
func (s *site) run() (*execution.Result, error) {
	s.t.Helper()
	s.ran, s.lines, s.told = nil, nil, nil
	results, err := s.runner.Steps(s.t.Context(), &pipelines.Plan{Steps: []pipelines.PlannedStep{s.step("pack")}}, []execution.Key{{Step: "pack", Platform: here}})
	return results[execution.Key{Step: "pack", Platform: here}], err
}

// code is that of the only problem.
func code(err error) diag.Code {
	all := diag.All(err)
	if len(all) != 1 {
		return diag.Code(fmt.Sprint(err))
	}
	return all[0].Code
}

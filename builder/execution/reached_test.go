package execution_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag/diagtest"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/pipelines"
)

// A step's files are read once for its action and once for its sandbox, and only what
// writes in between can make the two differ.
func TestAFileThatChangesBeforeItsStepRunsIsReported(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.js"), []byte("after!"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	store, err := cas.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	lease, err := store.Lease()
	if err != nil {
		t.Fatal(err)
	}
	defer lease.Close()
	tree, err := pipelines.NewTree(t.Context(), nil, "base.node", cas.Digest{}, func(context.Context) ([]pipelines.Input, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	platform := "linux/" + runtime.GOARCH
	step := pipelines.PlannedStep{
		Step:     &pipelines.Step{Name: "bundle", Run: []string{"true"}, Timeout: time.Minute, Memory: 1 << 30, Network: "none"},
		Platform: platform, Root: tree,
		Helper: &pipelines.Input{Path: "sandbox", Executable: true, Content: []byte("helper"), SHA256: cas.Sum([]byte("helper")), Size: 6},
		Inputs: []pipelines.Input{{Path: "a.js", Project: "a.js", Size: 6, SHA256: cas.Sum([]byte("before"))}},
	}
	runner := &execution.Runner{
		Store: store, Lease: lease, Project: root, Workers: 1, Events: event.Func(func(event.Event) {}),
		Sandbox: func(context.Context, sandbox.Spec, io.Writer) (*sandbox.Result, error) {
			t.Error("it ran")
			return &sandbox.Result{}, nil
		},
	}
	_, err = runner.Steps(t.Context(), &pipelines.Plan{Steps: []pipelines.PlannedStep{step}}, []execution.Key{{Step: "bundle", Platform: platform}})
	diagtest.Reaches(t, err, execution.CodeChanged)
}

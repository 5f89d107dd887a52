package execution

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/pipelines"
)

const here = runtime.GOOS + "/" + runtime.GOARCH

// site is a store, a project's folder, and a sandbox that the test plays.
type site struct {
	t      *testing.T
	runner *Runner
	mu     sync.Mutex
	ran    []string // the first argument of each command that ran, in the order of their ends
	lines  []string // of logs
	play   func(ctx context.Context, s sandbox.Spec, log io.Writer) (*sandbox.Result, error)
}

func newSite(t *testing.T) *site {
	t.Helper()
	store, err := cas.Open(filepath.Join(t.TempDir(), "store"))
	if err != nil {
		t.Fatal(err)
	}
	lease, err := store.Lease()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { lease.Close() })
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	s := &site{t: t}
	s.runner = &Runner{Store: store, Lease: lease, Project: root, Sandbox: s.sandbox, Workers: 4, Events: event.Func(s.event)}
	return s
}

func (s *site) event(e event.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Kind == event.StepLog {
		s.lines = append(s.lines, e.Name+": "+e.Text)
	}
}

// sandbox plays a command: a step writes its own name into each of its outputs, unless
// the test says otherwise.
func (s *site) sandbox(ctx context.Context, spec sandbox.Spec, log io.Writer) (*sandbox.Result, error) {
	r := &sandbox.Result{Held: "played"}
	var err error
	if s.play != nil {
		r, err = s.play(ctx, spec, log)
	} else {
		fmt.Fprintf(log, "%s says hello\n", spec.Run[0])
		for _, o := range spec.Outputs {
			write(s.t, filepath.Join(spec.Scratch, "out", o, "made.txt"), spec.Run[0], 0o600)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ran = append(s.ran, spec.Run[0])
	return r, err
}

func write(t *testing.T, name, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// step is a planned step that reads the outputs of others.
func (s *site) step(name string, needs ...string) pipelines.PlannedStep {
	s.t.Helper()
	list := []pipelines.Input{
		{Path: "bin/sh", Executable: true, Content: []byte("shell"), SHA256: cas.Sum([]byte("shell")), Size: 5}, {Path: "proc", Folder: true}, {Path: "lib", Link: "usr/lib"},
	}
	root, err := pipelines.NewTree(s.t.Context(), nil, "base.node", cas.Digest{}, func(context.Context) ([]pipelines.Input, error) { return list, nil })
	if err != nil {
		s.t.Fatal(err)
	}
	var inputs []pipelines.Source
	for _, n := range needs {
		inputs = append(inputs, pipelines.Source{Kind: pipelines.FromStep, Name: n})
	}
	return pipelines.PlannedStep{
		Step:     &pipelines.Step{Name: name, Inputs: inputs, Run: []string{name}, Outputs: []string{name + ".out"}, Timeout: time.Minute, Memory: 1 << 30, Network: "none"},
		Platform: here, Needs: needs, Root: root, Helper: &pipelines.Input{Path: "sandbox", Executable: true, Content: []byte("helper"), SHA256: cas.Sum([]byte("helper")), Size: 6},
	}
}

func (s *site) run(wanted string, steps ...pipelines.PlannedStep) (Results, error) {
	s.t.Helper()
	s.ran, s.lines = nil, nil
	return s.runner.Steps(s.t.Context(), &pipelines.Plan{Steps: steps}, []Key{{wanted, here}})
}

func codes(err error) []diag.Code {
	var all []diag.Code
	for _, p := range diag.All(err) {
		all = append(all, p.Code)
	}
	return all
}

func TestAStepRunsOnceAfterThoseThatItNeeds(t *testing.T) {
	s := newSite(t)
	var read []string
	s.play = func(_ context.Context, spec sandbox.Spec, log io.Writer) (*sandbox.Result, error) {
		fmt.Fprint(log, spec.Run[0], " begins\nand ends")
		if spec.Run[0] == "c" {
			for _, name := range []string{"a.out/made.txt", "b.out/made.txt"} {
				text, err := os.ReadFile(filepath.Join(spec.Work[0], name))
				if err != nil {
					t.Error(err)
				}
				read = append(read, string(text))
			}
		}
		write(t, filepath.Join(spec.Scratch, "out", spec.Outputs[0], "made.txt"), spec.Run[0], 0o700)
		return &sandbox.Result{Held: "played", Wall: time.Second}, nil
	}
	steps := []pipelines.PlannedStep{s.step("a"), s.step("b", "a"), s.step("unwanted"), s.step("c", "a", "b")}
	results, err := s.run("c", steps...)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a", "b", "c"}, s.ran); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a", "b"}, read); diff != "" {
		t.Errorf("what c read: %s", diff)
	}
	c := results[Key{"c", here}]
	if len(results) != 3 || c.Cached || len(c.Outputs) != 1 || c.Outputs[0].Path != "c.out/made.txt" || c.Outputs[0].Mode != 0o755 {
		t.Errorf("%+v", c)
	}
	said := slices.Clone(s.lines)

	again, err := s.run("c", steps...)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.ran) != 0 || !again[Key{"c", here}].Cached || again[Key{"c", here}].Action != c.Action || again[Key{"c", here}].Used.Wall != time.Second {
		t.Errorf("ran again: %v, %+v", s.ran, again[Key{"c", here}])
	}
	if diff := cmp.Diff(said, s.lines); diff != "" {
		t.Errorf("the logs of cached results: %s", diff)
	}
}

func TestAResultThatIsNotWholeIsMadeAgain(t *testing.T) {
	for name, take := range map[string]func(r *Result) cas.Digest{
		"an output": func(r *Result) cas.Digest { return r.Outputs[0].SHA256 },
		"the log":   func(r *Result) cas.Digest { return r.Log },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			results, err := s.run("a", s.step("a"))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.runner.Store.Remove(t.Context(), take(results[Key{"a", here}])); err != nil {
				t.Fatal(err)
			}
			if _, err := s.run("a", s.step("a")); err != nil || len(s.ran) != 1 {
				t.Errorf("%v, ran %v", err, s.ran)
			}
		})
	}
}

func TestStepsThatDoNotNeedEachOtherRunAtOnce(t *testing.T) {
	s := newSite(t)
	var both sync.WaitGroup
	both.Add(2)
	s.play = func(_ context.Context, spec sandbox.Spec, _ io.Writer) (*sandbox.Result, error) {
		if spec.Run[0] != "end" {
			both.Done()
			both.Wait() // for ever, were they one after the other
		}
		write(t, filepath.Join(spec.Scratch, "out", spec.Outputs[0], "x"), "x", 0o644)
		return &sandbox.Result{}, nil
	}
	if _, err := s.run("end", s.step("left"), s.step("right"), s.step("end", "left", "right")); err != nil {
		t.Fatal(err)
	}
}

// TestAFailureStopsThoseThatNeedIt has one step of several fail in each way.
func TestAFailureStopsThoseThatNeedIt(t *testing.T) {
	for name, test := range map[string]struct {
		result sandbox.Result
		code   diag.Code
		says   string
	}{
		"a code":      {sandbox.Result{Exit: 3}, CodeFailed, "bad ended with 3"},
		"a signal":    {sandbox.Result{Exit: 139}, CodeFailed, "killed by signal 11"},
		"memory":      {sandbox.Result{Exit: 137, Limit: "memory"}, CodeLimit, "more memory than it may"},
		"time":        {sandbox.Result{Exit: 137, Limit: "time"}, CodeLimit, `timeout = "2m0s"`},
		"disk":        {sandbox.Result{Exit: 1, Limit: "disk"}, CodeLimit, "`disk` of the step is 16384 MiB"},
		"processes":   {sandbox.Result{Exit: 1, Limit: "processes"}, CodeLimit, "`processes` of the step is 4096"},
		"its outputs": {sandbox.Result{Refused: []string{"bad.out is not there"}}, CodeOutputs, "bad.out is not there"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.play = func(_ context.Context, spec sandbox.Spec, log io.Writer) (*sandbox.Result, error) {
				if spec.Run[0] == "bad" {
					fmt.Fprintln(log, "what was wrong")
					write(t, filepath.Join(spec.Scratch, "work", "half.txt"), "half", 0o644)
					r := test.result
					return &r, nil
				}
				write(t, filepath.Join(spec.Scratch, "out", spec.Outputs[0], "x"), "x", 0o644)
				return &sandbox.Result{}, nil
			}
			bad, good, end := s.step("bad"), s.step("good"), s.step("end", "bad", "good")
			_, err := s.run("end", bad, good, end)
			if diff := cmp.Diff([]diag.Code{test.code}, codes(err)); diff != "" {
				t.Fatalf("%v %s", err, diff)
			}
			text := diag.All(err)[0].Text()
			if !strings.Contains(text, test.says) || !strings.Contains(text, "what was wrong") {
				t.Error(text)
			}
			slices.Sort(s.ran)
			if diff := cmp.Diff([]string{"bad", "good"}, s.ran); diff != "" {
				t.Error(diff)
			}
			// Its log and its folder are where the message says, and another run finds no result.
			_, after, _ := strings.Cut(text, "its log is ")
			at, _, _ := strings.Cut(after, "/log")
			for name, want := range map[string]string{"log": "what was wrong\n", "work/half.txt": "half"} {
				if got, err := os.ReadFile(filepath.Join(at, name)); err != nil || string(got) != want {
					t.Errorf("%s: %q, %v", name, got, err)
				}
			}
			if _, err := s.run("bad", bad); err == nil || len(s.ran) != 1 {
				t.Errorf("again: %v, ran %v", err, s.ran)
			}
			if _, err := s.runner.Store.Prune(t.Context(), cas.PruneOptions{}); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("after a prune: %v", err)
			}
		})
	}
}

// TestOutputsThatCanNotBeKept has a command leave what no other step and no image may
// get.
func TestOutputsThatCanNotBeKept(t *testing.T) {
	for name, leave := range map[string]func(out string) error{
		"a link out":          func(out string) error { return os.Symlink("../../etc/passwd", out+"/x") },
		"an absolute link":    func(out string) error { return os.Symlink("/etc/passwd", out+"/x") },
		"a pipe":              func(out string) error { return syscall.Mkfifo(out+"/x", 0o600) },
		"a socket":            func(out string) error { return syscall.Mknod(out+"/x", syscall.S_IFSOCK|0o600, 0) },
		"nothing":             func(string) error { return nil },
		"a name that is none": func(out string) error { return os.WriteFile(out+"/\xff", nil, 0o600) },
		"no folder":           os.Remove,
		"a link to a file of the machine": func(out string) error {
			return errors.Join(os.Remove(out), os.Symlink("/etc", out))
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			s.play = func(_ context.Context, spec sandbox.Spec, _ io.Writer) (*sandbox.Result, error) {
				out := filepath.Join(spec.Scratch, "out", spec.Outputs[0])
				return &sandbox.Result{}, errors.Join(os.MkdirAll(out, 0o755), leave(out))
			}
			if _, err := s.run("a", s.step("a")); !slices.Equal(codes(err), []diag.Code{CodeOutputs}) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestLinksThatStayAreKept(t *testing.T) {
	s := newSite(t)
	s.play = func(_ context.Context, spec sandbox.Spec, _ io.Writer) (*sandbox.Result, error) {
		out := filepath.Join(spec.Scratch, "out", spec.Outputs[0])
		write(t, out+"/deep/file", "x", 0o4755)
		return &sandbox.Result{}, errors.Join(os.Symlink("deep/file", out+"/near"), os.Symlink("../../node_modules/x", out+"/deep/far"))
	}
	results, err := s.run("a", s.step("a"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range results[Key{"a", here}].Outputs {
		got = append(got, fmt.Sprintf("%s %o %s", e.Path, e.Mode, e.Link))
	}
	if diff := cmp.Diff([]string{"a.out/deep/far 0 ../../node_modules/x", "a.out/deep/file 755 ", "a.out/near 0 deep/file"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAStepOfAnotherPlatformIsNotRun(t *testing.T) {
	s := newSite(t)
	step := s.step("a")
	step.Platform = "linux/arm64"
	if here == step.Platform {
		step.Platform = "linux/amd64"
	}
	_, err := s.runner.Steps(t.Context(), &pipelines.Plan{Steps: []pipelines.PlannedStep{step}}, []Key{{"a", step.Platform}})
	if !slices.Equal(codes(err), []diag.Code{CodeForeign}) || len(s.ran) > 0 {
		t.Errorf("%v, ran %v", err, s.ran)
	}
}

func TestAFileThatChangesMeanwhileIsNoticed(t *testing.T) {
	s := newSite(t)
	write(t, filepath.Join(s.runner.Project.Name(), "src/a.js"), "after", 0o644)
	step := s.step("a")
	step.Inputs = []pipelines.Input{{Path: "src/a.js", Project: "src/a.js", Size: 6, SHA256: cas.Sum([]byte("before"))}}
	if _, err := s.run("a", step); !slices.Equal(codes(err), []diag.Code{CodeChanged}) || len(s.ran) > 0 {
		t.Errorf("%v, ran %v", err, s.ran)
	}
}

func TestTheEndOfARunEndsItsSteps(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("interrupted")
	s.play = func(ctx context.Context, _ sandbox.Spec, _ io.Writer) (*sandbox.Result, error) {
		cancel(why)
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err := s.runner.Steps(ctx, &pipelines.Plan{Steps: []pipelines.PlannedStep{s.step("a"), s.step("b", "a")}}, []Key{{"b", here}})
	if err == nil || !errors.Is(context.Cause(ctx), why) || len(s.ran) != 1 {
		t.Errorf("%v, ran %v", err, s.ran)
	}
	if left, err := os.ReadDir(filepath.Join(s.runner.Store.Dir(), "tmp")); err != nil || len(left) > 0 {
		t.Errorf("left in the store: %v, %v", left, err)
	}
}

// TestWhatAStepSeesIsWhatItsActionNames looks at the folders that the sandbox is given.
func TestWhatAStepSeesIsWhatItsActionNames(t *testing.T) {
	s := newSite(t)
	old := syscall.Umask(0o077)
	defer syscall.Umask(old)
	write(t, filepath.Join(s.runner.Project.Name(), "src/run.sh"), "run", 0o700)
	step := s.step("a")
	step.Step.Env = map[string]string{"B": "2"}
	step.Fixed = []string{"PATH=/bin", "A=1"}
	step.Inputs = []pipelines.Input{{Path: "src/run.sh", Project: "src/run.sh", Executable: true, Size: 3, SHA256: cas.Sum([]byte("run"))}}
	s.play = func(_ context.Context, spec sandbox.Spec, _ io.Writer) (*sandbox.Result, error) {
		for dir, want := range map[string][]string{
			spec.Root:    {". drwxr-xr-x", "bin drwxr-xr-x", "bin/sh -rwxr-xr-x", "lib Lrwxrwxrwx", "proc drwxr-xr-x"},
			spec.Work[0]: {". drwxr-xr-x", "src drwxr-xr-x", "src/run.sh -rwxr-xr-x"},
		} {
			var got []string
			err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
				info, infoErr := d.Info()
				got = append(got, path+" "+info.Mode().String())
				return errors.Join(err, infoErr)
			})
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		}
		if diff := cmp.Diff([]string{"A=1", "B=2", "PATH=/bin", "SOURCE_DATE_EPOCH=" + pipelines.Epoch}, spec.Env); diff != "" {
			t.Error(diff)
		}
		write(t, filepath.Join(spec.Scratch, "out", spec.Outputs[0], "x"), "x", 0o644)
		return &sandbox.Result{}, nil
	}
	if _, err := s.run("a", step); err != nil {
		t.Fatal(err)
	}
}

func TestNothingRunsWhereOnlyWhatIsKnownIsAskedFor(t *testing.T) {
	s := newSite(t)
	s.runner.KnownOnly = true
	if _, err := s.run("a", s.step("a")); !slices.Equal(codes(err), []diag.Code{CodeUnbuilt}) || len(s.ran) > 0 {
		t.Errorf("%v, ran %v", err, s.ran)
	}
}

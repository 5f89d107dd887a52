package execution

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// machines play other machines.
type machines struct {
	kept   map[cas.Digest]*Outcome
	asked  []string
	ran    *sandbox.Result
	broken error
}

func (m *machines) Known(_ context.Context, j *Job) (*Outcome, error) {
	m.asked = append(m.asked, "known "+j.Step.Step.Name)
	return m.kept[j.Action.Digest()], m.broken
}

func (m *machines) Run(ctx context.Context, j *Job) (*Outcome, error) {
	m.asked = append(m.asked, "run "+j.Step.Step.Name)
	if m.broken != nil {
		return nil, m.broken
	}
	log, err := j.Store.PutBytes(ctx, []byte("it says hello\n"))
	if err != nil {
		return nil, err
	}
	made, err := j.Store.PutBytes(ctx, []byte("made there"))
	out := &Outcome{Ran: m.ran, Log: log, Outputs: []snapshot.Entry{{Path: j.Step.Step.Outputs[0], Mode: 0o644, Size: 10, SHA256: made}}}
	return out, err
}

func (m *machines) Share(_ context.Context, j *Job, o *Outcome) error {
	m.asked = append(m.asked, "share "+j.Step.Step.Name)
	if m.broken == nil {
		m.kept[j.Action.Digest()] = o
	}
	return m.broken
}

func TestOtherMachinesRunStepsOrKeepWhatTheyCameTo(t *testing.T) {
	there := &sandbox.Result{Held: "played there"}
	for name, test := range map[string]struct {
		remote Remote
		asked  []string
		ran    []string
		where  string
	}{
		"they run":             {Remote{Execute: true}, []string{"known a", "run a", "known b", "run b"}, nil, Ran},
		"they keep":            {Remote{Share: true}, []string{"known a", "share a", "known b", "share b"}, []string{"a", "b"}, Here},
		"they are only looked": {Remote{}, []string{"known a", "known b"}, []string{"a", "b"}, Here},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			m := &machines{kept: map[cas.Digest]*Outcome{}, ran: there}
			test.remote.Machines = m
			s.runner.Remote = &test.remote
			results, err := s.run("b", s.step("a"), s.step("b", "a"))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.asked, m.asked); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(test.ran, s.ran); diff != "" {
				t.Error(diff)
			}
			b := results[Key{"b", here}]
			if b.Where != test.where || len(b.Outputs) != 1 || b.Cached {
				t.Errorf("%+v", b)
			}
			// What is in the store is asked of nobody.
			m.asked = nil
			again, err := s.run("b", s.step("a"), s.step("b", "a"))
			if err != nil || len(m.asked) > 0 || again[Key{"b", here}].Where != test.where {
				t.Errorf("%v, %v, %+v", err, m.asked, again[Key{"b", here}])
			}
		})
	}
}

func TestAResultThatOthersKeepIsTakenWithItsLog(t *testing.T) {
	s := newSite(t)
	m := &machines{kept: map[cas.Digest]*Outcome{}, ran: &sandbox.Result{Held: "played there"}}
	step := s.step("a")
	action, err := step.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	job := s.runner.job(&step, action)
	if m.kept[action.Digest()], err = m.Run(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	m.kept[action.Digest()].Cached = true
	s.runner.Remote = &Remote{Machines: m}
	results, err := s.run("a", step)
	if err != nil {
		t.Fatal(err)
	}
	if r := results[Key{"a", here}]; len(s.ran) > 0 || !r.Cached || r.Where != Shared || r.Held != "played there" || fmt.Sprint(s.lines) != "[a: it says hello]" {
		t.Errorf("%v, %q, %+v", s.ran, s.lines, r)
	}
}

func TestWhatFailsThereFailsHere(t *testing.T) {
	s := newSite(t)
	s.runner.Remote = &Remote{Machines: &machines{ran: &sandbox.Result{Exit: 3, Held: "played there"}}, Execute: true, Fallback: true}
	_, err := s.run("a", s.step("a"))
	all := diag.All(err)
	if len(all) != 1 || all[0].Code != CodeFailed || !strings.Contains(all[0].Snippet, "it says hello") {
		t.Fatalf("%v", err)
	}
	logs, _ := filepath.Glob(filepath.Join(s.runner.Store.Dir(), "failed", "*", "log"))
	if len(s.ran) > 0 || len(logs) != 1 {
		t.Errorf("%v, %v", s.ran, logs)
	}
}

func TestStepsRunHereOnlyWhereThatIsAllowed(t *testing.T) {
	lost := fmt.Errorf("no route: %w", ErrLost)
	for name, test := range map[string]struct {
		remote Remote
		broken error
		want   error
		asked  int
	}{
		"lost":                           {Remote{Execute: true}, lost, ErrLost, 1},
		"lost, and it may run here":      {Remote{Execute: true, Fallback: true}, lost, nil, 1},
		"a lost cache":                   {Remote{Share: true}, lost, ErrLost, 1},
		"a lost cache, and it may":       {Remote{Share: true, Fallback: true}, lost, nil, 1},
		"a lie, and it may":              {Remote{Execute: true, Fallback: true}, io.ErrNoProgress, io.ErrNoProgress, 1},
		"a cache that lies, and it may":  {Remote{Share: true, Fallback: true}, io.ErrNoProgress, io.ErrNoProgress, 1},
		"a cache that is whole, and may": {Remote{Share: true, Fallback: true}, nil, nil, 4},
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t)
			m := &machines{kept: map[cas.Digest]*Outcome{}, broken: test.broken}
			test.remote.Machines = m
			s.runner.Remote = &test.remote
			_, err := s.run("b", s.step("a"), s.step("b", "a"))
			if !errors.Is(err, test.want) || (err == nil) != (len(s.ran) == 2) || len(m.asked) != test.asked {
				t.Errorf("%v, %v, %v", err, s.ran, m.asked)
			}
		})
	}
}

// A machine that is given all pieces can lay out the whole input root from the action's
// digest, and opens none that it has.
func TestThePiecesOfAnActionAreAllOfIt(t *testing.T) {
	s := newSite(t)
	write(t, filepath.Join(s.runner.Project.Name(), "main.js"), "main", 0o644)
	step := s.step("a")
	step.Inputs = []pipelines.Input{{Path: "src/main.js", Project: "main.js", SHA256: cas.Sum([]byte("main")), Size: 4}}
	packages, err := pipelines.NewTree(t.Context(), nil, "npm.deps", cas.Digest{}, func(context.Context) ([]pipelines.Input, error) {
		return []pipelines.Input{{Path: "node_modules/x/index.js", Content: []byte("x"), SHA256: cas.Sum([]byte("x")), Size: 1}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	step.Trees = []*pipelines.Tree{packages}
	action, err := step.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	job := s.runner.job(&step, action)
	pieces, err := job.Pieces()
	if err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(s.runner.Store.Dir(), "t*", "*")); len(left) > 0 {
		t.Errorf("laid out before anything was opened: %v", left)
	}
	var texts []string
	for _, p := range pieces {
		r, err := job.Open(t.Context(), p.Digest)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(r)
		r.Close()
		if err != nil || cas.Sum(text) != p.Digest || int64(len(text)) != p.Size {
			t.Errorf("%v: %d bytes, %v", p, len(text), err)
		}
		texts = append(texts, string(text))
	}
	for _, want := range []string{"main", "x", "shell", "helper", string(action.Settings)} {
		if !slices.Contains(texts, want) {
			t.Errorf("no piece is %q", want)
		}
	}
	job.end()
	if left, _ := filepath.Glob(filepath.Join(s.runner.Store.Dir(), "tmp", "input-*")); len(left) > 0 {
		t.Errorf("left over: %v", left)
	}
	if _, err := job.Open(t.Context(), cas.Sum([]byte("another"))); err == nil || errors.Is(err, os.ErrNotExist) {
		t.Errorf("a piece of another action: %v", err)
	}
}

func TestAWeakerResultIsNeitherTakenNorGiven(t *testing.T) {
	s := newSite(t)
	m := &machines{kept: map[cas.Digest]*Outcome{}, ran: &sandbox.Result{}}
	s.runner.Remote = &Remote{Machines: m, Execute: true, Share: true}
	step := s.step("a")
	action, err := step.Encode(nil, "sandbox=degraded")
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.runner.elsewhere(t.Context(), &step, action)
	if err != nil || got != nil {
		t.Errorf("%+v, %v", got, err)
	}
	if err := s.runner.share(t.Context(), &step, action, &Result{}, &sandbox.Result{}); err != nil || len(m.asked) > 0 {
		t.Errorf("%v, %v", err, m.asked)
	}
}

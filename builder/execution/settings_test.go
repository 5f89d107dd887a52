package execution

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/pipelines"
)

// Another machine holds an action to what its file says, and this one to what is laid
// out from the plan. The two are one and the same.
func TestWhatAnActionSaysIsWhatTheSandboxIsTold(t *testing.T) {
	s := newSite(t)
	step := s.step("a")
	step.Fixed = []string{"PATH=/bin", "QUOTED=\"a\\b\nc\""}
	step.Step.Env = map[string]string{"NODE_ENV": "production", "PATH": "/build/bin"}
	step.Step.Outputs, step.Step.Timeout = []string{"dist", `odd "name"/x`}, 90*time.Second
	action, err := step.Encode(nil)
	if err != nil {
		t.Fatal(err)
	}
	told, err := s.runner.lay(t.Context(), &step, action, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	said, err := protocol.ParseSettings(string(action.Settings))
	if err != nil {
		t.Fatal(err)
	}
	want := &protocol.Settings{Limits: told.Limits, Env: told.Env, Outputs: told.Outputs}
	if diff := cmp.Diff(want, said); diff != "" {
		t.Error(diff)
	}
	for ours, theirs := range map[string]string{
		protocol.RootFolder: pipelines.RootFolder, protocol.WorkFolder: pipelines.WorkFolder, protocol.OwnFolder: pipelines.OwnFolder,
		"../" + protocol.OwnFolder + "/sandbox": pipelines.HelperPath,
	} {
		if ours != theirs {
			t.Errorf("%q is %q in an action", ours, theirs)
		}
	}
	// So are they of a check of an image.
	step.Container = &pipelines.Container{
		Image: "shop", User: 65532, Group: 7, Dir: `/an "app"`, Env: []string{"B=1", "A=2"},
		Check: &pipelines.Check{Name: "health", HTTP: &pipelines.Ask{Local: true, Port: 8080, Path: `/a"b%20c`, Status: 204}, Text: "a\nb", Timeout: time.Second, Alive: 2 * time.Second},
	}
	step.Step.Outputs = nil
	if action, err = step.Encode(nil); err != nil {
		t.Fatal(err)
	}
	if told, err = s.runner.lay(t.Context(), &step, action, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if said, err = protocol.ParseSettings(string(action.Settings)); err != nil {
		t.Fatal(err)
	}
	want = &protocol.Settings{Limits: told.Limits, Env: told.Env, Container: told.Container}
	if diff := cmp.Diff(want, said); diff != "" || said.Container.Asked.HTTP.Path != `/a"b%20c` {
		t.Error(diff)
	}
}

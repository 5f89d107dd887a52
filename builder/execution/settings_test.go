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
}

package checks

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/pipelines"
)

func TestAnImageIsStartedBehindItsGuard(t *testing.T) {
	config := v1.Config{Entrypoint: []string{"node", "--require", "/guard.js"}, Cmd: []string{"server.js"}}
	for name, test := range map[string]struct {
		guard string
		run   []string
		want  []string
	}{
		"as it is":                 {"enforce", nil, []string{"node", "--require", "/guard.js", "server.js"}},
		"another command":          {"enforce", []string{"node", "cli.js", "x"}, []string{"node", "--require", "/guard.js", "cli.js", "x"}},
		"another, without a guard": {"off", []string{"sh", "-c", "true"}, []string{"sh", "-c", "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := command(&pipelines.Image{Guard: test.guard}, &pipelines.Check{Run: test.run}, config)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheEnvironmentIsTheImagesWithTheChecksOwn(t *testing.T) {
	got := environment([]string{"A=1", "B=2"}, map[string]string{"B": "3", "Z": "", "C": "4"})
	if diff := cmp.Diff([]string{"A=1", "B=3", "C=4", "Z=", searchPath}, got); diff != "" {
		t.Error(diff)
	}
	if got := environment([]string{"PATH=/bin"}, nil); len(got) != 1 {
		t.Errorf("%q", got)
	}
}

func TestTheUserOfAnImageIsANumber(t *testing.T) {
	for user, want := range map[string][2]uint32{"65532:7": {65532, 7}, "0": {0, 0}, "1000": {1000, 0}, "4294967294:1": {4294967294, 1}} {
		if uid, gid, err := who(user); err != nil || uid != want[0] || gid != want[1] {
			t.Errorf("%s: %d %d %v", user, uid, gid, err)
		}
	}
	for _, user := range []string{"node", "1:node", "", "4294967296", "-1", "1:2:3"} {
		if _, _, err := who(user); err == nil {
			t.Errorf("%q is taken for a user", user)
		}
	}
}

// TestNothingThatWasNotStartedIsSaidToPass holds what a release says to what was seen.
func TestNothingThatWasNotStartedIsSaidToPass(t *testing.T) {
	here, there := Outcome{Image: "a", Check: "x", Platform: "linux/amd64", Started: true}, Outcome{Image: "a", Check: "x", Platform: "linux/arm64"}
	other := Outcome{Image: "b", Check: "y", Platform: "linux/amd64", Started: true}
	for name, test := range map[string]struct {
		all    []Outcome
		passed bool
		detail string
	}{
		"no check":           {nil, false, "the image has no check: it was not started"},
		"another image's":    {[]Outcome{other}, false, "the image has no check: it was not started"},
		"started":            {[]Outcome{here, other}, true, "x (linux/amd64)"},
		"on one of two":      {[]Outcome{here, there}, false, "x (linux/amd64); not started: linux/arm64"},
		"on none":            {[]Outcome{there}, false, "not started: linux/arm64"},
		"on none, two of it": {[]Outcome{there, there}, false, "not started: linux/arm64"},
	} {
		t.Run(name, func(t *testing.T) {
			if passed, detail := Summary(test.all, "a"); passed != test.passed || detail != test.detail {
				t.Errorf("%t %q", passed, detail)
			}
		})
	}
}

package debian

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/snapshot"
)

// TestWhatStepsNeedChangesNothingOfTheRest resolves a root with and without what steps
// find beside it: an image has the same packages, and what it has not is marked.
func TestWhatStepsNeedChangesNothingOfTheRest(t *testing.T) {
	w := newWorld(t)
	lib := simpleDeb(t, "libdemo")
	index := stanza("demo", w.demo, "Depends: libdemo (>= 1.0)\n") + stanza("libdemo", lib, "")
	for _, name := range append([]string{"libtool", "dpkg", "debianutils"}, StepPackages...) {
		more := map[string]string{
			"dash": "Pre-Depends: libdemo\nDepends: debianutils, dpkg (>= 1.0)\n", "coreutils": "Pre-Depends: libtool, libdemo\n",
		}[name]
		index += stanza(name, simpleDeb(t, name), more)
	}
	w.publish(t, index)
	without, err := w.archive.Resolve(t.Context(), w.store, wanted)
	if err != nil {
		t.Fatal(err)
	}
	request := wanted
	request.Steps = true
	with, err := w.archive.Resolve(t.Context(), w.store, request)
	if err != nil {
		t.Fatal(err)
	}
	var images []snapshot.Artefact
	var steps []string
	for _, a := range with.Debs {
		if a.OnlySteps() {
			steps = append(steps, a.Name)
		} else {
			images = append(images, a)
		}
	}
	if diff := cmp.Diff(without.Debs, images); diff != "" {
		t.Errorf("what images have: %s", diff)
	}
	want := append([]string{"libtool"}, StepPackages...)
	slices.Sort(want)
	if diff := cmp.Diff(want, steps); diff != "" {
		t.Errorf("what steps have: %s", diff)
	}
	if _, err := snapshot.New(with.Debs); err != nil {
		t.Errorf("the lines are not those of nbuild.lock: %v", err)
	}
}

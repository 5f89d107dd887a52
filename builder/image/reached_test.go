package image_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag/diagtest"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// A build reads each file twice, to plan and to pack, and only what writes in between can
// make the two differ.
func TestAFileThatChangesBetweenPlanAndLayerIsReported(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "server.js")
	if err := os.WriteFile(file, []byte("before"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	entries, err := image.Digested(t.Context(), root, []snapshot.Entry{{Path: "server.js", Mode: 0o644}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("after!"), 0o644); err != nil {
		t.Fatal(err)
	}
	store, err := cas.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	_, err = image.NewLayer(t.Context(), store, time.Unix(1, 0), []image.Member{image.Tree(root, entries, "app", "the project's files", "project")}, image.Options{Name: "app"})
	diagtest.Reaches(t, err, image.CodeChanged)
}

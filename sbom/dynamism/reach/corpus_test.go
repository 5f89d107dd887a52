package reach

import (
	"flag"
	"io/fs"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/resolution"
)

var modules = flag.String("modules", "", "a folder in which npm installed packages")

// TestFollowsEveryInstalledPackage starts from every package of an install: no file
// takes more than a moment, whatever it holds.
func TestFollowsEveryInstalledPackage(t *testing.T) {
	if *modules == "" {
		t.Skip("needs -modules DIR, a folder in which npm installed; CI gives it")
	}
	fsys := resolution.DirFS(*modules)
	r := resolution.New(fsys, resolution.Target{Node: resolution.Version{Major: 22, Minor: 20}})
	w := &walk{tree: r.Tree(), r: r}
	packages, files, warnings := 0, 0, 0
	for _, pkg := range w.packagesNamed("node_modules", hole) {
		packages += entryOf(t, fsys, r, pkg, &files, &warnings)
	}
	for _, pkg := range w.packagesNamed("node_modules", "@"+hole+"/"+hole) {
		packages += entryOf(t, fsys, r, pkg, &files, &warnings)
	}
	t.Logf("%d packages lead to %d files and %d warnings", packages, files, warnings)
}

func entryOf(t *testing.T, fsys fs.FS, r *resolution.Resolver, pkg string, files, warnings *int) int {
	res, err := r.Resolve(pkg, "index.js", resolution.Require)
	if err != nil || res.Path == "" {
		return 0
	}
	started := time.Now()
	got, err := Run(fsys, []string{res.Path}, Options{})
	if err != nil {
		t.Errorf("%s: %v", pkg, err)
		return 0
	}
	*files += len(got.Files)
	*warnings += len(got.Warnings)
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("%s took %v for %d files", pkg, took, len(got.Files))
	}
	return 1
}

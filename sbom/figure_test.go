package sbom

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// BenchmarkBOM measures the whole way of a BOM: lockfile, snapshot, tree, file
// indexes from the store, document. NBUILD_BENCH_PROJECT names a folder with
// package-lock.json and nbuild.lock, NBUILD_BENCH_STORE the store they are
// vendored in.
func BenchmarkBOM(b *testing.B) {
	project, dir := os.Getenv("NBUILD_BENCH_PROJECT"), os.Getenv("NBUILD_BENCH_STORE")
	if project == "" || dir == "" {
		b.Skip("NBUILD_BENCH_PROJECT and NBUILD_BENCH_STORE name no vendored project")
	}
	for b.Loop() {
		raw, n := bomOf(b, project, dir)
		b.ReportMetric(float64(n), "packages")
		b.ReportMetric(float64(len(raw)), "bytes")
	}
}

func bomOf(t testing.TB, project, dir string) ([]byte, int) {
	t.Helper()
	ctx := context.Background()
	fatal := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	src, err := os.ReadFile(filepath.Join(project, "package-lock.json"))
	fatal(err)
	lockfile, err := npm.ReadLockfile(src, "package-lock.json")
	fatal(err)
	tree, err := npm.PlanTree(lockfile, npm.Options{
		OS: "linux", CPU: "x64", Libc: "glibc", NodeVersion: "22.15.0", Omit: []string{"dev"},
		LegacyPeerDeps: bytes.Contains(readOptional(filepath.Join(project, ".npmrc")), []byte("legacy-peer-deps=true")),
	})
	fatal(err)
	src, err = os.ReadFile(filepath.Join(project, "nbuild.lock"))
	fatal(err)
	lock, err := snapshot.Parse(src, "nbuild.lock")
	fatal(err)
	store, err := cas.Open(dir)
	fatal(err)
	facts := func(d cas.Digest) (*snapshot.Index, error) {
		doc, err := store.Read(ctx, d, bounds.FileIndex)
		if err != nil {
			return nil, err
		}
		return snapshot.DecodeFacts(doc)
	}
	root, packages, err := FromTree(tree, lock, facts)
	fatal(err)
	raw, err := Write(&Contents{Tool: "bench", Project: root, Packages: packages, Snapshot: lock.Digest(), Complete: true}, Options{})
	fatal(err)
	return raw, len(packages)
}

func readOptional(name string) []byte {
	b, _ := os.ReadFile(name)
	return b
}

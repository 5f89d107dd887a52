package diff

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/guarded"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/sources"
)

// guardedLayout makes an image that starts the guard, with a BOM attached.
func guardedLayout(t *testing.T, dir string, list *sources.List, mode guard.Mode, more map[string]string) {
	t.Helper()
	img, err := mutate.ConfigFile(empty.Image, &v1.ConfigFile{OS: "linux", Architecture: "amd64", Config: v1.Config{User: "1"}})
	if err != nil {
		t.Fatal(err)
	}
	push(t, dir, rehearsal.Guarded(t, img, list, mode, more), bom(t, sriA))
}

func TestRunComparesWhatImagesMayLoad(t *testing.T) {
	dir := world(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	files := []string{"server.js 1", "node_modules/a/a.js 1", "node_modules/a/b.js 1"}
	guardedLayout(t, at("first"), rehearsal.Listed(files...), guard.Enforce, nil)
	guardedLayout(t, at("again"), rehearsal.Listed(files[2], files[1], files[0]), guard.Enforce, nil)
	guardedLayout(t, at("other"), rehearsal.Listed("server.js 2", "node_modules/a/a.js 2", "node_modules/a/b.js 1", "node_modules/b/c.js 1"), guard.Enforce, nil)
	guardedLayout(t, at("report"), rehearsal.Listed(files...), guard.Report, nil)
	layout(t, at("off"), "1", bom(t, sriA))
	tests := []struct {
		name, a, b string
		want       []string
	}{
		{"an image with itself", "oci:first:v1", "oci:first:v1", nil},
		{"equal lists", "oci:first:v1", "oci:again:v1", nil},
		{"a file that changed without its package", "oci:first:v1", "oci:other:v1", []string{
			"source-changed pkg:npm/a@1.0.0 /app/node_modules/a/a.js", "new-source pkg:npm/b@1.0.0 /app/node_modules/b", "own-source-changed  /app/server.js",
		}},
		{"a guard that only reports", "oci:first:v1", "oci:report:v1", []string{
			"guard-weakened  guard.eval", "guard-weakened  guard.mode", "config-changed  entrypoint",
		}},
		{"no guard any more", "oci:first:v1", "oci:off:v1", []string{
			"guard-removed  guard.mode", "config-changed  entrypoint", "config-changed  env.NODE_DISABLE_COMPILE_CACHE", "config-changed  workdir",
		}},
		{"a guard at last", "oci:off:v1", "oci:first:v1", []string{
			"config-changed  entrypoint", "config-changed  env.NODE_DISABLE_COMPILE_CACHE", "config-changed  workdir", "guard-added  guard.mode",
		}},
		{"a BOM, which has no list", "bom.json", "oci:other:v1", nil},
		{"a lockfile, which has none either", "oci:other:v1", "old", nil},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := Run(context.Background(), machine.Host{Dir: dir}, Options{A: test.a, B: test.b})
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for _, c := range got.Diff.Changes {
				lines = append(lines, string(c.Class)+" "+c.Purl+" "+c.Path)
			}
			if diff := cmp.Diff(test.want, lines); diff != "" {
				t.Errorf("%s\n%s", diff, got.Diff.Text())
			}
		})
	}
}

func TestAnImageWhoseListCantBeReadIsNotCompared(t *testing.T) {
	dir := world(t)
	list := rehearsal.Listed("server.js 1")
	guardedLayout(t, filepath.Join(dir, "good"), list, guard.Enforce, nil)
	guardedLayout(t, filepath.Join(dir, "more"), list, guard.Enforce, map[string]string{"app/server.js": "1"})
	guardedLayout(t, filepath.Join(dir, "damaged"), list, guard.Enforce, nil)
	guardedLayout(t, filepath.Join(dir, "gone"), list, guard.Enforce, nil)
	blob := func(name string) string {
		t.Helper()
		store, err := oci.OpenLayout(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		at, err := store.Resolve(context.Background(), "v1")
		if err != nil {
			t.Fatal(err)
		}
		img, err := oci.Image(context.Background(), store, at.Digest)
		if err != nil {
			t.Fatal(err)
		}
		m, err := img.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, name, "blobs", "sha256", m.Layers[0].Digest.Hex)
	}
	text, err := os.ReadFile(blob("damaged"))
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2]++
	for _, err := range []error{os.Chmod(blob("damaged"), 0o600), os.WriteFile(blob("damaged"), text, 0o600), os.Remove(blob("gone"))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for name, code := range map[string]diag.Code{"more": guarded.CodeGuard, "damaged": oci.CodeMismatch, "gone": oci.CodeMissing} {
		for _, o := range []Options{{A: "oci:good:v1", B: "oci:" + name + ":v1"}, {A: "oci:" + name + ":v1", B: "bom.json"}} {
			got, err := Run(context.Background(), machine.Host{Dir: dir}, o)
			if ps := diag.All(err); got != nil || len(ps) != 1 || ps[0].Code != code || ps[0].Remedy == "" {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

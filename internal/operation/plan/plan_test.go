package plan

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

const build = `nbuild = "1"

project "shop" {
  dir = "app"
}

step "test" {
  use    = "npm/test"
  inputs = [files("**"), npm.deps.all]
}

step "after" {
  inputs = step.test
  run    = ["node", "x.js"]
}

image "shop" {
  cmd = ["node", "server.js"]
}
`

func host(t *testing.T, pinned bool) machine.Host {
	t.Helper()
	dir := t.TempDir()
	files := map[string]string{
		"build.hcl": build, "app/server.js": "1", "app/.env": "SECRET=1",
		"app/package.json":      `{"name":"shop","version":"1.0.0"}`,
		"app/package-lock.json": `{"name":"shop","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"shop","version":"1.0.0"}}}`,
	}
	if pinned {
		artefacts := []snapshot.Artefact{{Kind: snapshot.KindNode, Name: pipelines.NodePackage("linux/amd64"), Version: "22.1.0", Platform: "linux/amd64", SHA256: cas.Sum([]byte("n")), Size: 1}}
		for _, d := range []string{"libc6", "tzdata", "ca-certificates"} {
			artefacts = append(artefacts, snapshot.Artefact{Kind: snapshot.KindDeb, Name: d, Version: "1", Platform: "linux/amd64", SHA256: cas.Sum([]byte(d)), Size: 1})
		}
		lock, err := snapshot.New(artefacts)
		if err != nil {
			t.Fatal(err)
		}
		files[project.LockName] = string(lock.Format())
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return machine.Host{Dir: dir, File: "build.hcl", StoreDir: filepath.Join(t.TempDir(), "store")}
}

func TestMakeTellsActionsAndWhatIsLeftOut(t *testing.T) {
	h := host(t, true)
	r, err := Make(t.Context(), h)
	if err != nil {
		t.Fatal(diag.All(err), err)
	}
	if len(r.Steps) != 2 || len(r.Steps[0].Action) != 64 || r.Steps[0].Cached || r.Steps[1].Action != "" || len(r.Images) != 1 || len(r.Images[0].Base) != 4 {
		t.Errorf("%+v", r)
	}
	text := r.Text()
	for _, want := range []string{"server.js\n", ".env (", "layer   modules at /app: npm.deps.production", "reads the outputs of test"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in:\n%s", want, text)
		}
	}
	asJSON, err := json.Marshal(r)
	if err != nil || strings.Contains(string(asJSON), "null") {
		t.Errorf("%v %s", err, asJSON)
	}

	store, err := h.Store()
	if err != nil {
		t.Fatal(err)
	}
	key, _ := cas.ParseDigest(r.Steps[0].Action)
	if err := store.PutResult(t.Context(), ResultKind, key, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if r, err = Make(t.Context(), h); err != nil || !r.Steps[0].Cached {
		t.Errorf("a known result is not seen: %v", err)
	}
}

func TestMakeRefusesWhatIsNotPinned(t *testing.T) {
	_, err := Make(t.Context(), host(t, false))
	if diag.Exit(err) != 11 || !strings.Contains(err.Error(), "nbuild.lock") {
		t.Errorf("%d: %v", diag.Exit(err), err)
	}
}

func TestValidate(t *testing.T) {
	h := host(t, false)
	v, err := Validate(h)
	if err != nil || v.Text() != "build.hcl is valid: project shop, steps: 2, images: 1\n" {
		t.Errorf("%v %+v", err, v)
	}
	h.File = "absent.hcl"
	if _, err := Validate(h); diag.Exit(err) != 3 {
		t.Errorf("%v", err)
	}
}

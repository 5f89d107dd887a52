package plan

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/debian"
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
	h := machine.Host{Dir: dir, File: "build.hcl", StoreDir: filepath.Join(t.TempDir(), "store")}
	if pinned {
		store, err := h.Store()
		if err != nil {
			t.Fatal(err)
		}
		var artefacts []snapshot.Artefact
		pin := func(kind snapshot.Kind, name, version, file string) {
			t.Helper()
			doc, err := snapshot.EncodeIndex(&snapshot.Index{Entries: []snapshot.Entry{{Path: file, Mode: 0o755, Size: 1, SHA256: cas.Sum([]byte(name))}}})
			if err != nil {
				t.Fatal(err)
			}
			index, err := store.PutBytes(t.Context(), doc)
			if err != nil {
				t.Fatal(err)
			}
			artefacts = append(artefacts, snapshot.Artefact{
				Kind: kind, Name: name, Version: version, Platform: "linux/amd64", SHA256: cas.Sum([]byte(name)), Size: 1, Facts: map[string]string{"index": index.String()},
			})
		}
		pin(snapshot.KindNode, pipelines.NodePackage("linux/amd64"), "22.1.0", "bin/node")
		for _, d := range append([]string{"libc6", "tzdata", "ca-certificates"}, debian.StepPackages...) {
			pin(snapshot.KindDeb, d, "1", "usr/share/"+d)
		}
		for i := range artefacts[4:] {
			artefacts[4+i] = artefacts[4+i].ForSteps()
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
	return h
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

	// What a run keeps of the first gives the second an action.
	keep(t, h, r.Steps[0].Action)
	if r, err = Make(t.Context(), h); err != nil || !r.Steps[0].Cached || len(r.Steps[1].Action) != 64 || r.Steps[1].Cached {
		t.Errorf("a known result is not seen: %v %+v", err, r)
	}
}

// keep records a result of an action, as a run would: no output, and a log.
func keep(t *testing.T, h machine.Host, action string) {
	t.Helper()
	store, err := h.Store()
	if err != nil {
		t.Fatal(err)
	}
	log, err := store.PutBytes(t.Context(), []byte("passed\n"))
	if err != nil {
		t.Fatal(err)
	}
	record, err := store.PutBytes(t.Context(), fmt.Appendf(nil, `{"form":1,"outputs":[],"log":%q,"held":"sampled"}`, log))
	if err != nil {
		t.Fatal(err)
	}
	key, err := cas.ParseDigest(action)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.PutResult(t.Context(), execution.Kind, key, []byte(record.String())); err != nil {
		t.Fatal(err)
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

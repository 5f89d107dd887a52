package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/nbuild/nbuild/"

// pkg is the part of `go list -json` that the rules read.
type pkg struct {
	ImportPath   string
	Dir          string
	Imports      []string
	Deps         []string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
}

// packages lists every package of the module, with what it links.
func packages(t *testing.T) []pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Dir,Imports,Deps,GoFiles,TestGoFiles,XTestGoFiles", module+"...")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	var all []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		err := dec.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// room returns the room that an import path of this module belongs to: cmd,
// pipelines, builder, sbom, attest, evidence, operation, rehearsal or leaf; "" outside
// the module.
func room(path string) string {
	rel, ok := strings.CutPrefix(path, module)
	if !ok {
		return ""
	}
	switch first, rest, _ := strings.Cut(rel, "/"); first {
	case "internal":
		switch second, _, _ := strings.Cut(rest, "/"); second {
		case "operation", "evidence", "rehearsal":
			return second
		}
		return "leaf"
	default:
		return first
	}
}

// may says which rooms a room may import, itself aside.
var may = map[string][]string{
	"cmd":       {"operation", "leaf"},
	"operation": {"evidence", "pipelines", "builder", "sbom", "attest", "leaf", "docs"},
	"evidence":  {"pipelines", "builder", "sbom", "attest", "leaf"},
	"rehearsal": {"operation", "builder", "leaf"}, // and only tests import it
	"builder":   {"pipelines", "leaf"},
	"pipelines": {"leaf"},
	"sbom":      {"leaf"},
	"attest":    {"leaf"},
	"leaf":      {},
	"docs":      {},
}

func TestRoomsImportOnlyWhatTheyMay(t *testing.T) {
	for _, p := range packages(t) {
		from := room(p.ImportPath)
		allowed, known := may[from]
		if !known {
			t.Errorf("%s is in no room of the plan", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			to := room(i)
			if to == "" || to == from {
				continue
			}
			found := false
			for _, a := range allowed {
				found = found || a == to
			}
			if !found {
				t.Errorf("%s imports %s: %s may import only %v", p.ImportPath, i, from, allowed)
			}
		}
	}
}

// The command's leaves are those that flags and terminals need; decisions are in
// operation.
func TestTheCommandMakesNoDecisions(t *testing.T) {
	leaves := map[string]bool{"diag": true, "event": true, "lazyregexp": true, "machine": true, "report": true}
	for _, p := range packages(t) {
		if room(p.ImportPath) != "cmd" {
			continue
		}
		for _, i := range p.Imports {
			if rel, ok := strings.CutPrefix(i, module+"internal/"); ok && room(i) == "leaf" && !leaves[rel] {
				t.Errorf("%s imports %s", p.ImportPath, i)
			}
		}
	}
}

// The small world on the loopback is for tests: nothing that ships may link it.
func TestOnlyTestsImportTheRehearsal(t *testing.T) {
	for _, p := range packages(t) {
		if room(p.ImportPath) == "rehearsal" {
			continue
		}
		for _, i := range p.Imports {
			if room(i) == "rehearsal" {
				t.Errorf("%s imports %s outside its tests", p.ImportPath, i)
			}
		}
	}
}

// What a package must never link, however far down.
var never = []struct{ from, what, why string }{
	{"attest", module + "builder", "a gate-only binary links no builder"},
	{"attest", module + "pipelines", "a gate-only binary links no pipeline language"},
	{"attest", "google.golang.org/grpc", "a gate-only binary asks no cluster"},
	{"pipelines", "google.golang.org/grpc", "actions are written by hand, so that no library changes their bytes"},
	{"attest", "github.com/sigstore/sigstore-go", "its verifier drags in 323 packages"},
	{"sbom", module + "builder", "a BOM is written from data"},
	{"sbom", module + "attest", "a BOM is written from data"},
	{"", "github.com/sigstore/cosign", "cosign is an oracle, not a library"},
	{"", "github.com/docker/docker/client", "no Docker daemon"},
}

func TestPackagesNeverLinkWhatTheyMustNot(t *testing.T) {
	for _, p := range packages(t) {
		for _, rule := range never {
			if rule.from != "" && !strings.HasPrefix(p.ImportPath+"/", module+rule.from+"/") {
				continue
			}
			for _, d := range p.Deps {
				if d == rule.what || strings.HasPrefix(d, rule.what+"/") {
					t.Errorf("%s links %s: %s", p.ImportPath, d, rule.why)
				}
			}
		}
	}
}

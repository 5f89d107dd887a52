package dynamism

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/nbuild/nbuild/internal/snapshot"
)

var updateVersion = flag.Bool("update-version", false, "write testdata/version.txt for a new Version")

// TestAnalysisHasANewVersionWhenItsResultsChange holds Version to what the analysis
// finds in files that stay as they are: kept results of older versions would be believed
// otherwise.
func TestAnalysisHasANewVersionWhenItsResultsChange(t *testing.T) {
	files := map[string]string{
		"package.json": `{"scripts":{"postinstall":"x"}}`, "bin/run": "#!/bin/sh\n", "cli": "#!/usr/bin/env node\nrequire(process.argv[2])\n",
	}
	archive, err := txtar.ParseFile("testdata/version.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		files["lib/"+f.Name] = string(f.Data)
	}
	x, content := indexOf(files, &snapshot.PackageFacts{Scripts: map[string]string{"postinstall": "x"}})
	found, err := OfArtefact(x, content, Options{})
	if err != nil {
		t.Fatal(err)
	}
	now := fmt.Sprintf("%x", sha256.Sum256(append(EncodeFindings(found), EncodeCalls(found)...)))
	const golden = "testdata/version.txt"
	src, err := os.ReadFile(golden)
	if err != nil && !*updateVersion {
		t.Fatal(err)
	}
	version, digest, _ := strings.Cut(strings.TrimSpace(string(src)), " ")
	switch {
	case version == Version && digest == now:
	case *updateVersion:
		if err := os.WriteFile(golden, []byte(Version+" "+now+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	default:
		t.Errorf("the same files give other results than those of version %s: give dynamism.Version a new value, then `go test -run %s -update-version`", version, t.Name())
	}
}

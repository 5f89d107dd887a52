package scan

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

var sarifSchema = flag.String("sarif-schema", "", "the JSON schema of SARIF 2.1.0, to hold a log to")

// shop is an installed tree.
var shop = map[string]string{
	"package.json":                 `{"name":"shop","version":"1.0.0","dependencies":{"a":"1"}}`,
	"package-lock.json":            `{"name":"shop","lockfileVersion":3,"packages":{"":{"name":"shop","dependencies":{"a":"1"}},"node_modules/a":{"version":"1.0.0","integrity":"sha512-` + strings.Repeat("A", 86) + `=="}}}`,
	"node_modules/a/package.json":  `{"name":"a","version":"1.0.0"}`,
	"node_modules/a/a.js":          "eval(x);\neval(x);\nrequire(y)\n",
	"node_modules/a/é %.js":        "eval('\u001b]0;x\u202e', x)\n",
	"node_modules/a/test/a.js":     "1",
	"node_modules/a/broken.js":     "a = = 1",
	"node_modules/@s/b/index.d.ts": "declare const x: number",
}

func folder(t *testing.T, files map[string]string) machine.Host {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	return machine.Host{Dir: dir, StoreDir: t.TempDir(), Version: "9.9.9"}
}

func scanned(t *testing.T, files map[string]string, o Options) *Result {
	t.Helper()
	r, err := Run(t.Context(), folder(t, files), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestWhatIsNotReadIsToldWithItsReason(t *testing.T) {
	answer := scanned(t, shop, Options{}).Answer()
	if len(answer.Unparsed) == 0 || answer.Unparsed[0].File != "broken.js" || answer.Unparsed[0].Why == "" {
		t.Errorf("not read: %+v", answer.Unparsed)
	}
	if answer.Files != 4 {
		t.Errorf("%d files, not 4", answer.Files)
	}
}

func TestTextObeysNoPackage(t *testing.T) {
	text := scanned(t, shop, Options{}).Text()
	if strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("control characters of a package reach the terminal: %q", text)
	}
}

func TestEveryKindHasAMeaning(t *testing.T) {
	for _, k := range source.Kinds() {
		if meanings[k] == "" {
			t.Errorf("%s has none", k)
		}
	}
	if len(meanings) != len(source.Kinds()) {
		t.Error("there is a meaning of no kind")
	}
}

// TestSARIFHasWhatReadersNeed holds a log to the parts of SARIF 2.1.0 that code hosts
// read.
func TestSARIFHasWhatReadersNeed(t *testing.T) {
	doc, err := scanned(t, shop, Options{}).SARIF()
	if err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	if err := json.Unmarshal(doc, &log); err != nil {
		t.Fatal(err)
	}
	run := log.Runs[0]
	var got []string
	prints := map[string]bool{}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("%s is not rule %d", r.RuleID, r.RuleIndex)
		}
		if prints[r.Fingerprints["finding/v1"]] {
			t.Errorf("two results have the fingerprint %s", r.Fingerprints["finding/v1"])
		}
		prints[r.Fingerprints["finding/v1"]] = true
		got = append(got, r.RuleID+" "+r.Locations[0].Physical.Artifact.URI)
	}
	want := []string{
		"test-code node_modules/a/test/a.js", "eval node_modules/a/a.js", "eval node_modules/a/a.js",
		"eval node_modules/a/%C3%A9%20%25.js", "nonliteral-require node_modules/a/a.js", "obfuscated node_modules/a/%C3%A9%20%25.js",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(run.Invocations[0].Notifications) == 0 {
		t.Error("what was not read is not in the log")
	}
}

func TestFingerprintsOutliveLinesAndVersions(t *testing.T) {
	prints := func(version, before string) []string {
		r := &Result{Inventory: dynamism.Inventory{Packages: []dynamism.Package{{
			Purl: "pkg:npm/a@" + version, Path: "node_modules/a",
			Findings: []source.Finding{{Kind: source.Eval, File: "a.js", Line: len(before) + 1, Column: 1, Excerpt: before + "eval(x)"}},
		}}}}
		doc, err := r.SARIF()
		if err != nil {
			t.Fatal(err)
		}
		var log sarifLog
		if err := json.Unmarshal(doc, &log); err != nil {
			t.Fatal(err)
		}
		return []string{log.Runs[0].Results[0].Fingerprints["finding/v1"]}
	}
	if !slices.Equal(prints("1.0.0", ""), prints("2.0.0", "  ")) {
		t.Error("a line that moved in a new version is another finding")
	}
	if slices.Equal(prints("1.0.0", ""), prints("1.0.0", "!")) {
		t.Error("another line is the same finding")
	}
}

func TestTheExperimentsCanBeRepeated(t *testing.T) {
	host := folder(t, shop)
	out, err := exec.Command("go", "run", "github.com/nbuild/nbuild/testdata/experiments", host.Dir).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{"| ship test code themselves | 1 of 1 | 100.00% |", "| load lazily | 0 of 1 | 0.00% |", "have install scripts | 0 of 1 |"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the table has no %q:\n%s", want, out)
		}
	}
}

package attest

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/nbuild/nbuild/internal/diag"
)

// TestTheFirstTrustFileOfTheDocsHolds reads the example of docs/trust-hcl.md with
// the fingerprints of two keys in it, as its reader would.
func TestTheFirstTrustFileOfTheDocsHolds(t *testing.T) {
	page, err := os.ReadFile("../docs/trust-hcl.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, _ := strings.Cut(string(page), "```hcl\n")
	text, _, found := strings.Cut(text, "```")
	if !found {
		t.Fatal("docs/trust-hcl.md has no example")
	}
	files := fstest.MapFS{}
	for _, name := range []string{"root.pub", "ci.pub"} {
		key := newTestSigner(t, ECDSAP256).Key()
		pem, err := key.PEM()
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: pem}
		text = strings.Replace(text, strings.Repeat("0", 64), key.Fingerprint().String(), 1)
	}
	p, err := ParsePolicy([]byte(text), "trust.hcl", files)
	for _, problem := range diag.All(err) {
		t.Error(problem.Text())
	}
	if err != nil || len(p.Environments) != 1 || len(p.Environments[0].Requirements) != 3 {
		t.Fatalf("the example holds no environment with three requirements: %v", err)
	}
}

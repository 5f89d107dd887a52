package sbom

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/sbom/schema"
)

// The specification's own samples say which documents are valid. A few of each
// version stand in testdata/spec; CYCLONEDX_SPEC names a folder with all of them
// (tools/src/test/resources of the specification's repository).
func TestValidateAgreesWithTheSpecification(t *testing.T) {
	root := filepath.Join("testdata", "spec")
	if all := os.Getenv("CYCLONEDX_SPEC"); all != "" {
		root = all
	}
	var valid, invalid int
	for _, version := range schema.Versions() {
		names, err := filepath.Glob(filepath.Join(root, version, "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		if len(names) == 0 {
			t.Errorf("no samples of %s in %s", version, root)
		}
		for _, name := range names {
			raw, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			ps := Validate(raw, name)
			if strings.HasPrefix(filepath.Base(name), "valid") {
				valid++
				if len(ps) > 0 {
					t.Errorf("%s: refused: %v", name, ps)
				}
				continue
			}
			invalid++
			if len(ps) == 0 {
				t.Errorf("%s: accepted", name)
			}
		}
	}
	t.Logf("%d valid and %d invalid samples", valid, invalid)
}

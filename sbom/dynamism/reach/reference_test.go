package reach

import (
	"flag"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite docs/frameworks.md")

func TestPageOfFrameworksIsTheTable(t *testing.T) {
	const page = "../../../docs/frameworks.md"
	want := Reference()
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("docs/frameworks.md is old; run go test ./sbom/dynamism/reach -update (-there +made):\n%s", diff)
	}
}

// TestConventionsAreInOrder keeps the table readable, and each of its lines of use.
func TestConventionsAreInOrder(t *testing.T) {
	for i, c := range Conventions {
		if c.Framework == "" || c.Call == "" || c.Loads == "" {
			t.Errorf("%+v says too little", c)
		}
		if i > 0 && c.Framework < Conventions[i-1].Framework {
			t.Errorf("%s stands behind %s", c.Framework, Conventions[i-1].Framework)
		}
	}
}

package predicate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
)

func TestProvenanceListsStepsInOneOrder(t *testing.T) {
	a, b := cas.Sum([]byte("a")), cas.Sum([]byte("b"))
	p := NewProvenance(Build{Steps: []Step{{"test", "linux/amd64", b, "none", "remote", ""}, {"bundle", "linux/amd64", a, "snapshot", "", "an identifier is drawn"}}})
	want := []Resource{
		{Name: "step bundle (linux/amd64)", Digest: map[string]string{"sha256": a.String()}, Annotations: map[string]string{"network": "snapshot", "sandbox": "full", "unreproducible": "an identifier is drawn"}},
		{Name: "step test (linux/amd64)", Digest: map[string]string{"sha256": b.String()}, Annotations: map[string]string{"network": "none", "sandbox": "full", "where": "remote"}},
	}
	if diff := cmp.Diff(want, p.RunDetails.Byproducts); diff != "" {
		t.Error(diff)
	}
	statement, err := p.Statement(Subject{Name: "shop", Digest: a})
	if err != nil {
		t.Fatal(err)
	}
	read, err := ParseProvenance(statement)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, read.RunDetails.Byproducts); diff != "" {
		t.Error(diff)
	}
}

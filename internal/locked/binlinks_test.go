package locked

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCollateIsNpmsOrder(t *testing.T) {
	// node -e 'console.log([...].sort(new Intl.Collator("en").compare))'
	want := []string{"_x", "-x", ".x", "@a/b", "~x", "1", "a", "A", "a_b", "a-b", "a.b", "a/b", "a1", "ab", "aB", "b", "JSONStream", "z"}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, Collate)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

package npm

import (
	"strings"
	"testing"
)

func TestPatternsOfWorkspaces(t *testing.T) {
	tests := []struct {
		patterns, folder string
		want             bool
	}{
		{"packages/*", "packages/api", true},
		{"./packages/*/", "packages/api", true},
		{"packages/*", "packages/api/src", false},
		{"packages/*", "packages", false},
		{"packages/**", "packages/a/b", true},
		{"**/api", "deep/down/api", true},
		{"**", "a", true},
		{"api", "api", true},
		{"packages/* !packages/old", "packages/old", false},
		{"packages/* !packages/old", "packages/new", true},
		{"[", "a", false},
		{"*", ".", false},
		{"", "a", false},
	}
	for _, test := range tests {
		if got := isMember(strings.Fields(test.patterns), test.folder); got != test.want {
			t.Errorf("%q takes %q: %t", test.patterns, test.folder, got)
		}
	}
}

package locked

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChoose(t *testing.T) {
	tests := []struct {
		name  string
		there []string
		named string
		want  Choice
	}{
		{"none", nil, "", Choice{File: "package-lock.json"}},
		{"none, though one is named", nil, "pnpm@9.0.0", Choice{File: "package-lock.json"}},
		{"npm's shrinkwrap file wins over its lockfile", []string{"package-lock.json", "npm-shrinkwrap.json"}, "", Choice{File: "npm-shrinkwrap.json"}},
		{"one of another manager", []string{"yarn.lock"}, "", Choice{File: "yarn.lock"}},
		{"two managers", []string{"yarn.lock", "package-lock.json"}, "", Choice{File: "package-lock.json", Others: []string{"yarn.lock"}}},
		{"two managers, one named", []string{"yarn.lock", "package-lock.json"}, "yarn@1.22.22+sha512.ab", Choice{File: "yarn.lock", Others: []string{"package-lock.json"}, Named: true}},
		{"the manager named has none", []string{"pnpm-lock.yaml", "yarn.lock"}, "npm@11.0.0", Choice{File: "pnpm-lock.yaml", Others: []string{"yarn.lock"}}},
		{"what is no manager", []string{"bun.lock"}, "../x", Choice{File: "bun.lock"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := Choose(func(name string) bool { return slices.Contains(test.there, name) }, test.named)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

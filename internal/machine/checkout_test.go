package machine_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/machine"
)

func TestCheckoutIsTheWorkTreeOfAProject(t *testing.T) {
	tests := []struct {
		name  string
		files []string
		dir   string
		want  string
	}{
		{"a project in a work tree", []string{"repo/.git/HEAD", "repo/build.hcl"}, "repo", "repo"},
		{"a project below the top", []string{"repo/.git/HEAD", "repo/shop/package.json"}, "repo/shop", "repo"},
		{"a folder below the project", []string{"repo/.git/HEAD", "repo/package.json", "repo/ops/trust.hcl"}, "repo/ops", "repo"},
		{"a linked work tree, whose .git is a file", []string{"repo/.git", "repo/build.hcl"}, "repo", "repo"},
		{"a project without git", []string{"shop/package.json"}, "shop", "shop"},
		{"the repository of who operates", []string{"ops/.git/HEAD", "ops/trust.hcl"}, "ops", ""},
		{"a bare folder", []string{"x/y"}, "x", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			for _, f := range test.files {
				path := filepath.Join(root, f)
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, nil, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			got := machine.Host{Dir: filepath.Join(root, test.dir), File: "build.hcl"}.Checkout()
			want := test.want
			if want != "" {
				want = filepath.Join(root, want)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

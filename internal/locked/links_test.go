package locked

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBetween(t *testing.T) {
	for _, test := range []struct{ at, to, want string }{
		{"node_modules/a", "node_modules/.pnpm/a@1.0.0/node_modules/a", ".pnpm/a@1.0.0/node_modules/a"},
		{"node_modules/@s/a", "node_modules/.pnpm/@s+a@1.0.0/node_modules/@s/a", "../.pnpm/@s+a@1.0.0/node_modules/@s/a"},
		{"node_modules/.pnpm/a@1.0.0/node_modules/b", "node_modules/.pnpm/b@2.0.0/node_modules/b", "../../b@2.0.0/node_modules/b"},
		{"node_modules/.pnpm/node_modules/b", "node_modules/.pnpm/b@2.0.0/node_modules/b", "../b@2.0.0/node_modules/b"},
		{"node_modules/a/b", "node_modules/a", "../a"},
	} {
		l := Between(test.at, test.to)
		if l.Target != test.want || l.Leads() != test.to {
			t.Errorf("from %s to %s: %q leads to %s, want %q", test.at, test.to, l.Target, l.Leads(), test.want)
		}
	}
}

// held is a tree as pnpm lays it out: a asks for b and c, which both have the command b.
func held() *Tree {
	return &Tree{
		Packages: []Package{
			{Path: "node_modules/.pnpm/a@1/node_modules/a", Name: "a"},
			{Path: "node_modules/.pnpm/b@1/node_modules/b", Name: "b", HasBins: true},
			{Path: "node_modules/.pnpm/c@1/node_modules/c", Name: "c", HasBins: true},
		},
		BinFolders: []BinFolder{{Path: "node_modules/.pnpm/a@1/node_modules/a/node_modules/.bin", Packages: []string{
			"node_modules/.pnpm/b@1/node_modules/b", "node_modules/.pnpm/c@1/node_modules/c",
		}}},
	}
}

func TestCommandsAreTakenFromManifests(t *testing.T) {
	bins := func(p *Package) (map[string]string, error) {
		return map[string]string{"b": "b.js", p.Name + "-more": "bin/more.js", "gone": "gone.js"}, nil
	}
	tree, err := held().WithBins(bins)
	if err != nil {
		t.Fatal(err)
	}
	got := tree.BinLinks(func(_ *Package, file string) bool { return file != "gone.js" })
	at := "node_modules/.pnpm/a@1/node_modules/a/node_modules/.bin/"
	want := []BinLink{
		{at + "b", "../../../../../b@1/node_modules/b/b.js"},
		{at + "b-more", "../../../../../b@1/node_modules/b/bin/more.js"},
		{at + "c-more", "../../../../../c@1/node_modules/c/bin/more.js"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if commands := Commands(got); !commands["node_modules/.pnpm/c@1/node_modules/c/bin/more.js"] {
		t.Errorf("the files of commands are %v", commands)
	}
}

func TestPartHasTheLinksOfItsPackages(t *testing.T) {
	at := func(name string) string { return "node_modules/.pnpm/" + name + "@1/node_modules/" + name }
	tree := held()
	tree.Packages[0].Dependencies = []Edge{{Name: "b", To: at("b")}}
	tree.Root = []Edge{{Name: "a", To: at("a")}, {Name: "c", To: at("c")}}
	beside := "node_modules/.pnpm/a@1/node_modules/b"
	tree.Links = []Link{
		Between(beside, at("b")), Between("node_modules/.pnpm/c@1/node_modules/b", at("b")),
		Between("node_modules/.pnpm/node_modules/b", at("b")), Between("node_modules/a", at("a")), Between("node_modules/c", at("c")),
	}
	tree.BinFolders = append(tree.BinFolders, BinFolder{Path: at("c") + "/node_modules/.bin", Packages: []string{at("b")}}, BinFolder{Path: "node_modules/.bin", Packages: []string{at("c")}})
	part, ok := tree.Part("a")
	if !ok {
		t.Fatal("a is not found by its link")
	}
	want := []Link{Between(beside, at("b")), Between("node_modules/.pnpm/node_modules/b", at("b")), Between("node_modules/a", at("a"))}
	if diff := cmp.Diff(want, part.Links); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
	folders := []BinFolder{tree.BinFolders[0], {Path: "node_modules/.bin", Packages: []string{}}}
	if diff := cmp.Diff(folders, part.BinFolders); diff != "" {
		t.Errorf("folders of commands (-want +got):\n%s", diff)
	}
	if len(part.Packages) != 2 {
		t.Errorf("%d packages, want a and b", len(part.Packages))
	}
}

func TestManifestThatCanNotBeReadIsAnError(t *testing.T) {
	broken := errors.New("broken")
	if _, err := held().WithBins(func(*Package) (map[string]string, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	plain := &Tree{Packages: []Package{{Path: "node_modules/a", Bins: map[string]string{"a": "a.js"}}}}
	if got, err := plain.WithBins(func(*Package) (map[string]string, error) { return nil, broken }); err != nil || got != plain {
		t.Errorf("a tree whose lockfile names its commands: %v, %v", got, err)
	}
}

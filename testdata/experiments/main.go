// Experiments recomputes the table of docs/experiments.md for any list of packages:
// how many of them do what makes a bundle hard to know before it runs. The questions
// are those of the "Roadmap for Node.js Security" (2018, appendix, npm experiments);
// the answers come from the dynamism inventory instead of patterns.
//
//	go run ./testdata/experiments [-names FILE] FOLDER
//
// FOLDER has a package-lock.json and what it installs; FILE names a package a line.
// Without it the list is what the project of the folder depends on. Packages that
// are not installed are counted as doing nothing, and reported.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/evidence/inventory"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

func main() {
	names := flag.String("names", "", "a `file` with a package name a line")
	legacy := flag.Bool("legacy-peer-deps", true, "the tree was installed with npm's --legacy-peer-deps")
	flag.Parse()
	if flag.NArg() != 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(context.Background(), flag.Arg(0), *names, *legacy); err != nil {
		fmt.Fprintln(os.Stderr, "experiments:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, folder, namesFile string, legacy bool) error {
	src, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return err
	}
	lockfile, err := npm.ReadLockfile(src, "package-lock.json")
	if err != nil {
		return err
	}
	tree, err := locked.Plan(lockfile, locked.Options{Omit: []string{"dev"}, LegacyPeerDeps: legacy})
	if err != nil {
		return err
	}
	var names []string
	if namesFile == "" {
		for _, e := range tree.Root {
			names = append(names, e.Name)
		}
	} else {
		list, err := os.ReadFile(namesFile)
		if err != nil {
			return err
		}
		names = strings.Fields(string(bytes.TrimSpace(list)))
	}
	found, err := inventoryOf(ctx, folder)
	if err != nil {
		return err
	}
	e := experiment{tree: tree, found: found}
	e.table(names)
	return nil
}

// inventoryOf looks into every installed package. What it keeps goes with it.
func inventoryOf(ctx context.Context, folder string) (map[string]*dynamism.Package, error) {
	dir, err := os.MkdirTemp("", "experiments-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	store, err := cas.Open(dir)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	folders, err := inventory.Folders(ctx, root)
	if err != nil {
		return nil, err
	}
	packages, err := inventory.New(store, inventory.Options{}).Folders(ctx, root, folders)
	if err != nil {
		return nil, err
	}
	found := make(map[string]*dynamism.Package, len(packages))
	for i := range packages {
		found[packages[i].Path] = &packages[i]
	}
	return found, nil
}

// experiment counts over a tree.
type experiment struct {
	tree  *locked.Tree
	found map[string]*dynamism.Package
}

func (e *experiment) has(at string, kinds ...source.Kind) bool {
	p := e.found[at]
	if p == nil {
		return false
	}
	for _, f := range p.Findings {
		for _, k := range kinds {
			if f.Kind == k {
				return true
			}
		}
	}
	return false
}

// anywhere reports whether a package or what it depends on has a kind.
func (e *experiment) anywhere(at string, seen map[string]bool, kinds ...source.Kind) bool {
	if seen[at] {
		return false
	}
	seen[at] = true
	if e.has(at, kinds...) {
		return true
	}
	p, ok := e.tree.Find(at)
	if !ok {
		return false
	}
	for _, d := range p.Dependencies {
		if e.anywhere(d.To, seen, kinds...) {
			return true
		}
	}
	return false
}

func (e *experiment) table(names []string) {
	var missing []string
	for _, n := range names {
		if e.found["node_modules/"+n] == nil {
			missing = append(missing, n)
		}
	}
	row := func(what string, n, of int) {
		fmt.Printf("| %s | %d of %d | %.2f%% |\n", what, n, of, 100*float64(n)/float64(max(of, 1)))
	}
	count := func(what string, does func(at string) bool) {
		n := 0
		for _, name := range names {
			if does("node_modules/" + name) {
				n++
			}
		}
		row(what, n, len(names))
	}
	fmt.Println("| of the packages listed | how many | share |\n|---|---|---|")
	count("ship test code, or a dependency does", func(at string) bool { return e.anywhere(at, map[string]bool{}, source.TestCode) })
	count("ship test code themselves", func(at string) bool { return e.has(at, source.TestCode) })
	count("call require or import() with what is no constant", func(at string) bool {
		return e.has(at, source.NonliteralRequire, source.NonliteralImport)
	})
	count("... require alone", func(at string) bool { return e.has(at, source.NonliteralRequire) })
	count("load lazily", func(at string) bool { return e.has(at, source.LazyRequire) })
	count("make code of strings (eval, Function, vm, string timers)", func(at string) bool {
		return e.has(at, source.Eval, source.FunctionCtor, source.CtorTrick, source.VM, source.StringTimer)
	})
	count("... or a dependency does", func(at string) bool {
		return e.anywhere(at, map[string]bool{}, source.Eval, source.FunctionCtor, source.CtorTrick, source.VM, source.StringTimer)
	})
	count("run other programs", func(at string) bool { return e.has(at, source.ChildProcess) })

	// Install scripts are counted over all packages of the tree, once a version.
	scripts, all := map[string]bool{}, map[string]bool{}
	for i := range e.tree.Packages {
		p := &e.tree.Packages[i]
		if e.found[p.Path] == nil {
			continue // of another platform
		}
		all[p.Purl()] = true
		if e.has(p.Path, source.InstallScript, source.ImplicitGyp) {
			scripts[p.Purl()] = true
		}
	}
	row("of all packages of the tree: have install scripts", len(scripts), len(all))
	if len(missing) > 0 {
		fmt.Printf("\nnot installed: %s\n", strings.Join(missing, ", "))
	}
}

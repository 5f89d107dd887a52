package locked

import (
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Lockfile is a lockfile that was read and held against what the project asks for.
type Lockfile interface {
	// Judge plans the tree that the manager installs for the options, and reports what is
	// wrong with what it takes and with nothing else of the lockfile: an entry that only
	// development needs is no matter of a tree without development.
	Judge(o Options) (*Tree, []Fault, error)
}

// Fault is a package of a tree that can't be had, or the project itself (Path ""), which
// asks for what is not there.
type Fault struct {
	Path    string
	Name    string
	Version string
	Problem *diag.Problem
}

// Plan plans the tree that a clean install lays out from the lockfile. What is wrong
// with anything in it is an error, a diag.Problems; what is wrong with the rest of the
// lockfile is not.
func Plan(l Lockfile, o Options) (*Tree, error) {
	t, faults, err := l.Judge(o)
	if err == nil {
		err = problems(faults).Err()
	}
	if err != nil {
		return nil, err
	}
	return t, nil
}

// PlanAvailable plans the same tree without the packages that can't be had, which it
// lists in Left. Edges still lead to them. It is for what judges each package by
// itself, and never for what installs or builds: that takes Plan.
func PlanAvailable(l Lockfile, o Options) (*Tree, error) {
	t, faults, err := l.Judge(o)
	if err != nil {
		return nil, err
	}
	bad := map[string]bool{}
	for _, f := range faults {
		bad[f.Path] = true
		t.Left = append(t.Left, Left(f))
	}
	t.Packages = slices.DeleteFunc(t.Packages, func(p Package) bool { return bad[p.Path] || bad[p.Bundler] && p.Bundler != "" })
	return t, nil
}

// PlanPackage plans what one package at the top of the tree needs (see Tree.Part),
// and asks only that everything in that can be had. The second result is false where
// there is no package of that name.
func PlanPackage(l Lockfile, o Options, name string) (*Tree, bool, error) {
	t, faults, err := l.Judge(o)
	if err != nil {
		return nil, false, err
	}
	part, ok := t.Part(name)
	if !ok {
		return nil, false, nil
	}
	faults = slices.DeleteFunc(faults, func(f Fault) bool {
		_, used := part.Find(f.Path)
		return !used
	})
	if err := problems(faults).Err(); err != nil {
		return nil, true, err
	}
	return part, true, nil
}

// problems are those of Faults, up to the bound of what is shown.
func problems(faults []Fault) diag.Problems {
	var ps diag.Problems
	for i, f := range faults {
		if i == bounds.Problems {
			ps[i-1].Why += "; there are more problems than these"
			break
		}
		ps = append(ps, f.Problem)
	}
	ps.Sort()
	return ps
}

package upstream

import (
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Check compares the npm artefacts of a snapshot with what a lockfile needs, and
// returns every difference: what is not pinned, what is pinned with another
// integrity or was not held to one that the lockfile has, what is pinned and not needed. File is nbuild.lock's name in problems.
func Check(lock *snapshot.Lock, packages []Package, file string) error {
	sorted, err := unique(packages)
	if err != nil {
		return err
	}
	var problems diag.Problems
	needed := map[string]bool{}
	for _, p := range sorted {
		needed[p.Name+"@"+p.Version] = true
		a, ok := lock.Find(snapshot.KindNPM, p.Name, p.Version, "")
		switch {
		case !ok:
			problems = append(problems, &diag.Problem{
				Code: CodeUnpinned, Pos: p.Pos, What: p.Name + "@" + p.Version + " is not pinned",
				Why:    "the lockfile needs it and nbuild.lock does not have it",
				Remedy: "run `nbuild pin`",
			})
		case p.contradicted(a):
			problems = append(problems, &diag.Problem{
				Code: CodeIntegrity, Pos: p.Pos, What: p.Name + "@" + p.Version + " has another integrity in nbuild.lock than in the lockfile",
				Why:    "one version is one tarball: one of the two files was tampered with",
				Remedy: "find out which of them changed with `git log`, then run `nbuild pin --update " + diag.Word(p.Name) + "`",
			})
		case !p.covered(a) || p.basis == snapshot.BasisLockfile && a.Basis().Weaker(p.basis):
			problems = append(problems, &diag.Problem{
				Code: CodeUnpinned, Pos: p.Pos, What: p.Name + "@" + p.Version + " is named by another kind of digest now than when it was pinned",
				Why:    "the lockfile has a digest that the pinned bytes were not held to",
				Remedy: "run `nbuild pin`",
			})
		case p.Manifest && !says(a):
			problems = append(problems, &diag.Problem{
				Code: CodeUnpinned, Pos: p.Pos, What: "nbuild.lock does not say what the package.json of " + p.Name + "@" + p.Version + " says",
				Why:    "it was pinned for another lockfile, and this one does not say which machines the package runs on",
				Remedy: "run `nbuild pin`",
			})
		}
	}
	for a := range lock.Of(snapshot.KindNPM) {
		if !needed[a.Name+"@"+a.Version] {
			problems = append(problems, &diag.Problem{
				Code: CodeExtra, Pos: diag.Pos{File: file}, What: a.Name + "@" + a.Version + " is pinned, and the lockfile does not need it",
				Why:    "the snapshot would name what is no part of the build",
				Remedy: "run `nbuild pin`",
			})
		}
	}
	return problems.Err()
}

// says reports whether a line has what the package's manifest says.
func says(a snapshot.Artefact) bool {
	_, ok := a.Manifest()
	return ok
}

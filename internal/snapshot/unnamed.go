package snapshot

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Means says what a basis is, to follow "its bytes are named by".
func (b Basis) Means() string {
	switch b {
	case BasisLockfile:
		return "the lockfile"
	case BasisTwin:
		return "another place of the lockfile than its entry"
	case BasisRegistry:
		return "the registry alone, as it answered when they were pinned"
	case BasisSHA1:
		return "a SHA-1 alone, of which collisions are known"
	}
	return "nothing: they are what came first when they were pinned"
}

// Denied returns the problem of an artefact at pos whose basis is denied
// (build.hcl, snapshot: deny_integrity), nil where it is not.
func (a Artefact) Denied(deny []Basis, pos diag.Pos) *diag.Problem {
	basis := a.Basis()
	if _, written := a.Facts[factIntegrity]; !written || !slices.Contains(deny, basis) {
		return nil
	}
	off := fmt.Sprintf("take %q off deny_integrity in the snapshot block of build.hcl", basis)
	remedy := off
	if a.Kind == KindNPM {
		strong, _, _ := strings.Cut(a.Integrity, " ")
		remedy = fmt.Sprintf("once you have looked into the package, write \"integrity\": %q into its entry of the lockfile and run `nbuild pin`; or %s", strong, off)
	}
	return &diag.Problem{
		Code: CodeBasis, Pos: pos, What: fmt.Sprintf("the bytes of %s are named by %s", a.ID(), basis.Means()),
		Why: fmt.Sprintf("the project denies what has integrity=%s in nbuild.lock", basis), Remedy: remedy,
	}
}

// Deny returns the problem of each artefact whose basis is denied, up to
// bounds.Problems of them. File is nbuild.lock's name in problems.
func (l *Lock) Deny(deny []Basis, file string) error {
	var problems diag.Problems
	for a := range l.All() {
		if p := a.Denied(deny, diag.Pos{File: file}); p != nil && len(problems) < bounds.Problems {
			problems = append(problems, p)
		}
	}
	return problems.Err()
}

// Unnamed is an artefact that the lockfile does not name by a strong digest of its
// own, and what does.
type Unnamed struct {
	Artefact string `json:"artefact"` // as Artefact.ID
	Basis    Basis  `json:"basis"`
}

// Unnamed lists them, in the order of All; never nil.
func (l *Lock) Unnamed() []Unnamed {
	out := []Unnamed{}
	for a := range l.All() {
		if _, written := a.Facts[factIntegrity]; written {
			out = append(out, Unnamed{a.ID(), a.Basis()})
		}
	}
	return out
}

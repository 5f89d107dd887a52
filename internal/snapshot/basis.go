package snapshot

import "slices"

// Basis is what named a package's bytes when they were pinned: the value of the key
// "integrity". Whatever it was, from then on nbuild.lock's SHA-256 names them.
type Basis string

// What can name a package's bytes, the most that it is worth first.
const (
	BasisLockfile Basis = "lockfile" // every entry of it, by a strong digest; in nbuild.lock this is no key at all
	BasisTwin     Basis = "twin"     // the lockfile too, but at another place than where the package is asked for
	BasisRegistry Basis = "registry" // the registry's document, by a strong digest that it gave when asked
	BasisSHA1     Basis = "sha1"     // a SHA-1 and nothing better, of the lockfile or the registry
	BasisFirst    Basis = "first"    // nothing: it is what came first
)

// Bases returns the closed list, in the order of its constants.
func Bases() []Basis {
	return []Basis{BasisLockfile, BasisTwin, BasisRegistry, BasisSHA1, BasisFirst}
}

// Weaker reports whether b is worth less than o. What is on no list is worth less
// than all that are.
func (b Basis) Weaker(o Basis) bool {
	rank := func(b Basis) int {
		if i := slices.Index(Bases(), b); i >= 0 {
			return i
		}
		return len(Bases())
	}
	return rank(b) > rank(o)
}

// Basis returns what named the artefact's bytes, "" of a kind that no lockfile of
// npm names.
func (a Artefact) Basis() Basis {
	switch word, ok := a.Facts[factIntegrity]; {
	case a.Kind != KindNPM && a.Kind != KindNode && a.Kind != KindTool:
		return ""
	case ok:
		return Basis(word)
	case a.Kind != KindNPM:
		return BasisRegistry // no lockfile names it
	}
	return BasisLockfile
}

// factIntegrity is the key that holds a Basis, absent for BasisLockfile.
const factIntegrity = "integrity"

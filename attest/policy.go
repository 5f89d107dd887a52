package attest

import (
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// Policy is a trust file, read and checked for sense. Whether it may be trusted is
// another question: CheckPolicy answers it, and Verify takes only its answer.
type Policy struct {
	Name         string
	File         string // as the user would type it
	Version      int64  // grows with every change
	Expires      time.Time
	Root         Root
	Teams        []Team // in source order, as the lists below
	Revocations  []Revocation
	Environments []Environment
	digest       cas.Digest // of the file's exact bytes
	source       []byte
}

// Digest returns the SHA-256 of the trust file's exact bytes.
func (p *Policy) Digest() cas.Digest { return p.digest }

// Root is who may change the trust file: Threshold of Keys.
type Root struct {
	Threshold int
	Keys      []RootKey
}

// RootKey is one key of the root, by name.
type RootKey struct {
	Name string
	Key  Key
}

// Team is a group of members that a requirement can ask.
type Team struct {
	Name    string
	Members []Member
}

// Member is a person or a machine. It signs with one of its keys, or, keyless,
// as Identity certified by Issuer. A member of the same name in another team is
// the same one.
type Member struct {
	Name     string
	Keys     []MemberKey
	Identity string
	Issuer   string
	Builders []string // the builder ids that it may speak for
}

// MemberKey is a key with the time in which it counts: from From, and before
// Until. The zero time is no limit.
type MemberKey struct {
	Key         Key
	From, Until time.Time
}

// Revocation takes a member out. Nothing that it signed counts any more, whenever
// it was signed: without a witness, a thief chooses the date.
type Revocation struct {
	Member    string
	Effective time.Time
	Reason    string
}

// Environment is a place where images run, and what it asks of them.
type Environment struct {
	Name           string
	Images         []string // patterns of repositories
	DenyRollback   bool
	MinimumRelease map[string]int64 // by repository
	Requirements   []Requirement
}

// Require is a kind of requirement. The list is closed.
type Require string

// The kinds of requirement.
const (
	RequireProvenance Require = "provenance"
	RequireSBOM       Require = "sbom"
	RequireRelease    Require = "release"
	RequireReview     Require = "review"
	RequireRebuild    Require = "rebuild"
	RequirePod        Require = "pod" // judged on admission, where there is a pod
)

// evidence is the predicate type that a requirement rests on.
var evidence = map[Require]predicate.Type{
	RequireProvenance: predicate.TypeProvenance,
	RequireSBOM:       predicate.TypeBOM,
	RequireRelease:    predicate.TypeRelease,
	RequireReview:     predicate.TypeReview,
	RequireRebuild:    predicate.TypeRebuild,
}

// Requirement asks for statements of one kind by Threshold distinct members of a
// team.
type Requirement struct {
	Kind      Require
	Team      string
	Threshold int
	Builders  []string      // of provenance: the builder ids that are taken
	Except    []string      // of rebuild: the steps whose outputs may be taken as they were
	MaxAge    time.Duration // of release and review: since issued; 0 is no limit
}

// team returns the team of that name.
func (p *Policy) team(name string) *Team {
	for i := range p.Teams {
		if p.Teams[i].Name == name {
			return &p.Teams[i]
		}
	}
	return nil
}

// environment returns the environment of that name.
func (p *Policy) environment(name string) *Environment {
	for i := range p.Environments {
		if p.Environments[i].Name == name {
			return &p.Environments[i]
		}
	}
	return nil
}

// revoked returns why a member counts for nothing.
func (p *Policy) revoked(member string) (Revocation, bool) {
	for _, r := range p.Revocations {
		if r.Member == member {
			return r, true
		}
	}
	return Revocation{}, false
}

// requirement returns what the environment asks for of a kind.
func (e *Environment) requirement(kind Require) *Requirement {
	for i := range e.Requirements {
		if e.Requirements[i].Kind == kind {
			return &e.Requirements[i]
		}
	}
	return nil
}

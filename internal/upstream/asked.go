package upstream

import (
	"cmp"
	"context"
	"crypto/sha512"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/npm/sri"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// asked is one version, as all places that ask for it name its bytes.
type asked struct {
	Package
	unreadable bool           // an integrity is there, and no digest in it
	held       sri.Integrity  // everything that the bytes must be
	line       sri.Integrity  // what of it stands in nbuild.lock: the best digest of each place
	basis      snapshot.Basis // what names them
}

// unique sorts packages and makes one of those that are one version. Two places that
// contradict each other are a problem.
func unique(packages []Package) ([]asked, error) {
	sorted := slices.Clone(packages)
	slices.SortStableFunc(sorted, func(a, b Package) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Version, b.Version))
	})
	var problems diag.Problems
	var kept []asked
	for _, p := range sorted {
		own, err := sri.Parse(p.Integrity)
		elsewhere, _ := sri.Parse(p.Elsewhere) // the zero value of nothing
		a := asked{unreadable: err != nil && strings.TrimSpace(p.Integrity) != "", Package: p, held: own.Join(elsewhere), line: own.Strongest().Join(elsewhere.Strongest()), basis: snapshot.BasisLockfile}
		if own.Weak() {
			a.basis = snapshot.BasisTwin // or less, once nobody names it better
		}
		n := len(kept)
		if n == 0 || kept[n-1].Name != p.Name || kept[n-1].Version != p.Version {
			kept = append(kept, a)
			continue
		}
		last := &kept[n-1]
		if last.held.Contradicts(a.held) {
			problems = append(problems, &diag.Problem{
				Code: CodeIntegrity, Pos: p.Pos, What: p.Name + "@" + p.Version + " has two integrities in the lockfile",
				Why:    "one version is one tarball: one of the entries was tampered with, or comes from another registry",
				Remedy: "find out how the second one came in with `git log -p`, and write what `npm view " + diag.Word(p.Name) + "@" + diag.Word(p.Version) + " dist.integrity` prints at both places",
			})
			continue
		}
		last.unreadable, last.Manifest = last.unreadable || a.unreadable, last.Manifest || a.Manifest
		last.held, last.line = last.held.Join(a.held), last.line.Join(a.line)
		if a.basis.Weaker(last.basis) {
			last.basis = a.basis
		}
	}
	return kept, problems.Err()
}

// covered reports whether an artefact was held to everything that its line in
// nbuild.lock would say today.
func (p asked) covered(a snapshot.Artefact) bool {
	pinned, err := sri.Parse(a.Integrity)
	return err == nil && !pinned.Contradicts(p.line) && pinned.Join(p.line).String() == pinned.String()
}

// contradicted reports whether an artefact's bytes can't be what is asked for.
func (p asked) contradicted(a snapshot.Artefact) bool {
	pinned, err := sri.Parse(a.Integrity)
	return err != nil || pinned.Contradicts(p.held)
}

// strengthen asks the registry how it names a version of which the lockfile has
// nothing better than a SHA-1. What it says comes on top: it must not contradict the
// lockfile, and the bytes must be what both say.
func (n *named) strengthen(ctx context.Context, p *asked) error {
	p.basis = snapshot.BasisFirst
	if n.known(*p) {
		v, _, err := n.says(ctx, *p)
		if err != nil {
			return err
		}
		says, _ := sri.Parse(v.Integrity) // the zero value of nothing
		if says.Contradicts(p.held) {
			return &diag.Problem{
				Code: CodeIntegrity, What: fmt.Sprintf("%s@%s has another %s in the lockfile than in the registry", p.Name, p.Version, p.held.Algorithm()),
				Why:    "one version is one tarball: the lockfile was tampered with, or the registry has other bytes than it had; nothing was fetched",
				Remedy: "ask `npm view " + diag.Word(p.Name) + "@" + diag.Word(p.Version) + " dist` from another network, and find out who wrote the lockfile's entry with `git log -p`",
			}
		}
		p.held, p.line = p.held.Join(says), p.line.Join(says.Strongest())
		if !says.Weak() {
			p.basis = snapshot.BasisRegistry
			return nil
		}
	}
	if !p.held.IsZero() {
		p.basis = snapshot.BasisSHA1
	}
	return nil
}

// sha512 is the strong integrity of bytes that nobody named one of.
func (n *named) sha512(ctx context.Context, digest cas.Digest) (sri.Integrity, error) {
	blob, err := n.options.Store.Open(ctx, digest)
	if err != nil {
		return sri.Integrity{}, err
	}
	defer func() { _ = blob.Close() }()
	sum := sha512.New()
	if _, err := io.Copy(sum, blob); err != nil {
		return sri.Integrity{}, fmt.Errorf("reading %s: %w", digest, err)
	}
	return sri.Of([sha512.Size]byte(sum.Sum(nil))), nil
}

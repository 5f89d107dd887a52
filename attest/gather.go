package attest

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/predicate"
)

// ErrBound reports what was not read because a bound of internal/bounds was hit.
var ErrBound = errors.New("a bound was hit")

// ErrTime reports what was not read because a verdict has to be reached in its time. A
// caller who sets a limit says so by the cause of its context.
var ErrTime = errors.New("the time was up")

// gathering is the reading of what is attached to one image. Whoever can push decides
// how much there is, and what it claims to be, so the order is that of what costs the
// attacker most:
//
// What a member sealed comes first, as the seal can't be forged: each member's newest,
// in turns, so that nobody's own statements hide another's. What nobody sealed comes
// after it and by size, and only while a requirement is open: junk that is to stand
// before a good statement has to be smaller, and what is small is cheap. Each predicate
// type has its own share of the bounds, so that what claims to be a BOM hides no release.
//
// No statement takes away from another, so reading ends where every requirement is met.
type gathering struct {
	*judgement
	source  Source
	keys    map[cas.Digest]Key
	wanted  map[predicate.Type]Requirement
	seen    map[cas.Digest]bool // bundles that were read
	settled map[predicate.Type]bool
	left    int64                    // bytes that may be read of what is sealed
	share   map[predicate.Type]int64 // ... and of the rest, by the type that it claims
	endless bool                     // nothing is ever settled
}

// read gathers what is attached, as far as the requirements need it.
func (j *judgement) read(ctx context.Context, source Source) {
	g, sealed, loose, ok := j.list(ctx, source)
	if !ok {
		return
	}
	g.readSealed(ctx, sealed)
	if !g.done() {
		late, located := g.divide(g.locate(ctx, loose))
		g.readSealed(ctx, late) // some registries leave annotations out of their lists
		g.readLoose(ctx, located)
	}
	j.unsigned = len(j.unread) == 0 && j.attached == 0
	slices.SortFunc(j.signed, func(a, b signed) int { return cmp.Compare(a.digest.String(), b.digest.String()) })
	slices.Sort(j.odd)
}

// readUnsealed gathers what nobody sealed, all of it.
func (j *judgement) readUnsealed(ctx context.Context, source Source) {
	if g, _, loose, ok := j.list(ctx, source); ok {
		g.endless = true
		late, located := g.divide(g.locate(ctx, loose))
		for _, i := range late { // whose list left the seal out
			located = append(located, i.Item)
		}
		g.readLoose(ctx, located)
	}
}

// list asks what is attached, and divides it.
func (j *judgement) list(ctx context.Context, source Source) (g *gathering, sealed []sealedItem, loose []Item, ok bool) {
	g = &gathering{
		judgement: j, source: source, keys: j.policy.keys(), wanted: map[predicate.Type]Requirement{},
		seen: map[cas.Digest]bool{}, settled: map[predicate.Type]bool{}, left: bounds.Sealed, share: map[predicate.Type]int64{},
	}
	for _, q := range j.env.Requirements {
		if t, ok := evidence[q.Kind]; ok {
			g.wanted[t] = q
		}
	}
	for t := range g.wanted {
		g.share[t] = bounds.Unsealed / int64(len(g.wanted)+1)
	}
	g.share[""] = bounds.Unsealed / int64(len(g.wanted)+1)
	listing, err := source.List(ctx, j.subject.Digest)
	if j.readErr = because(ctx, err); err != nil {
		return nil, nil, nil, false
	}
	if listing.Cut != nil {
		j.unread = append(j.unread, Unread{Name: "the rest of the list", Err: listing.Cut})
	}
	sealed, loose = g.divide(listing.Items)
	j.attached = len(sealed) + len(loose)
	return g, sealed, loose, true
}

// sealedItem is an item whose seal a member signed who counts for what it holds.
type sealedItem struct {
	Item
	seal   Seal
	member string
}

// divide sorts out what a member sealed, and drops what claims to be of a type that
// nothing asks for.
func (g *gathering) divide(items []Item) (sealed []sealedItem, loose []Item) {
	for _, item := range items {
		seal, err := openSeal(item.Seal, g.keys)
		if err == nil && seal.Subject == g.subject.Digest {
			item.Type, item.Bundle, item.Size = seal.Type, seal.Bundle, seal.Size
		}
		q, wanted := g.wanted[item.Type]
		if !wanted && item.Type != "" {
			continue
		}
		if err == nil && seal.Subject == g.subject.Digest && g.mayCount(q, seal) {
			sealed = append(sealed, sealedItem{item, seal, g.policy.holder(seal.Key)})
		} else {
			loose = append(loose, item)
		}
	}
	return sealed, loose
}

// mayCount reports whether what a seal stands for could meet a requirement now. What
// could not is read with the rest, to say why it does not count.
func (g *gathering) mayCount(q Requirement, s Seal) bool {
	who := signed{member: g.policy.holder(s.Key), key: s.Key}
	if q.Team == "" {
		return g.releases(who)
	}
	if g.standing(g.policy.team(q.Team), q.Team, who) != "" {
		return false
	}
	return s.Type != predicate.TypeRelease || s.Environment == g.environment &&
		(g.subject.Repository == "" || sameRepository(s.Repository, g.subject.Repository))
}

// done reports whether every requirement is met.
func (g *gathering) done() bool {
	for t := range g.wanted {
		if !g.settled[t] {
			return false
		}
	}
	return true
}

// settle looks which requirements are met by what was read.
func (g *gathering) settle(ctx context.Context) {
	for t, q := range g.wanted {
		if !g.settled[t] {
			met := distinct(g.votes(q).counted) >= q.Threshold
			g.settled[t] = met && (q.Kind != RequireRelease || g.aboveFloor(ctx))
		}
	}
}

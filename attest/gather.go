package attest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

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

// readSealed reads what members sealed, of each member and type the newest first, in
// turns that double, until the requirements are met.
func (g *gathering) readSealed(ctx context.Context, items []sealedItem) {
	type whose struct {
		of     predicate.Type
		member string
	}
	queues := map[whose][]sealedItem{}
	for _, i := range items {
		if !g.seen[i.Bundle] {
			g.seen[i.Bundle] = true
			w := whose{i.Type, i.member}
			queues[w] = append(queues[w], i)
		}
	}
	order := slices.SortedFunc(maps.Keys(queues), func(a, b whose) int {
		return cmp.Or(cmp.Compare(a.of, b.of), cmp.Compare(a.member, b.member))
	})
	for _, w := range order {
		slices.SortFunc(queues[w], func(a, b sealedItem) int { return a.seal.before(b.seal) })
	}
	for turn := 1; ; turn *= 2 {
		var batch []Item
		for _, w := range order {
			if g.settled[w.of] {
				continue
			}
			n := min(turn, len(queues[w]))
			for _, i := range queues[w][:n] {
				if i.Size > g.left {
					g.unread = append(g.unread, Unread{i.Name, i.Type, ErrBound})
					continue
				}
				g.left -= i.Size
				batch = append(batch, i.Item)
			}
			queues[w] = queues[w][n:]
		}
		if len(batch) == 0 {
			return
		}
		g.readBatch(ctx, batch)
	}
}

// locate looks behind what nobody sealed, the smallest of each type first.
func (g *gathering) locate(ctx context.Context, items []Item) []Item {
	slices.SortFunc(items, func(a, b Item) int { return cmp.Or(cmp.Compare(a.Cost, b.Cost), cmp.Compare(a.Name, b.Name)) })
	var chosen []Item
	count := map[predicate.Type]int{}
	for _, i := range items {
		switch {
		case g.settled[i.Type]:
		case i.Cost > bounds.ReferrerEntry:
			g.unread = append(g.unread, Unread{i.Name, i.Type, fmt.Errorf("%w: its manifest has more than %d bytes", ErrBound, bounds.ReferrerEntry)})
		default:
			if count[i.Type]++; count[i.Type] <= bounds.Referrers {
				chosen = append(chosen, i)
			} else if count[i.Type] == bounds.Referrers+1 {
				g.unread = append(g.unread, Unread{i.Name, i.Type, fmt.Errorf("%w: more than %d of one type that no member sealed", ErrBound, bounds.Referrers)})
			}
		}
	}
	located, ok, errs := make([]Item, len(chosen)), make([]bool, len(chosen)), make([]error, len(chosen))
	together(len(chosen), func(n int) {
		if errs[n] = ctx.Err(); errs[n] == nil {
			located[n], ok[n], errs[n] = g.source.Locate(ctx, g.subject.Digest, chosen[n])
		}
		errs[n] = because(ctx, errs[n])
	})
	var out []Item
	for n, i := range chosen {
		switch {
		case errs[n] != nil:
			g.unread = append(g.unread, Unread{i.Name, i.Type, errs[n]})
		case !ok[n]:
			g.attached--
		default:
			out = append(out, located[n])
		}
	}
	return out
}

// small is how many bytes are read at once of what nobody sealed. What is larger is read
// by itself, so that memory holds one large bundle at a time.
const small = 1 << 20

// readLoose reads what nobody sealed, the smallest first, until the requirements are met
// or the share of a type is used up.
func (g *gathering) readLoose(ctx context.Context, items []Item) {
	slices.SortFunc(items, func(a, b Item) int {
		return cmp.Or(cmp.Compare(a.Size, b.Size), cmp.Compare(a.Bundle.String(), b.Bundle.String()))
	})
	for len(items) > 0 {
		var batch []Item
		total := int64(0)
		for len(items) > 0 && len(batch) < 64 && (len(batch) == 0 || total+items[0].Size <= small) {
			i := items[0]
			items = items[1:]
			switch {
			case g.seen[i.Bundle] || g.settled[i.Type]:
			case i.Size > g.largest(i.Type) || i.Size > g.share[i.Type]:
				g.unread = append(g.unread, Unread{i.Name, i.Type, ErrBound})
			default:
				g.seen[i.Bundle] = true
				g.share[i.Type] -= i.Size
				total += i.Size
				batch = append(batch, i)
			}
		}
		g.readBatch(ctx, batch)
	}
}

// largest returns how large a bundle may be that claims a type. One that claims none may
// be of any that is wanted.
func (g *gathering) largest(t predicate.Type) int64 {
	if t != "" {
		return bounds.BundleOf(string(t))
	}
	most := int64(bounds.Bundle)
	for w := range g.wanted {
		most = max(most, bounds.BundleOf(string(w)))
	}
	return most
}

// readBatch reads bundles, checks their signatures and looks what they settle.
func (g *gathering) readBatch(ctx context.Context, batch []Item) {
	found, errs := make([]opened, len(batch)), make([]error, len(batch))
	together(len(batch), func(n int) {
		var raw []byte
		if errs[n] = ctx.Err(); errs[n] == nil {
			raw, errs[n] = g.source.Read(ctx, batch[n])
		}
		errs[n] = because(ctx, errs[n])
		if errs[n] == nil {
			found[n] = g.open(raw, batch[n].Bundle)
		}
	})
	more := false
	for n, i := range batch {
		o := found[n]
		switch {
		case errs[n] != nil:
			g.unread = append(g.unread, Unread{i.Name, i.Type, errs[n]})
		case o.signed != nil:
			o.signed.item = i
			g.signed = append(g.signed, *o.signed)
			more = true
		case o.keyless != "":
			g.keyless = append(g.keyless, o.keyless)
		}
		if errs[n] == nil {
			g.opened++
		}
		if o.odd != "" {
			g.odd = append(g.odd, i.Bundle.String()[:12]+": "+o.odd)
		}
	}
	if more && !g.endless {
		g.settle(ctx)
	}
}

// hands is how many requests are made at once.
const hands = 8

// because is why a request failed: the time of the whole, where that was up.
func because(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// together does n things, a few at a time.
func together(n int, do func(int)) {
	if n == 1 {
		do(0)
		return
	}
	var wait sync.WaitGroup
	turn := make(chan struct{}, hands)
	for i := range n {
		turn <- struct{}{}
		wait.Go(func() {
			defer func() { <-turn }()
			do(i)
		})
	}
	wait.Wait()
}

// opened is what came of a bundle: a statement of a member, or why there is none.
type opened struct {
	signed  *signed
	keyless predicate.Type // of a certificate's signature
	odd     string
}

// open looks for the member whose key signed a bundle. Its signature is checked before
// anything is made of what it says, and only with a key that it names.
func (j *judgement) open(raw []byte, digest cas.Digest) opened {
	b, err := scan(raw)
	if err != nil {
		return opened{odd: err.Error()}
	}
	if b.Keyless() {
		if t, s, err := predicate.Head(b.payload); err == nil && s.Digest == j.subject.Digest {
			return opened{keyless: t}
		}
		return opened{}
	}
	for _, t := range j.policy.Teams {
		for _, m := range t.Members {
			for _, k := range m.Keys {
				s, err := b.Open(k.Key)
				if errors.Is(err, ErrSignature) {
					continue
				}
				if err == nil {
					err = b.form()
				}
				switch {
				case err != nil:
					return opened{odd: err.Error()}
				case s.Subject.Digest != j.subject.Digest:
					return opened{odd: "it is about " + s.Subject.Digest.OCI()}
				}
				return opened{signed: &signed{statement: s, member: m.Name, key: k.Key.Fingerprint(), digest: digest, judged: new(judged)}}
			}
		}
	}
	return opened{odd: "no member's key signed it"}
}

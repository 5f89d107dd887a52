package attest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/predicate"
)

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

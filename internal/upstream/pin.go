package upstream

import (
	"context"
	"sync"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm/registry"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Package is an npm package that a lockfile names.
type Package struct {
	Name      string // its own, where the lockfile has it under an alias
	Version   string
	Integrity string        // "" where the lockfile has none
	Elsewhere string        // what names its bytes at other places of the lockfile, where Integrity is weak
	Resolved  string        // its address, where the lockfile has one
	From      locked.Source // FromRegistry (or ""), FromAddress or FromFile
	File      string        // of FromFile: the tarball, in Files
	Pos       diag.Pos      // in the lockfile
	Manifest  bool          // the lockfile does not say what is in its package.json: nbuild.lock does
}

// Tarballs reads a regular file of the project, up to a limit of bytes, and follows no
// link that leaves it.
type Tarballs func(name string, limit int64) ([]byte, error)

// PinOptions say how to pin.
type PinOptions struct {
	Store    *cas.Store
	Client   *registry.Client
	Files    Tarballs   // the project's own
	Events   event.Sink // nil drops them
	Workers  int        // at once; 0 means 16
	Previous *snapshot.Lock
	Update   []string // names that are pinned anew though Previous has them

	// Cooldown is how old a version must be at Now, counted from when the registry
	// says it was published; 0 means any age.
	Cooldown time.Duration
	Now      time.Time

	Deny []snapshot.Basis // what must not be all that names an artefact's bytes
}

// PinNPM pins packages, in any order, with duplicates. It returns one artefact for
// each name and version, sorted, or every problem at once in that order.
func PinNPM(ctx context.Context, packages []Package, o PinOptions) ([]snapshot.Artefact, error) {
	if o.Events == nil {
		o.Events = event.Discard
	}
	if o.Workers <= 0 {
		o.Workers = 16
	}
	sorted, err := unique(packages)
	if err != nil {
		return nil, err
	}
	groups := byName(sorted)
	out := make([]snapshot.Artefact, len(sorted))
	errs := make([]error, len(sorted))
	o.Events.Emit(event.Event{Kind: event.Plan, Phase: "pin", Total: len(sorted)})
	var mu sync.Mutex
	done := 0
	Each(len(groups), o.Workers, func(g int) bool {
		n := &named{options: o, name: sorted[groups[g].from].Name, packages: sorted[groups[g].from:groups[g].to]}
		goOn := true
		for i := groups[g].from; i < groups[g].to && goOn; i++ {
			var cached bool
			out[i], cached, errs[i] = n.pinWhole(ctx, sorted[i])
			goOn = ctx.Err() == nil && !Hopeless(errs[i])
			if errs[i] != nil {
				continue
			}
			mu.Lock()
			done++
			o.Events.Emit(event.Event{
				Kind: event.Transfer, Phase: "pin", Name: sorted[i].Name + "@" + sorted[i].Version,
				Digest: out[i].SHA256.String(), Bytes: out[i].Size, Cached: cached, Done: done, Total: len(sorted),
			})
			mu.Unlock()
		}
		return goOn
	})
	for i, a := range out {
		if errs[i] != nil || a.Name == "" {
			continue
		}
		errs[i] = o.cool(sorted[i], a)
		if p := a.Denied(o.Deny, sorted[i].Pos); p != nil && errs[i] == nil {
			errs[i] = p
		}
	}
	if err := Join(ctx, errs); err != nil {
		return nil, err
	}
	return out, nil
}

// group is packages[from:to], which share a name.
type group struct{ from, to int }

func byName(packages []asked) []group {
	var out []group
	for i, p := range packages {
		if i > 0 && packages[i-1].Name == p.Name {
			out[len(out)-1].to = i + 1
			continue
		}
		out = append(out, group{i, i + 1})
	}
	return out
}

// cool holds a version to the cooldown.
func (o PinOptions) cool(p asked, a snapshot.Artefact) error {
	if o.Cooldown <= 0 {
		return nil
	}
	published, err := time.Parse(time.RFC3339, a.Facts["published"])
	if err != nil {
		return &diag.Problem{
			Code: CodeNoTime, Pos: p.Pos, What: "when " + p.Name + "@" + p.Version + " was published is not known",
			Why:    "the snapshot has a cooldown, and what has no date can't be held to it",
			Remedy: "use a version that the registry gives a date for, or set cooldown = \"0\" in the snapshot block",
		}
	}
	if ready := published.Add(o.Cooldown); ready.After(o.Now) {
		return &diag.Problem{
			Code: CodeCooldown, Pos: p.Pos, What: p.Name + "@" + p.Version + " is younger than the cooldown of " + o.Cooldown.String(),
			Why:    "it was published " + published.Format(time.RFC3339) + "; malicious versions are mostly found within days",
			Remedy: "wait until " + ready.Format(time.RFC3339) + ", or take back the lockfile of before: `git checkout HEAD -- package-lock.json`; for an urgent fix, lower `cooldown` in the snapshot block",
		}
	}
	return nil
}

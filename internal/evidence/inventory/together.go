package inventory

import (
	"context"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// togetherKind and togetherCallsKind are the kinds of results of many artefacts, as
// record writes them; the second have the calls as well.
const (
	togetherKind      = "inventories"
	togetherCallsKind = "inventories-calls"
)

// together returns what Artefact does of each. It is kept once more as one record:
// to open a file for each of a thousand artefacts takes longer than to read what they
// hold.
func (c *Collector) together(ctx context.Context, artefacts []snapshot.Artefact) (found [][]dynamism.Package, err error) {
	kind := togetherKind
	if c.calls {
		kind = togetherCallsKind
	}
	keys := make([]cas.Digest, len(artefacts))
	for i, a := range artefacts {
		if named, ok := a.Index(); ok {
			keys[i] = key(named)
		}
	}
	collect := func() ([]byte, error) {
		found = make([][]dynamism.Package, len(artefacts))
		err := c.Each(ctx, len(artefacts), func(i int, spare chan struct{}) (err error) {
			found[i], err = c.artefact(ctx, artefacts[i], spare)
			return err
		})
		if err != nil {
			return nil, err
		}
		return record(slices.Concat(found...), c.calls), nil
	}
	doc, err := c.store.Joined(ctx, kind, keys, bounds.Record, collect)
	if err != nil || found != nil {
		return found, err
	}
	if packages, ok := parse(doc, c.calls); ok {
		if found = split(packages); len(found) == len(artefacts) {
			return found, nil
		}
	}
	_, err = collect() // what is kept is of another form
	return found, err
}

// split parts packages by artefact: each begins with its own package.
func split(packages []dynamism.Package) [][]dynamism.Package {
	var out [][]dynamism.Package
	for from := 0; from < len(packages); {
		to := from + 1
		for to < len(packages) && packages[to].Path != "" {
			to++
		}
		out = append(out, packages[from:to:to])
		from = to
	}
	return out
}

package steps

import (
	"context"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/replica"
	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// servedPackages makes the files that a step's replica serves: the catalogue, the documents, and
// every tarball of a package that the snapshot pins, whatever asked for it.
func servedPackages(store *cas.Store, lock *snapshot.Lock) func(context.Context) (*pipelines.Tree, error) {
	return func(ctx context.Context) (*pipelines.Tree, error) {
		of := replica.Of(lock)
		list := func(ctx context.Context) ([]pipelines.Input, error) {
			d, err := replica.Write(ctx, store, of, catalogue.StepBase)
			if err != nil {
				return nil, err
			}
			var inputs []pipelines.Input
			for name, text := range map[string][]byte{catalogue.ListFile: d.Catalogue.Format(), catalogue.DocumentsFile: d.Text} {
				inputs = append(inputs, pipelines.Input{Path: name, Content: text, Size: int64(len(text)), SHA256: cas.Sum(text), From: "nbuild"})
			}
			for _, a := range of {
				inputs = append(inputs, pipelines.Input{Path: a.SHA256.String(), Size: a.Size, SHA256: a.SHA256, From: a.ID()})
			}
			return inputs, nil
		}
		return pipelines.NewTree(ctx, pipelines.KeepIn(store), "the replica of the snapshot", replica.Key(of, catalogue.StepBase), list)
	}
}

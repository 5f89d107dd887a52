package upstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/linkage"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// needsKind names what the store keeps of a Node binary's libraries.
const needsKind = "node-needs-1"

// NodeNeeds returns the libraries that the program of a pinned Node asks the loader for,
// as its own header has them. It brings the package where the store lacks it, and keeps
// the answer.
func NodeNeeds(ctx context.Context, a snapshot.Artefact, o PinOptions) ([]string, error) {
	key := cas.Sum([]byte(a.SHA256.String() + "\n"))
	var needs []string
	if doc, ok := o.Store.Result(needsKind, key); ok && json.Unmarshal(doc, &needs) == nil {
		return needs, nil
	}
	alone, err := snapshot.New([]snapshot.Artefact{a})
	if err != nil {
		return nil, err
	}
	if err := Bring(ctx, alone, BringOptions{Store: o.Store, Client: o.Client, Events: o.Events}); err != nil {
		return nil, err
	}
	object, err := nodeProgram(ctx, a, o.Store)
	if err != nil && !errors.Is(err, errNoProgram) {
		return nil, err
	}
	if err != nil || object.Platform != a.Platform {
		return nil, &diag.Problem{
			Code: CodeNoNode, Err: err, What: fmt.Sprintf("bin/node of %s is no program for %s", a.ID(), a.Platform),
			Why:    "an image with it would not start",
			Remedy: "set the base's node to another version",
		}
	}
	needs = []string{}
	for _, n := range object.Needs {
		needs = append(needs, n.Library)
	}
	doc, err := json.Marshal(needs)
	if err != nil {
		return nil, err
	}
	return needs, o.Store.PutResult(ctx, needsKind, key, doc)
}

// errNoProgram is a bin/node that is none.
var errNoProgram = errors.New("it is no program")

// nodeProgram reads bin/node of a package.
func nodeProgram(ctx context.Context, a snapshot.Artefact, store *cas.Store) (*linkage.Object, error) {
	index, err := snapshot.IndexOf(ctx, store, a)
	if err != nil {
		return nil, err
	}
	blob, err := store.Open(ctx, a.SHA256)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	contents, err := tarball.Unpack(blob, index)
	if err != nil {
		return nil, fmt.Errorf("unpacking %s: %w", a.ID(), err)
	}
	defer contents.Close()
	for i, e := range index.Entries {
		if e.Path == "bin/node" {
			object, err := linkage.Read(contents.Open(i))
			if err != nil {
				return nil, fmt.Errorf("%w: %w", errNoProgram, err)
			}
			return object, nil
		}
	}
	return nil, errNoProgram
}

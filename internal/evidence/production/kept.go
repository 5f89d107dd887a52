package production

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
	"github.com/nbuild/nbuild/pipelines"
)

// keptResult is the kind of results in the store: each names the blob of a record.
const keptResult = "production"

// record is a Result as the store keeps it.
type record struct {
	*Result
	Loaded, Approved, Instruments []bool
}

// Keeper works lists out, and keeps them for the next build of the same image: finding
// out what an image may load is more than half of a release in which nothing changed.
type Keeper struct {
	Store *cas.Store
	// Program names the very code that runs, machine.Host's BuildID. What the analysis finds
	// depends on all of it, so another program's lists are none of this one's. With ""
	// nothing is kept, and nothing that was kept is taken.
	Program string
}

// List is List, from the store where this very program worked it out before, of the same
// files, command, Node, blocks of build.hcl and trace.
func (k Keeper) List(ctx context.Context, c builder.Contents, d pipelines.Dynamism, trace *tracefile.File) (*Result, error) {
	if k.Program == "" {
		return List(ctx, c, d, trace)
	}
	key, err := k.key(c, d, trace)
	if err != nil {
		return nil, err
	}
	if r := k.kept(ctx, key); r != nil {
		return r, nil
	}
	r, err := List(ctx, c, d, trace)
	if err != nil {
		return nil, err
	}
	return r, k.keep(ctx, key, r)
}

// key is the digest of everything that a list is made of. A member's key names the
// contents of its files.
func (k Keeper) key(c builder.Contents, d pipelines.Dynamism, trace *tracefile.File) (cas.Digest, error) {
	type member struct {
		Path string
		Key  cas.Digest
	}
	made := struct {
		Program, Platform, Node string
		Command                 []string
		Block                   *pipelines.Image
		Load                    []pipelines.Load
		Evaluators              []pipelines.Evaluator
		Instrumenters           []pipelines.Instrumenter
		Generated               []pipelines.Generated
		Trace                   *tracefile.File
		Members                 []member
	}{k.Program, c.Platform, c.Node, c.Command, c.Block, d.Load, d.Evaluators, d.Instrumenters, d.Generated, trace, nil}
	for _, m := range c.Members {
		made.Members = append(made.Members, member{m.Path, m.Key})
	}
	text, err := json.Marshal(made)
	if err != nil {
		return cas.Digest{}, fmt.Errorf("naming the source list of image %q: %w", c.Block.Name, err)
	}
	return cas.Sum(text), nil
}

// kept returns what was kept under a key, nil where nothing was or it is not whole.
func (k Keeper) kept(ctx context.Context, key cas.Digest) *Result {
	named, ok := k.Store.Result(keptResult, key)
	if !ok {
		return nil
	}
	digest, err := cas.ParseDigest(string(named))
	if err != nil {
		return nil
	}
	text, err := k.Store.Read(ctx, digest, bounds.Record)
	if err != nil {
		return nil
	}
	var r record
	if json.Unmarshal(text, &r) != nil || r.Result == nil || r.List == nil {
		return nil
	}
	r.loaded, r.approved, r.instruments = r.Loaded, r.Approved, r.Instruments
	return r.Result
}

func (k Keeper) keep(ctx context.Context, key cas.Digest, r *Result) error {
	text, err := json.Marshal(record{r, r.loaded, r.approved, r.instruments})
	if err != nil {
		return fmt.Errorf("keeping a source list: %w", err)
	}
	if len(text) > bounds.Record {
		return nil // it is worked out again each time
	}
	digest, err := k.Store.PutBytes(ctx, text)
	if err != nil {
		return err
	}
	return k.Store.PutResult(ctx, keptResult, key, []byte(digest.String()))
}

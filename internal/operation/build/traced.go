package build

import (
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
)

// CodeUntraced is a listed file that was seen to load what is on no list.
const CodeUntraced diag.Code = "NB1185"

// untraced reports what steps that are traced were seen to load and the list of a guarded
// image lacks: a file that a listed one asked for. What a step loads joins no list by
// itself, because an image depends on what was reviewed and not on what a test did.
func (b *Built) untraced(ctx context.Context, to event.Sink) error {
	asked := map[string]string{} // what was loaded, by a path in the project, and what asked for it
	for key, r := range b.Steps {
		if len(r.Records) == 0 {
			continue
		}
		record, err := r.Record(ctx, b.Store)
		if err != nil {
			return fmt.Errorf("reading what step %s loads: %w", key.Step, err)
		}
		for _, e := range record.Edges {
			from, ours := strings.CutPrefix(e.From, sandbox.WorkDir+"/")
			loaded, too := strings.CutPrefix(e.To, sandbox.WorkDir+"/")
			if ours && too && (asked[loaded] == "" || from < asked[loaded]) {
				asked[loaded] = from
			}
		}
	}
	for i := range b.Images {
		img := &b.Images[i]
		lacks := map[string]string{}
		for _, list := range img.Sources {
			if list == nil {
				continue
			}
			listed := map[string]bool{}
			for _, e := range list.Entries {
				listed[e.Path] = true
			}
			at := func(name string) string { return path.Join("/", img.Block.Workdir, name) }
			for loaded, from := range asked {
				if listed[at(from)] && !listed[at(loaded)] {
					lacks[loaded] = from
				}
			}
		}
		if len(lacks) == 0 {
			continue
		}
		first := slices.Sorted(maps.Keys(lacks))[0]
		to.Emit(event.Event{
			Kind: event.Problem, Phase: "sources", Name: img.Block.Name, Code: string(CodeUntraced),
			Text: fmt.Sprintf("files of image %s asked in a traced step for %s that its source list lacks, such as %s, which %s loads; run `nbuild trace --steps` and review what it writes to %s",
				img.Block.Name, diag.Count(len(lacks), "file"), first, lacks[first], tracefile.Name),
		})
	}
	return nil
}

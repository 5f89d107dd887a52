package remote

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	repb "github.com/bazelbuild/remote-apis/build/bazel/remote/execution/v2"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/pipelines"
)

// describe makes the result of an action that ran here as a worker would have made it,
// with the blobs that it names beside the outputs' own.
func describe(ctx context.Context, j *execution.Job, o *execution.Outcome) (*repb.ActionResult, *making, error) {
	m := &making{bytes: map[cas.Digest][]byte{}}
	report, err := json.Marshal(protocol.Sent{Step: protocol.NameStep(string(j.Action.Settings), j.Step.Step.Run), Report: *o.Ran})
	if err != nil {
		return nil, nil, fmt.Errorf("describing a result: %w", err)
	}
	size, ok := j.Store.Stat(o.Log)
	if !ok || size > bounds.StepLog {
		return nil, nil, fmt.Errorf("describing a result: its log is not in the store")
	}
	m.pieces = append(m.pieces, execution.Piece{Digest: o.Log, Size: size})
	r := &repb.ActionResult{StderrRaw: report, StdoutDigest: digest(o.Log, size)}
	for _, output := range j.Step.Step.Outputs {
		var below []pipelines.Input
		for _, e := range o.Outputs {
			if e.Path == output && e.Link != "" {
				r.OutputSymlinks = append(r.OutputSymlinks, &repb.OutputSymlink{Path: output, Target: e.Link})
			} else if e.Path == output {
				r.OutputFiles = append(r.OutputFiles, &repb.OutputFile{Path: output, Digest: digest(e.SHA256, e.Size), IsExecutable: e.Executable()})
			} else if in, ok := strings.CutPrefix(e.Path, output+"/"); ok {
				below = append(below, pipelines.Input{Path: in, Executable: e.Executable(), Size: e.Size, SHA256: e.SHA256, Link: e.Link})
			}
		}
		if len(below) == 0 {
			continue
		}
		tree, err := pipelines.NewTree(ctx, nil, output, cas.Digest{}, func(context.Context) ([]pipelines.Input, error) { return below, nil })
		if err != nil {
			return nil, nil, fmt.Errorf("describing the output %s: %w", output, err)
		}
		folders, err := tree.Directories()
		if err != nil {
			return nil, nil, fmt.Errorf("describing the output %s: %w", output, err)
		}
		var message []byte // a Tree: the folder itself, and then each below it once
		seen := map[cas.Digest]bool{}
		for i, f := range folders {
			field := protowire.Number(2)
			if i == 0 {
				field = 1
			} else if seen[f.Digest] {
				continue
			}
			seen[f.Digest] = i > 0
			message = protowire.AppendBytes(protowire.AppendTag(message, field, protowire.BytesType), f.Bytes)
		}
		r.OutputDirectories = append(r.OutputDirectories, &repb.OutputDirectory{Path: output, TreeDigest: m.add(message), IsTopologicallySorted: false})
	}
	return r, m, nil
}

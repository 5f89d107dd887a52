package execution

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	"github.com/nbuild/nbuild/builder/recorder"
	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/pipelines"
)

// Recorder is the recorder as steps have it that are traced: its files by content, so that
// they are a part of the action, and one in the folder that it writes to, which has to be
// there and comes out whatever was seen.
func Recorder() *pipelines.Recorder { return recorderAt(sandbox.WorkDir) }

// ImageRecorder is the recorder as images have it that are recorded.
func ImageRecorder() *pipelines.Recorder { return recorderAt(sandbox.RecordDir) }

func recorderAt(work string) *pipelines.Recorder {
	r := &pipelines.Recorder{Environ: func(environ []string) []string {
		return recorder.Environ(path.Join(work, pipelines.TraceFolder), environ)
	}}
	files := recorder.Files()
	files[recorder.Records+"/none"] = []byte{}
	for name, content := range files { // an input root sorts them
		r.Files = append(r.Files, pipelines.Input{
			Path: path.Join(pipelines.TraceFolder, name), Content: content, SHA256: cas.Sum(content), Size: int64(len(content)), From: "nbuild",
		})
	}
	return r
}

// apart sets what a recorder wrote apart from the outputs.
func (r *Result) apart() {
	outputs := r.Outputs
	r.Outputs = nil
	for _, e := range outputs {
		if pipelines.Recorded(e.Path) {
			r.Records = append(r.Records, e)
		} else {
			r.Outputs = append(r.Outputs, e)
		}
	}
}

// Record reads what the recorder of a step saw. Its paths are those of the sandbox.
func (r *Result) Record(ctx context.Context, store *cas.Store) (*recorder.Record, error) {
	dir, end, err := store.Unfinished("records-")
	if err != nil {
		return nil, err
	}
	defer end()
	left := int64(bounds.TraceRecord)
	for _, e := range r.Records {
		if e.Link != "" || e.Size > left || path.Dir(e.Path) != pipelines.RecordsFolder {
			return nil, fmt.Errorf("reading what step %s loads: %s is no record", r.Step, e.Path)
		}
		left -= e.Size
		if err := copyOut(ctx, store, e.SHA256, filepath.Join(dir, path.Base(e.Path))); err != nil {
			return nil, fmt.Errorf("reading what step %s loads: %w", r.Step, err)
		}
	}
	return recorder.Read(dir)
}

func copyOut(ctx context.Context, store *cas.Store, digest cas.Digest, to string) error {
	blob, err := store.Open(ctx, digest)
	if err != nil {
		return err
	}
	defer blob.Close()
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, blob); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

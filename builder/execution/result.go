package execution

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// Result is what a step came to.
type Result struct {
	Step     string
	Platform string
	Needs    []string // the steps whose outputs it read
	Action   cas.Digest
	Cached   bool             // it ran before
	Outputs  []snapshot.Entry // by path, bytewise, relative to the working folder; their bytes are in the store
	Log      cas.Digest       // what the command printed
	Held     string           // how its limits were held
	Where    string           // Here, Ran or Shared
	Used     Used
	Records  []snapshot.Entry // what the recorder wrote of a step that is traced, as Outputs
	Rerun    *Result          // what it came to anew, where this one stands in for it

	Scripts *pipelines.InstallScripts // the package whose install scripts it ran; nil of a step of build.hcl
}

// Used is what a command took. A cached result has what it took when it ran.
type Used struct {
	Wall   time.Duration `json:"wall_ns"`
	User   time.Duration `json:"user_ns"`
	System time.Duration `json:"system_ns"`
	Peak   int64         `json:"peak_bytes"` // of memory
}

// Kind is the kind of the records in the store that hold a step's result, by the
// action's digest.
const Kind = "action"

// record is a result as it is kept: a blob, which the record of Kind names.
type record struct {
	Form    int      `json:"form"`
	Outputs []output `json:"outputs"`
	Log     string   `json:"log"`
	Held    string   `json:"held"`
	Used    Used     `json:"used"`
	Where   string   `json:"where,omitempty"`
}

type output struct {
	Path   string `json:"path"`
	Mode   uint32 `json:"mode,omitempty"`
	Size   int64  `json:"size,omitempty"`
	SHA256 string `json:"sha256,omitempty"`
	Link   string `json:"link,omitempty"`
}

// form is raised when a record says something else.
const form = 1

// Known returns the result of an action that the store holds whole, and keeps what it is
// made of from being pruned.
func Known(ctx context.Context, store *cas.Store, lease *cas.Lease, action cas.Digest) (*Result, bool) {
	named, ok := store.Result(Kind, action)
	if !ok {
		return nil, false
	}
	digest, err := cas.ParseDigest(string(named))
	if err != nil {
		return nil, false
	}
	doc, err := store.Read(ctx, digest, bounds.Record)
	var r record
	if err != nil || json.Unmarshal(doc, &r) != nil || r.Form != form {
		return nil, false
	}
	out := &Result{Action: action, Cached: true, Held: r.Held, Used: r.Used, Where: r.Where}
	if out.Log, err = cas.ParseDigest(r.Log); err != nil {
		return nil, false
	}
	held := []cas.Digest{digest, out.Log}
	for _, o := range r.Outputs {
		e := snapshot.Entry{Path: o.Path, Mode: o.Mode, Size: o.Size, Link: o.Link}
		if o.Link == "" {
			if e.SHA256, err = cas.ParseDigest(o.SHA256); err != nil {
				return nil, false
			}
			held = append(held, e.SHA256)
		}
		out.Outputs = append(out.Outputs, e)
	}
	if lease != nil && lease.Hold(held...) != nil {
		return nil, false
	}
	if _, ok := store.Stat(out.Log); !ok {
		return nil, false
	}
	for _, e := range out.Outputs {
		if size, ok := store.Stat(e.SHA256); e.Link == "" && (!ok || size != e.Size) {
			return nil, false
		}
	}
	out.apart()
	return out, true
}

// keep records a result under its action.
func (r *Result) keep(ctx context.Context, store *cas.Store) error {
	doc := record{Form: form, Outputs: []output{}, Log: r.Log.String(), Held: r.Held, Used: r.Used, Where: r.Where}
	for _, e := range r.Outputs {
		o := output{Path: e.Path, Mode: e.Mode, Size: e.Size, Link: e.Link}
		if e.Link == "" {
			o.SHA256 = e.SHA256.String()
		}
		doc.Outputs = append(doc.Outputs, o)
	}
	text, err := json.Marshal(doc)
	if err != nil {
		return fmt.Errorf("recording step %s: %w", r.Step, err)
	}
	if len(text) > bounds.Record {
		return nil // it is run again each time
	}
	digest, err := store.PutBytes(ctx, text)
	if err != nil {
		return fmt.Errorf("recording step %s: %w", r.Step, err)
	}
	return store.PutResult(ctx, Kind, r.Action, []byte(digest.String()))
}

// inputs are those outputs that a reference names, as other steps read them.
func (r *Result) inputs(of pipelines.Source) []pipelines.Input {
	from := "step." + r.Step
	if r.Scripts != nil {
		from = "the install scripts of " + r.Scripts.Package.Name
	}
	var all []pipelines.Input
	for _, e := range of.Take(r.Outputs) {
		all = append(all, pipelines.Input{Path: e.Path, Executable: e.Executable(), Size: e.Size, SHA256: e.SHA256, Link: e.Link, From: from})
	}
	return all
}

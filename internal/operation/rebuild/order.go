package rebuild

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/build"
)

// order is what the second process is told. It comes from the first one alone.
type order struct {
	Dir    string            `json:"dir"`
	File   string            `json:"file"`
	Vars   map[string]string `json:"vars"` // on no command line, where others would see them
	Store  string            `json:"store"`
	Behind string            `json:"behind"` // the first one's store: what was fetched is read there
	Layout string            `json:"layout"` // where the images go
	Only   []string          `json:"only"`

	FirstProcess int                 `json:"first_process"`
	Date         time.Time           `json:"date"`
	Given        []*execution.Result `json:"given"`
}

// answer is what came of an order: progress while it is carried out, then one of the others.
type answer struct {
	Event    *event.Event    `json:"event,omitempty"`
	Made     *made           `json:"made,omitempty"`
	Problems []*diag.Problem `json:"problems,omitempty"`
	Failed   string          `json:"failed,omitempty"`
	Denied   bool            `json:"denied,omitempty"` // it failed for want of a permission
}

// made is what the second process built.
type made struct {
	Snapshot string              `json:"snapshot"`
	Inputs   string              `json:"inputs"`
	Steps    []*execution.Result `json:"steps"`
	Images   []madeImage         `json:"images"`
}

// madeImage is an image in the order's layout.
type madeImage struct {
	Name      string   `json:"name"`
	Digest    string   `json:"digest"`
	Platforms []string `json:"platforms"`
	Manifests []string `json:"manifests"` // digests, one a platform
}

// firstProcess is the number that processes count on from where they are to have others.
const firstProcess = 20_000

// Anew is the second process: it reads an order, builds with nothing of what was made
// before, and answers. It is started by Run.
func Anew(ctx context.Context, host machine.Host, in io.Reader, out io.Writer) error {
	var o order
	if err := json.NewDecoder(in).Decode(&o); err != nil {
		return fmt.Errorf("reading what is to be built anew: %w", err)
	}
	say := newSpeaker(out)
	m, err := o.make(ctx, host, say)
	a := answer{Made: m}
	if err != nil {
		if a.Problems = diag.All(err); len(a.Problems) == 0 {
			a.Failed, a.Denied = err.Error(), errors.Is(err, fs.ErrPermission)
		}
		for _, p := range a.Problems {
			a.Denied = a.Denied || errors.Is(p.Err, fs.ErrPermission)
			p.Err = nil
		}
	}
	return say.encode(a)
}

func (o *order) make(ctx context.Context, host machine.Host, say *speaker) (*made, error) {
	host.Dir, host.File, host.Vars = o.Dir, o.File, o.Vars
	host.StoreDir, host.Behind, host.Offline, host.Events = o.Store, o.Behind, true, say
	perturb := &execution.Perturbation{Entries: true, FirstProcess: o.FirstProcess, Date: o.Date, Given: execution.Results{}}
	for _, g := range o.Given {
		perturb.Given[execution.Key{Step: g.Step, Platform: g.Platform}] = g
	}
	b, err := build.MakePerturbed(ctx, host, o.Only, perturb)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	m := &made{Snapshot: b.Lock.Digest().OCI(), Inputs: b.Inputs.OCI(), Steps: inOrder(b.Steps)}
	layout, err := oci.OpenLayout(o.Layout)
	if err != nil {
		return nil, err
	}
	for i := range b.Images {
		img := &b.Images[i]
		if err := (&build.Target{Store: layout}).Push(ctx, img); err != nil {
			return nil, err
		}
		one := madeImage{Name: img.Block.Name, Digest: img.Digest.String(), Platforms: img.Block.Platforms}
		for _, p := range img.Platforms {
			d, err := p.Digest()
			if err != nil {
				return nil, err
			}
			one.Manifests = append(one.Manifests, d.String())
		}
		m.Images = append(m.Images, one)
	}
	return m, nil
}

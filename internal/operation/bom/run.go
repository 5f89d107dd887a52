// Package bom is `nbuild sbom`: the BOM of an image or of the project, printed without
// a build; the one that is attached to an image; and a BOM file held to its schema.
//
// Package contents gathers what a BOM holds, and package sbom writes it.
//
// The invariant: what is printed for an image block are the bytes that a release of
// the same inputs attaches.
package bom

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/contents"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/wholefile"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom"
)

// Options say which BOM is printed.
type Options struct {
	Image   string // the name of an image block; "" is the only image, or the project where All is set
	All     bool   // the project with what development needs, not an image
	Version string // of CycloneDX; "" is what build.hcl says
	Pretty  bool
}

// Run writes the BOM of an image of the project at hand, or of the project itself
// where it has none. Nothing is built.
func Run(ctx context.Context, host machine.Host, o Options) ([]byte, error) {
	p, err := project.Open(ctx, host)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	lock, err := p.ImageLock()
	if err != nil {
		return nil, err
	}
	source, err := p.Source(ctx, lock)
	if err != nil {
		return nil, err
	}
	gathered, err := gather(ctx, host, p, lock, source.Date, o)
	if errors.Is(err, cas.ErrNotFound) { // a file index is missing: only then is the store looked through
		if err := pin.VendorProject(ctx, host, p, lock); err != nil {
			return nil, err
		}
		gathered, err = gather(ctx, host, p, lock, source.Date, o)
	}
	if err != nil {
		return nil, err
	}
	version := o.Version
	if version == "" {
		version = p.Sbom.SpecVersion
	}
	return sbom.Write(gathered, sbom.Options{Version: version, Pretty: o.Pretty})
}

// The problems of printing and validating.
const (
	CodeWhich diag.Code = "NB0213" // a BOM of an image that is not singled out
	CodeNoBOM diag.Code = "NB0214" // a BOM file that can't be read
)

// Validation is nbuild.sbom-validation/v1.
type Validation struct {
	Schema string `json:"schema"`
	File   string `json:"file"`
	Valid  bool   `json:"valid"`
}

// Validate holds a BOM file to the schema of the version that it says it is.
func Validate(host machine.Host, file string) (*Validation, error) {
	raw, err := wholefile.Read(host.Path(file), bounds.BOM)
	if err != nil {
		return nil, &diag.Problem{
			Code: CodeNoBOM, Pos: diag.Pos{File: file}, What: "the BOM can't be read", Err: err,
			Why: "there is nothing to validate", Remedy: "name a file that is there; `nbuild sbom > bom.json` writes one",
		}
	}
	if err := sbom.Validate(raw, file).Err(); err != nil {
		return nil, err
	}
	return &Validation{Schema: "nbuild.sbom-validation/v1", File: file, Valid: true}, nil
}

// gather chooses whose contents are reported.
func gather(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock, date time.Time, o Options) (*sbom.Contents, error) {
	switch block, ok := p.Image(o.Image); {
	case o.All || o.Image == "" && len(p.Images) == 0:
		return contents.OfProject(ctx, host, p, lock, date, o.All)
	case ok:
		return ofImage(ctx, host, p, lock, block, date)
	case o.Image == "" && len(p.Images) == 1:
		return ofImage(ctx, host, p, lock, &p.Images[0], date)
	default:
		var names []string
		for _, i := range p.Images {
			names = append(names, i.Name)
		}
		return nil, &diag.Problem{
			Code: CodeWhich, What: fmt.Sprintf("which image's BOM to print is not clear from %q", o.Image),
			Remedy: diag.DidYouMean(o.Image, names, "--image %s") + "; or take the project's BOM with --all",
		}
	}
}

// ofImage gathers the contents of an image whose steps, where it has any, ran before.
func ofImage(ctx context.Context, host machine.Host, p *project.Project, lock *snapshot.Lock, block *pipelines.Image, date time.Time) (*sbom.Contents, error) {
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	made, err := steps.Known(ctx, p, lock, store, *block)
	if err != nil {
		return nil, err
	}
	return contents.OfImage(ctx, host, p, lock, contents.Given{Steps: made}, block, date)
}

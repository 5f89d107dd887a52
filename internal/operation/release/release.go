package release

import (
	"context"
	"fmt"
	"time"

	"github.com/nbuild/nbuild/attest"
	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation"
	"github.com/nbuild/nbuild/internal/operation/bom"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/images"
	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/operation/verify"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/sbom"
)

// The problems of releasing.
const (
	CodeNoRepository diag.Code = "NB0211" // a release names no repository
)

// LocalBuilder is who built, where the caller names no other builder.
const LocalBuilder = "https://nbuild.dev/builder/local"

// DefaultValid is how long a release holds where the caller says nothing.
const DefaultValid = 90 * 24 * time.Hour

// Options say what is released where, by whom and by whose rules.
type Options struct {
	Only        []string // names of images; none means all
	To          string   // a layout or a repository; "" is each image's own
	Key         string   // the private key's file
	Password    attest.Password
	Trust       trust.Options
	Environment string // may be "" where the trust file has one only
	StateDir    string
	Release     string        // which release block's gates; may be "" where there is one only
	Baseline    string        // compare with this instead of the release block's baseline
	Builder     string        // the builder's URI; "" is LocalBuilder
	Valid       time.Duration // how long the release holds; 0 is DefaultValid
}

// Released is one image where it was released.
type Released struct {
	Image   string          `json:"image"`
	Ref     string          `json:"ref"` // REF@sha256:…
	Digest  string          `json:"digest"`
	Counter int64           `json:"counter"`
	Signed  int             `json:"signed"` // statements that were signed now; the others were there
	Gates   []Gate          `json:"gates"`
	Verdict *attest.Verdict `json:"-"`
}

// Gate is how a gate ended.
type Gate struct {
	ID      string `json:"id"`
	Outcome string `json:"outcome"`
	Detail  string `json:"detail"`
}

// Report is nbuild.release/v1.
type Report struct {
	Schema   string     `json:"schema"`
	Snapshot string     `json:"snapshot"`
	Date     string     `json:"date"`
	Images   []Released `json:"images"`
}

// run is one release.
type run struct {
	host        operation.Host
	options     Options
	built       *build.Built
	signer      attest.Signer
	policy      *attest.Policy
	trusted     attest.Trust
	environment string
	now         time.Time
}

// Run releases the images of the project. On a denial by the trust policy the
// report is returned beside the error: its verdict says why.
func Run(ctx context.Context, host operation.Host, o Options) (*Report, error) {
	r := &run{host: host, options: o, now: host.Now()}
	var err error
	if r.policy, r.trusted, err = trust.Load(host, o.Trust); err != nil {
		return nil, err
	}
	if r.environment, err = verify.Environment(r.policy, o.Environment); err != nil {
		return nil, err
	}
	if r.signer, err = keys.Load(host, o.Key, o.Password); err != nil {
		return nil, err
	}
	if r.built, err = build.Make(ctx, host, o.Only); err != nil {
		return nil, err
	}
	defer r.built.Close()
	report := &Report{
		Schema: "nbuild.release/v1", Snapshot: r.built.Lock.Digest().OCI(), Date: r.built.Source.Date.Format(time.RFC3339), Images: []Released{},
	}
	for i := range r.built.Images {
		released, err := r.image(ctx, &r.built.Images[i])
		if released != nil {
			report.Images = append(report.Images, *released)
		}
		if err != nil {
			return report, err
		}
	}
	return report, nil
}

// image releases one image.
func (r *run) image(ctx context.Context, img *builder.Image) (*Released, error) {
	target, err := build.Place(r.host, img.Block, r.options.To, len(r.built.Images))
	if err != nil {
		return nil, err
	}
	if target.Store == nil {
		return nil, &diag.Problem{
			Code: build.CodeTarget, What: "a docker archive can't be released to", Why: "it holds no signatures",
			Remedy: "release to a layout or a registry; `nbuild build --to docker-archive:FILE` writes an archive",
		}
	}
	repository := target.Ref.Name()
	if target.Ref.Kind == oci.InLayout {
		repository = img.Block.Repository
	}
	if repository == "" {
		return nil, &diag.Problem{
			Code: CodeNoRepository, Pos: img.Block.At, What: fmt.Sprintf("image %q has no repository", img.Block.Name),
			Why:    "a release says from which repository an image may run, and a layout is in none",
			Remedy: "set `repository = \"registry.example.com/team/" + img.Block.Name + "\"` in the image block",
		}
	}
	contents, err := bom.OfImage(ctx, r.host, r.built.Project, r.built.Lock, img.Block, r.built.Source.Date)
	if err != nil {
		return nil, err
	}
	document, err := sbom.Write(contents, sbom.Options{Version: r.built.Project.Sbom.SpecVersion})
	if err != nil {
		return nil, err
	}
	outcomes, baseline, err := gates(ctx, r.host, r.built.Project.Project, contents, document, r.options)
	if err != nil {
		return nil, err
	}
	digest, err := images.Digest(img.Digest)
	if err != nil {
		return nil, err
	}
	if err := target.Push(ctx, img); err != nil {
		return nil, err
	}
	r.host.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "push", Name: target.Ref.Name(), Digest: digest.String()})
	out := &Released{Image: img.Block.Name, Ref: target.Ref.At(img.Digest).String(), Digest: img.Digest.String(), Gates: []Gate{}}
	for _, g := range outcomes {
		out.Gates = append(out.Gates, Gate{g.ID, string(g.Outcome), g.Detail})
	}
	statements, counter, err := r.statements(ctx, target, img, digest, repository, document, outcomes, baseline)
	if err != nil {
		return nil, err
	}
	out.Counter = counter
	for _, s := range statements {
		signed, err := r.attach(ctx, target.Store, digest, s)
		if err != nil {
			return nil, err
		}
		if signed {
			out.Signed++
		}
	}
	return out, r.judge(ctx, target, img, digest, out)
}

// judge verifies what stands at the target as production would, and moves the tags
// if it accepts.
func (r *run) judge(ctx context.Context, target *build.Target, img *builder.Image, digest cas.Digest, out *Released) error {
	var opt attest.Options
	var err error
	if r.options.StateDir != "" {
		if opt.State, err = attest.OpenState(r.options.StateDir); err != nil {
			return err
		}
	}
	out.Verdict = attest.Verify(ctx, r.trusted, r.environment, verify.Subject(target.Ref, digest), images.Attached{Store: target.Store}, opt)
	if err := out.Verdict.Err(); err != nil {
		return err
	}
	return target.Tag(ctx, img.Digest)
}

// attach signs a statement and attaches it, unless this key said the very same of
// the image before.
func (r *run) attach(ctx context.Context, store oci.Store, digest cas.Digest, s *predicate.Statement) (bool, error) {
	found, err := oci.Bundles(ctx, store, images.Hash(digest), []string{string(s.Type)})
	if err != nil {
		return false, err
	}
	for _, a := range found.Bundles {
		if b, err := attest.ParseBundle(a.Bundle); err == nil && b.Says(r.signer.Key(), s) {
			return false, nil
		}
	}
	bundle, err := attest.Sign(ctx, r.signer, s)
	if err != nil {
		return false, err
	}
	_, attached, err := oci.Attach(ctx, store, images.Hash(digest), bundle, string(s.Type))
	if err != nil {
		return false, err
	}
	r.host.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "attest", Name: string(s.Type), Digest: digest.String()})
	return attached, nil
}

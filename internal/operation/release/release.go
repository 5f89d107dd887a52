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
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/keys"
	"github.com/nbuild/nbuild/internal/operation/trust"
	"github.com/nbuild/nbuild/internal/operation/verify"
	"github.com/nbuild/nbuild/internal/predicate"
)

// The problems of releasing.
const (
	CodeNoRepository diag.Code = "NB0211" // a release names no repository
	CodeRaced        diag.Code = "NB2218" // another release moved the tag meanwhile
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
	host        machine.Host
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
func Run(ctx context.Context, host machine.Host, o Options) (*Report, error) {
	r := &run{host: host, options: o, now: host.Now()}
	if o.Trust.Checkout == "" {
		o.Trust.Checkout = host.Checkout()
	}
	var err error
	if r.policy, r.trusted, err = trust.Load(host, o.Trust); err != nil {
		return nil, err
	}
	if err = r.trusted.Err(); err != nil {
		return nil, err // nothing is signed by rules that nobody vouches for
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
	// Step by step for all images, so that one that is stopped leaves every tag.
	candidates := make([]*candidate, len(r.built.Images))
	for i := range r.built.Images {
		if candidates[i], err = r.candidate(ctx, &r.built.Images[i]); err != nil {
			return report, err
		}
	}
	for _, c := range candidates {
		err := r.publish(ctx, c)
		report.Images = append(report.Images, c.out)
		if err != nil {
			return report, err
		}
	}
	for _, c := range candidates {
		if err := r.tag(ctx, c); err != nil {
			return report, err
		}
	}
	return report, nil
}

// candidate is an image that passed the project's gates.
type candidate struct {
	img        *builder.Image
	target     *build.Target
	repository string
	digest     cas.Digest
	document   []byte // the BOM
	gates      []predicate.Gate
	baseline   string
	replaces   cas.Digest    // what the tag pointed at when the counter was chosen; zero for nothing
	ledger     []attest.Item // what was released before
	beside     []attest.Item // what is attached to the image already
	out        Released
}

// candidate finds where an image goes and holds it to the project's gates. Nothing
// is written yet.
func (r *run) candidate(ctx context.Context, img *builder.Image) (*candidate, error) {
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
	document, inventory, err := r.built.Document(ctx, r.host, img)
	if err != nil {
		return nil, err
	}
	c := &candidate{img: img, target: target, repository: repository, document: document}
	if c.gates, c.baseline, err = r.gates(ctx, c, inventory); err != nil {
		return nil, err
	}
	if c.digest, err = images.Digest(img.Digest); err != nil {
		return nil, err
	}
	c.out = Released{Image: img.Block.Name, Ref: target.Ref.At(img.Digest).String(), Digest: img.Digest.String(), Gates: []Gate{}}
	for _, g := range c.gates {
		c.out.Gates = append(c.out.Gates, Gate{g.ID, string(g.Outcome), g.Detail})
	}
	return c, nil
}

// publish pushes an image by its digest, attaches what is said about it, and verifies
// what stands there then as production would.
func (r *run) publish(ctx context.Context, c *candidate) error {
	if err := c.target.Push(ctx, c.img); err != nil {
		return err
	}
	r.host.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "push", Name: c.target.Ref.Name(), Digest: c.digest.String()})
	statements, err := r.statements(ctx, c)
	if err != nil {
		return err
	}
	for _, s := range statements {
		signed, err := r.attach(ctx, c, s)
		if err != nil {
			return err
		}
		if signed {
			c.out.Signed++
		}
	}
	var opt attest.Options
	if r.options.StateDir != "" {
		if opt.State, err = attest.OpenState(r.host.Path(r.options.StateDir)); err != nil {
			return err
		}
	}
	ctx, cancel := verify.InTime(ctx, 0)
	defer cancel()
	c.out.Verdict = attest.Verify(ctx, r.trusted, r.environment, verify.Subject(c.target.Ref, c.digest), images.Attached{Store: c.target.Store}, opt)
	return c.out.Verdict.Err()
}

// tag moves the tags of an image that was accepted, unless another release came
// between: that one chose the same counter, and only a new release can show which of
// the two is newer. A registry can't compare and swap, so the moment between the look
// and the move stays; production's floors hold there.
func (r *run) tag(ctx context.Context, c *candidate) error {
	now, _, err := r.tagged(ctx, c.target)
	if err != nil {
		return err
	}
	if now != c.replaces && now != c.digest {
		return &diag.Problem{
			Code: CodeRaced, What: fmt.Sprintf("tag %s of %s moved while this release was made", c.target.Tags[0], c.target.Ref.Name()),
			Why:    "both releases have the same counter, and the later tag would hide the other",
			Remedy: "run the same command again: it takes the next counter",
		}
	}
	return c.target.Tag(ctx, c.img.Digest)
}

// attach signs a statement and attaches it, unless this key said the very same of
// the image before. A release goes into the ledger first: one that is stopped after that
// is found there, and no second statement is signed under its counter.
func (r *run) attach(ctx context.Context, c *candidate, s *predicate.Statement) (bool, error) {
	release := s.Type == predicate.TypeRelease
	beside, err := attest.SealedAlready(r.signer.Key(), s, c.beside)
	if err != nil {
		return false, err
	}
	recorded := !release
	if release {
		if recorded, err = attest.SealedAlready(r.signer.Key(), s, c.ledger); err != nil {
			return false, err
		}
	}
	if beside && recorded {
		return false, nil
	}
	bundle, err := attest.Sign(ctx, r.signer, s)
	if err != nil {
		return false, err
	}
	seal, err := attest.SealBundle(ctx, r.signer, s, bundle)
	if err != nil {
		return false, err
	}
	if !recorded {
		if _, err := oci.Record(ctx, c.target.Store, r.environment, c.repository, bundle, string(s.Type), seal); err != nil {
			return false, err
		}
	}
	_, attached, err := oci.Attach(ctx, c.target.Store, images.Hash(c.digest), bundle, string(s.Type), seal)
	if err != nil {
		return false, err
	}
	r.host.Events.Emit(event.Event{Kind: event.StepEnd, Phase: "attest", Name: string(s.Type), Digest: c.digest.String()})
	return attached, nil
}

// Package build makes a project's images and puts them where they are wanted: an
// OCI layout, a registry, or an archive that docker load takes.
//
// It pins nothing. What nbuild.lock names is brought first if the store lacks it;
// once it is there, a build reads the project and the store and nothing else.
//
// The image goes with its BOM, so that two builds can be compared. Nothing is signed
// here: for a gate the BOM is as if it were not there.
//
// The invariant: the digest that is returned is that of the bytes that were
// written, and depends on the project, the snapshot and the date alone.
package build

import (
	"context"
	"fmt"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/builder/image"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/checks"
	"github.com/nbuild/nbuild/internal/evidence/contents"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/evidence/oversight"
	"github.com/nbuild/nbuild/internal/evidence/production"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
	"github.com/nbuild/nbuild/internal/worktree"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom"
	"github.com/nbuild/nbuild/sbom/gate"
)

// The problems of building.
const (
	CodeNoImage diag.Code = "NB0208" // the project has no image of that name, or none at all
	CodeTarget  diag.Code = "NB0209" // where the image goes can't be determined, or can't take it
)

// Built is a project with its images made, before they go anywhere.
type Built struct {
	Project *project.Project
	Lock    *snapshot.Lock
	Store   *cas.Store
	Source  project.Source
	Files   *worktree.Tree
	Inputs  cas.Digest        // of the project's own files: the SHA-256 of their file index
	Steps   execution.Results // what the images' steps came to
	Codec   image.Codec
	Images  []builder.Image
	Checks  []checks.Outcome     // what came of the images' checks
	Judged  *oversight.Judgement // what the project's rules say about the images together
	lease   *cas.Lease
	perturb *execution.Perturbation
}

// Close lets go of the project and of what the build held in the store.
func (b *Built) Close() error {
	err := b.lease.Close()
	if closeErr := b.Project.Close(); err == nil {
		err = closeErr
	}
	return err
}

// Make builds the images of the project, or only those that are named. The caller
// closes what it returns.
func Make(ctx context.Context, host machine.Host, only []string) (*Built, error) {
	return MakePerturbed(ctx, host, only, nil)
}

// MakePerturbed is Make with what is another than usual for the steps.
func MakePerturbed(ctx context.Context, host machine.Host, only []string, perturb *execution.Perturbation) (*Built, error) {
	p, err := project.Open(ctx, host)
	if err != nil {
		return nil, err
	}
	b := &Built{Project: p, perturb: perturb}
	if err := b.make(ctx, host, only); err != nil {
		p.Close()
		if b.lease != nil {
			b.lease.Close()
		}
		return nil, err
	}
	return b, nil
}

func (b *Built) make(ctx context.Context, host machine.Host, only []string) error {
	p := b.Project
	if err := selectImages(p.Project, only); err != nil {
		return err
	}
	if err := builder.Refuse(p.Project); err != nil {
		return err
	}
	err := oversight.Gates(p.Project)
	if err != nil {
		return err
	}
	if b.Lock, err = p.ImageLock(); err != nil {
		return err
	}
	wanted, _, err := pin.Wanted(p)
	if err != nil {
		return err
	}
	if err := upstream.Check(b.Lock, wanted, project.LockName); err != nil {
		return err
	}
	if b.Source, err = p.Source(ctx, b.Lock); err != nil {
		return err
	}
	if b.Files, err = p.Files(ctx); err != nil {
		return err
	}
	if b.Store, err = host.Store(); err != nil {
		return err
	}
	if b.lease, err = b.Store.Lease(); err != nil {
		return err
	}
	if err := b.hold(); err != nil {
		return err
	}
	if err := pin.VendorProject(ctx, host, p, b.Lock); err != nil {
		return err
	}
	if b.Inputs, err = Inputs(ctx, p, b.Files); err != nil {
		return err
	}
	machines, end, err := steps.Remote(host)
	if err != nil {
		return err
	}
	defer end()
	runner := &execution.Runner{Store: b.Store, Lease: b.lease, Events: host.Events, Perturb: b.perturb, Remote: machines}
	needed, err := steps.OfImages(p, b.Lock, p.Images...)
	if err != nil {
		return err
	}
	if b.Steps, err = steps.Run(ctx, p, b.Lock, runner, needed); err != nil {
		return err
	}
	b.Judged, err = oversight.Judge(ctx, host, oversight.Subject{Project: p, Lock: b.Lock, Files: b.Files, Steps: b.Steps, Date: b.Source.Date})
	if err != nil {
		return err
	}
	b.Judged.Report(host.Events)
	trace, err := readTrace(p.Root)
	if err != nil {
		return err
	}
	lists := &lister{keeper: production.Keeper{Store: b.Store, Program: host.BuildID}, dynamism: p.Dynamism, trace: trace, events: host.Events, reported: map[string]bool{}}
	b.Images, err = builder.Images(ctx, builder.Input{
		Project: p.Project, Lock: b.Lock, Store: b.Store, Root: p.Root, Files: b.Files.Files, Steps: b.Steps,
		Tree: p.Tree, Available: p.Available,
		Sources: lists.list,
		Date:    b.Source.Date,
		Codec:   b.Codec, Lease: b.lease, Events: host.Events,
	})
	if err != nil {
		return err
	}
	if err := lists.unused(); err != nil {
		return err
	}
	if err := b.untraced(ctx, host.Events); err != nil {
		return err
	}
	b.Checks, err = checks.Run(ctx, runner, b.Images)
	return err
}

// hold keeps what is pinned from being pruned while the build runs.
func (b *Built) hold() error {
	var digests []cas.Digest
	for a := range b.Lock.All() {
		digests = append(digests, a.SHA256)
		if index, ok := a.Index(); ok {
			digests = append(digests, index)
		}
	}
	return b.lease.Hold(digests...)
}

// Inputs names the project's own files by one digest.
func Inputs(ctx context.Context, p *project.Project, files *worktree.Tree) (cas.Digest, error) {
	entries, err := builder.Entries(ctx, p.Root, files.Files)
	if err != nil {
		return cas.Digest{}, err
	}
	doc, err := snapshot.EncodeIndex(&snapshot.Index{Entries: entries})
	if err != nil {
		return cas.Digest{}, fmt.Errorf("digesting the project's files: %w", err)
	}
	return cas.Sum(doc), nil
}

// selectImages keeps the images that are named, all where none is.
func selectImages(p *pipelines.Project, only []string) error {
	var names []string
	for _, i := range p.Images {
		names = append(names, i.Name)
	}
	if len(names) == 0 {
		return &diag.Problem{
			Code: CodeNoImage, Pos: diag.Pos{File: p.File}, What: "the project has no image",
			Why: "there is nothing to build", Remedy: "add an image block; `nbuild init` shows one",
		}
	}
	var problems diag.Problems
	for _, o := range only {
		if !slices.Contains(names, o) {
			problems = append(problems, &diag.Problem{Code: CodeNoImage, What: fmt.Sprintf("there is no image %q", o), Remedy: diag.DidYouMean(o, names, "nbuild build %s")})
		}
	}
	if len(only) > 0 {
		p.Images = slices.DeleteFunc(p.Images, func(i pipelines.Image) bool { return !slices.Contains(only, i.Name) })
	}
	return problems.Err()
}

// Options say what is built and where it goes.
type Options struct {
	Only []string // names of images; none means all
	To   string   // a layout, an archive or a repository; "" is each image's own repository

	// Again reports warnings that were reported about the project before as well, and
	// remembers nothing: where a person may not see them, or wants all of them.
	Again bool
}

// Output is one image where it was put.
type Output struct {
	Image  string  `json:"image"`
	Ref    string  `json:"ref"` // REF@sha256:…
	Digest string  `json:"digest"`
	BOM    *string `json:"bom"` // the referrer that carries the unsigned BOM; nil where the place holds none
}

// Report is nbuild.build/v1.
type Report struct {
	Schema   string    `json:"schema"`
	Snapshot string    `json:"snapshot"`
	Date     string    `json:"date"`
	Images   []Output  `json:"images"`
	Warnings []Warning `json:"warnings"` // all of them, reported before or not
}

// Run builds the images and puts them where they belong, each with its BOM, and then
// under their tags, unless the project's rules or the licences that it denies stop
// what they hold: then none of them goes anywhere.
func Run(ctx context.Context, host machine.Host, o Options) (*Report, error) {
	held := newWarnings(host.Events)
	host.Events = held
	b, err := Make(ctx, host, o.Only)
	if err != nil {
		held.reportAll()
		return nil, err
	}
	defer b.Close()
	documents, err := b.judge(ctx, host)
	if err != nil {
		held.reportAll()
		return nil, err
	}
	if o.Again {
		held.reportAll()
	} else {
		held.reportNew(ctx, b.Store, b.Project.Name)
	}
	report := &Report{
		Schema: "nbuild.build/v1", Snapshot: b.Lock.Digest().OCI(), Date: b.Source.Date.Format("2006-01-02T15:04:05Z"), Images: []Output{},
		Warnings: held.list(),
	}
	for i := range b.Images {
		img := &b.Images[i]
		target, err := Place(host, img.Block, o.To, len(b.Images))
		if err != nil {
			return nil, err
		}
		out := Output{Image: img.Block.Name, Ref: target.Ref.At(img.Digest).String(), Digest: img.Digest.String()}
		if out.BOM, err = target.put(ctx, host, b, img, documents[i]); err != nil {
			return nil, err
		}
		report.Images = append(report.Images, out)
	}
	return report, nil
}

// judge writes the BOM of each image and returns what the project's rules and licences
// deny of all of them, at once.
func (b *Built) judge(ctx context.Context, host machine.Host) ([][]byte, error) {
	problems := b.Judged.Problems()
	var documents [][]byte
	reported := map[string]bool{} // several images may hold one package
	for i := range b.Images {
		document, inventory, err := b.Document(ctx, host, &b.Images[i])
		if err != nil {
			return nil, err
		}
		documents = append(documents, document)
		for _, p := range b.Licences(inventory) {
			if text := p.Text(); !reported[text] {
				reported[text] = true
				problems = append(problems, p)
			}
		}
	}
	return documents, problems.Err()
}

// Document writes the BOM of an image that was built, and reads back what it says.
func (b *Built) Document(ctx context.Context, host machine.Host, img *builder.Image) ([]byte, *sbom.Inventory, error) {
	c, err := contents.OfImage(ctx, host, b.Project, b.Lock, contents.Given{Files: b.Files, Steps: b.Steps}, img.Block, b.Source.Date)
	if err != nil {
		return nil, nil, err
	}
	document, err := sbom.Write(c, sbom.Options{Version: b.Project.Sbom.SpecVersion})
	if err != nil {
		return nil, nil, err
	}
	read, err := sbom.Parse(document, "the BOM")
	if err != nil {
		return nil, nil, err
	}
	return document, read.Inventory(), nil
}

// Licences returns what the project's deny_license stops in what a BOM says.
func (b *Built) Licences(of *sbom.Inventory) diag.Problems {
	return gate.DenyLicences(of, b.Project.Sbom.DenyLicense)
}

// put writes an image with its BOM and moves its tags. It returns the referrer that
// carries the BOM; nil where the place can't hold one.
func (t *Target) put(ctx context.Context, host machine.Host, b *Built, img *builder.Image, document []byte) (*string, error) {
	if t.Store == nil {
		if len(img.Platforms) > 1 {
			return nil, &diag.Problem{
				Code: CodeTarget, What: fmt.Sprintf("image %q is for %d platforms, and a docker archive holds one", img.Block.Name, len(img.Platforms)),
				Remedy: "write it to a layout, as in --to oci:out, or build for one platform",
			}
		}
		if err := oci.WriteArchiveFile(ctx, images.Path(host, t.Ref), img.Platforms[0], archiveNames(img.Block, t.Tags), b.Source.Date); err != nil {
			return nil, err
		}
		host.Events.Emit(event.Event{
			Kind: event.Summary, Phase: "bom", Name: img.Block.Name,
			Text: fmt.Sprintf("a docker archive holds no BOM; `nbuild sbom --image %s` prints it", diag.Word(img.Block.Name)),
		})
		return nil, nil
	}
	if err := t.Push(ctx, img); err != nil {
		return nil, err
	}
	referrer, _, err := oci.AttachBOM(ctx, t.Store, img.Digest, document)
	if err != nil {
		return nil, err
	}
	name := referrer.String()
	return &name, t.Tag(ctx, img.Digest)
}

// Push stores an image by its digest.
func (t *Target) Push(ctx context.Context, img *builder.Image) error {
	if img.Index != nil {
		_, err := t.Store.PushIndex(ctx, img.Index)
		return err
	}
	_, err := t.Store.PushImage(ctx, img.Platforms[0])
	return err
}

// Tag moves every tag of the target to a digest.
func (t *Target) Tag(ctx context.Context, digest v1.Hash) error {
	for _, tag := range t.Tags {
		if err := t.Store.Tag(ctx, digest, tag); err != nil {
			return err
		}
	}
	return nil
}

package rebuild

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/bytewise"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/images"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/build"
	"github.com/nbuild/nbuild/internal/operation/pin"
)

// image makes an image again from what its provenance says: its source at its commit, its
// nbuild.lock, its variables and its date.
func image(ctx context.Context, host machine.Host, o Options) (*Report, error) {
	ref, place, err := images.OpenStore(host, o.Reference)
	if err != nil {
		return nil, err
	}
	at, err := oci.Find(ctx, place, ref)
	if err != nil {
		return nil, err
	}
	digest, err := images.Digest(at.Digest)
	if err != nil {
		return nil, err
	}
	of, err := findOrigin(ctx, host, o, place, digest)
	if err != nil {
		return nil, err
	}
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	dir, end, err := store.Unfinished("source-")
	if err != nil {
		return nil, err
	}
	defer end()
	source := filepath.Join(dir, "source")
	file, err := checkout(ctx, host, of, o.Source, source)
	if err != nil {
		return nil, err
	}
	there := host
	there.Dir, there.File = filepath.Join(source, filepath.FromSlash(path.Dir(file))), path.Base(file)
	there.Vars = of.variables(host.Vars)
	there.Environ = of.dated(host.Environ)
	given, reasons, err := of.prepare(ctx, there, store)
	if err != nil {
		return nil, err
	}
	second, err := anew(ctx, there, o, store, order{
		Dir: there.Dir, File: there.File, Vars: there.Vars, Only: []string{of.parameters().Image}, Given: given, Date: o.Date,
	})
	if err != nil {
		return nil, err
	}
	defer second.end()
	report := &Report{
		Schema: "nbuild.rebuild/v1", Equal: true, Perturbations: second.perturbations, Steps: []Step{}, Images: []Image{},
		Of: &Of{
			Ref: ref.At(at.Digest).String(), Digest: at.Digest.String(), Source: of.parameters().Source,
			Commit: of.digest("source", "gitCommit"), Verified: of.verified,
		},
	}
	for _, r := range second.Steps {
		s, err := of.step(ctx, store, second, r, reasons[r.Step])
		if err != nil {
			return nil, err
		}
		report.Steps = append(report.Steps, *s)
	}
	if err := of.compare(ctx, place, at.Digest.String(), second, report); err != nil {
		return nil, err
	}
	if err := report.judge(); err != nil {
		return report, err
	}
	if !o.Attest {
		return report, nil
	}
	return report, report.attest(ctx, host, o, of, place, ref, digest)
}

// variables are those of the build, with those that whoever rebuilds gives. A sensitive one
// reaches no image, so that any value serves.
func (o *origin) variables(given map[string]string) map[string]string {
	p, all := o.parameters(), map[string]string{}
	for name, value := range p.Variables {
		all[name] = value
	}
	for _, name := range p.Sensitive {
		all[name] = "a value that is not known"
		if value, ok := given[name]; ok {
			all[name] = value
		}
	}
	return all
}

// dated is an environment in which the image has the date that it had.
func (o *origin) dated(environ []string) []string {
	out := slices.DeleteFunc(slices.Clone(environ), func(kv string) bool { return strings.HasPrefix(kv, "SOURCE_DATE_EPOCH=") })
	if at, err := time.Parse(time.RFC3339, o.provenance.BuildDefinition.InternalParameters["date"]); err == nil && at.Unix() > 0 {
		out = append(out, "SOURCE_DATE_EPOCH="+strconv.FormatInt(at.Unix(), 10))
	}
	return out
}

// prepare holds the source to what provenance says of it, brings what nbuild.lock names, and
// returns what steps made the first time that are known not to make the same, as far as the
// store has it, and why they do not.
func (o *origin) prepare(ctx context.Context, host machine.Host, store *cas.Store) (given []*execution.Result, reasons map[string]string, err error) {
	p, err := project.Open(ctx, host)
	if err != nil {
		return nil, nil, err
	}
	defer p.Close()
	if _, err := p.Root.Lstat(project.LockName); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, noSource("its commit has no "+project.LockName+", so that nobody knows what it was built from", nil)
	}
	lock, err := p.ImageLock()
	if err != nil {
		return nil, nil, err
	}
	files, err := p.Files(ctx)
	if err != nil {
		return nil, nil, err
	}
	inputs, err := build.Inputs(ctx, p, files)
	if err != nil {
		return nil, nil, err
	}
	var problems diag.Problems
	for _, d := range []struct{ what, was, is string }{
		{project.LockName, o.digest("nbuild.lock", "sha256"), lock.Digest().String()},
		{"the project's files together", o.digest("project", "sha256"), inputs.String()},
	} {
		if d.was != d.is {
			problems = append(problems, &diag.Problem{
				Code: CodeOtherSource, What: fmt.Sprintf("the source is not what the image was built from: of %s the image's provenance says sha256:%s, and here it is sha256:%s", d.what, d.was, d.is),
				Why:    fmt.Sprintf("commit %s was not all of it: files that git does not have, or a change that it was not told of", o.digest("source", "gitCommit")),
				Remedy: "rebuild an image that was released from a clean checkout; `git ls-files -v` in the project shows with an h what git does not look at",
			})
		}
	}
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	if err := pin.VendorProject(ctx, host, p, lock); err != nil {
		return nil, nil, err
	}
	reasons = map[string]string{}
	for _, s := range p.Steps {
		if s.Unreproducible == "" {
			continue
		}
		reasons[s.Name] = s.Unreproducible
		for _, platform := range o.parameters().Platforms {
			if r := o.known(ctx, store, s.Name, platform); r != nil {
				given = append(given, r)
			}
		}
	}
	return given, reasons, nil
}

// known is what the store has of a step that ran for the image; nil for nothing.
func (o *origin) known(ctx context.Context, store *cas.Store, step, platform string) *execution.Result {
	action, err := cas.ParseDigest(o.action(step, platform))
	if err != nil {
		return nil
	}
	r, ok := execution.Known(ctx, store, nil, action)
	if !ok {
		return nil
	}
	r.Step, r.Platform = step, platform
	return r
}

// action is the digest of a step's action, "" where provenance does not have it.
func (o *origin) action(step, platform string) string {
	for _, b := range o.provenance.RunDetails.Byproducts {
		if b.Name == "step "+step+" ("+platform+")" {
			return b.Digest["sha256"]
		}
	}
	return ""
}

// step compares a step with what is known of it from the first time.
func (o *origin) step(ctx context.Context, store *cas.Store, second *again, now *execution.Result, reason string) (*Step, error) {
	ran := now
	if now.Rerun != nil {
		ran = now.Rerun
	}
	if first := o.known(ctx, store, now.Step, now.Platform); first != nil && first.Action == ran.Action {
		return compareSteps(ctx, store, first, second, reason)
	}
	out := &Step{
		Step: now.Step, Platform: now.Platform, Action: ran.Action.OCI(), Outcome: Unseen, Reason: reason,
		Outputs: len(ran.Outputs), Differences: []bytewise.Difference{},
	}
	if ran.Action.String() != o.action(now.Step, now.Platform) {
		out.Outcome = Follows
	}
	return out, nil
}

// compare holds the image that came out to the one that is there, platform by platform.
func (o *origin) compare(ctx context.Context, place oci.Store, digest string, second *again, report *Report) error {
	if len(second.Images) != 1 {
		return fmt.Errorf("rebuilding %s: %d images came out", digest, len(second.Images))
	}
	made := second.Images[0]
	report.Of.Again = made.Digest
	whole, err := hashOf(digest)
	if err != nil {
		return err
	}
	for n, platform := range made.Platforms {
		at := whole
		if len(made.Platforms) > 1 {
			if at, err = oci.Select(ctx, place, whole, platform); err != nil {
				return err
			}
		}
		out := Image{Image: made.Name, Platform: platform, Outcome: Equal, First: at.String(), Again: made.Manifests[n], Layers: []Layer{}}
		if out.First != out.Again {
			out.Outcome = Differs
			first, err := oci.Image(ctx, place, at)
			if err != nil {
				return err
			}
			h, err := hashOf(out.Again)
			if err != nil {
				return err
			}
			again, err := oci.Image(ctx, second.layout, h)
			if err != nil {
				return err
			}
			if err := out.look(first, again); err != nil {
				return err
			}
		}
		report.Images = append(report.Images, out)
	}
	if made.Digest != digest && !slices.ContainsFunc(report.Images, func(i Image) bool { return i.Outcome == Differs }) {
		report.Images[0].Outcome = Differs // the index alone
		report.Images[0].Config = fmt.Sprintf("the index %s and %s", digest, made.Digest)
	}
	return nil
}

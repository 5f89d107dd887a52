package rebuild

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/bytewise"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// compareSteps compares what a step left the first time and the second.
func compareSteps(ctx context.Context, store *cas.Store, first *execution.Result, second *again, reason string) (*Step, error) {
	out := &Step{
		Step: first.Step, Platform: first.Platform, Action: first.Action.OCI(), Outcome: Equal, Reason: reason,
		Outputs: len(first.Outputs), Differences: []bytewise.Difference{},
	}
	at := slices.IndexFunc(second.Steps, func(r *execution.Result) bool { return r.Step == first.Step && r.Platform == first.Platform })
	if at < 0 {
		return nil, fmt.Errorf("comparing step %s: it was not run again", first.Step)
	}
	now := second.Steps[at]
	if now.Rerun != nil {
		now = now.Rerun
	}
	if now.Action != first.Action {
		out.Outcome = Follows
	}
	var err error
	if out.Differences, out.More, err = compareFiles(ctx, store, first.Outputs, second.store, now.Outputs); err != nil {
		return nil, fmt.Errorf("comparing step %s: %w", first.Step, err)
	}
	switch {
	case out.Outcome == Follows || len(out.Differences) == 0:
	case reason != "":
		out.Outcome = Known
	default:
		out.Outcome = Differs
	}
	return out, nil
}

// compareFiles compares two lists of files, each sorted by path.
func compareFiles(ctx context.Context, a *cas.Store, first []snapshot.Entry, b *cas.Store, again []snapshot.Entry) (all []bytewise.Difference, more bool, err error) {
	all = []bytewise.Difference{}
	for len(first) > 0 || len(again) > 0 {
		var d bytewise.Difference
		order := 0
		switch {
		case len(again) == 0:
			order = -1
		case len(first) == 0:
			order = 1
		default:
			order = strings.Compare(first[0].Path, again[0].Path)
		}
		switch {
		case order < 0:
			d, first = bytewise.Difference{Path: first[0].Path, Kind: bytewise.Missing}, first[1:]
		case order > 0:
			d, again = bytewise.Difference{Path: again[0].Path, Kind: bytewise.Added}, again[1:]
		default:
			if d, err = compareFile(ctx, a, first[0], b, again[0]); err != nil {
				return nil, false, err
			}
			first, again = first[1:], again[1:]
		}
		if d.Kind == "" {
			continue
		}
		if len(all) == bytewise.Most {
			return all, true, nil
		}
		all = append(all, d)
	}
	return all, false, nil
}

func compareFile(ctx context.Context, a *cas.Store, first snapshot.Entry, b *cas.Store, again snapshot.Entry) (bytewise.Difference, error) {
	d := bytewise.Difference{Path: first.Path}
	switch {
	case (first.Link == "") != (again.Link == ""):
		d.Kind, d.First, d.Again = bytewise.Type, kind(first), kind(again)
	case first.Link != again.Link:
		d.Kind, d.First, d.Again = bytewise.Link, first.Link, again.Link
	case first.SHA256 != again.SHA256:
		x, err := a.Open(ctx, first.SHA256)
		if err != nil {
			return d, err
		}
		defer x.Close()
		y, err := b.Open(ctx, again.SHA256)
		if err != nil {
			return d, err
		}
		defer y.Close()
		d.Kind = bytewise.Content
		d.Region, err = bytewise.First(x, y)
		return d, err
	case first.Mode != again.Mode:
		d.Kind, d.First, d.Again = bytewise.Mode, fmt.Sprintf("%04o", first.Mode), fmt.Sprintf("%04o", again.Mode)
	}
	return d, nil
}

func kind(e snapshot.Entry) string {
	if e.Link != "" {
		return "a link"
	}
	return "a file"
}

// compare compares an image with the one of that name and platform that was made again.
func (a *again) compare(ctx context.Context, name, platform string, first v1.Image) (*Image, error) {
	out := &Image{Image: name, Platform: platform, Outcome: Equal, Layers: []Layer{}}
	d, err := first.Digest()
	if err != nil {
		return nil, err
	}
	out.First = d.String()
	for _, i := range a.Images {
		if n := slices.Index(i.Platforms, platform); i.Name == name && n >= 0 {
			out.Again = i.Manifests[n]
		}
	}
	if out.Again == out.First {
		return out, nil
	}
	out.Outcome = Differs
	h, err := v1.NewHash(out.Again)
	if err != nil {
		return nil, fmt.Errorf("comparing image %s: it was not made again", name)
	}
	second, err := oci.Image(ctx, a.layout, h)
	if err != nil {
		return nil, err
	}
	return out, out.look(first, second)
}

// look finds what differs in two images that are not equal.
func (i *Image) look(first, second v1.Image) error {
	a, err := first.ConfigFile()
	if err != nil {
		return err
	}
	b, err := second.ConfigFile()
	if err != nil {
		return err
	}
	i.Config = configuration(a, b)
	x, err := first.Layers()
	if err != nil {
		return err
	}
	y, err := second.Layers()
	if err != nil {
		return err
	}
	for n := range max(len(x), len(y)) {
		l := Layer{Index: n, Differences: []bytewise.Difference{}}
		for _, side := range []struct {
			of []v1.Layer
			to *string
		}{{x, &l.First}, {y, &l.Again}} {
			if n >= len(side.of) {
				continue
			}
			d, err := side.of[n].DiffID()
			if err != nil {
				return err
			}
			*side.to = d.String()
		}
		if l.First == l.Again {
			continue // packed in another way, at most: the manifests' digests say so
		}
		if l.First != "" && l.Again != "" {
			open := func(of v1.Layer) func() (io.ReadCloser, error) { return of.Uncompressed }
			found, more, err := bytewise.Archives(open(x[n]), open(y[n]))
			if err != nil {
				return err
			}
			l.Differences, l.More = append(l.Differences, found...), more
		}
		i.Layers = append(i.Layers, l)
	}
	return nil
}

// configuration names what differs in two images' configurations beside their layers.
func configuration(a, b *v1.ConfigFile) string {
	var what []string
	for _, f := range []struct {
		name        string
		first, then any
	}{
		{"created", a.Created.UTC(), b.Created.UTC()}, {"architecture", a.Architecture, b.Architecture}, {"os", a.OS, b.OS},
		{"entrypoint", a.Config.Entrypoint, b.Config.Entrypoint}, {"cmd", a.Config.Cmd, b.Config.Cmd}, {"env", a.Config.Env, b.Config.Env},
		{"user", a.Config.User, b.Config.User}, {"labels", a.Config.Labels, b.Config.Labels}, {"workdir", a.Config.WorkingDir, b.Config.WorkingDir},
	} {
		if x, y := fmt.Sprint(f.first), fmt.Sprint(f.then); x != y {
			what = append(what, f.name+" "+x+" and "+y)
		}
	}
	return strings.Join(what, "; ")
}

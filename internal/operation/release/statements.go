package release

import (
	"context"
	"path/filepath"
	"time"

	"github.com/nbuild/nbuild/builder"
	"github.com/nbuild/nbuild/builder/execution"
	"github.com/nbuild/nbuild/internal/evidence/steps"
	"github.com/nbuild/nbuild/internal/predicate"
	"github.com/nbuild/nbuild/pipelines"
)

// statements makes what is said about an image: where it comes from, what is in it,
// and that it is released.
func (r *run) statements(ctx context.Context, c *candidate) ([]*predicate.Statement, error) {
	subject := predicate.Subject{Name: shortRepository(c.repository), Digest: c.digest}
	made, err := r.provenance(c.img)
	if err != nil {
		return nil, err
	}
	provenance, err := made.Statement(subject)
	if err != nil {
		return nil, err
	}
	bill, err := predicate.NewBOM(subject, c.document)
	if err != nil {
		return nil, err
	}
	release, err := r.release(ctx, c)
	if err != nil {
		return nil, err
	}
	c.out.Counter = release.Counter
	statement, err := release.Statement(subject)
	return []*predicate.Statement{provenance, bill, statement}, err
}

// shortRepository leaves out the registry: a name is for people, and no statement
// holds an address that it does not need.
func shortRepository(repository string) string {
	for i := range len(repository) {
		if repository[i] == '/' {
			return repository[i+1:]
		}
	}
	return repository
}

func (r *run) provenance(img *builder.Image) (predicate.Provenance, error) {
	p := r.built.Project
	needed, err := steps.OfImages(p, r.built.Lock, *img.Block)
	if err != nil {
		return predicate.Provenance{}, err
	}
	id := r.options.Builder
	if id == "" {
		id = LocalBuilder
	}
	variables, sensitive := variables(p.Project)
	return predicate.NewProvenance(predicate.Build{
		Parameters: predicate.ExternalParameters{
			Project: p.Name, Source: p.Project.Source, File: r.buildFile(), Image: img.Block.Name, Platforms: img.Block.Platforms,
			Variables: variables, Sensitive: sensitive,
		},
		Internal:  map[string]string{"codec": r.built.Codec.ID(), "date": r.built.Source.Date.Format(time.RFC3339)},
		Steps:     ran(p.Project, r.built.Steps, needed),
		Lock:      r.built.Lock,
		InputRoot: r.built.Inputs,
		Commit:    r.built.Source.Revision.ID,
		Dirty:     r.built.Source.Revision.Dirty,
		BuilderID: id,
		Version:   r.host.Version,
	}), nil
}

// buildFile is where build.hcl stands within the source: in the work tree of git where there is
// one, else in the project's folder.
func (r *run) buildFile() string {
	p := r.built.Project
	if r.built.Source.Revision.ID != "" {
		if in, err := filepath.Rel(r.host.Checkout(), filepath.Join(p.Dir, filepath.Base(p.File))); err == nil && filepath.IsLocal(in) {
			return filepath.ToSlash(in)
		}
	}
	return p.File
}

// ran lists the steps that an image needed, with those that they needed themselves.
func ran(p *pipelines.Project, results execution.Results, wanted []execution.Key) []predicate.Step {
	var all []predicate.Step
	seen := map[execution.Key]bool{}
	var add func(k execution.Key)
	add = func(k execution.Key) {
		r := results[k]
		if r == nil || seen[k] {
			return
		}
		seen[k] = true
		if at := (execution.Key{Step: r.Step, Platform: r.Platform}); at != k { // it serves another platform as well
			if seen[at] {
				return
			}
			seen[at] = true
		}
		one := predicate.Step{Name: r.Step, Platform: r.Platform, Action: r.Action, Where: r.Where}
		if s, ok := p.Step(r.Step); ok {
			one.Network, one.Unreproducible = s.Network, s.Unreproducible
		}
		all = append(all, one)
		for _, n := range r.Needs {
			add(execution.Key{Step: n, Platform: r.Platform})
		}
	}
	for _, k := range wanted {
		add(k)
	}
	return all
}

// variables separates the values that may be shown from the names of those that may
// not.
func variables(p *pipelines.Project) (map[string]string, []string) {
	open := map[string]string{}
	var sensitive []string
	for _, v := range p.Variables {
		if v.Sensitive {
			sensitive = append(sensitive, v.Name)
			continue
		}
		open[v.Name] = v.Value
	}
	return open, sensitive
}

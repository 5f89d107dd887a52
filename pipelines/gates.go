package pipelines

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/rulefile"
)

// gates reads the sbom, dynamism and release blocks.
func (e *evaluator) gates() {
	p := e.project
	p.Sbom.SpecVersion = "1.6"
	if b := e.body.One("sbom"); b != nil {
		if v := e.String(b, "spec_version"); v != "" {
			p.Sbom.SpecVersion = v
		}
		p.Sbom.DenyLicense = e.Strings(b, "deny_license")
	}
	p.Dynamism.Rules = "common"
	if b := e.body.One("dynamism"); b != nil {
		p.Dynamism.Block = rulefile.Read(&e.Reader, b)
		if p.Dynamism.Rules == "" {
			p.Dynamism.Rules = "common"
		}
		for _, l := range b.Of("load") {
			if err := checkGlob(l.Labels[0]); err != nil {
				e.Problem(l.Range, CodeForm, fmt.Sprintf("%q is no pattern of files", l.Labels[0]), "", `write it as: load "views/**/*.js" {`)
			}
			p.Dynamism.Load = append(p.Dynamism.Load, Load{Glob: l.Labels[0], Reason: e.reason(l), At: e.position(l)})
		}
	}
	for _, b := range e.body.Of("release") {
		p.Releases = append(p.Releases, Release{
			Name: b.Labels[0], Baseline: e.String(b, "baseline"), Deny: e.Strings(b, "deny"), Review: e.Strings(b, "review"), At: e.position(b),
		})
	}
}

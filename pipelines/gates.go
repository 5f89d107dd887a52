package pipelines

import (
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
		p.Sbom.DenyLicense, p.Sbom.Denied = e.Strings(b, "deny_license"), e.File.Pos(b.At("deny_license"))
	}
	p.Dynamism.Rules = "common"
	if b := e.body.One("dynamism"); b != nil {
		p.Dynamism.Block = rulefile.Read(&e.Reader, b)
		if p.Dynamism.Rules == "" {
			p.Dynamism.Rules = "common"
		}
		e.loading(b)
	}
	for _, b := range e.body.Of("release") {
		p.Releases = append(p.Releases, Release{
			Name: b.Labels[0], Baseline: e.String(b, "baseline"), Deny: e.Strings(b, "deny"), Review: e.Strings(b, "review"), At: e.position(b),
		})
	}
}

package pipelines

import (
	"fmt"
	"strings"
	"time"
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
		if v := e.String(b, "rules"); v != "" {
			p.Dynamism.Rules = v
		}
		p.Dynamism.Deny, p.Dynamism.Warn = e.Strings(b, "deny"), e.Strings(b, "warn")
		for _, a := range b.Of("allow") {
			allow := Allow{
				Purl: a.Labels[0], Kinds: e.Strings(a, "kinds"), Sites: e.Int(a, "sites", 0, 1), Reason: e.reason(a),
				Owner: e.String(a, "owner"), Expires: e.String(a, "expires"), At: e.position(a),
			}
			if !strings.HasPrefix(allow.Purl, "pkg:npm/") {
				e.Problem(a.Range, CodeForm, fmt.Sprintf("%q is no purl of an npm package", allow.Purl), "", `write it as: allow "pkg:npm/lodash" {`)
			}
			if _, err := time.Parse(time.DateOnly, allow.Expires); allow.Expires != "" && err != nil {
				e.Problem(a.At("expires"), CodeForm, fmt.Sprintf("%q is no date", allow.Expires), "", `write it as expires = "2027-06-30"`)
			}
			p.Dynamism.Allow = append(p.Dynamism.Allow, allow)
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

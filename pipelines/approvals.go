package pipelines

import (
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/glob"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/rulefile"
)

// Evaluator approves modules of a package to turn strings into code in an image with
// the guard. Everywhere else eval and its kin throw.
type Evaluator struct {
	Purl   string   // "pkg:npm/ejs", with or without a version; "project" for the project's own files
	Files  []string // patterns, relative to the package; none means every module of it that the inventory finds to do so
	Reason string
	At     diag.Pos
}

// Instrumenter approves modules of a package to rewrite what other modules are made of
// while they load, in an image with the guard. Everything else that rewrites is refused.
type Instrumenter struct {
	Purl   string   // as of an Evaluator
	Files  []string // patterns, relative to the package; none means every module of it that the inventory finds to do so
	Reason string
	At     diag.Pos
}

// Generated approves one string of code by the SHA-256 of its text in UTF-8.
type Generated struct {
	SHA256 cas.Digest
	Reason string
	At     diag.Pos
}

// Matches reports whether a file, relative to the project's folder with slashes, is
// one that the block lists.
func (l *Load) Matches(file string) bool {
	return glob.Match(l.Glob, file)
}

// Matches reports whether a file, relative to its package, is among those that the
// block names by pattern.
func (v *Evaluator) Matches(file string) bool {
	return slices.ContainsFunc(v.Files, func(pattern string) bool { return glob.Match(pattern, file) })
}

// Matches reports whether a file, relative to its package, is among those that the
// block names by pattern.
func (v *Instrumenter) Matches(file string) bool {
	return slices.ContainsFunc(v.Files, func(pattern string) bool { return glob.Match(pattern, file) })
}

// withLoading adds to the blocks of a dynamism block those that say what an image may
// load and evaluate, which are no rules.
func withLoading(s hclfile.Schema) hclfile.Schema {
	reason := hclfile.Attr{Name: "reason", Type: text, Required: true, Doc: "Why, in words."}
	s.Blocks = append(s.Blocks,
		hclfile.Block{
			Name: "load", Labels: []string{"glob"}, Doc: "Joins files to the production source list by hand.",
			Body: hclfile.Schema{Attrs: []hclfile.Attr{reason}},
		},
		hclfile.Block{
			Name: "evaluator", Labels: []string{"purl"}, Repeat: true,
			Doc: "Approves modules of a package (`pkg:npm/NAME`, `pkg:npm/NAME@VERSION`, or `project` for the project's own files) to turn strings into code in an image with the guard; everywhere else eval and its kin throw.",
			Body: hclfile.Schema{Attrs: []hclfile.Attr{
				{Name: "files", Type: texts, Doc: "Which of its modules, as patterns relative to the package. Without it, those that the inventory finds to use eval or Function."},
				reason,
			}},
		},
		hclfile.Block{
			Name: "instrumenter", Labels: []string{"purl"}, Repeat: true,
			Doc: "Approves modules of a package (as in `evaluator`) to rewrite what other listed modules are made of while they load, as tracing does, in an image with the guard; every other text that is not the signed one is refused.",
			Body: hclfile.Schema{Attrs: []hclfile.Attr{
				{Name: "files", Type: texts, Doc: "Which of its modules, as patterns relative to the package. Without it, those that the inventory finds to register hooks or to replace Module.prototype._compile."},
				reason,
			}},
		},
		hclfile.Block{
			Name: "generated", Labels: []string{"sha256"}, Doc: "Approves one string of code by its SHA-256, such as a template that is compiled when the image is built, or one WebAssembly module that no file holds.",
			Body: hclfile.Schema{Attrs: []hclfile.Attr{reason}},
		},
	)
	return s
}

// loading reads the blocks of withLoading.
func (e *evaluator) loading(b *hclfile.Body) {
	d := &e.project.Dynamism
	for _, l := range b.Of("load") {
		e.glob(l, l.Labels[0], `write it as: load "views/**/*.js" {`)
		d.Load = append(d.Load, Load{Glob: l.Labels[0], Reason: e.reason(l), At: e.position(l)})
	}
	for _, v := range b.Of("evaluator") {
		purl, files := e.approved(v, "evaluator")
		d.Evaluators = append(d.Evaluators, Evaluator{Purl: purl, Files: files, Reason: e.reason(v), At: e.position(v)})
	}
	for _, v := range b.Of("instrumenter") {
		purl, files := e.approved(v, "instrumenter")
		d.Instrumenters = append(d.Instrumenters, Instrumenter{Purl: purl, Files: files, Reason: e.reason(v), At: e.position(v)})
	}
	for _, g := range b.Of("generated") {
		digest, err := cas.ParseDigest(g.Labels[0])
		if err != nil {
			e.Problem(g.Range, CodeForm, fmt.Sprintf("%q is no SHA-256", g.Labels[0]), "", "write the 64 hexadecimal digits that the guard's report or nbuild.trace has")
		}
		d.Generated = append(d.Generated, Generated{SHA256: digest, Reason: e.reason(g), At: e.position(g)})
	}
}

// approved reads which modules of which package a block approves.
func (e *evaluator) approved(v *hclfile.Body, kind string) (purl string, files []string) {
	purl = v.Labels[0]
	if name, ok := strings.CutPrefix(purl, "pkg:npm/"); purl != rulefile.Project && (!ok || name == "") {
		e.Problem(v.Range, CodeForm, fmt.Sprintf("%q is no purl of an npm package", purl), "", fmt.Sprintf(`write it as: %[1]s "pkg:npm/ejs" {, or %[1]s "project" { for the project's own files`, kind))
	}
	files = e.Strings(v, "files")
	for _, glob := range files {
		e.glob(v, glob, `write it as: files = ["lib/**/*.js"]`)
	}
	return purl, files
}

func (e *evaluator) glob(b *hclfile.Body, glob, remedy string) {
	if err := checkGlob(glob); err != nil {
		e.Problem(b.Range, CodeForm, fmt.Sprintf("%q is no pattern of files", glob), "", remedy)
	}
}

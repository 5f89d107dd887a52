package production

import (
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom/dynamism/rule"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// evaluating are the kinds of finding that need an approval where eval is bounded.
var evaluating = []source.Kind{source.Eval, source.FunctionCtor, source.CtorTrick, source.StringTimer}

// rewriting are the symbols by which a module rewrites what others are made of.
var rewriting = []string{"node:module.registerHooks", "node:module.register", "node:module.prototype._compile"}

// Proposal is a package of which modules turn strings into code that no evaluator
// block approves: where they do, they throw in an image on enforce. Of instrumenters it
// is one whose modules rewrite others as they load.
type Proposal struct {
	Label string   // what an evaluator block would be named: "pkg:npm/ejs", "project"
	Files []string // relative to the package, sorted
}

// owner is the package that a file of the image belongs to.
type owner struct {
	purl   string // "" of the project's own files
	folder string // in the tree
}

// evaluators approves modules to turn strings into code and to rewrite others, and
// reports which could be.
func (l *lister) evaluators() {
	used := make([]bool, len(l.dynamism.Evaluators))
	l.result.instruments = make([]bool, len(l.dynamism.Instrumenters))
	proposed, atOnce, rewriters := map[string][]string{}, map[string][]string{}, map[string][]string{}
	for _, e := range l.result.List.Entries {
		switch e.Format {
		case sources.Addon:
			l.result.Uses.Addons = true
			continue
		case sources.CommonJS, sources.Module:
		default:
			continue
		}
		name := strings.TrimPrefix(e.Path, "/")
		own := l.owner(name)
		rel, _ := below(own.folder, name)
		approved := false
		evaluates, rewrites := l.evaluates(name, e)
		if l.instrumenter(e, own.purl, rel, rewrites) && rewrites {
			rewriters[label(own.purl)] = append(rewriters[label(own.purl)], rel)
		}
		for i := range l.dynamism.Evaluators {
			v := &l.dynamism.Evaluators[i]
			if !rule.Means(v.Purl, own.purl) || len(v.Files) > 0 && !v.Matches(rel) || len(v.Files) == 0 && !evaluates {
				continue
			}
			used[i] = true
			if !approved {
				approved = true
				l.result.List.Evaluators = append(l.result.List.Evaluators, sources.Evaluator{Path: e.Path, SHA256: e.SHA256, Reason: v.Reason})
			}
		}
		if evaluates && !approved && l.atOnce(name, e) {
			atOnce[label(own.purl)] = append(atOnce[label(own.purl)], rel)
		} else if evaluates && !approved {
			proposed[label(own.purl)] = append(proposed[label(own.purl)], rel)
		}
	}
	l.result.Proposed, l.result.AtOnce, l.result.Rewriters = proposals(proposed), proposals(atOnce), proposals(rewriters)
	l.result.approved = used
}

// instrumenter approves a module to rewrite others where a block says so, and reports
// whether none does.
func (l *lister) instrumenter(e sources.Entry, purl, rel string, rewrites bool) (unapproved bool) {
	unapproved = true
	for i := range l.dynamism.Instrumenters {
		v := &l.dynamism.Instrumenters[i]
		if !rule.Means(v.Purl, purl) || len(v.Files) > 0 && !v.Matches(rel) || len(v.Files) == 0 && !rewrites {
			continue
		}
		l.result.instruments[i] = true
		if unapproved {
			unapproved = false
			l.result.List.Instrumenters = append(l.result.List.Instrumenters, sources.Instrumenter{Path: e.Path, SHA256: e.SHA256, Reason: v.Reason})
		}
	}
	return unapproved
}

func proposals(of map[string][]string) []Proposal {
	var all []Proposal
	for name, files := range of { // sorted below
		slices.Sort(files)
		all = append(all, Proposal{Label: name, Files: slices.Compact(files)})
	}
	slices.SortFunc(all, func(a, b Proposal) int { return strings.Compare(a.Label, b.Label) })
	return all
}

// evaluates asks the inventory whether a module turns strings into code or rewrites
// others, and notes what else it finds there.
func (l *lister) evaluates(name string, e sources.Entry) (evaluates, rewrites bool) {
	data, err := l.tree.ReadFile(name)
	if err != nil {
		return false, false // it was read before, to be hashed
	}
	kind := "commonjs"
	if e.Format == sources.Module {
		kind = "module"
	}
	report := source.Analyse(data, name, source.Options{PackageType: kind})
	for _, f := range report.Findings {
		l.uses(f)
	}
	evaluates = slices.ContainsFunc(report.Findings, func(f source.Finding) bool { return slices.Contains(evaluating, f.Kind) })
	rewrites = slices.ContainsFunc(report.Findings, func(f source.Finding) bool { return slices.Contains(rewriting, f.Symbol) })
	if evaluates || rewrites {
		l.findings[e.Path] = report.Findings
	}
	return evaluates, rewrites
}

// uses notes what a finding needs of Node's permission model.
func (l *lister) uses(f source.Finding) {
	u := &l.result.Uses
	switch f.Kind {
	case source.ChildProcess:
		u.Children = true
	case source.Worker:
		u.Workers = true
		u.Children = u.Children || strings.Contains(f.Symbol, "cluster")
	case source.NativeAddon, source.ProcessBinding:
		u.Addons = true
	case source.Network:
		u.Net = true
	case source.Wasm:
		u.WASI = true
	}
}

// owner finds the package of a file: the innermost node_modules above it names it.
func (l *lister) owner(name string) owner {
	parts := strings.Split(name, "/")
	for i := len(parts) - 2; i >= 0; i-- {
		if parts[i] != "node_modules" || i+1 >= len(parts)-1 {
			continue
		}
		end := i + 2
		if strings.HasPrefix(parts[i+1], "@") {
			end++
		}
		if end >= len(parts) {
			break
		}
		folder := path.Join(parts[:end]...)
		purl := "pkg:npm/" + escaped(strings.Join(parts[i+1:end], "/"))
		if version := l.version(folder); version != "" {
			purl += "@" + escaped(version)
		}
		return owner{purl: purl, folder: folder}
	}
	for _, at := range l.places() {
		if _, ok := below(at, name); ok {
			return owner{folder: at}
		}
	}
	return owner{folder: "."}
}

// version is what a package says its version is.
func (l *lister) version(folder string) string {
	data, err := l.tree.ReadFile(path.Join(folder, "package.json"))
	if err != nil {
		return ""
	}
	m, err := resolution.ParseManifest(data)
	if err != nil {
		return ""
	}
	return m.Version
}

// label is what a block calls a package, whatever its version.
func label(purl string) string {
	if purl == "" {
		return "project"
	}
	if at := strings.LastIndexByte(purl, '@'); at > len("pkg:npm/") {
		return purl[:at]
	}
	return purl
}

func escaped(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(url.PathEscape(s), "@", "%40"), "%2F", "/")
}

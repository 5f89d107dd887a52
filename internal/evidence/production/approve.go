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

// Proposal is a package of which modules turn strings into code that no evaluator
// block approves: where they do, they throw in an image on enforce.
type Proposal struct {
	Label string   // what an evaluator block would be named: "pkg:npm/ejs", "project"
	Files []string // relative to the package, sorted
}

// owner is the package that a file of the image belongs to.
type owner struct {
	purl   string // "" of the project's own files
	folder string // in the tree
}

// evaluators approves modules, and reports which could be.
func (l *lister) evaluators() {
	used := make([]bool, len(l.dynamism.Evaluators))
	proposed := map[string][]string{}
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
		approved, evaluates := false, l.evaluates(name, e)
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
		if evaluates && !approved {
			proposed[label(own.purl)] = append(proposed[label(own.purl)], rel)
		}
	}
	for name, files := range proposed {
		slices.Sort(files)
		l.result.Proposed = append(l.result.Proposed, Proposal{Label: name, Files: slices.Compact(files)})
	}
	slices.SortFunc(l.result.Proposed, func(a, b Proposal) int { return strings.Compare(a.Label, b.Label) })
	l.result.approved = used
}

// evaluates asks the inventory whether a module turns strings into code, and notes
// what else it finds there.
func (l *lister) evaluates(name string, e sources.Entry) bool {
	data, err := l.tree.ReadFile(name)
	if err != nil {
		return false // it was read before, to be hashed
	}
	kind := "commonjs"
	if e.Format == sources.Module {
		kind = "module"
	}
	report := source.Analyse(data, name, source.Options{PackageType: kind})
	for _, f := range report.Findings {
		l.uses(f)
	}
	return slices.ContainsFunc(report.Findings, func(f source.Finding) bool { return slices.Contains(evaluating, f.Kind) })
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

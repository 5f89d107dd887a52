package dynamism

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// Options say how an artefact is analysed; they change nothing about what is found.
// The zero value works.
type Options struct {
	// Spare has an element for each goroutine that may help with the files. It is
	// taken from and given back to while an artefact is analysed.
	Spare chan struct{}
}

// OfArtefact analyses what an artefact unpacks to: the package itself, whose Path is
// "", and those that it bundles, whose Paths are their folders in it, sorted by Path.
// Purls are left empty. Content returns the bytes of x.Entries[i]; it is asked from
// several goroutines where Options allow them, only for regular files within
// bounds.SourceFile, and what it returns is not kept. Only its errors are returned.
func OfArtefact(x *snapshot.Index, content func(i int) ([]byte, error), o Options) ([]Package, error) {
	a := &artefact{index: x, content: content, byDir: map[string]int{}, types: map[string]string{}}
	a.add("", x.Package)
	for _, dir := range slices.Sorted(maps.Keys(x.Bundled)) {
		if dir != "" { // the index of what bundles anything names its own folder too
			a.add(dir, x.Bundled[dir])
		}
	}
	if err := a.manifests(); err != nil {
		return nil, err
	}
	a.sort()
	errs := make([]error, len(a.files))
	each(len(a.files), o.Spare, func(i int) { errs[i] = a.analyse(&a.files[i]) })
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return a.join(), nil
}

// artefact is one run of OfArtefact.
type artefact struct {
	index   *snapshot.Index
	content func(i int) ([]byte, error)
	parts   []part
	byDir   map[string]int    // a part's folder to its place in parts
	types   map[string]string // the folder of each package.json to its "type"
	files   []file            // to look into, the longest first
}

// part is a package in the artefact.
type part struct {
	dir      string
	facts    *snapshot.PackageFacts
	natives  map[string]bool
	commands map[string]string // file to the command that "bin" calls it
	main     string
	manifest []byte // its package.json
	code     []string
	out      Package
}

// file is a member that has to be looked into, and what was found in it.
type file struct {
	entry    int
	part     int
	name     string // in its part
	code     bool   // by its name, or because it is a main file
	analysed bool
	bytes    int
	findings []source.Finding
	calls    []Call
	unparsed []Unparsed
}

func (a *artefact) add(dir string, facts *snapshot.PackageFacts) {
	p := part{dir: dir, facts: facts, natives: map[string]bool{}, commands: map[string]string{}}
	p.out.Path = dir
	if facts != nil {
		for _, n := range facts.Natives {
			p.natives[n] = true
		}
		for _, command := range slices.Sorted(maps.Keys(facts.Bin)) {
			if target := facts.Bin[command]; p.commands[target] == "" {
				p.commands[target] = command
			}
		}
	}
	a.byDir[dir] = len(a.parts)
	a.parts = append(a.parts, p)
}

// owner returns the innermost part that a member belongs to, and its name there.
func (a *artefact) owner(name string) (int, string) {
	if len(a.parts) > 1 {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if i, ok := a.byDir[dir]; ok {
				return i, name[len(dir)+1:]
			}
		}
	}
	return 0, name
}

// manifests reads each package.json: which of them governs a file decides how Node
// reads it.
func (a *artefact) manifests() error {
	for i := range a.index.Entries {
		e := &a.index.Entries[i]
		if path.Base(e.Path) != manifest || e.Link != "" || e.Size > bounds.PackageJSON {
			continue
		}
		src, err := a.content(i)
		if err != nil {
			return err
		}
		a.types[path.Dir(e.Path)] = packageType(src)
		if of, name := a.owner(e.Path); name == manifest {
			a.parts[of].manifest = bytes.Clone(src)
			a.parts[of].main = mainFile(src)
		}
	}
	return nil
}

// governing returns "type" of the package.json that governs a member: the nearest
// one on the way up (Node.js documentation, "Determining module system").
func (a *artefact) governing(name string) string {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if t, ok := a.types[dir]; ok {
			return t
		}
		if dir == "." || path.Base(dir) == "node_modules" {
			return ""
		}
	}
}

// sort decides which members are looked into.
func (a *artefact) sort() {
	for i := range a.index.Entries {
		e := &a.index.Entries[i]
		if e.Link != "" {
			continue
		}
		of, name := a.owner(e.Path)
		p := &a.parts[of]
		if p.natives[name] {
			continue
		}
		code := isCode(name)
		if code {
			p.code = append(p.code, name)
		}
		code = code || isMain(name, p.main)
		if code || mayRun(name, e.Mode) || p.commands[name] != "" {
			a.files = append(a.files, file{entry: i, part: of, name: name, code: code})
		}
	}
	// The longest first, so that no goroutine is left alone with one at the end.
	slices.SortStableFunc(a.files, func(x, y file) int {
		return cmp.Compare(a.index.Entries[y.entry].Size, a.index.Entries[x.entry].Size)
	})
}

// analyse looks into one member.
func (a *artefact) analyse(f *file) error {
	e := &a.index.Entries[f.entry]
	if e.Size > bounds.SourceFile {
		if f.code {
			f.unparsed = []Unparsed{{File: f.name, Why: fmt.Sprintf("%d bytes, over the bound of %d", e.Size, bounds.SourceFile)}}
		}
		return nil
	}
	src, err := a.content(f.entry)
	if err != nil {
		return err
	}
	p := &a.parts[f.part]
	if !f.code {
		program, _ := interpreter(src)
		if !runtimes[program] {
			if found, ok := executable(f.name, src[:min(len(src), 512)], p.commands[f.name]); ok {
				f.findings = []source.Finding{found}
			}
			return nil
		}
	}
	f.read(src, a.governing(e.Path))
	return nil
}

// OfFile analyses one file, whatever its name says, as the one file of a package.
// PackageType is "type" of the package.json that governs it.
func OfFile(src []byte, name, packageType string) Package {
	f := file{name: name}
	f.read(src, packageType)
	return Package{Findings: f.findings, Calls: f.calls, Unparsed: f.unparsed, Files: 1, Bytes: int64(len(src))}
}

// read analyses the file's text. A name whose extension says nothing is read as Node
// reads it: as JavaScript.
func (f *file) read(src []byte, packageType string) {
	f.analysed, f.bytes = true, len(src)
	name := f.name
	if !source.Reads(name) {
		name += ".js"
	}
	r := source.Analyse(src, name, source.Options{PackageType: packageType})
	if len(r.Errors) > 0 && packageType != "" {
		// A file that its package.json calls another kind than it is: Node refuses it,
		// bundlers take it, and a reader wants to know what is in it.
		if again := source.Analyse(src, name, source.Options{}); len(again.Errors) < len(r.Errors) {
			r = again
		}
	}
	f.keep(r)
}

// keep takes over a report within bounds.
func (f *file) keep(r *source.Report) {
	f.findings = r.Findings[:min(len(r.Findings), bounds.FileFindings)]
	for i := range f.findings {
		f.findings[i].File = f.name
	}
	calls := r.Calls[:min(len(r.Calls), bounds.FileFindings)]
	f.calls = make([]Call, len(calls))
	for i := range calls {
		f.calls[i] = Call{f.name, calls[i]}
	}
	if n := len(r.Findings); n > bounds.FileFindings {
		f.unparsed = append(f.unparsed, Unparsed{File: f.name, Why: fmt.Sprintf("%d findings, of which %d are kept", n, bounds.FileFindings)})
	}
	if n := len(r.Calls); n > bounds.FileFindings {
		f.unparsed = append(f.unparsed, Unparsed{File: f.name, Why: fmt.Sprintf("%d calls, of which %d are kept", n, bounds.FileFindings)})
	}
	for i, e := range r.Errors {
		if i == bounds.FileErrors {
			f.unparsed = append(f.unparsed, Unparsed{File: f.name, Line: e.Line, Column: e.Column, Why: fmt.Sprintf("%d more places", len(r.Errors)-i)})
			break
		}
		f.unparsed = append(f.unparsed, Unparsed{File: f.name, Line: e.Line, Column: e.Column, Why: e.Message})
	}
}

// join puts what was found in files into the packages, in their order.
func (a *artefact) join() []Package {
	slices.SortFunc(a.files, func(x, y file) int {
		return cmp.Or(cmp.Compare(x.part, y.part), strings.Compare(x.name, y.name))
	})
	for i := range a.files {
		f := &a.files[i]
		out := &a.parts[f.part].out
		out.Findings = append(out.Findings, f.findings...)
		out.Calls = append(out.Calls, f.calls...)
		out.Unparsed = append(out.Unparsed, f.unparsed...)
		out.Bytes += int64(f.bytes)
		if f.analysed {
			out.Files++
		}
	}
	packages := make([]Package, len(a.parts))
	for i := range a.parts {
		p := &a.parts[i]
		p.out.Findings = append(p.out.Findings, Locate(OfPackage(p.facts), p.manifest)...)
		p.out.Findings = append(p.out.Findings, testCode(p.code)...)
		source.Sort(p.out.Findings)
		packages[i] = p.out
	}
	return packages
}

// each calls work(0) to work(n-1), with the help of whoever is to spare.
func each(n int, spare chan struct{}, work func(i int)) {
	var next atomic.Int64
	var helpers sync.WaitGroup
	var loop func()
	loop = func() {
		for {
			i := int(next.Add(1)) - 1
			if i >= n {
				return
			}
			if i+1 < n {
				select {
				case token := <-spare:
					helpers.Go(func() {
						loop()
						spare <- token
					})
				default:
				}
			}
			work(i)
		}
	}
	loop()
	helpers.Wait()
}

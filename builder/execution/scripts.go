package execution

import (
	"fmt"
	"path"
	"strings"

	"github.com/nbuild/nbuild/builder/sandbox"
	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/pipelines"
)

// wroteOutside is how the program that runs install scripts ends where they wrote outside
// of their package.
const wroteOutside = 86

// Built returns the packages of an npm block whose install scripts ran for a platform, by
// their install path.
func (r Results) Built(block, platform string) map[string]*Result {
	all := map[string]*Result{}
	for k, one := range r { // into a map
		if s := one.Scripts; s != nil && s.Npm == block && k.Platform == platform {
			all[s.Package.Path] = one
		}
	}
	return all
}

// Files are the outputs of a package's install scripts as they stand in its folder: what
// the package holds now.
func (r *Result) Files() []snapshot.Entry {
	all := make([]snapshot.Entry, len(r.Outputs))
	for i, e := range r.Outputs {
		e.Path = strings.TrimPrefix(e.Path, r.Scripts.Package.Path+"/")
		all[i] = e
	}
	return all
}

// Made are those of Files that the package's tarball does not have, or not so.
func (r *Result) Made() []snapshot.Entry {
	before := map[string]pipelines.Input{}
	for _, in := range r.Scripts.Before {
		before[in.Path] = in
	}
	var all []snapshot.Entry
	for _, e := range r.Outputs {
		if in, was := before[e.Path]; was && unchanged(in, e) {
			continue
		}
		e.Path = strings.TrimPrefix(e.Path, r.Scripts.Package.Path+"/")
		all = append(all, e)
	}
	return all
}

// Gone are files that the package's tarball has and its folder no more, relative to it.
func (r *Result) Gone() []string {
	left := map[string]bool{}
	for _, e := range r.Outputs {
		left[e.Path] = true
	}
	folder, archive := r.Scripts.Package.Path, cas.Digest{}
	for _, in := range r.Scripts.Before {
		if in.Path == path.Join(folder, "package.json") {
			archive = in.Archive
		}
	}
	var all []string
	for _, in := range r.Scripts.Before {
		if in.Archive == archive && in.Link == "" && !in.Folder && !left[in.Path] {
			all = append(all, strings.TrimPrefix(in.Path, folder+"/"))
		}
	}
	return all
}

func unchanged(in pipelines.Input, e snapshot.Entry) bool {
	if in.Link != "" || e.Link != "" {
		return in.Link == e.Link
	}
	return in.SHA256 == e.SHA256 && in.Size == e.Size && in.Executable == e.Executable()
}

// own keeps of what a package's install scripts left what is the package's own, and lists
// what they may not have done: to touch another package that stands in the same folder, to
// bring one of which no lockfile knows, to say in package.json that the package is another
// one, to lead out of the folder by a link.
func own(s *pipelines.InstallScripts, left []snapshot.Entry) (kept []snapshot.Entry, refused []string) {
	refuse := func(format string, args ...any) {
		if len(refused) < bounds.Problems {
			refused = append(refused, fmt.Sprintf(format, args...))
		}
	}
	folder := s.Package.Path
	manifest := path.Join(folder, "package.json")
	var archive cas.Digest
	before := make(map[string]pipelines.Input, len(s.Before))
	for _, in := range s.Before {
		before[in.Path] = in
		if in.Path == manifest {
			archive = in.Archive
		}
	}
	bundled := map[string]bool{} // packages that the tarball itself brings
	for _, in := range s.Before {
		if p := nested(folder, in.Path); p != "" && in.Archive == archive && in.Link == "" {
			bundled[p] = true
		}
	}
	manifestKept := false
	for _, e := range left {
		in, was := before[e.Path]
		inside := nested(folder, e.Path)
		switch {
		case was && in.Archive != archive && unchanged(in, e):
			continue // another package's
		case was && in.Archive != archive:
			refuse("changes %s, which is of %s", e.Path, in.From)
			continue
		case !was && inside != "" && !bundled[inside]:
			refuse("adds %s, which is in no lockfile", e.Path)
			continue
		case e.Path == manifest:
			manifestKept = unchanged(in, e)
		case e.Link != "" && !below(folder, path.Join(path.Dir(e.Path), e.Link)):
			refuse("makes the link %s, which leads out of the package to %s", e.Path, e.Link)
			continue
		}
		kept = append(kept, e)
	}
	if !manifestKept {
		refuse("changes package.json, by which the package is known")
	}
	return kept, refused
}

func below(folder, name string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// nested is the folder of the package below another one that a file stands in, by the
// names of folders alone; "" of a file that is in none.
func nested(folder, file string) string {
	rest, ok := strings.CutPrefix(file, folder+"/")
	i := strings.LastIndex("/"+rest, "/node_modules/")
	if !ok || i < 0 {
		return ""
	}
	start := i + len("node_modules/")
	if start > len(rest) {
		return ""
	}
	name, after, _ := strings.Cut(rest[start:], "/")
	if strings.HasPrefix(name, "@") {
		scoped, _, _ := strings.Cut(after, "/")
		name += "/" + scoped
	}
	return path.Join(folder, rest[:start], name)
}

// accept holds the result of install scripts to what they may do, and sets apart what a
// recorder wrote. That of another step is as it is.
func (r *Result) accept(s *pipelines.PlannedStep, left string) error {
	r.Scripts = s.Scripts
	r.apart()
	if s.Scripts == nil {
		return nil
	}
	kept, refused := own(s.Scripts, r.Outputs)
	if len(refused) > 0 {
		return beyond(s, strings.Join(refused, "; "), left)
	}
	r.Outputs = kept
	return nil
}

// beyond is the problem of install scripts that did what is not theirs to do.
func beyond(s *pipelines.PlannedStep, what, left string) *diag.Problem {
	p := &s.Scripts.Package
	remedy := "take the script block out, and write an unbuilt block where production does without; or have a step do it, whose `outputs` say what it leaves (`nbuild explain step`)"
	if left != "" {
		remedy += fmt.Sprintf("; the log is %s/log, and what was written is in %s/work", left, left)
	}
	return &diag.Problem{
		Code: CodeBeyond, Pos: s.Step.At, What: fmt.Sprintf("an install script of %s@%s %s", p.Name, p.Version, what),
		Why: "what a package's scripts make is its own folder and nothing else, so that no package can change another one or the project", Remedy: remedy,
	}
}

// scriptsFailed says how install scripts ended badly.
func scriptsFailed(s *pipelines.PlannedStep, r *sandbox.Result, look string) *diag.Problem {
	p, one := &s.Scripts.Package, &diag.Problem{Code: CodeFailed, Pos: s.Step.At}
	var texts []string
	for _, l := range s.Scripts.Run {
		texts = append(texts, l.Event+": "+diag.Clean(l.Text))
	}
	one.What = fmt.Sprintf("an install script of %s@%s ended with %d", p.Name, p.Version, r.Exit)
	if r.Exit > 128 {
		one.What = fmt.Sprintf("an install script of %s@%s was killed by signal %d", p.Name, p.Version, r.Exit-128)
	}
	one.Why = fmt.Sprintf("it ran in the sandbox, without a network, and with the packages alone that it asks for (%s); nothing that it made is kept", strings.Join(texts, "; "))
	if what, _ := pipelines.Downloads(p.Name, s.Scripts.Run); what != "" {
		one.Why += "; " + what
	}
	one.Remedy = look + "; where it asks a server for a file, that can be pinned, and `unbuilt` stand in place of the script block: " + pipelines.AsFetch(p.Name)
	return one
}

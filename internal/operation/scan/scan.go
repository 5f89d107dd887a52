// Package scan is the dynamism inventory as a command: of a project's packages, an
// installed tree, a folder, a file, a tarball, or one package of the snapshot.
//
// It reports and does not judge. What a project denies is the business of its gates; a
// scan ends well whatever it finds, because a tool that fails on findings is a tool
// that people point away from what they should look at.
//
// A project is scanned as it would be built: its packages come from the store, as
// nbuild.lock pins them, whatever node_modules holds today. A folder is scanned as it
// stands, and what it holds is what a reader of its files would see: links are not
// followed, and nothing is run.
//
// The invariant: every file that could be code is counted, or reported with the reason
// why it was not read.
package scan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/evidence/inventory"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// Options say what is scanned and what is reported.
type Options struct {
	Path       string   // a folder, a file, a tarball or a purl; "" is the project, or the folder at hand
	Production bool     // leave out what only development needs
	Kinds      []string // the kinds of finding that are reported; none is all
}

// Result is what was found.
type Result struct {
	Version  string // of nbuild
	Base     string // what paths begin with when a person is to find them, "" or ended by a slash
	Analysed int    // packages that were analysed rather than known from before
	dynamism.Inventory
}

// Run scans.
func Run(ctx context.Context, host machine.Host, o Options) (*Result, error) {
	store, err := host.Store()
	if err != nil {
		return nil, err
	}
	s := &scanner{host: host, options: o, collector: inventory.New(store, inventory.Options{})}
	r := &Result{Version: host.Version}
	if r.Packages, r.Base, err = s.packages(ctx); err != nil {
		return nil, err
	}
	r.Analysed = s.collector.Analysed()
	r.Sort()
	if len(o.Kinds) > 0 {
		for i := range r.Packages {
			p := &r.Packages[i]
			p.Findings = slices.DeleteFunc(slices.Clone(p.Findings), func(f source.Finding) bool {
				return !slices.Contains(o.Kinds, string(f.Kind))
			})
		}
	}
	return r, nil
}

// Kinds lists the kinds of finding by name.
func Kinds() []string {
	var names []string
	for _, k := range source.Kinds() {
		names = append(names, string(k))
	}
	return names
}

// scanner is one run.
type scanner struct {
	host      machine.Host
	options   Options
	collector *inventory.Collector
}

// packages decides what the path is of.
func (s *scanner) packages(ctx context.Context) (found []dynamism.Package, base string, err error) {
	if s.options.Path == "" {
		if _, err := os.Stat(filepath.Join(s.host.Dir, project.LockName)); err == nil {
			found, err = s.project(ctx)
			return found, "", err
		}
		s.options.Path = "."
	}
	if strings.HasPrefix(s.options.Path, "pkg:") {
		found, err = s.pinned(ctx)
		return found, "", err
	}
	at := s.host.Path(s.options.Path)
	info, err := os.Stat(at)
	switch {
	case err != nil:
		return nil, "", s.unreadable(err)
	case info.IsDir():
		found, err = s.folder(ctx, at)
		base = s.options.Path
	case info.Mode().IsRegular():
		found, err = s.file(ctx, at, info)
		base = filepath.Dir(s.options.Path)
	default:
		return nil, "", s.unreadable(errors.New("it is neither a file nor a folder"))
	}
	if err != nil {
		return nil, "", s.unreadable(err)
	}
	if base = filepath.ToSlash(base); base == "." {
		return found, "", nil
	}
	return found, strings.TrimSuffix(base, "/") + "/", nil
}

// unreadable is the problem of a path that can't be scanned; problems of others and
// the end of the run are passed on.
func (s *scanner) unreadable(err error) error {
	if len(diag.All(err)) > 0 || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	shown := filepath.ToSlash(s.options.Path)
	var at *fs.PathError
	if errors.As(err, &at) && at.Path == s.host.Path(s.options.Path) {
		err = at.Err // the problem names the path as the user does
	}
	return &diag.Problem{
		Code: CodeUnreadable, What: fmt.Sprintf("%s can't be scanned", shown), Err: err,
		Why:    "what was not read is not known to be harmless",
		Remedy: "name a folder or a file that can be read: `nbuild scan node_modules/NAME`",
	}
}

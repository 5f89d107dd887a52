package scan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/evidence/inventory"
	"github.com/nbuild/nbuild/internal/evidence/project"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/wholefile"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// project scans what a build would take: the packages of every npm block on every
// platform, and the project's own files.
func (s *scanner) project(ctx context.Context) ([]dynamism.Package, error) {
	p, err := project.Open(ctx, s.host)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	lock, err := p.Lock()
	if err != nil {
		return nil, err
	}
	found, err := s.trees(ctx, p, lock)
	if errors.Is(err, cas.ErrNotFound) {
		if err := pin.VendorProject(ctx, s.host, p, lock); err != nil {
			return nil, err
		}
		found, err = s.trees(ctx, p, lock)
	}
	if err != nil {
		return nil, err
	}
	own, err := p.Files(ctx)
	if err != nil {
		return nil, err
	}
	folder := inventory.Folder{}
	for _, f := range own.Files {
		if f.Link == "" {
			folder.Files = append(folder.Files, f.Path)
		}
	}
	slices.Sort(folder.Files)
	files, err := s.collector.Folder(ctx, p.Root, folder)
	if err != nil {
		return nil, err
	}
	files.Purl = "" // a project is no package of the registry, whatever its name
	return append(found, files), nil
}

// trees scans the packages of a project, once a path. Of development's packages those
// are looked at that could be pinned; what was left out is reported.
func (s *scanner) trees(ctx context.Context, p *project.Project, lock *snapshot.Lock) ([]dynamism.Package, error) {
	var found []dynamism.Package
	var left []locked.Left
	seen := map[string]bool{}
	for _, n := range p.Npm {
		at := ""
		if len(p.Npm) > 1 {
			at = n.Name
		}
		for _, platform := range p.Platforms {
			tree, err := p.Tree(n.Name, pipelines.Machine{Platform: platform}, false)
			if err == nil && !s.options.Production {
				tree, err = p.Available(n.Name, platform)
			}
			if err != nil {
				return nil, err
			}
			left = append(left, tree.Left...)
			packages, err := s.collector.Tree(ctx, tree, lock)
			if err != nil {
				return nil, err
			}
			for _, one := range packages {
				if one.Path = path.Join(at, one.Path); !seen[one.Path] {
					seen[one.Path] = true
					found = append(found, one)
				}
			}
		}
	}
	reported := map[string]bool{}
	for _, l := range left {
		if text := l.Problem.What; !reported[text] {
			reported[text] = true
			s.host.Events.Emit(event.Event{Kind: event.Problem, Phase: "scan", Name: l.Name, Code: string(l.Problem.Code), Text: text + "; it was not looked at"})
		}
	}
	return found, nil
}

// pinned scans one package of the project's snapshot, by its purl.
func (s *scanner) pinned(ctx context.Context) ([]dynamism.Package, error) {
	p, err := project.Open(ctx, s.host)
	if err != nil {
		return nil, err
	}
	defer p.Close()
	lock, err := p.Lock()
	if err != nil {
		return nil, err
	}
	name, version, ok := cutPurl(s.options.Path)
	a, pinned := inventory.Pinned(lock, &locked.Package{Name: name, Version: version})
	if !ok || !pinned {
		return nil, &diag.Problem{
			Code: CodeNotPinned, Pos: diag.Pos{File: project.LockName}, What: s.options.Path + " is not in the snapshot",
			Why: "what is scanned is held to the digest that nbuild.lock has", Remedy: "name it with its version, as in `nbuild scan pkg:npm/left@1.0.0`, or scan a folder",
		}
	}
	found, err := s.collector.Artefact(ctx, a)
	if errors.Is(err, cas.ErrNotFound) {
		if err := pin.VendorProject(ctx, s.host, p, lock); err != nil {
			return nil, err
		}
		found, err = s.collector.Artefact(ctx, a)
	}
	if err != nil {
		return nil, err
	}
	found[0].Purl = (&locked.Package{Name: name, Version: version}).Purl()
	return found, nil
}

// cutPurl reads the name and the version of a purl of type npm, without qualifiers.
func cutPurl(purl string) (name, version string, ok bool) {
	rest, ok := strings.CutPrefix(purl, "pkg:npm/")
	at := strings.LastIndexByte(rest, '@')
	if !ok || at <= 0 {
		return "", "", false
	}
	name, err := url.PathUnescape(rest[:at])
	if err != nil {
		return "", "", false
	}
	version, err = url.PathUnescape(rest[at+1:])
	return name, version, err == nil
}

// folder scans a folder as it stands.
func (s *scanner) folder(ctx context.Context, at string) ([]dynamism.Package, error) {
	modules := filepath.Base(at) == "node_modules"
	root, err := os.OpenRoot(at)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	list := inventory.Folders
	if modules {
		list = inventory.InNodeModules
	}
	folders, err := list(ctx, root)
	if err != nil {
		return nil, err
	}
	if s.options.Production {
		if folders, err = s.production(ctx, root, folders); err != nil {
			return nil, err
		}
	}
	found, err := s.collector.Folders(ctx, root, folders)
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i].Path == "" && isProject(root) {
			found[i].Purl = ""
		}
		if modules {
			found[i].Path = path.Join("node_modules", found[i].Path)
		}
	}
	return found, nil
}

// isProject reports whether a folder is somebody's own project rather than a
// package of a registry: it has a file that is never published.
func isProject(root *os.Root) bool {
	for _, name := range []string{"build.hcl", project.LockName, "package-lock.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock"} {
		if _, err := root.Stat(name); err == nil {
			return true
		}
	}
	return false
}

// production keeps what a package-lock.json in the folder says that production
// needs, on any machine.
func (s *scanner) production(ctx context.Context, root *os.Root, folders []inventory.Folder) ([]inventory.Folder, error) {
	const name = "package-lock.json"
	shown := path.Join(filepath.ToSlash(s.options.Path), name)
	src, err := wholefile.ReadIn(root, name, bounds.Lockfile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &diag.Problem{
			Code: CodeNoProduction, Pos: diag.Pos{File: shown}, What: "what production needs is not known: there is no lockfile",
			Why: "an installed tree does not say why a package is in it", Remedy: "leave out --production, or scan the folder that package-lock.json is in",
		}
	}
	if err != nil {
		return nil, err
	}
	lockfile, err := npm.ReadLockfile(src, shown)
	if err != nil {
		return nil, err
	}
	held, o, err := project.Held(ctx, lockfile, root, ".", nil)
	if err != nil {
		return nil, err
	}
	tree, err := locked.Plan(held, locked.Options{Omit: append([]string{"dev"}, o.Omit...), LegacyPeerDeps: o.LegacyPeerDeps})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(folders, func(f inventory.Folder) bool {
		_, ok := tree.Find(f.Path)
		return f.Path != "" && !ok
	}), nil
}

// file scans one file, or the files of a tarball.
func (s *scanner) file(ctx context.Context, at string, info fs.FileInfo) ([]dynamism.Package, error) {
	limit := int64(bounds.SourceFile)
	archive := strings.HasSuffix(at, ".tgz") || strings.HasSuffix(at, ".tar.gz")
	if archive {
		limit = bounds.Tarball
	}
	if info.Size() > limit {
		return nil, fmt.Errorf("%d bytes, over the bound of %d", info.Size(), limit)
	}
	src, err := wholefile.Read(at, limit)
	if err != nil {
		return nil, err
	}
	if !archive {
		return []dynamism.Package{dynamism.OfFile(src, filepath.Base(at), governing(filepath.Dir(at)))}, nil
	}
	index, err := tarball.Index(bytes.NewReader(src), tarball.Options{})
	if err != nil {
		return nil, err
	}
	contents, err := tarball.Unpack(bytes.NewReader(src), index)
	if err != nil {
		return nil, err
	}
	defer contents.Close()
	found, err := s.collector.Files(ctx, index, func(i int) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return contents.Bytes(i)
	})
	if err != nil {
		return nil, err
	}
	if f := index.Package; f != nil && f.Name != "" && f.Version != "" {
		found[0].Purl = (&locked.Package{Name: f.Name, Version: f.Version}).Purl()
	}
	return found, nil
}

// governing returns "type" of the nearest package.json from a folder upwards.
func governing(dir string) string {
	for {
		src, err := wholefile.Read(filepath.Join(dir, "package.json"), bounds.PackageJSON)
		if err == nil {
			facts, err := tarball.Facts(src)
			if err != nil {
				return ""
			}
			return facts.Type
		}
		up := filepath.Dir(dir)
		if up == dir || filepath.Base(dir) == "node_modules" {
			return ""
		}
		dir = up
	}
}

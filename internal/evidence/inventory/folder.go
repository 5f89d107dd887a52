package inventory

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// ErrTooMany reports a folder with more than bounds.ScanFiles files.
var ErrTooMany = errors.New("too many files")

// Folder is a package in a folder: its place and its files, relative to it.
type Folder struct {
	Path  string   // below the root, "" of the root itself
	Files []string // sorted, with slashes; no links, nothing below node_modules
}

// Folders finds the packages below a root: what stands in a folder node_modules, at
// any depth, and what is left, which is the package of the root itself. Links are not
// followed: what they lead to is found where it stands.
func Folders(ctx context.Context, root *os.Root) ([]Folder, error) {
	w := &walk{ctx: ctx, fsys: root.FS()}
	w.folders = append(w.folders, Folder{})
	if err := w.dir(".", 0); err != nil {
		return nil, err
	}
	folders := w.sorted()
	if len(folders[0].Files) == 0 && len(folders) > 1 {
		return folders[1:], nil
	}
	return folders, nil
}

// InNodeModules finds the packages of a folder that is itself a node_modules.
func InNodeModules(ctx context.Context, root *os.Root) ([]Folder, error) {
	w := &walk{ctx: ctx, fsys: root.FS()}
	if err := w.modules("."); err != nil {
		return nil, err
	}
	return w.sorted(), nil
}

// sorted puts the folders and the files of each in bytewise order.
func (w *walk) sorted() []Folder {
	for i := range w.folders {
		slices.Sort(w.folders[i].Files)
	}
	slices.SortFunc(w.folders, func(a, b Folder) int { return strings.Compare(a.Path, b.Path) })
	return w.folders
}

// walk is one run of Folders.
type walk struct {
	ctx     context.Context // of this one run
	fsys    fs.FS
	folders []Folder
	files   int
}

// noPackage is the owner of what belongs to no package.
const noPackage = -1

// dir walks a folder whose files belong to a package.
func (w *walk) dir(dir string, owner int) error {
	entries, err := w.list(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case e.IsDir() && e.Name() == ".git":
		case e.IsDir() && e.Name() == "node_modules":
			err = w.modules(name)
		case e.IsDir():
			err = w.dir(name, owner)
		case e.Type().IsRegular() && owner != noPackage:
			if w.files++; w.files > bounds.ScanFiles {
				return fmt.Errorf("%w: over %d", ErrTooMany, bounds.ScanFiles)
			}
			f := &w.folders[owner]
			f.Files = append(f.Files, strings.TrimPrefix(name, prefix(f.Path)))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func prefix(dir string) string {
	if dir == "" {
		return ""
	}
	return dir + "/"
}

// modules walks a node_modules folder: a package a folder, scopes one deeper. The
// stores of pnpm and yarn hold node_modules folders of their own.
func (w *walk) modules(dir string) error {
	entries, err := w.list(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case !e.IsDir():
		case strings.HasPrefix(e.Name(), "."):
			if e.Name() == ".pnpm" || e.Name() == ".store" {
				err = w.dir(name, noPackage)
			}
		case strings.HasPrefix(e.Name(), "@"):
			err = w.scope(name)
		default:
			err = w.add(name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) scope(dir string) error {
	entries, err := w.list(dir)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if e.IsDir() {
			if err := w.add(path.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) add(dir string) error {
	w.folders = append(w.folders, Folder{Path: dir})
	return w.dir(dir, len(w.folders)-1)
}

func (w *walk) list(dir string) ([]fs.DirEntry, error) {
	if err := w.ctx.Err(); err != nil {
		return nil, err
	}
	if strings.Count(dir, "/") > bounds.PathDepth {
		return nil, fmt.Errorf("%s: deeper than %d folders", dir, bounds.PathDepth)
	}
	return fs.ReadDir(w.fsys, dir)
}

// Folder returns the packages of a folder: one, whose Path and Purl are those of the
// folder's own package.json.
func (c *Collector) Folder(ctx context.Context, root *os.Root, f Folder) (dynamism.Package, error) {
	return c.folder(ctx, root, f, nil)
}

// Folders is Folder of many, in their order.
func (c *Collector) Folders(ctx context.Context, root *os.Root, folders []Folder) ([]dynamism.Package, error) {
	out := make([]dynamism.Package, len(folders))
	err := c.Each(ctx, len(folders), func(i int, spare chan struct{}) (err error) {
		out[i], err = c.folder(ctx, root, folders[i], spare)
		return err
	})
	return out, err
}

// Own returns what was found in a project's own files, which are of no package of a
// registry, whatever its package.json says: its Path and Purl are empty. Names may stand
// twice.
func (c *Collector) Own(ctx context.Context, root *os.Root, names []string) (dynamism.Package, error) {
	names = slices.Clone(names)
	slices.Sort(names)
	p, err := c.Folder(ctx, root, Folder{Files: slices.Compact(names)})
	if err != nil {
		return p, fmt.Errorf("analysing the project's files: %w", err)
	}
	p.Purl, p.Path = "", ""
	return p, nil
}

func (c *Collector) folder(ctx context.Context, root *os.Root, f Folder, spare chan struct{}) (dynamism.Package, error) {
	if f.Path != "" {
		var err error
		if root, err = root.OpenRoot(f.Path); err != nil {
			return dynamism.Package{}, err
		}
		defer root.Close()
	}
	r := newFiles(root)
	defer r.close()
	index, err := r.index(ctx, f.Files)
	if err != nil {
		return dynamism.Package{}, fmt.Errorf("reading %s: %w", path.Join(".", f.Path), err)
	}
	content := func(i int) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if kept := r.kept[i]; kept != nil {
			return kept, nil
		}
		return readAll(root, index.Entries[i].Path, bounds.SourceFile)
	}
	packages, err := c.files(ctx, index, content, spare)
	if err != nil {
		return dynamism.Package{}, fmt.Errorf("reading %s: %w", path.Join(".", f.Path), err)
	}
	p := packages[0]
	p.Path = f.Path
	if index.Package != nil && index.Package.Name != "" && index.Package.Version != "" {
		named := locked.Package{Name: index.Package.Name, Version: index.Package.Version}
		p.Purl = named.Purl()
	}
	return p, nil
}

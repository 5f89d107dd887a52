package inventory

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
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

func (c *Collector) folder(ctx context.Context, root *os.Root, f Folder, spare chan struct{}) (dynamism.Package, error) {
	if f.Path != "" {
		var err error
		if root, err = root.OpenRoot(f.Path); err != nil {
			return dynamism.Package{}, err
		}
		defer root.Close()
	}
	index, err := indexOf(ctx, root, f.Files)
	if err != nil {
		return dynamism.Package{}, fmt.Errorf("reading %s: %w", path.Join(".", f.Path), err)
	}
	content := func(i int) ([]byte, error) {
		if err := ctx.Err(); err != nil {
			return nil, err
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
		named := npm.Package{Name: index.Package.Name, Version: index.Package.Version}
		p.Purl = named.Purl()
	}
	return p, nil
}

// indexOf describes those files of a folder that the inventory looks into, as the
// index of an artefact would; of the others it tells which are machine code.
func indexOf(ctx context.Context, root *os.Root, files []string) (*snapshot.Index, error) {
	index := &snapshot.Index{}
	var buffer []byte
	manifest, err := readAll(root, "package.json", bounds.PackageJSON)
	if err == nil {
		index.Package, _ = tarball.Facts(manifest) // one that can't be read says nothing, to npm as well
	}
	if index.Package == nil {
		index.Package = &snapshot.PackageFacts{}
	}
	relevant := dynamism.Relevant(manifest, index.Package)
	for _, name := range files {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, src, err := describe(root, name, relevant, &buffer)
		if err != nil {
			return nil, err
		}
		switch {
		case tarball.IsMachineCode(src):
			index.Package.Natives = append(index.Package.Natives, name)
		case name == "binding.gyp":
			index.Package.Gyp = true
		}
		if relevant(name, e.Mode) {
			index.Entries = append(index.Entries, e)
		}
	}
	return index, nil
}

// headSize is how much is read of a file that is not looked into.
const headSize = 4 << 10

// describe reads a file, all of it where it is relevant and within bounds, else how
// it begins. What is returned is good until the buffer is used again.
func describe(root *os.Root, name string, relevant func(string, uint32) bool, buffer *[]byte) (snapshot.Entry, []byte, error) {
	e := snapshot.Entry{Path: name, Mode: 0o644}
	f, err := root.Open(name)
	if err != nil {
		return e, nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return e, nil, err
	}
	if info.Mode()&0o111 != 0 {
		e.Mode = 0o755
	}
	e.Size = info.Size()
	limit := int64(headSize)
	if relevant(name, e.Mode) && e.Size <= bounds.SourceFile {
		limit = bounds.SourceFile
	}
	*buffer, err = readInto(*buffer, f, min(limit, e.Size))
	if err != nil {
		return e, nil, err
	}
	if int64(len(*buffer)) == e.Size {
		e.SHA256 = sha256.Sum256(*buffer)
	}
	return e, *buffer, nil
}

// readInto reads up to n bytes into a buffer that is made longer where it must be.
func readInto(buffer []byte, f io.Reader, n int64) ([]byte, error) {
	if int64(cap(buffer)) < n {
		buffer = make([]byte, n)
	}
	read, err := io.ReadFull(f, buffer[:n])
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		err = nil
	}
	return buffer[:read], err
}

func readAll(root *os.Root, name string, limit int64) ([]byte, error) {
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > limit {
		return nil, fmt.Errorf("%s: no file of at most %d bytes", name, limit)
	}
	return readInto(nil, f, info.Size())
}

package pipelines

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
)

// Options for opening a project. The zero value works.
type Options struct {
	Vars map[string]string // --var
}

// Open reads and evaluates the build file of a folder. File is its name relative
// to dir, "build.hcl" or "build.hcl.json". What is wrong with it comes back as
// diag.Problems, all at once; the Project is nil then.
func Open(dir, file string, o Options) (*Project, error) {
	name := filepath.Join(dir, filepath.FromSlash(file))
	folder := filepath.Dir(name)
	root, err := os.OpenRoot(folder)
	var src []byte
	if err == nil {
		defer root.Close()
		src, err = readFile(root, filepath.Base(name), bounds.HCL+1)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &diag.Problem{
			Code: CodeNoFile, Pos: diag.Pos{File: file}, What: "there is no " + file + " here",
			Why: "a build states what it is made of in a file", Remedy: "run `nbuild init` to write one, or give its place with -C dir or -f file",
		}
	}
	if err != nil {
		return nil, fmt.Errorf("reading the build file: %w", err)
	}
	p, err := Parse(src, file, root.FS(), o)
	if err != nil {
		return nil, err
	}
	p.Dir = folder
	return p, nil
}

// readFile reads a file of a folder. A link that leads out is a Problem: what is wrong
// with the text would be reported with a line of it, and that would be of a file that
// is not the project's to show.
func readFile(root *os.Root, name string, limit int64) ([]byte, error) {
	info, err := root.Stat(name)
	if link, linkErr := root.Lstat(name); err != nil && linkErr == nil && link.Mode()&fs.ModeSymlink != 0 {
		return nil, &diag.Problem{
			Code: CodeFiles, Pos: diag.Pos{File: name}, What: name + " is a link that can't be followed", Err: err,
			Why: "a build reads its own folder only, and what lies elsewhere is not the project's to show", Remedy: "replace the link by the file",
		}
	}
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // a pipe would wait
		return nil, &fs.PathError{Op: "read", Path: name, Err: syscall.EISDIR}
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit))
}

// Parse evaluates a build file. Folder is the file's own folder; it must refuse
// links that leave it, as os.Root does. It reads nothing else.
func Parse(src []byte, file string, folder fs.FS, o Options) (*Project, error) {
	f, err := hclfile.Parse(src, file)
	if err != nil {
		return nil, err
	}
	if p := edition(f); p != nil {
		return nil, diag.Problems{p}
	}
	body, problems := f.Decode(Language())
	e := &evaluator{Reader: hclfile.Reader{File: f, Problems: problems}, body: body, folder: folder, vars: o.Vars}
	e.project = &Project{File: file, Edition: Edition, source: f}
	e.all()
	if len(e.Problems) > 0 {
		e.Problems.Sort()
		return nil, dedupe(e.Problems)
	}
	return e.project, nil
}

// edition refuses a file of another edition before anything else of it is judged:
// its blocks may mean something else.
func edition(f *hclfile.File) *diag.Problem {
	probe := *Language()
	body, _ := f.Decode(&probe)
	if !body.Has("nbuild") {
		return nil // Decode reports it with the rest
	}
	r := &hclfile.Reader{File: f}
	have := r.String(body, "nbuild")
	if have == Edition || len(r.Problems) > 0 {
		return nil
	}
	return f.Problem(body.At("nbuild"), CodeEdition, fmt.Sprintf("this nbuild does not know edition %q of the language", have),
		"another edition may give the same words another meaning, so nothing of the file is used", `write nbuild = "1", or use the nbuild that knows this edition`)
}

// dedupe drops problems that were found twice, by two readers of one expression.
func dedupe(ps diag.Problems) diag.Problems {
	return slices.CompactFunc(ps, func(a, b *diag.Problem) bool {
		return a.Code == b.Code && a.Pos == b.Pos && a.What == b.What
	})
}

// inside reports whether a relative path, with slashes and in its shortest form,
// stays in its folder.
func inside(name string) bool {
	return name != "" && len(name) <= bounds.Path && fs.ValidPath(name) && path.Clean(name) == name && !strings.ContainsAny(name, "\\\x00\n\r")
}

// Package format is `nbuild fmt`: it rewrites files of the project's languages in their
// one standard form, or reports which are not in it.
//
// There is nothing to set. A form that everyone shares makes a diff show what was
// meant and nothing else, and that diff is what reviewers sign.
//
// The invariant: a file that does not parse is never touched, and a file is
// replaced whole or not at all.
package format

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/wholefile"
)

// The problems of this package.
const (
	// CodeUnformatted is a file that is not in the standard form.
	CodeUnformatted diag.Code = "NB0323"
	// CodeAbsent is a file to format that is not there.
	CodeAbsent diag.Code = "NB0324"
)

// Options say what to do with a file that is not in the standard form.
type Options struct {
	Check bool // report it, as CodeUnformatted, and leave the file
	Diff  bool // show what would change, and leave the file
}

// Result is nbuild.fmt/v1.
type Result struct {
	Schema  string   `json:"schema"`
	Changed []string `json:"changed"` // files that were not in the standard form
	Diff    string   `json:"diff"`
}

// Files formats files, named relative to dir.
func Files(dir string, names []string, o Options) (Result, error) {
	r := Result{Schema: "nbuild.fmt/v1", Changed: []string{}}
	var problems diag.Problems
	var diffs strings.Builder
	for _, name := range names {
		path := name
		if !filepath.IsAbs(path) {
			path = filepath.Join(dir, name)
		}
		src, mode, err := read(path)
		if errors.Is(err, fs.ErrNotExist) {
			problems = append(problems, &diag.Problem{Code: CodeAbsent, Pos: diag.Pos{File: name}, What: "there is no " + name, Remedy: "name a file that is there, as in `nbuild fmt build.hcl`"})
			continue
		}
		if err != nil {
			return r, fmt.Errorf("reading %s: %w", name, err)
		}
		out, err := hclfile.Format(src, name)
		if err != nil {
			if ps := diag.All(err); len(ps) > 0 {
				problems = append(problems, ps...)
				continue
			}
			return r, err
		}
		if bytes.Equal(src, out) {
			continue
		}
		r.Changed = append(r.Changed, name)
		if o.Diff {
			diffs.WriteString(unified(name, src, out))
		}
		if o.Check {
			line := firstDifference(src, out)
			pos := diag.Pos{File: name, Line: line, Column: 1}
			problems = append(problems, &diag.Problem{
				Code: CodeUnformatted, Pos: pos, Snippet: diag.Snippet(src, pos), What: name + " is not in the standard form",
				Why: "one form for all makes a diff show what was meant and nothing else", Remedy: "run `nbuild fmt " + diag.Word(name) + "`",
			})
		}
		if !o.Check && !o.Diff {
			if err := replace(path, out, mode); err != nil {
				return r, fmt.Errorf("writing %s: %w", name, err)
			}
		}
	}
	r.Diff = diffs.String()
	return r, problems.Err()
}

func read(path string) ([]byte, fs.FileMode, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, 0, err
	}
	src, err := io.ReadAll(io.LimitReader(f, bounds.HCL+1))
	return src, info.Mode().Perm(), err
}

// replace writes beside the file and renames, so that a kill leaves one or the
// other. A link stays a link: what it leads to is replaced.
func replace(path string, src []byte, mode fs.FileMode) error {
	path, err := filepath.EvalSymlinks(path)
	if err != nil {
		return err
	}
	return wholefile.Write(path, src, mode)
}

// firstDifference is the line of a where b begins to differ, from 1.
func firstDifference(a, b []byte) int {
	la, lb := bytes.Split(a, []byte("\n")), bytes.Split(b, []byte("\n"))
	for i := range min(len(la), len(lb)) {
		if !bytes.Equal(la[i], lb[i]) {
			return i + 1
		}
	}
	return max(1, min(len(la), len(lb)))
}

package pipelines

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
)

// Input is one file or link of an action's input root, and where its bytes are.
type Input struct {
	Path       string // relative to the input root
	Executable bool
	Size       int64
	SHA256     cas.Digest
	Link       string // the target of a symbolic link; then there are no bytes
	From       string // who put it there, for people: "files", "npm lodash@4.17.21"

	Project string     // the bytes are the project's file of this path
	Archive cas.Digest // the bytes are a file of this stored artefact
	Member  string     // … of this path in it
	Content []byte     // the bytes
}

// same reports whether two inputs at one path are one and the same.
func (i Input) same(o Input) bool {
	return i.Executable == o.Executable && i.Size == o.Size && i.SHA256 == o.SHA256 && i.Link == o.Link
}

// inputRoot is a folder as it grows.
type inputRoot struct {
	files   map[string]Input
	folders map[string]*inputRoot
}

func newRoot() *inputRoot {
	return &inputRoot{files: map[string]Input{}, folders: map[string]*inputRoot{}}
}

// add puts a file in its place. A second, different one at that path is an error.
func (r *inputRoot) add(in Input) error {
	if !inside(in.Path) {
		return fmt.Errorf("adding %q to an input root: not inside of it", in.Path)
	}
	dir, rest := r, in.Path
	for {
		first, after, more := strings.Cut(rest, "/")
		if !more {
			break
		}
		if other, taken := dir.files[first]; taken {
			return conflict(in, other)
		}
		if dir.folders[first] == nil {
			dir.folders[first] = newRoot()
		}
		dir, rest = dir.folders[first], after
	}
	if dir.folders[rest] != nil {
		return conflict(in, Input{Path: in.Path, From: "a folder"})
	}
	if other, taken := dir.files[rest]; taken {
		if in.same(other) {
			return nil
		}
		return conflict(in, other)
	}
	dir.files[rest] = in
	return nil
}

// collision is two different things at one path.
type collision struct{ path, one, other string }

func (c collision) Error() string {
	return fmt.Sprintf("%s comes from %s and from %s", c.path, c.one, c.other)
}

func conflict(a, b Input) error { return collision{b.Path, b.From, a.From} }

// encode writes the folder and those below as Directory messages in canonical form
// (REAPI v2, Directory): each list sorted by name, bytewise. The first blob is the
// folder itself.
func (r *inputRoot) encode() []Blob {
	var m message
	var below []Blob
	for _, n := range sorted(r.files) {
		if f := r.files[n]; f.Link == "" {
			node := message(nil).text(1, n).bytes(2, digest(f.SHA256, f.Size)).flag(4, f.Executable)
			m = m.always(1, node)
		}
	}
	for _, n := range sorted(r.folders) {
		blobs := r.folders[n].encode()
		m = m.always(2, message(nil).text(1, n).bytes(2, blobs[0].digest()))
		below = append(below, blobs...)
	}
	for _, n := range sorted(r.files) {
		if f := r.files[n]; f.Link != "" {
			m = m.always(3, message(nil).text(1, n).text(2, f.Link))
		}
	}
	return append([]Blob{blob(m)}, below...)
}

// list returns every input below a folder, sorted by path, bytewise.
func (r *inputRoot) list() []Input {
	var out []Input
	for _, n := range sorted(r.files) {
		out = append(out, r.files[n])
	}
	for _, n := range sorted(r.folders) {
		out = append(out, r.folders[n].list()...)
	}
	slices.SortFunc(out, func(a, b Input) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func join(elems ...string) string { return path.Join(elems...) }

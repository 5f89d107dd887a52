package pipelines

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Input is one file or link of an action's input root, and where its bytes are.
type Input struct {
	Path       string // relative to the input root, or to the tree that it is listed in
	Folder     bool   // a folder, which need not have files in it
	Executable bool
	Size       int64
	SHA256     cas.Digest
	Link       string // the target of a symbolic link; then there are no bytes
	From       string // who put it there, for people: "files", "npm lodash@4.17.21"

	// Where the bytes are: the project's file of that path; a file of a stored artefact,
	// by its kind and its path in it; Content; or, where all are empty, the blob of that
	// SHA-256 in the store.
	Project string
	Archive cas.Digest
	Kind    snapshot.Kind
	Index   cas.Digest // the archive's file index, where it is a tarball
	Member  string
	Content []byte
}

// same reports whether two inputs at one path are one and the same.
func (i Input) same(o Input) bool {
	return i.Folder == o.Folder && i.Executable == o.Executable && i.Size == o.Size && i.SHA256 == o.SHA256 && i.Link == o.Link
}

// inputRoot is a folder as it grows. One that is sealed is known by its digest alone,
// as a folder of a tree, and is opened where something else goes into it.
type inputRoot struct {
	files   map[string]Input
	folders map[string]*inputRoot
	sealed  *sealed
}

// sealed is a folder of a tree.
type sealed struct {
	tree   *Tree
	digest cas.Digest
	size   int64
	path   string // where it stands in the input root
}

func newRoot() *inputRoot {
	return &inputRoot{files: map[string]Input{}, folders: map[string]*inputRoot{}}
}

// add puts a file in its place. A second, different one at that path is an error.
func (r *inputRoot) add(in Input) error {
	if !nameable(in.Path) {
		return fmt.Errorf("adding %q to an input root: not inside of it", in.Path)
	}
	dir, rest := r, in.Path
	if in.Folder {
		rest += "/"
	}
	for {
		first, after, more := strings.Cut(rest, "/")
		if !more {
			break
		}
		if err := dir.open(); err != nil {
			return err
		}
		if other, taken := dir.files[first]; taken {
			return conflict(in, other)
		}
		if dir.folders[first] == nil {
			dir.folders[first] = newRoot()
		}
		dir, rest = dir.folders[first], after
	}
	if in.Folder {
		return nil
	}
	if err := dir.open(); err != nil {
		return err
	}
	return dir.put(rest, in)
}

// nameable reports whether an input may have a path: a relative one of UTF-8, as fs.FS
// has it.
func nameable(p string) bool {
	return p != "." && len(p) <= bounds.Path && fs.ValidPath(p) && !strings.ContainsRune(p, 0)
}

// put puts a file into this very folder.
func (r *inputRoot) put(name string, in Input) error {
	if r.folders[name] != nil {
		return conflict(in, Input{Path: in.Path, From: "a folder"})
	}
	if other, taken := r.files[name]; taken {
		if in.same(other) {
			return nil
		}
		return conflict(in, other)
	}
	r.files[name] = in
	return nil
}

// mount puts a tree at a path, over what is there. Folders that only the tree has stay
// sealed.
func (r *inputRoot) mount(at string, t *Tree) error {
	dir, name := r, at
	for {
		if err := dir.open(); err != nil {
			return err
		}
		first, after, more := strings.Cut(name, "/")
		if other, taken := dir.files[first]; taken {
			return conflict(Input{Path: at, From: t.From}, other)
		}
		whole := &sealed{tree: t, digest: t.Root.Digest, size: int64(len(t.Root.Bytes)), path: at}
		if !more {
			if dir.folders[first] == nil {
				dir.folders[first] = newRoot()
				dir.folders[first].sealed = whole
				return nil
			}
			return dir.folders[first].lay(whole)
		}
		if dir.folders[first] == nil {
			dir.folders[first] = newRoot()
		}
		dir, name = dir.folders[first], after
	}
}

// lay puts what is in a sealed folder into this one.
func (r *inputRoot) lay(s *sealed) error {
	if r.sealed != nil && r.sealed.digest == s.digest {
		return nil
	}
	if err := r.open(); err != nil {
		return err
	}
	message, err := s.tree.directory(s.digest)
	if err != nil {
		return err
	}
	d, err := readDirectory(message)
	if err != nil {
		return err
	}
	for _, f := range d.files {
		in := Input{Path: join(s.path, f.Path), Executable: f.Executable, Size: f.Size, SHA256: f.SHA256, Link: f.Link, From: s.tree.From}
		if err := r.put(f.Path, in); err != nil {
			return err
		}
	}
	for _, f := range d.folders {
		below := &sealed{tree: s.tree, digest: f.SHA256, size: f.Size, path: join(s.path, f.Path)}
		if other, taken := r.files[f.Path]; taken {
			return conflict(Input{Path: below.path, From: s.tree.From}, other)
		}
		if r.folders[f.Path] == nil {
			r.folders[f.Path] = newRoot()
			r.folders[f.Path].sealed = below
		} else if err := r.folders[f.Path].lay(below); err != nil {
			return err
		}
	}
	return nil
}

// open has a sealed folder hold what is in it.
func (r *inputRoot) open() error {
	s := r.sealed
	if s == nil {
		return nil
	}
	r.sealed = nil
	return r.lay(s)
}

// collision is two different things at one path.
type collision struct{ path, one, other string }

func (c collision) Error() string {
	return fmt.Sprintf("%s comes from %s and from %s", c.path, c.one, c.other)
}

func conflict(a, b Input) error { return collision{b.Path, b.From, a.From} }

// encode writes the folder and those below as Directory messages in canonical form
// (REAPI v2, Directory): each list sorted by name, bytewise. The first blob is the
// folder itself; those of sealed folders stand in their trees.
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
		if s := r.folders[n].sealed; s != nil {
			m = m.always(2, message(nil).text(1, n).bytes(2, digest(s.digest, s.size)))
			continue
		}
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

// list returns every input below a folder that is not in a tree, sorted by path, bytewise.
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

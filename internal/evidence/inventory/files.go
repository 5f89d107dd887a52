package inventory

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sync"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/sbom/dynamism"
)

// files reads the files of one folder. Their names come sorted, so it keeps the
// last folder open: a file is one step away from it. What was read to be hashed is
// kept, up to keepLimit, for whoever analyses it.
type files struct {
	root   *os.Root
	dir    string
	at     *os.Root // of dir; root itself where dir is "."
	arena  []byte
	buffer []byte
	kept   [][]byte // by entry of the index, nil where it has to be read again
}

// keepLimit is how many bytes of a folder's files are kept while they are analysed.
const keepLimit = 4 << 20

// arenas are used again by the next folder. Nothing that the analysis returns is
// part of them: its texts are copies.
var arenas = sync.Pool{New: func() any {
	b := make([]byte, 0, keepLimit)
	return &b
}}

func newFiles(root *os.Root) *files {
	return &files{root: root, dir: ".", at: root, arena: (*arenas.Get().(*[]byte))[:0]}
}

func (r *files) close() {
	r.leave()
	arenas.Put(&r.arena)
}

func (r *files) leave() {
	if r.at != r.root {
		r.at.Close()
	}
	r.dir, r.at = ".", r.root
}

func (r *files) open(name string) (*os.File, error) {
	if dir := path.Dir(name); dir != r.dir {
		r.leave()
		if dir != "." {
			at, err := r.root.OpenRoot(dir)
			if err != nil {
				return nil, err
			}
			r.dir, r.at = dir, at
		}
	}
	return r.at.Open(path.Base(name))
}

// index describes those files of a folder that the inventory looks into, as the
// index of an artefact would; of the others it says which are machine code.
func (r *files) index(ctx context.Context, names []string) (*snapshot.Index, error) {
	index := &snapshot.Index{}
	manifest, err := readAll(r.root, "package.json", bounds.PackageJSON)
	if err == nil {
		index.Package, _ = tarball.Facts(manifest) // one that can't be read says nothing, to npm as well
	}
	if index.Package == nil {
		index.Package = &snapshot.PackageFacts{}
	}
	relevant := dynamism.Relevant(manifest, index.Package)
	for _, name := range names {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		e, src, err := r.describe(name, relevant)
		if err != nil {
			return nil, err
		}
		switch {
		case tarball.IsMachineCode(src):
			index.Package.Natives = append(index.Package.Natives, name)
		case name == "binding.gyp":
			index.Package.Gyp = true
		}
		if !relevant(name, e.Mode) {
			continue
		}
		index.Entries = append(index.Entries, e)
		var kept []byte
		if int64(len(src)) == e.Size && len(r.arena)+len(src) <= cap(r.arena) {
			start := len(r.arena)
			r.arena = append(r.arena, src...)
			kept = r.arena[start:len(r.arena):len(r.arena)]
		}
		r.kept = append(r.kept, kept)
	}
	return index, nil
}

// headSize is how much is read of a file that is not looked into.
const headSize = 4 << 10

// describe reads a file, all of it where it is relevant and within bounds, else how
// it begins. What is returned is good until the next call.
func (r *files) describe(name string, relevant func(string, uint32) bool) (snapshot.Entry, []byte, error) {
	e := snapshot.Entry{Path: name, Mode: 0o644}
	f, err := r.open(name)
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
	r.buffer, err = readInto(r.buffer, f, min(limit, e.Size))
	if err != nil {
		return e, nil, err
	}
	if int64(len(r.buffer)) == e.Size {
		e.SHA256 = sha256.Sum256(r.buffer)
	}
	return e, r.buffer, nil
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

package pipelines

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
)

// Tree is a part of an input root that many actions have in common, such as a root file
// system or the packages of a lockfile, as the Remote Execution API's Directory messages.
// What it is made of is looked at once: afterwards its messages are read from the store,
// so that an action of thirty thousand inputs costs what those cost that are its own.
type Tree struct {
	Root  Blob   // the message of its own folder, whose digest is the tree's name
	Files int    // files and links in it
	From  string // who put it there, for people: "npm.deps.all", "base.node"

	// List lists the files, from what the tree was made of. It is asked where the tree is
	// laid out on a disk.
	List func(context.Context) ([]Input, error)

	// Parts are trees that lie over each other, the last on top, and together are this
	// one. Each is laid out once, whatever lies over it. Nil is a tree of one part.
	Parts func(context.Context) ([]*Tree, error)

	messages []byte // all of them, each after its length
	found    sync.Once
	at       map[cas.Digest][]byte // found when the first is asked for
	broken   error
}

// Keep returns what is kept under a kind and the digest of what determines it, or what
// make makes of it. Where it is nil, everything is made each time.
type Keep func(ctx context.Context, kind string, key cas.Digest, make func() ([]byte, error)) ([]byte, error)

// KeepIn keeps in a store.
func KeepIn(store *cas.Store) Keep {
	return func(ctx context.Context, kind string, key cas.Digest, make func() ([]byte, error)) ([]byte, error) {
		return store.Joined(ctx, kind, []cas.Digest{key}, bounds.Directories, make)
	}
}

// treeKind names trees in the store; another form of their messages takes another one.
const treeKind = "tree-1"

// NewTree makes a tree. Key is the digest of all that determines what list gives.
func NewTree(ctx context.Context, keep Keep, from string, key cas.Digest, list func(context.Context) ([]Input, error)) (*Tree, error) {
	made := func() ([]byte, error) {
		inputs, err := list(ctx)
		if err != nil {
			return nil, err
		}
		root, files := newRoot(), 0
		for _, in := range inputs {
			if err := root.add(in); err != nil {
				return nil, err
			}
			if !in.Folder {
				files++
			}
		}
		record := binary.AppendUvarint(nil, uint64(files))
		for _, b := range root.encode() {
			record = append(binary.AppendUvarint(record, uint64(len(b.Bytes))), b.Bytes...)
		}
		return record, nil
	}
	if keep == nil {
		keep = func(_ context.Context, _ string, _ cas.Digest, make func() ([]byte, error)) ([]byte, error) {
			return make()
		}
	}
	record, err := keep(ctx, treeKind, key, made)
	if err != nil {
		return nil, err
	}
	t, err := parseTree(record)
	if err != nil {
		return nil, fmt.Errorf("reading the tree %s: %w", from, err)
	}
	t.From, t.List = from, list
	return t, nil
}

// errTree reports a record or a message of a tree that is cut or of another form.
var errTree = errors.New("malformed tree")

func parseTree(record []byte) (*Tree, error) {
	files, width := binary.Uvarint(record)
	if width <= 0 || files > bounds.ImagePaths {
		return nil, errTree
	}
	t := &Tree{Files: int(files), messages: record[width:]}
	first, _, ok := cut(t.messages)
	if !ok {
		return nil, errTree
	}
	t.Root = blob(first)
	return t, nil
}

// cut takes the first of several texts that each stand after their length.
func cut(b []byte) (first, rest []byte, ok bool) {
	n, width := binary.Uvarint(b)
	if width <= 0 || n > uint64(len(b)-width) {
		return nil, nil, false
	}
	return b[width : width+int(n)], b[width+int(n):], true
}

// Directories returns every message of the tree, its own folder's first.
func (t *Tree) Directories() ([]Blob, error) {
	var all []Blob
	for rest := t.messages; len(rest) > 0; {
		first, after, ok := cut(rest)
		if !ok {
			return nil, errTree
		}
		all, rest = append(all, blob(first)), after
	}
	return all, nil
}

// Walk hands out every file and link of the tree, with its path in it, its size, digest
// and target, from its messages alone.
func (t *Tree) Walk(each func(Input)) error {
	var folder func(at string, digest cas.Digest, depth int) error
	folder = func(at string, digest cas.Digest, depth int) error {
		if depth > bounds.PathDepth {
			return errTree
		}
		message, err := t.directory(digest)
		if err != nil {
			return err
		}
		d, err := readDirectory(message)
		if err != nil {
			return err
		}
		for _, f := range d.files {
			f.Path = join(at, f.Path)
			each(f)
		}
		for _, f := range d.folders {
			if err := folder(join(at, f.Path), f.SHA256, depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	return folder("", t.Root.Digest, 0)
}

// directory returns the message of one folder of the tree.
func (t *Tree) directory(digest cas.Digest) ([]byte, error) {
	if digest == t.Root.Digest {
		return t.Root.Bytes, nil
	}
	t.found.Do(func() { // by whichever step asks first
		all, err := t.Directories()
		if err != nil {
			t.broken = err
			return
		}
		t.at = make(map[cas.Digest][]byte, len(all))
		for _, b := range all {
			t.at[b.Digest] = b.Bytes
		}
	})
	if t.broken != nil {
		return nil, t.broken
	}
	b, ok := t.at[digest]
	if !ok {
		return nil, fmt.Errorf("%w: a folder of %s is not in it", errTree, t.From)
	}
	return b, nil
}

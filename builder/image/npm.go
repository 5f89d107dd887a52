package image

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/tarball"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// NPM is the member of an npm package that is installed at a path of the image,
// such as "app/node_modules/lodash": the files that npm would leave there. The
// artefact names its file index; both blobs are in the store, and the tarball is
// held to its SHA-256 whenever it is read.
//
// Commands are the files, by their path in the package, that the tree makes commands of.
func NPM(store *cas.Store, a snapshot.Artefact, at, owner string, commands ...string) (Member, error) {
	return NPMWithout(store, a, at, owner, nil, commands...)
}

// NPMWithout is NPM without some folders of the package, sorted: those of packages that it
// bundles and whose files come from elsewhere.
func NPMWithout(store *cas.Store, a snapshot.Artefact, at, owner string, without []string, commands ...string) (Member, error) {
	rule := "all"
	if len(without) > 0 {
		rule = fmt.Sprintf("without %q", without)
	}
	m, t, err := fromTarball(store, a, at, owner, rule, func(name string) string {
		for _, dir := range without {
			if strings.HasPrefix(name, dir+"/") {
				return ""
			}
		}
		return name
	})
	if len(commands) > 0 && err == nil {
		t.commands = make(map[string]bool, len(commands))
		for _, name := range commands {
			t.commands[name] = true
		}
		m.Key = cas.Sum(fmt.Appendf(nil, "%s commands %q\n", m.Key, slices.Sorted(maps.Keys(t.commands))))
	}
	return m, err
}

// Built is the member of an npm package whose install scripts ran: all that its folder holds
// now. Its key is of these files, so that it is the same whichever action made them.
func Built(store *cas.Store, a snapshot.Artefact, files []snapshot.Entry, at, owner string) Member {
	m := Stored(store, files, at, owner)
	m.Name = a.ID()
	return m
}

// Node is the member that puts Node itself into the image: bin/node of the npm
// package that holds it, at usr/local/bin/node, and its licence, at
// usr/local/LICENSE, where Node's own archives have them.
func Node(store *cas.Store, a snapshot.Artefact, owner string) (Member, error) {
	m, t, err := fromTarball(store, a, "usr/local", owner, "node", func(name string) string {
		switch name {
		case "LICENSE", "bin/node":
			return name
		}
		return ""
	})
	if err == nil {
		t.commands = map[string]bool{"bin/node": true} // whatever its mode in the archive
	}
	return m, err
}

// fromTarball makes a member of the files of a package that pick gives a name, in
// the order that pick keeps. Rule is pick's own name.
func fromTarball(store *cas.Store, a snapshot.Artefact, at, owner, rule string, pick func(name string) string) (Member, *packageFiles, error) {
	id, ok := a.Index()
	if !ok {
		return Member{}, nil, fmt.Errorf("%s names no file index", a.ID())
	}
	t := &packageFiles{store: store, artefact: a, index: id, pick: pick}
	return Member{
		Name:  a.ID(),
		Path:  at,
		Key:   cas.Sum(fmt.Appendf(nil, "tarball %s %s %s\n", rule, a.SHA256, id)),
		Owner: owner,
		Files: t.files,
	}, t, nil
}

// packageFiles reads a package's index once and its tarball when a file of it is
// opened.
type packageFiles struct {
	store    *cas.Store
	artefact snapshot.Artefact
	index    cas.Digest
	pick     func(string) string
	commands map[string]bool

	mu     sync.Mutex
	listed *snapshot.Index
}

func (t *packageFiles) list(ctx context.Context) (*snapshot.Index, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.listed != nil {
		return t.listed, nil
	}
	index, err := snapshot.ReadIndex(ctx, t.store, t.index)
	if err == nil && index.Version != 2 {
		err = fmt.Errorf("the file index of %s has version %d, not 2", t.artefact.ID(), index.Version)
	}
	if err == nil {
		t.listed = index
	}
	return index, err
}

func (t *packageFiles) files(ctx context.Context, yield func(File) error) error {
	index, err := t.list(ctx)
	if err != nil {
		return err
	}
	var contents *tarball.Contents // of this pass, unpacked when the first file is opened
	defer func() {
		if contents != nil {
			contents.Close()
		}
	}()
	for i, e := range index.Entries {
		name := t.pick(e.Path)
		if name == "" {
			continue
		}
		command := t.commands[e.Path]
		if command {
			e = e.AsCommand()
		}
		f := File{Path: name, Mode: layerMode(e), Size: e.Size, Link: e.Link, SHA256: e.SHA256}
		f.Open = func() (io.ReadCloser, error) {
			if contents == nil {
				if contents, err = t.unpack(ctx, index); err != nil {
					return nil, err
				}
			}
			if command {
				if text, changed, err := contents.Linked(i); changed || err != nil {
					return io.NopCloser(bytes.NewReader(text)), err
				}
			}
			return section{contents.Open(i)}, nil
		}
		if err := yield(f); err != nil {
			return err
		}
	}
	return nil
}

// section is a file of a tarball that may be read anywhere.
type section struct{ *io.SectionReader }

// Close implements io.Closer.
func (section) Close() error { return nil }

// layerMode is the mode of a package's file in an image: whoever may run it on disk,
// anyone may. A program in an image runs as another user than the one who owns the
// files, so 0744 would be a command that can't be run.
func layerMode(e snapshot.Entry) int64 {
	if e.Executable() {
		return 0o755
	}
	return 0o644
}

// unpack reads the tarball to its end, where the store has verified it. Unpack
// then makes the very bytes that the index was made of.
func (t *packageFiles) unpack(ctx context.Context, index *snapshot.Index) (*tarball.Contents, error) {
	blob, err := t.store.Open(ctx, t.artefact.SHA256)
	if err != nil {
		return nil, err
	}
	defer blob.Close()
	return tarball.Unpack(blob, index)
}

// Bins is the member of the links in a node_modules/.bin folder and the like: from
// a link's full path in the image to its target as the link has it
// ("../tsc/bin/tsc"). It comes after every other member of a layer.
func Bins(links map[string]string, owner string) Member {
	var key strings.Builder
	paths := sortedKeys(links)
	for _, p := range paths {
		fmt.Fprintf(&key, "%q %q\n", p, links[p])
	}
	return Member{
		Name:  "bin links",
		Path:  "",
		Last:  true,
		Key:   cas.Sum([]byte("links\n" + key.String())),
		Owner: owner,
		Files: func(_ context.Context, yield func(File) error) error {
			for _, p := range paths {
				if err := yield(File{Path: path.Clean(p), Link: links[p]}); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

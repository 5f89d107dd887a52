package nodemodules

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

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/locked"
)

// Difference is a path of node_modules that is not as it would be installed.
type Difference struct {
	Path string `json:"path"` // "node_modules/a/index.js"
	What string `json:"what"` // "missing", "extra", "content", "mode", "link" or "kind"
}

// expected is what should stand at a path.
type expected struct {
	mode fs.FileMode
	size int64
	sum  cas.Digest
	link string
}

// compare walks node_modules and compares every path with the plan. Folders count
// only for what is in them. A manager's own record of the tree is passed over.
func compare(ctx context.Context, o Options, root *os.Root, sources []*source) (*Result, error) {
	want := map[string]expected{}
	links, err := links(ctx, o, root, sources)
	if err != nil {
		return nil, err
	}
	commands, cut := locked.Commands(links), umask(root)
	for _, s := range sources {
		if _, err := s.readIndex(ctx, o.Store, commands); err != nil {
			return nil, err
		}
		for _, e := range s.entries {
			want[s.Path+"/"+e.Path] = expected{link: e.Link, mode: fs.FileMode(created(e.Mode)) &^ cut, size: e.Size, sum: e.SHA256}
		}
		s.release()
	}
	for _, l := range links {
		want[l.Path] = expected{link: l.Target}
	}
	for _, l := range o.Tree.Links {
		want[l.Path] = expected{link: l.Target}
	}
	r := result(o, sources, len(links)+len(o.Tree.Links))
	paths, err := walk(ctx, root)
	if err != nil {
		return nil, err
	}
	found := make([]Difference, len(paths))
	err = each(ctx, o.Workers, len(paths), func(i int) error {
		e, ok := want[paths[i]]
		if !ok {
			found[i] = Difference{paths[i], "extra"}
			return nil
		}
		what, err := differs(root, paths[i], e)
		if err == nil && what != "" {
			found[i] = Difference{paths[i], what}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, p := range paths {
		delete(want, p)
	}
	for p := range want { // sorted below
		found = append(found, Difference{p, "missing"})
	}
	found = slices.DeleteFunc(found, func(d Difference) bool { return d.Path == "" })
	slices.SortFunc(found, func(a, b Difference) int { return strings.Compare(a.Path, b.Path) })
	r.Differences = found
	o.Events.Emit(event.Event{Kind: event.Summary, Phase: "check", Done: len(paths), Total: r.Files + r.Links})
	if len(found) == 0 {
		return r, nil
	}
	var some []string
	for _, d := range found[:min(len(found), 10)] {
		some = append(some, d.What+" "+d.Path)
	}
	return r, &diag.Problem{
		Code: CodeDiffers, Pos: diag.Pos{File: path.Join(o.Dir, modules)}, What: fmt.Sprintf("node_modules differs from the snapshot at %d paths", len(found)),
		Why: strings.Join(some, "\n"), Remedy: "run `nbuild install`",
	}
}

// umask is what was taken from the modes of everything when the tree was laid out: as
// much as from its own folder's.
func umask(root *os.Root) fs.FileMode {
	info, err := root.Lstat(modules)
	if err != nil {
		return 0o022
	}
	return ^info.Mode() & fs.ModePerm
}

// records are what managers write down of a tree, for themselves.
var records = map[string]bool{
	modules + "/.package-lock.json": true,
	modules + "/.modules.yaml":      true,
	modules + "/.pnpm/lock.yaml":    true,
	modules + "/.yarn-integrity":    true,
}

// walk lists every file and link below node_modules.
func walk(ctx context.Context, root *os.Root) ([]string, error) {
	var paths []string
	err := fs.WalkDir(root.FS(), modules, func(p string, d fs.DirEntry, err error) error {
		switch {
		case p == modules && errors.Is(err, fs.ErrNotExist):
			return fs.SkipAll
		case err != nil:
			return err
		case !d.IsDir() && !records[p] && !strings.HasPrefix(p, modules+"/.pnpm-workspace-state"):
			paths = append(paths, p)
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, fmt.Errorf("reading node_modules: %w", err)
	}
	return paths, nil
}

func differs(root *os.Root, p string, e expected) (string, error) {
	info, err := root.Lstat(p)
	if err != nil {
		return "", err
	}
	if e.link != "" {
		if info.Mode().Type() != fs.ModeSymlink {
			return "kind", nil
		}
		target, err := root.Readlink(p)
		if err == nil && target != e.link {
			return "link", nil
		}
		return "", err
	}
	switch {
	case !info.Mode().IsRegular():
		return "kind", nil
	case info.Size() != e.size:
		return "content", nil
	case info.Mode() != e.mode:
		return "mode", nil
	}
	f, err := root.Open(p)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	if cas.Digest(h.Sum(nil)) != e.sum {
		return "content", nil
	}
	return "", nil
}

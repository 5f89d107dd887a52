package reach

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"

	"github.com/nbuild/nbuild/internal/resolution"
)

// Run returns what a program can load that starts with any of the entries, which
// are names of fsys. An entry that is not a file is an error, and so is a version of
// Node that can't be read; nothing that a file holds is. Options.Loaded are entries too.
func Run(fsys fs.FS, entries []string, o Options) (*Result, error) {
	node, err := resolution.ParseVersion(cmp.Or(o.Node, "22"))
	if err != nil {
		return nil, err
	}
	r := resolution.New(fsys, resolution.Target{Node: node, Conditions: o.Conditions, NoRequireModule: o.NoRequireModule})
	w := &walk{
		fsys: fsys, r: r, tree: r.Tree(), cwd: cmp.Or(o.Cwd, "."), platform: cmp.Or(o.Platform, "linux-x64"), options: o,
		files: map[string]*reached{}, links: map[string]bool{}, meanings: map[asked]string{},
	}
	depth := -1
	switch {
	case o.Depth == Shallow:
		depth = 0
	case o.Depth > 0:
		depth = o.Depth
	}
	for i, e := range slices.Concat(entries, o.Loaded) {
		if _, kind := w.tree.Real(e); kind != resolution.File {
			return nil, fmt.Errorf("reading entry %.200q: no such file", e)
		}
		mode := resolution.Start
		if i >= len(entries) {
			mode = resolution.Require
		}
		w.reach(e, "", Entry, true, mode, depth)
	}
	for len(w.queue) > 0 || w.lookAgain() {
		file := w.queue[0]
		w.queue = w.queue[1:]
		w.visit(file)
	}
	return w.result(), nil
}

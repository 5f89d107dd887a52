package reach

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/denote"
	"github.com/nbuild/nbuild/internal/resolution"
)

// source is one file of code, opened for questions about its expressions.
type source struct {
	w        *walk
	file     string // a realpath
	dir      string
	tree     *js.Tree
	scopes   *js.Scopes
	position position
	denote   *denote.Denoter
	memo     map[js.Ref]texts
	vars     map[js.VariableID]texts
	asked    map[js.Ref]bool // expressions on the way to where we are
	modules  map[js.Ref]bool // ... asked which module they are
	calls    map[js.Ref]callSites
	known    map[js.Ref][]string
	owned    map[ownProperty][]js.Ref
	given    []export
	bundle   *bundle
	work     int
	nested   int
	edges    []edge
	warned   []Warning
}

// edge is one thing that a file leads to.
type edge struct {
	reason Reason
	mode   resolution.Mode
	at     js.Ref
	// spec is a specifier, or, where path is set, an absolute path.
	spec string
	path bool
	// from is the file whose place counts for a relative specifier, "" for the file itself.
	from string
	// whole: the folder of the file itself is meant.
	whole bool
	// quiet: that it leads nowhere is nothing to report.
	quiet bool
}

func open(w *walk, file string, tree *js.Tree) *source {
	scopes := js.Resolve(tree)
	s := &source{
		w: w, file: file, dir: path.Dir(file), tree: tree, scopes: scopes,
		denote: denote.New(tree, scopes, js.NewFolder(tree, scopes)),
		memo:   map[js.Ref]texts{}, vars: map[js.VariableID]texts{}, asked: map[js.Ref]bool{},
		calls: map[js.Ref]callSites{}, known: map[js.Ref][]string{},
	}
	return s
}

// add notes an edge.
func (s *source) add(e edge) { s.edges = append(s.edges, e) }

// warn reports a node.
func (s *source) warn(at js.Ref, message string) {
	s.warned = append(s.warned, s.place(at, message))
}

// arguments returns those of a call or construction; the one that is spread, and
// all behind it, are 0.
func (s *source) arguments(call js.Ref) []js.Ref {
	var args []js.Ref
	n := s.tree.Nodes[call]
	spread := false
	for a := s.tree.Nodes[n.First].Next; a != 0; a = s.tree.Nodes[a].Next {
		if spread = spread || s.tree.Nodes[a].Kind == js.SpreadElement; spread {
			args = append(args, 0)
		} else {
			args = append(args, a)
		}
	}
	return args
}

// names returns what an expression may denote, by the names of denote.
func (s *source) names(r js.Ref) []string {
	if r == 0 {
		return nil
	}
	if names, ok := s.known[r]; ok {
		return names
	}
	s.known[r] = nil
	var names []string
	for _, n := range s.denote.Of(r) {
		names = append(names, n.Path)
	}
	if names == nil {
		names = s.bundledNames(r)
	}
	s.known[r] = names
	return names
}

// is reports whether an expression may denote one of the names.
func (s *source) is(r js.Ref, names ...string) bool {
	for _, n := range s.names(r) {
		for _, want := range names {
			if n == want {
				return true
			}
		}
	}
	return false
}

// member returns the object and the constant name of a member expression; "" where
// it is not constant.
func (s *source) member(r js.Ref) (object js.Ref, name string) {
	n := s.tree.Nodes[r]
	if n.Kind != js.MemberExpression {
		return 0, ""
	}
	property := s.tree.Nodes[n.First].Next
	if n.Flags&js.FlagComputed == 0 {
		return n.First, s.tree.Text(property)
	}
	if t := s.texts(property); len(t) == 1 && !strings.Contains(t[0], hole) {
		return n.First, t[0]
	}
	return n.First, ""
}

// unwrapped returns the expression behind what does not change its value.
func (s *source) unwrapped(r js.Ref) js.Ref {
	for {
		switch n := s.tree.Nodes[r]; n.Kind {
		case js.ChainExpression, js.AwaitExpression:
			r = n.First
		case js.AssignmentExpression:
			if n.Op != js.OpAssign {
				return r
			}
			r = s.tree.Nodes[n.First].Next
		case js.SequenceExpression:
			c := n.First
			for s.tree.Nodes[c].Next != 0 {
				c = s.tree.Nodes[c].Next
			}
			r = c
		default:
			return r
		}
	}
}

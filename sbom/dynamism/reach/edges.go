package reach

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// read collects everything that the file leads to.
func (s *source) read() {
	t := s.tree
	for i := 1; i < len(t.Nodes); i++ {
		r := js.Ref(i)
		switch n := &t.Nodes[i]; n.Kind {
		case js.ImportDeclaration, js.ExportAllDeclaration:
			s.static(n.First)
		case js.ExportNamedDeclaration:
			if from := t.Child(r, 1); from != 0 && t.Kind(n.First) == js.Empty {
				s.static(from)
			}
		case js.ImportExpression:
			s.load(r, n.First, edge{reason: Imported, mode: resolution.Import})
		case js.CallExpression:
			s.call(r)
		case js.NewExpression:
			s.construct(r)
		case js.Property:
			s.plugin(r)
			s.external(r)
		}
	}
	s.assets()
}

// static is an import or export declaration from a module.
func (s *source) static(from js.Ref) {
	if s.tree.Kind(from) == js.String {
		s.add(edge{reason: Imported, mode: resolution.Import, at: from, spec: s.tree.Text(from)})
	}
}

func (s *source) call(r js.Ref) {
	callee := s.tree.Nodes[r].First
	args := s.arguments(r)
	first := js.Ref(0)
	if len(args) > 0 {
		first = args[0]
	}
	required := edge{reason: Required, mode: resolution.Require}
	names := s.names(callee)
	for _, name := range names {
		switch name {
		case "require", "module.require", "process.mainModule.require", "node:module._load":
			if len(args) > 0 {
				s.loadFrom(r, first, required, s.bases(callee))
			}
		case "require.resolve":
			if len(args) > 0 {
				object, _ := s.member(s.unwrapped(callee))
				from := s.bases(object)
				if len(args) > 1 {
					if dirs := s.searchPaths(args[1]); dirs != nil {
						from = dirs
					}
				}
				s.loadFrom(r, first, edge{reason: Resolved, mode: resolution.Require}, from)
			}
		case "import.meta.resolve":
			s.load(r, first, edge{reason: Resolved, mode: resolution.Import})
		case "node:module.register":
			from := []string{""}
			if len(args) > 1 {
				from = s.locations(args[1])
			}
			s.loadFrom(r, first, edge{reason: Imported, mode: resolution.Import}, from)
		case "node:child_process.fork":
			s.program(r, first, Forked)
		case "node:cluster.setupPrimary", "node:cluster.setupMaster":
			for _, exec := range s.literalMember(first, "exec") {
				s.program(r, exec, Forked)
			}
		}
	}
	if len(names) == 0 && s.handedRequire(callee) && len(args) == 1 {
		for _, t := range s.texts(first) {
			if !strings.Contains(t, hole) {
				s.add(edge{reason: Required, mode: resolution.Require, at: r, spec: t, quiet: true})
			}
		}
	}
	s.loader(r, names, args)
}

// handedRequire reports whether a callee is a parameter that is called require, in a
// function to which a wrapper may hand the true one (UMD, AMD and their like).
func (s *source) handedRequire(callee js.Ref) bool {
	if s.tree.Kind(callee) != js.Identifier || s.tree.Text(callee) != "require" {
		return false
	}
	v := s.scopes.Of(callee)
	return v != 0 && s.scopes.Variable(v).Kind == js.ParameterVariable
}

func (s *source) construct(r js.Ref) {
	args := s.arguments(r)
	if len(args) == 0 {
		return
	}
	s.carried(s.tree.Nodes[r].First, args)
	if !s.is(s.tree.Nodes[r].First, "node:worker_threads.Worker", "Worker") {
		return
	}
	if len(args) > 1 {
		for _, eval := range s.literalMember(args[1], "eval") {
			if s.tree.Kind(eval) == js.BooleanLiteral && s.tree.Nodes[eval].Op == js.OpTrue {
				s.warn(r, "a worker made of a string: what it loads is not known")
				return
			}
		}
	}
	s.program(r, args[0], Worker)
}

// program is a file that a process or worker starts with: by an absolute path or URL,
// or relative to the working directory.
func (s *source) program(at, arg js.Ref, reason Reason) {
	for _, t := range s.texts(arg) {
		switch {
		case strings.HasPrefix(t, "data:"):
		case strings.Contains(t, hole) && (!absolute(t) || strings.HasPrefix(t, "/"+hole)):
			s.warn(at, "a program to start whose file is not known")
		case strings.Contains(t, hole):
			s.add(edge{reason: reason, mode: resolution.Start, at: at, spec: t, path: true})
		case absolute(t):
			s.add(edge{reason: reason, mode: resolution.Start, at: at, spec: slashed(name(t)), quiet: s.tried(at)})
		case t != "":
			s.add(edge{reason: reason, mode: resolution.Start, at: at, spec: slashed(path.Join(s.w.cwd, t)), quiet: s.tried(at)})
		}
	}
}

// load is a specifier that is asked for from the file itself.
func (s *source) load(at, arg js.Ref, e edge) { s.loadFrom(at, arg, e, []string{""}) }

func (s *source) loadFrom(at, arg js.Ref, e edge, from []string) {
	e.at = at
	e.quiet = s.tried(at)
	blind := false
	for _, t := range s.texts(arg) {
		for _, f := range from {
			e.from, e.spec, e.path = f, t, false
			before, _, partly := strings.Cut(t, hole)
			switch {
			case t == "":
			case !partly:
				s.add(e)
			case before == "" || before == "." || before == "@" || before == "/" || strings.HasPrefix(before, "node:") || strings.HasPrefix(before, "data:"):
				blind = true
			default:
				e.reason, e.quiet = Wildcard, true
				s.add(e)
				e.reason, e.quiet = s.edgeReason(e), s.tried(at)
			}
		}
	}
	if blind {
		s.handedOn(arg, e, from)
		s.warn(at, blindMessage[e.mode])
	}
}

func (s *source) edgeReason(e edge) Reason {
	if e.mode == resolution.Import {
		return Imported
	}
	return Required
}

var blindMessage = map[resolution.Mode]string{
	resolution.Require: "a require whose name is not known: it may load anything",
	resolution.Import:  "an import whose name is not known: it may load anything",
}

// tried reports whether a node stands in the block of a try, so that what it does
// may fail.
func (s *source) tried(r js.Ref) bool {
	for p := s.tree.Nodes[r].Parent; p != 0; r, p = p, s.tree.Nodes[p].Parent {
		if n := &s.tree.Nodes[p]; n.Kind == js.TryStatement && n.First == r {
			return true
		}
	}
	return false
}

// bases returns the files from whose places a require asks: more than the file
// itself where createRequire made it.
func (s *source) bases(require js.Ref) []string {
	if require == 0 {
		return []string{""}
	}
	require = s.unwrapped(require)
	made := []js.Ref{require}
	if s.tree.Kind(require) == js.Identifier {
		made = s.written(s.scopes.Of(require))
	}
	var out []string
	for _, m := range made {
		m = s.unwrapped(m)
		if s.tree.Kind(m) == js.CallExpression && s.is(s.tree.Nodes[m].First, "node:module.createRequire", "node:module.createRequireFromPath") {
			if args := s.arguments(m); len(args) > 0 {
				out = append(out, s.locations(args[0])...)
			}
		}
	}
	if out == nil {
		return []string{""}
	}
	return out
}

// locations returns the files that the texts of an expression name, or one in them
// where they name folders; the file itself where nothing is known.
func (s *source) locations(r js.Ref) []string {
	var out []string
	for _, t := range s.texts(r) {
		if !absolute(t) || strings.Contains(t, hole) {
			out = append(out, "")
			continue
		}
		n := name(t)
		if strings.HasSuffix(t, "/") {
			n = path.Join(n, "noop.js")
		}
		out = append(out, n)
	}
	return out
}

// searchPaths returns a file in each folder of the option paths of require.resolve.
func (s *source) searchPaths(options js.Ref) []string {
	var out []string
	for _, list := range s.literalMember(options, "paths") {
		for _, t := range s.element(list) {
			if absolute(t) && !strings.Contains(t, hole) {
				out = append(out, path.Join(name(t), "noop.js"))
			}
		}
	}
	return out
}

// external is a name in the table that browserify writes behind each module: one
// whose value is undefined is left to the true require.
func (s *source) external(property js.Ref) {
	n := s.tree.Nodes[property]
	value := s.tree.Nodes[s.tree.Nodes[n.First].Next]
	if value.Kind != js.UnaryExpression && value.Kind != js.Identifier {
		return
	}
	module := s.tree.Nodes[s.tree.Nodes[n.Parent].Parent]
	if module.Kind != js.ArrayExpression || s.tree.Nodes[module.First].Next != n.Parent || s.tree.Kind(module.First) != js.FunctionExpression {
		return
	}
	void := value.Kind == js.UnaryExpression && value.Op == js.OpVoid
	if key, ok := s.key(property); ok && (void || string(s.tree.Raw(s.tree.Nodes[n.First].Next)) == "undefined") {
		s.add(edge{reason: Required, mode: resolution.Require, at: property, spec: key, quiet: true})
	}
}

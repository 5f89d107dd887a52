package production

import (
	"fmt"
	"path"
	"slices"
	"sort"
	"strings"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// stopped returns what the guard is certain to refuse while the image starts: it is
// better said here than by a container that ends. Certain is what runs whenever the
// program's file runs, so not what stands in a function, a branch or a try.
func (l *lister) stopped(entries []string) error {
	node, err := resolution.ParseVersion(l.contents.Node)
	if err != nil {
		return err
	}
	s := &startup{lister: l, requires: guard.RequiresModules(node.Major), seen: map[string]bool{}, stops: map[string][]string{}, rewrites: map[string][]string{}}
	if s.resolver, err = l.resolver(); err != nil {
		return err
	}
	if len(l.findings) == 0 && s.requires {
		return nil
	}
	mode := guard.Mode(l.contents.Block.Guarding.Eval)
	s.bounded = (mode == "" || mode == guard.Enforce) && len(l.dynamism.Generated) == 0
	for _, e := range entries {
		if err := s.visit(e); err != nil {
			return err
		}
	}
	return s.problems()
}

// startup follows what runs whenever the program starts.
type startup struct {
	*lister
	resolver *resolution.Resolver
	requires bool // require takes ECMAScript modules
	bounded  bool // strings become code in approved modules alone
	seen     map[string]bool

	stops, rewrites map[string][]string // files that evaluate, and that rewrite, by the label of their package
	places          []string            // where they do, the first ones
	modules         diag.Problems       // ECMAScript modules that are required
}

// visit looks at a file that certainly runs, and at those that it certainly loads.
func (s *startup) visit(name string) error {
	e, listed := s.result.List.Find("/" + name)
	if s.seen[name] || !listed || e.Format != sources.CommonJS && e.Format != sources.Module {
		return nil
	}
	s.seen[name] = true
	data, err := s.tree.ReadFile(name)
	if err != nil {
		return err
	}
	goal := js.CommonJS
	if e.Format == sources.Module {
		goal = js.Module
	}
	t := js.Parse(data, goal)
	scopes := js.Resolve(t)
	var at []uint32 // where certain calls begin
	var loads []string
	for i := 1; i < len(t.Nodes); i++ {
		r := js.Ref(i)
		n := &t.Nodes[i]
		switch n.Kind {
		case js.ImportDeclaration, js.ExportAllDeclaration:
			loads = s.follow(loads, t, n.First, name, resolution.Import)
		case js.ExportNamedDeclaration:
			loads = s.follow(loads, t, t.Child(r, 1), name, resolution.Import)
		case js.CallExpression, js.NewExpression:
			if !certain(t, r) {
				continue
			}
			at = append(at, n.Start, t.Nodes[n.First].Start)
			if n.Kind == js.CallExpression && t.Kind(n.First) == js.Identifier && t.Text(n.First) == "require" && scopes.Of(n.First) == 0 {
				before := len(loads)
				if loads = s.follow(loads, t, t.Child(r, 1), name, resolution.Require); len(loads) > before {
					s.module(t, r, name, loads[before])
				}
			}
		}
	}
	s.judge(name, e, func(f source.Finding) bool { return among(t, at, f) })
	for _, to := range loads {
		if err := s.visit(to); err != nil {
			return err
		}
	}
	return nil
}

// among reports whether a finding is at one of the places of a file, in the order of the
// tree.
func among(t *js.Tree, at []uint32, f source.Finding) bool {
	slices.Sort(at)
	i := sort.Search(len(at), func(i int) bool {
		line, column := t.Position(at[i])
		return line > f.Line || line == f.Line && column >= f.Column
	})
	if i == len(at) {
		return false
	}
	line, column := t.Position(at[i])
	return line == f.Line && column == f.Column
}

// atOnce reports whether a file turns a string into code whenever it is loaded.
func (l *lister) atOnce(name string, e sources.Entry) bool {
	data, err := l.tree.ReadFile(name)
	if err != nil {
		return false // it was read before, to be hashed
	}
	goal := js.CommonJS
	if e.Format == sources.Module {
		goal = js.Module
	}
	t := js.Parse(data, goal)
	var at []uint32
	for i := 1; i < len(t.Nodes); i++ {
		if n := &t.Nodes[i]; (n.Kind == js.CallExpression || n.Kind == js.NewExpression) && certain(t, js.Ref(i)) {
			at = append(at, n.Start, t.Nodes[n.First].Start)
		}
	}
	return slices.ContainsFunc(l.findings[e.Path], func(f source.Finding) bool {
		return slices.Contains(compiling, f.Kind) && among(t, at, f)
	})
}

// compiling are the kinds of finding by which a string becomes code there and then.
var compiling = []source.Kind{source.Eval, source.FunctionCtor, source.CtorTrick}

// follow adds the file that a literal request leads to.
func (s *startup) follow(loads []string, t *js.Tree, spec js.Ref, from string, mode resolution.Mode) []string {
	if spec == 0 || t.Kind(spec) != js.String {
		return loads
	}
	found, err := s.resolver.Resolve(t.Text(spec), from, mode)
	if err != nil || found.Path == "" {
		return loads
	}
	return append(loads, found.Path)
}

// judge notes what the guard refuses in a file: strings that become code, and the
// registering of hooks, which has effect with the next file that they rewrite.
func (s *startup) judge(name string, e *sources.Entry, runs func(source.Finding) bool) {
	own := s.owner(name)
	rel, _ := below(own.folder, name)
	for _, f := range s.findings[e.Path] {
		evaluates := slices.Contains(compiling, f.Kind)
		if evaluates && s.bounded && runs(f) && !slices.ContainsFunc(s.result.List.Evaluators, func(v sources.Evaluator) bool { return v.Path == e.Path }) {
			s.stops[label(own.purl)] = append(s.stops[label(own.purl)], rel)
			s.places = append(s.places, fmt.Sprintf("%s:%d:%d turns a string into code", e.Path, f.Line, f.Column))
		}
	}
	for _, p := range s.result.Rewriters {
		if p.Label == label(own.purl) && slices.Contains(p.Files, rel) {
			s.rewrites[p.Label] = append(s.rewrites[p.Label], rel)
			s.places = append(s.places, fmt.Sprintf("%s rewrites other modules as they load", e.Path))
		}
	}
}

// module notes an ECMAScript module that is required where require takes none.
func (s *startup) module(t *js.Tree, call js.Ref, from, to string) {
	e, ok := s.result.List.Find("/" + to)
	if s.requires || !ok || e.Format != sources.Module {
		return
	}
	line, column := t.Position(t.Nodes[call].Start)
	s.modules = append(s.modules, &diag.Problem{
		Code: CodeStopped, Pos: s.contents.Block.At,
		What:   fmt.Sprintf("image %q can't start under its guard: /%s:%d:%d requires /%s, which is an ECMAScript module", s.contents.Block.Name, from, line, column, to),
		Why:    "on Node 20 no hook is asked for what such a module imports, so under the guard require takes none there, as that line itself did until 20.19",
		Remedy: "set `node = \"22\"` or later in the base block and run `nbuild pin`, or load it with import()",
	})
}

// problems are what was found, all that blocks would allow in one.
func (s *startup) problems() error {
	all := s.modules
	if len(s.stops)+len(s.rewrites) > 0 {
		var blocks strings.Builder
		for _, p := range proposals(s.stops) {
			block(&blocks, "evaluator", p)
		}
		for _, p := range proposals(s.rewrites) {
			block(&blocks, "instrumenter", p)
		}
		const shown = 3
		where := strings.Join(s.places[:min(shown, len(s.places))], "; ")
		if more := len(s.places) - shown; more > 0 {
			where += fmt.Sprintf("; and %d more", more)
		}
		all = append(all, &diag.Problem{
			Code: CodeStopped, Pos: s.contents.Block.At,
			What:   fmt.Sprintf("image %q can't start under its guard: %s, and no block approves it", s.contents.Block.Name, where),
			Why:    "this runs whenever the image starts, and guard = \"enforce\" refuses it",
			Remedy: s.paste(blocks.String()),
		})
	}
	return all.Err()
}

// paste says where blocks go: into the project's dynamism block, or with a new one.
func (s *startup) paste(blocks string) string {
	d := s.dynamism
	if len(d.Load)+len(d.Evaluators)+len(d.Instrumenters)+len(d.Generated)+len(d.Deny)+len(d.Warn)+len(d.Own)+len(d.Allow) > 0 || d.Rules != "" && d.Rules != "common" {
		return "if you trust it, put this into the dynamism block of build.hcl:\n\n" + blocks
	}
	return "if you trust it, add this to build.hcl, or what is in it to the dynamism block that is there:\n\ndynamism {\n" + blocks + "}\n"
}

// block writes a block as it is pasted.
func block(b *strings.Builder, kind string, p Proposal) {
	fmt.Fprintf(b, "  %s %q {\n    reason = \"say why\"\n", kind, p.Label)
	if p.Label == "project" { // of which only these are looked at, and not what is added later
		quoted := make([]string, len(p.Files))
		for i, f := range p.Files {
			quoted[i] = fmt.Sprintf("%q", path.Clean(f))
		}
		fmt.Fprintf(b, "    files  = [%s]\n", strings.Join(quoted, ", "))
	}
	b.WriteString("  }\n")
}

// certain reports whether a node is evaluated whenever its file is.
func certain(t *js.Tree, r js.Ref) bool {
	for child := r; ; {
		parent := t.Nodes[child].Parent
		if parent == 0 {
			return true
		}
		n := &t.Nodes[parent]
		first := n.First == child
		switch n.Kind {
		case js.IfStatement, js.ConditionalExpression, js.LogicalExpression, js.SwitchStatement, js.WhileStatement:
			if !first {
				return false
			}
		case js.ForStatement:
			if !first && t.Child(parent, 1) != child {
				return false
			}
		case js.ForInStatement, js.ForOfStatement:
			if t.Child(parent, 1) != child {
				return false
			}
		case js.TryStatement, js.CatchClause, js.SwitchCase, js.ClassBody, js.AssignmentPattern, js.ChainExpression, js.WithStatement, js.Parameters, js.Error:
			return false
		case js.AssignmentExpression:
			if n.Op != js.OpAssign && !first {
				return false
			}
		case js.FunctionDeclaration:
			return false
		case js.FunctionExpression, js.ArrowFunctionExpression:
			if n.Flags&(js.FlagAsync|js.FlagGenerator) != 0 || t.Nodes[n.Parent].Kind != js.CallExpression || t.Nodes[n.Parent].First != parent {
				return false
			}
		case js.FunctionBody, js.Program, js.BlockStatement:
			if leaves(t, parent, child) {
				return false
			}
		}
		child = parent
	}
}

// leaves reports whether a statement before another in a list could end what holds them.
func leaves(t *js.Tree, list, before js.Ref) bool {
	for s := range t.Children(list) {
		if s == before {
			return false
		}
		if ends(t, s) {
			return true
		}
	}
	return false
}

// ends reports whether a return, throw, break or continue stands in a statement, outside
// of the functions in it.
func ends(t *js.Tree, r js.Ref) bool {
	switch t.Kind(r) {
	case js.ReturnStatement, js.ThrowStatement, js.BreakStatement, js.ContinueStatement:
		return true
	case js.IfStatement, js.BlockStatement, js.TryStatement, js.CatchClause, js.SwitchStatement, js.SwitchCase, js.LabeledStatement,
		js.WhileStatement, js.DoWhileStatement, js.ForStatement, js.ForInStatement, js.ForOfStatement:
		for c := range t.Children(r) {
			if ends(t, c) {
				return true
			}
		}
	}
	return false
}

package reach

import (
	"encoding/json"
	"path"
	"slices"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// valueAt returns what the steps lead to in an expression: through literals, variables,
// what is spread, the properties of this, and constants that other files of the project
// give out. It is nil where nothing is found, and has a hole where more may be.
func (s *source) valueAt(r js.Ref, steps []string, depth int) texts {
	if s.work++; r == 0 || depth > maxSteps || len(steps) > maxSteps || s.work > maxWork {
		return unknown
	}
	if len(steps) == 0 {
		return s.texts(r)
	}
	r = s.unwrapped(r)
	n := s.tree.Nodes[r]
	switch n.Kind {
	case js.ObjectExpression, js.ArrayExpression:
		return s.valueIn(r, steps, depth)
	case js.ConditionalExpression:
		return s.valueAt(s.tree.Child(r, 1), steps, depth+1).with(s.valueAt(s.tree.Child(r, 2), steps, depth+1))
	case js.LogicalExpression:
		return s.valueAt(n.First, steps, depth+1).with(s.valueAt(s.tree.Nodes[n.First].Next, steps, depth+1))
	case js.MemberExpression:
		object, name := s.member(r)
		if name == "" {
			return unknown
		}
		if s.tree.Kind(object) == js.ThisExpression {
			var out texts
			for _, value := range s.own(r, name) {
				out = out.with(s.valueAt(value, steps, depth+1))
			}
			return out
		}
		return s.valueAt(object, slices.Concat([]string{name}, steps), depth+1)
	case js.CallExpression:
		return s.valueOfCall(r, steps, depth)
	case js.Identifier:
		return s.valueOf(s.scopes.Of(r), steps, depth)
	}
	return nil
}

func (s *source) valueIn(literal js.Ref, steps []string, depth int) texts {
	var out texts
	for c := s.tree.Nodes[literal].First; c != 0; c = s.tree.Nodes[c].Next {
		switch n := s.tree.Nodes[c]; {
		case n.Kind == js.SpreadElement:
			out = out.with(s.valueAt(n.First, steps, depth+1))
		case n.Kind == js.Property:
			if key, ok := s.key(c); steps[0] == "*" || ok && key == steps[0] {
				out = out.with(s.valueAt(s.tree.Nodes[n.First].Next, steps[1:], depth+1))
			}
		case n.Kind != js.Hole && steps[0] == "*" && s.tree.Kind(literal) == js.ArrayExpression:
			out = out.with(s.valueAt(c, steps[1:], depth+1))
		}
	}
	return out
}

func (s *source) valueOfCall(call js.Ref, steps []string, depth int) texts {
	if file := s.moduleFile(call); file != "" {
		return s.w.givenOut(file, steps, depth+1)
	}
	callee := s.tree.Nodes[call].First
	var out texts
	if s.is(callee, "Object.freeze", "Object.seal", "Object.assign") {
		for _, a := range s.arguments(call) {
			out = out.with(s.valueAt(a, steps, depth+1))
		}
		return out
	}
	if f := s.function(callee); f != 0 {
		body := s.tree.Child(f, 2)
		if s.tree.Nodes[f].Flags&js.FlagExpression != 0 {
			return s.valueAt(s.tree.Nodes[body].First, steps, depth+1)
		}
		for _, r := range s.returned(body) {
			out = out.with(s.valueAt(r, steps, depth+1))
		}
		return out
	}
	return unknown
}

func (s *source) valueOf(v js.VariableID, steps []string, depth int) texts {
	if v == 0 {
		return nil
	}
	if file, more := s.imported(v); file != "" {
		return s.w.givenOut(file, slices.Concat(more, steps), depth+1)
	}
	about := s.scopes.Variable(v)
	if about.Kind == js.ParameterVariable {
		return unknown
	}
	var out texts
	if p := s.tree.Nodes[about.Declaration].Parent; about.Declaration != 0 && s.tree.Kind(p) == js.PatternProperty {
		if root, path, ok := s.patternPath(about.Declaration); ok {
			if d := s.tree.Nodes[root].Parent; s.tree.Kind(d) == js.VariableDeclarator && s.tree.Nodes[d].First == root {
				out = s.valueAt(s.tree.Nodes[root].Next, slices.Concat(path, steps), depth+1)
			}
		}
	}
	for _, value := range s.written(v) {
		out = out.with(s.valueAt(value, steps, depth+1))
	}
	return out
}

// imported returns the file of the project that a variable is imported or required
// from, and which part of what it gives out the variable is; "" where it is none.
func (s *source) imported(v js.VariableID) (file string, steps []string) {
	about := s.scopes.Variable(v)
	if about.Declaration == 0 {
		return "", nil
	}
	parent := s.tree.Nodes[about.Declaration].Parent
	n := s.tree.Nodes[parent]
	if about.Kind == js.ImportVariable {
		switch n.Kind {
		case js.ImportDefaultSpecifier:
			steps = []string{"default"}
		case js.ImportSpecifier:
			steps = []string{s.tree.Text(n.First)}
		}
		return s.w.projectFile(s.tree.Text(s.tree.Nodes[n.Parent].First), s.file, resolution.Import), steps
	}
	root, steps, ok := s.patternPath(about.Declaration)
	if !ok || s.tree.Kind(s.tree.Nodes[root].Parent) != js.VariableDeclarator || about.Writes > 1 {
		return "", nil
	}
	return s.moduleFile(s.tree.Nodes[root].Next), steps
}

// moduleFile returns the file of the project whose exports an expression is: a require
// of it, or a variable that is one.
func (s *source) moduleFile(r js.Ref) string {
	if r == 0 {
		return ""
	}
	r = s.unwrapped(r)
	if s.modules[r] || len(s.modules) > maxSteps { // const a = a
		return ""
	}
	if s.modules == nil {
		s.modules = map[js.Ref]bool{}
	}
	s.modules[r] = true
	defer delete(s.modules, r)
	switch n := s.tree.Nodes[r]; n.Kind {
	case js.Identifier:
		v := s.scopes.Of(r)
		if v == 0 {
			return ""
		}
		if file, steps := s.imported(v); len(steps) == 0 || steps[0] == "default" {
			return file
		}
	case js.CallExpression:
		args := s.arguments(r)
		if len(args) == 1 && args[0] != 0 && s.is(n.First, "require") {
			if s.tree.Kind(args[0]) == js.String {
				return s.w.projectFile(s.tree.Text(args[0]), s.file, resolution.Require)
			}
			return ""
		}
		// What compilers write around a require: __importDefault(require('./x')).
		if callee := s.tree.Nodes[n.First]; len(args) == 1 && args[0] != 0 && callee.Kind == js.Identifier {
			switch s.tree.Text(n.First) {
			case "__importDefault", "__importStar", "_interopRequireDefault", "_interopRequireWildcard":
				return s.moduleFile(args[0])
			}
		}
	}
	return ""
}

// projectFile resolves a specifier to a file that is not a package's, "" for another.
func (w *walk) projectFile(spec, from string, mode resolution.Mode) string {
	res, err := w.resolve(spec, from, mode)
	if dir, _ := packageOf(res.Path); err != nil || dir != "" {
		return ""
	}
	return res.Path
}

// maxModules bounds the files that are kept open for what they give out.
const maxModules = 256

// givenOut returns what the steps lead to in the exports of a file of the project.
func (w *walk) givenOut(file string, steps []string, depth int) texts {
	if depth > maxSteps {
		return unknown
	}
	if path.Ext(file) == ".json" {
		return w.givenByJSON(file, steps)
	}
	s, ok := w.openedFiles[file]
	if !ok {
		if len(w.openedFiles) >= maxModules {
			return unknown
		}
		if w.openedFiles == nil {
			w.openedFiles = map[string]*source{}
		}
		w.openedFiles[file] = nil // for files that give out each other's
		warnings := len(w.warnings)
		s = w.parse(&reached{File: File{Path: file}, mode: resolution.Require})
		w.warnings = w.warnings[:warnings] // they are reported when the file is visited
		w.openedFiles[file] = s
	}
	if s == nil {
		return unknown
	}
	return s.exportsAt(steps, depth)
}

// exportsAt returns what the steps lead to in what the file exports, by declarations or
// by assignments.
func (s *source) exportsAt(steps []string, depth int) texts {
	var out texts
	for _, e := range s.exports() {
		rest := steps
		switch {
		case e.name == "":
			if len(rest) > 0 && rest[0] == "default" {
				rest = rest[1:] // as import has it of a CommonJS module
			}
		case len(rest) > 0 && rest[0] == e.name:
			rest = rest[1:]
		default:
			continue
		}
		out = out.with(s.valueAt(e.value, rest, depth+1))
	}
	return out
}

// export is what a file gives out under a name, or as all that it gives out.
type export struct {
	name  string // "" for module.exports itself
	value js.Ref
}

// exports lists what the file gives out, in source order. It looks once.
func (s *source) exports() []export {
	if s.given != nil {
		return s.given
	}
	s.given = []export{}
	for i := 1; i < len(s.tree.Nodes); i++ {
		switch n := &s.tree.Nodes[i]; n.Kind {
		case js.ExportDefaultDeclaration:
			s.given = append(s.given, export{"default", n.First})
		case js.ExportNamedDeclaration:
			if declaration := s.tree.Nodes[n.First]; declaration.Kind == js.VariableDeclaration {
				for d := declaration.First; d != 0; d = s.tree.Nodes[d].Next {
					if b := s.tree.Nodes[d].First; s.tree.Kind(b) == js.Binding && s.tree.Nodes[b].Next != 0 {
						s.given = append(s.given, export{s.tree.Text(b), s.tree.Nodes[b].Next})
					}
				}
			}
		case js.ExportSpecifier:
			if local := n.First; s.tree.Kind(local) == js.Identifier && s.tree.Nodes[local].Next != 0 {
				s.given = append(s.given, export{s.tree.Text(s.tree.Nodes[local].Next), local})
			}
		case js.AssignmentExpression:
			if n.Op != js.OpAssign || s.tree.Kind(n.First) != js.MemberExpression {
				continue
			}
			value := s.tree.Nodes[n.First].Next
			switch object, name := s.member(n.First); {
			case s.isExports(n.First):
				s.given = append(s.given, export{"", value})
			case name != "" && s.isExports(object):
				s.given = append(s.given, export{name, value})
			}
		}
	}
	return s.given
}

// isExports reports whether an expression is what a CommonJS module gives out.
func (s *source) isExports(r js.Ref) bool {
	if s.tree.Kind(r) == js.Identifier {
		return s.tree.Text(r) == "exports" && s.scopes.Of(r) == 0
	}
	object, name := s.member(r)
	return name == "exports" && s.tree.Kind(object) == js.Identifier && s.tree.Text(object) == "module" && s.scopes.Of(object) == 0
}

// givenByJSON is the string that the steps lead to in a file of JSON.
func (w *walk) givenByJSON(file string, steps []string) texts {
	text, err := w.text(file)
	if err != nil || len(text) > bounds.PackageJSON {
		return unknown
	}
	var value any
	if json.Unmarshal(utf8bom.Trim(text), &value) != nil {
		return unknown
	}
	if len(steps) > 0 && steps[0] == "default" {
		if object, ok := value.(map[string]any); !ok || object["default"] == nil {
			steps = steps[1:]
		}
	}
	for _, step := range steps {
		object, ok := value.(map[string]any)
		if !ok {
			return nil
		}
		value = object[step]
	}
	if s, ok := value.(string); ok {
		return texts{s}
	}
	return nil
}

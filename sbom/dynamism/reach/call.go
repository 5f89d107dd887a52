package reach

import (
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// result returns what a call may give as a string.
func (s *source) result(call js.Ref) texts {
	callee := s.tree.Nodes[call].First
	args := s.arguments(call)
	for _, name := range s.names(callee) {
		if t := s.builtin(name, args); t != nil {
			return t
		}
	}
	if t := s.loaderResult(call, args); t != nil {
		return t
	}
	if s.tree.Nodes[callee].Kind == js.MemberExpression {
		if t := s.method(callee, args); t != nil {
			return t
		}
	}
	if f := s.function(callee); f != 0 {
		return s.returns(f)
	}
	return nil
}

// pathFunction returns the function of Node's path module that a name means, "" for
// another.
func pathFunction(name string) string {
	for _, prefix := range []string{"node:path.posix.", "node:path/posix.", "node:path."} {
		if f, ok := strings.CutPrefix(name, prefix); ok {
			return f
		}
	}
	return ""
}

func (s *source) argument(args []js.Ref, i int) texts {
	if i >= len(args) {
		return nil
	}
	return s.texts(args[i])
}

// builtin returns what a function of the language or of Node gives, nil for one
// that is not known here.
func (s *source) builtin(name string, args []js.Ref) texts {
	switch pathFunction(name) {
	case "join":
		out := texts{""}
		for _, a := range args {
			out = out.product(s.texts(a), joinPaths)
		}
		return out
	case "resolve":
		out := texts{slashed(s.w.cwd)}
		for _, a := range args {
			out = out.product(s.texts(a), resolvePaths)
		}
		return out
	case "normalize", "toNamespacedPath":
		return s.argument(args, 0).each(normalise)
	case "dirname":
		return s.argument(args, 0).each(path.Dir)
	case "basename":
		out := s.argument(args, 0).each(path.Base)
		if len(args) > 1 {
			out = out.product(s.texts(args[1]), strings.TrimSuffix)
		}
		return out
	case "extname":
		return s.argument(args, 0).each(path.Ext)
	}
	switch name {
	case "process.cwd":
		return texts{slashed(s.w.cwd)}
	case "node:url.fileURLToPath", "node:url.fileURLToPathBuffer":
		return s.argument(args, 0).each(fromURL)
	case "node:url.pathToFileURL":
		return texts{slashed(s.w.cwd)}.product(s.argument(args, 0), func(a, b string) string {
			p := resolvePaths(a, b)
			if strings.HasSuffix(b, "/") || b == "." {
				p += "/"
			}
			return "file://" + p
		})
	case "String", "decodeURI", "decodeURIComponent", "encodeURI", "node:fs.realpathSync", "node:fs.realpathSync.native":
		return s.argument(args, 0)
	case "require.resolve":
		return s.resolvedTexts(args, resolution.Require, "")
	case "import.meta.resolve":
		return s.resolvedTexts(args, resolution.Import, "file://")
	case "npm:resolve-from", "npm:resolve-from.silent", "npm:import-from":
		if len(args) > 1 {
			return s.resolvedFrom(s.texts(args[0]), s.texts(args[1]))
		}
	}
	return nil
}

// resolvedTexts returns the paths that specifiers resolve to.
func (s *source) resolvedTexts(args []js.Ref, mode resolution.Mode, prefix string) texts {
	return s.argument(args, 0).each(func(spec string) string {
		if strings.Contains(spec, hole) {
			return hole
		}
		res, err := s.w.resolve(spec, s.file, mode)
		if err != nil || res.Path == "" {
			return hole
		}
		return prefix + slashed(res.Path)
	})
}

func (s *source) resolvedFrom(dirs, specs texts) texts {
	return dirs.product(specs, func(dir, spec string) string {
		if !absolute(dir) || strings.Contains(dir+spec, hole) {
			return hole
		}
		res, err := s.w.resolve(spec, path.Join(name(dir), "noop.js"), resolution.Require)
		if err != nil || res.Path == "" {
			return hole
		}
		return slashed(res.Path)
	})
}

// newURL returns what new URL(ref, base) is.
func (s *source) newURL(args []js.Ref) texts {
	switch len(args) {
	case 0:
		return nil
	case 1:
		return s.texts(args[0]).each(func(ref string) string {
			if strings.HasPrefix(ref, "file:") {
				return "file://" + fromURL(ref)
			}
			return hole
		})
	}
	return s.texts(args[0]).product(s.texts(args[1]), func(ref, base string) string {
		if u := resolveURL(ref, base); u != "" {
			return u
		}
		return hole
	})
}

// method returns what a method of a string or an array gives.
func (s *source) method(callee js.Ref, args []js.Ref) texts {
	object, name := s.member(callee)
	switch name {
	case "concat":
		out := s.texts(object)
		if !out.known() {
			return nil
		}
		for _, a := range args {
			out = out.then(s.texts(a))
		}
		return out
	case "toString", "trim", "normalize", "valueOf":
		return s.texts(object)
	case "toLowerCase":
		return s.texts(object).each(strings.ToLower)
	case "toUpperCase":
		return s.texts(object).each(strings.ToUpper)
	case "replace", "replaceAll":
		return s.replaced(object, args)
	case "join":
		return s.joined(object, args)
	case "pop", "shift", "at", "find":
		return s.element(object)
	}
	return nil
}

// replaced is a replacement of one constant by another; of anything else what is
// left is not known.
func (s *source) replaced(object js.Ref, args []js.Ref) texts {
	if len(args) < 2 || args[0] == 0 || s.tree.Nodes[args[0]].Kind != js.String {
		return nil
	}
	from, to := s.texts(args[0]), s.texts(args[1])
	if len(to) != 1 || strings.Contains(from[0]+to[0], hole) || from[0] == "" {
		return nil
	}
	return s.texts(object).each(func(t string) string {
		if strings.Contains(t, hole) {
			return hole
		}
		return strings.Replace(t, from[0], to[0], 1)
	})
}

func (s *source) joined(object js.Ref, args []js.Ref) texts {
	between := s.argument(args, 0)
	if between == nil {
		between = texts{","}
	}
	for _, l := range s.literals(object) {
		if s.tree.Nodes[l].Kind != js.ArrayExpression {
			continue
		}
		out := texts{""}
		for c := s.tree.Nodes[l].First; c != 0; c = s.tree.Nodes[c].Next {
			if c != s.tree.Nodes[l].First {
				out = out.then(between)
			}
			if s.tree.Nodes[c].Kind == js.SpreadElement {
				out = out.then(unknown)
			} else {
				out = out.then(s.texts(c))
			}
		}
		return out
	}
	return nil
}

// function returns the function of the file that an expression is, 0 where it may
// be several or none.
func (s *source) function(r js.Ref) js.Ref {
	r = s.unwrapped(r)
	for range maxLiterals {
		switch s.tree.Nodes[r].Kind {
		case js.FunctionExpression, js.ArrowFunctionExpression, js.FunctionDeclaration:
			return r
		case js.Identifier:
			inits := s.written(s.scopes.Of(r))
			if len(inits) != 1 {
				return 0
			}
			r = s.unwrapped(inits[0])
		case js.MemberExpression:
			object, name := s.member(r)
			values := s.literalMember(object, name)
			if name == "" || len(values) != 1 {
				return 0
			}
			r = s.unwrapped(values[0])
		default:
			return 0
		}
	}
	return 0
}

// returns returns what a function may return as a string, if it returns at all.
func (s *source) returns(function js.Ref) texts {
	n := s.tree.Nodes[function]
	if n.Flags&(js.FlagGenerator) != 0 {
		return nil
	}
	body := s.tree.Child(function, 2)
	if n.Flags&js.FlagExpression != 0 {
		return s.texts(s.tree.Nodes[body].First)
	}
	var out texts
	for _, r := range s.returned(body) {
		out = out.with(s.texts(r))
	}
	return out
}

// returned lists the expressions that a function's body returns.
func (s *source) returned(body js.Ref) []js.Ref {
	var out []js.Ref
	stack := []js.Ref{body}
	for len(stack) > 0 {
		r := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if s.work++; s.work > maxWork || len(out) > maxWrites {
			return out
		}
		n := s.tree.Nodes[r]
		switch n.Kind {
		case js.ReturnStatement:
			if n.First != 0 {
				out = append(out, n.First)
			}
			continue
		case js.FunctionExpression, js.FunctionDeclaration, js.ArrowFunctionExpression, js.ClassExpression, js.ClassDeclaration,
			js.ExpressionStatement, js.VariableDeclaration:
			continue
		}
		for c := range s.tree.Children(r) {
			stack = append(stack, c)
		}
	}
	slices.Sort(out)
	return out
}

package reach

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// A name that decides what is loaded may be given to a function that hands it on: to a
// require, to an import, to what a Convention names, or to another such function. The
// functions through which one goes are carriers. Where a carrier is called, it is
// recognised by the name of the method or function: no reading shows who the receiver
// is. So a call counts only where the carrier's code can be meant: in the project's own
// files, in the carrier's package, and in packages that depend on it.

// sink is where a name ends up.
type sink struct {
	as     []string        // as Convention.As
	base   string          // the file whose place counts; "" for the file that gives the name
	mode   resolution.Mode // how it is asked for
	reason Reason          // "" is Plugin
}

// carrier is a function with a parameter whose value, or a property of it, ends in a sink.
type carrier struct {
	sink
	name     string // of the method, function or class; of the default of a module its path, with a slash in front
	pkg      string // the folder of the package that it stands in, "" for the project's own
	argument int
	path     string // properties, joined by zero bytes
}

// What is carried is bounded.
const (
	maxCarriers = 512
	maxLooks    = 8 // how often a file is looked at again, for carriers found behind it
)

// named notes what an expression, or what a path leads to in it, names.
func (s *source) named(r js.Ref, steps []string, k sink) {
	found := s.valueAt(r, steps, 0)
	for _, t := range found {
		if t == "" || strings.Contains(t, hole) && (k.as == nil || k.as[0] != ExtensionOf) {
			continue
		}
		for _, spec := range k.specifiers(t) {
			e := edge{reason: Plugin, mode: k.mode, at: r, spec: spec, from: k.base, quiet: true}
			if k.reason != "" {
				e.reason = k.reason
			}
			s.add(e)
		}
	}
	if len(found) > 0 && !found.blind() {
		return
	}
	for _, o := range s.origins(r, steps, 0) {
		for _, name := range s.callNames(o.function) {
			s.w.carry(carrier{sink: k, name: name, pkg: s.pkg(), argument: o.argument, path: strings.Join(o.path, hole)})
		}
	}
}

// blind reports whether nothing at all is known about one way to the value.
func (t texts) blind() bool {
	for _, s := range t {
		if s == hole {
			return true
		}
	}
	return false
}

// handedOn notes the carriers of a name that is asked for, where it is a parameter's.
func (s *source) handedOn(arg js.Ref, e edge, from []string) {
	for _, o := range s.origins(arg, nil, 0) {
		for _, name := range s.callNames(o.function) {
			for _, f := range from {
				k := sink{base: cmp.Or(f, s.file), mode: e.mode, reason: s.edgeReason(e)}
				s.w.carry(carrier{sink: k, name: name, pkg: s.pkg(), argument: o.argument, path: strings.Join(o.path, hole)})
			}
		}
	}
}

func (s *source) pkg() string {
	dir, _ := packageOf(s.file)
	return dir
}

// carry notes a carrier, and which files have to be looked at for its calls.
func (w *walk) carry(c carrier) {
	if len(c.name) < 3 || everyones()[c.name] || len(w.carriers) >= maxCarriers {
		return
	}
	for _, have := range w.carriers[c.name] {
		if have.same(c) {
			return
		}
	}
	if w.carriers == nil {
		w.carriers = map[string][]carrier{}
	}
	w.carriers[c.name] = append(w.carriers[c.name], c)
	w.fresh = append(w.fresh, c)
}

func (c carrier) same(o carrier) bool {
	return c.pkg == o.pkg && c.argument == o.argument && c.path == o.path && c.base == o.base && c.mode == o.mode && strings.Join(c.as, hole) == strings.Join(o.as, hole)
}

// lookAgain queues the files that were opened before a carrier was known whose calls
// they may have. It reports whether there are any.
func (w *walk) lookAgain() bool {
	fresh := w.fresh
	w.fresh = nil
	if len(fresh) == 0 {
		return false
	}
	for _, file := range slices.Sorted(maps.Keys(w.files)) {
		f := w.files[file]
		if !f.opened || f.Format != resolution.CommonJS && f.Format != resolution.Module || f.looks >= maxLooks {
			continue
		}
		text := []byte(nil)
		for _, c := range fresh {
			if !w.meant(c, file) {
				continue
			}
			if text == nil {
				var err error
				if text, err = w.text(file); err != nil {
					break
				}
			}
			word := c.name
			if strings.HasPrefix(word, "/") {
				word = "(" // called by whatever name the file has for it
			}
			if bytes.Contains(text, []byte(word)) {
				f.looks++
				w.queue = append(w.queue, file)
				break
			}
		}
	}
	return len(w.queue) > 0
}

// meant reports whether a call in a file can mean a carrier.
func (w *walk) meant(c carrier, file string) bool {
	dir, _ := packageOf(file)
	if dir == c.pkg || dir == "" {
		return true
	}
	if c.pkg == "" {
		return false // no package knows the project
	}
	m, err := w.r.Governing(dir + "/package.json")
	if err != nil || m == nil {
		return false
	}
	_, pkg := packageOf(c.pkg + "/package.json")
	for _, list := range [][]string{m.Dependencies, m.OptionalDependencies} {
		for _, name := range list {
			if name == pkg {
				return true
			}
		}
	}
	return false
}

// carried notes what a call or construction hands to carriers.
func (s *source) carried(callee js.Ref, args []js.Ref) {
	for _, name := range s.calledAs(callee) {
		s.conventional(callee, name, args)
		for _, c := range s.w.carriers[name] {
			if c.argument < len(args) && args[c.argument] != 0 && s.w.meant(c, s.file) {
				var steps []string
				if c.path != "" {
					steps = strings.Split(c.path, hole)
				}
				s.named(args[c.argument], steps, c.sink)
			}
		}
	}
}

// calledAs returns the names by which a callee may be a carrier: its last name, the one
// that it was imported under, and the file whose default it is.
func (s *source) calledAs(callee js.Ref) []string {
	callee = s.unwrapped(callee)
	n := s.tree.Nodes[callee]
	switch n.Kind {
	case js.MemberExpression:
		object, name := s.member(callee)
		if name == "default" {
			if file := s.moduleFile(object); file != "" {
				return []string{"/" + file}
			}
		}
		if name != "" {
			return []string{name}
		}
	case js.CallExpression: // require('./x')(…)
		if file := s.moduleFile(callee); file != "" {
			return []string{"/" + file}
		}
	case js.Identifier:
		out := []string{s.tree.Text(callee)}
		v := s.scopes.Of(callee)
		if v == 0 {
			return out
		}
		if file, steps := s.imported(v); file != "" {
			switch {
			case len(steps) == 0 || steps[0] == "default":
				out = append(out, "/"+file)
			case steps[0] != out[0]:
				out = append(out, steps[0])
			}
		}
		return out
	}
	return nil
}

// callNames returns the names by which a function is called from elsewhere.
func (s *source) callNames(function js.Ref) []string {
	parent := s.tree.Nodes[function].Parent
	n := s.tree.Nodes[parent]
	switch n.Kind {
	case js.MethodDefinition, js.PropertyDefinition, js.Property:
		if n.First == function {
			return nil
		}
		key, ok := s.key(parent)
		if !ok {
			return nil
		}
		if n.Kind == js.MethodDefinition && key == "constructor" {
			class := s.tree.Nodes[n.Parent].Parent
			return s.bindingNames(class)
		}
		return []string{key}
	}
	return s.bindingNames(function)
}

// bindingNames are the names that a function or class is bound to and given out under.
func (s *source) bindingNames(r js.Ref) []string {
	n := s.tree.Nodes[r]
	var out []string
	binding := js.Ref(0)
	switch {
	case n.Kind == js.FunctionDeclaration || n.Kind == js.ClassDeclaration:
		binding = n.First
	default:
		out = s.givenTo(r)
		if p := s.tree.Nodes[n.Parent]; p.Kind == js.VariableDeclarator && s.tree.Kind(p.First) == js.Binding {
			binding = p.First
		}
	}
	if s.tree.Kind(n.Parent) == js.ExportDefaultDeclaration {
		out = append(out, "/"+s.file)
	}
	if binding == 0 || s.tree.Kind(binding) != js.Binding {
		return out
	}
	out = append(out, s.tree.Text(binding))
	uses := 0
	for use := range s.scopes.Uses(s.scopes.Of(binding)) {
		if uses++; uses > maxWrites {
			break
		}
		out = append(out, s.givenTo(use)...)
	}
	return out
}

// givenTo are the names under which an expression is given out where it stands.
func (s *source) givenTo(r js.Ref) []string {
	parent := s.tree.Nodes[r].Parent
	n := s.tree.Nodes[parent]
	switch n.Kind {
	case js.AssignmentExpression:
		if n.First == r || n.Op != js.OpAssign {
			return nil
		}
		object, name := s.member(n.First)
		out := s.givenTo(parent)
		switch {
		case name == "exports" && s.tree.Kind(object) == js.Identifier && s.tree.Text(object) == "module", name == "default":
			out = append(out, "/"+s.file)
		case name != "":
			out = append(out, name)
		case s.tree.Kind(n.First) == js.Identifier:
			out = append(out, s.tree.Text(n.First))
		}
		return out
	case js.Property:
		if key, ok := s.key(parent); ok && s.tree.Nodes[n.First].Next == r {
			return []string{key}
		}
	case js.ExportDefaultDeclaration:
		return []string{"/" + s.file}
	case js.ExportSpecifier:
		if exported := s.tree.Nodes[n.First].Next; n.First == r && exported != 0 {
			if name := s.tree.Text(exported); name != "default" {
				return []string{name}
			}
			return []string{"/" + s.file}
		}
	}
	return nil
}

// everyones are names that say nothing of who is called: too much has a method of that
// name.
var everyones = sync.OnceValue(func() map[string]bool {
	names := map[string]bool{}
	for _, n := range strings.Fields(`
		require import default constructor then catch finally call apply bind toString valueOf
		get set has add delete clear size keys values entries push pop shift unshift slice splice concat join
		map filter forEach reduce find some every includes indexOf sort reverse flat
		on once off emit addListener removeListener listen close open end write read pipe send
		replace replaceAll split match test exec trim substr substring charAt startsWith endsWith
		log info warn error debug trace assert next done resolve reject callback stringify parse
		assign create define freeze from isArray render func handler self that this exports module`) {
		names[n] = true
	}
	return names
})

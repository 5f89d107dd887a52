package reach

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/resolution"
)

// isLoader reports whether a name is a package's function that finds an addon and
// loads it or gives its path.
func isLoader(name string) bool {
	switch name {
	case "npm:bindings", "npm:node-gyp-build", "npm:node-gyp-build.path", "npm:node-gyp-build.resolve",
		"npm:@aminya/node-gyp-build", "npm:node-gyp-build-optional-packages", "npm:nbind.init",
		"npm:@mapbox/node-pre-gyp.find", "npm:node-pre-gyp.find", "npm:node-pre-gyp/lib/pre-binding.find", "npm:pkg-prebuilds/bindings":
		return true
	}
	return false
}

// addons returns the addons that a loader's call can find.
func (s *source) addons(loader string, args []js.Ref) []string {
	root := s.w.root(s.file)
	switch loader {
	case "npm:bindings":
		asked := s.argument(args, 0)
		if len(args) > 0 {
			for _, v := range s.literalMember(args[0], "bindings") {
				asked = asked.with(s.texts(v))
			}
		}
		var out []string
		for _, t := range asked {
			if t != hole && !strings.Contains(t, "/") {
				out = append(out, s.w.below(root, "/"+hole+"/"+strings.TrimSuffix(t, ".node")+".node")...)
				out = append(out, s.w.below(root, "/"+strings.TrimSuffix(t, ".node")+".node")...)
			}
		}
		return out
	case "npm:node-gyp-build", "npm:node-gyp-build.path", "npm:node-gyp-build.resolve", "npm:@aminya/node-gyp-build", "npm:node-gyp-build-optional-packages":
		var out []string
		for _, t := range s.argument(args, 0) {
			if absolute(t) && !strings.Contains(t, hole) {
				for _, dir := range []string{"/build/Release/", "/build/Debug/", "/prebuilds/" + s.w.platform + "/"} {
					out = append(out, s.w.below(path.Join(name(t), dir), "/"+hole+".node")...)
				}
			}
		}
		return out
	}
	return s.w.below(root, "/"+hole+".node")
}

// loaderResult returns the paths that a loader gives, nil for what is none.
func (s *source) loaderResult(call js.Ref, args []js.Ref) texts {
	for _, n := range s.names(s.tree.Nodes[call].First) {
		if isLoader(n) {
			var out texts
			for _, f := range s.addons(n, args) {
				out = out.with(texts{slashed(f)})
			}
			return out
		}
	}
	return nil
}

// loader notes what the calls of packages that load by name lead to.
func (s *source) loader(r js.Ref, names []string, args []js.Ref) {
	for _, n := range names {
		switch {
		case isLoader(n):
			found := s.addons(n, args)
			for _, f := range found {
				s.add(edge{reason: Plugin, mode: resolution.Require, at: r, spec: slashed(f), quiet: true})
			}
			if len(found) == 0 && !s.tried(r) {
				s.warn(r, "an addon that is not there: a build of it would bring it")
			}
		case n == "npm:pkginfo":
			if m, err := s.w.r.Governing(s.file); err == nil && m != nil {
				s.add(edge{reason: Asset, at: r, spec: slashed(m.Path), path: true})
			}
		case n == "npm:strong-globalize.SetRootDir" || n == "npm:strong-globalize.default.SetRootDir":
			for _, t := range s.argument(args, 0) {
				if absolute(t) {
					s.add(edge{reason: Asset, at: r, spec: strings.TrimSuffix(t, "/") + "/intl/" + hole, path: true})
				}
			}
		}
	}
	s.carried(s.tree.Nodes[r].First, args)
}

// plugin notes the transports of pino, and of what hands them to it: the property
// target of an object that is given to transport, or of one in targets or pipeline.
func (s *source) plugin(property js.Ref) {
	key := s.tree.Nodes[property].First
	if s.tree.Text(key) != "target" || s.tree.Nodes[property].Flags&js.FlagComputed != 0 {
		return
	}
	object := s.tree.Nodes[property].Parent
	holder := s.tree.Nodes[object].Parent
	switch n := s.tree.Nodes[holder]; n.Kind {
	case js.CallExpression:
		if _, method := s.member(n.First); method != "transport" && !s.is(n.First, "npm:pino.transport") {
			return
		}
	case js.Property:
		if s.tree.Text(n.First) != "transport" {
			return
		}
	case js.ArrayExpression:
		list := s.tree.Nodes[n.Parent]
		if list.Kind != js.Property {
			return
		}
		if name := s.tree.Text(list.First); name != "targets" && name != "pipeline" {
			return
		}
	default:
		return
	}
	s.named(s.tree.Nodes[key].Next, nil, sink{})
}

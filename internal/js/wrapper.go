package js

// inWrapper reports whether a name is one of a CommonJS module's own, which are the
// parameters of the function that Node wraps around it (Node.js documentation,
// "Modules: CommonJS modules", "The module wrapper"). A declaration by let, const or
// class at the top of the file would declare it twice, so such a text is not a script.
func inWrapper(name string) bool {
	switch name {
	case "exports", "require", "module", "__filename", "__dirname":
		return true
	}
	return false
}

// rebindsWrapper reports whether the top of a file declares a name of the wrapper.
// Node, where nothing says that the file is a script, takes it for a module then.
func rebindsWrapper(t *Tree) bool {
	for c := t.Nodes[t.Root].First; c != 0; c = t.Nodes[c].Next {
		switch n := &t.Nodes[c]; n.Kind {
		case ClassDeclaration:
			if t.Nodes[n.First].Kind == Binding && inWrapper(t.Text(n.First)) {
				return true
			}
		case VariableDeclaration:
			if n.Op == OpVar {
				continue
			}
			for d := n.First; d != 0; d = t.Nodes[d].Next {
				if t.bindsWrapper(t.Nodes[d].First) {
					return true
				}
			}
		}
	}
	return false
}

// bindsWrapper looks for such a name in a pattern.
func (t *Tree) bindsWrapper(pattern Ref) bool {
	switch n := &t.Nodes[pattern]; n.Kind {
	case Binding:
		return inWrapper(t.Text(pattern))
	case AssignmentPattern, RestElement:
		return t.bindsWrapper(n.First)
	case PatternProperty:
		return t.bindsWrapper(t.Nodes[n.First].Next)
	case ArrayPattern, ObjectPattern:
		for c := n.First; c != 0; c = t.Nodes[c].Next {
			if t.bindsWrapper(c) {
				return true
			}
		}
	}
	return false
}

package denote

import "github.com/nbuild/nbuild/internal/js"

// parameter returns what the callers in this file give for a parameter of a
// function; p is its pattern, a child of Parameters.
func (d *Denoter) parameter(f, p js.Ref) set {
	i := 0
	for c := d.tree.Nodes[d.tree.Nodes[p].Parent].First; c != 0 && c != p && i < 256; c = d.tree.Nodes[c].Next {
		i++
	}
	out := none
	for _, at := range d.callSites(f) {
		out = d.union(out, d.argument(at, i))
	}
	if len(d.list(out)) > maxParameter {
		// A helper that is given all sorts of things: which it has is not known.
		return none
	}
	return out
}

// maxParameter bounds the different values of a parameter.
const maxParameter = 4

// site is a call by which a function of the file is called, or which hands it on:
// self is the function or its name there.
type site struct{ call, self js.Ref }

// argument returns what a site gives the function as its i-th argument.
func (d *Denoter) argument(at site, i int) set {
	t := d.tree
	callee := t.Nodes[at.call].First
	args, _ := d.arguments(t.Nodes[callee].Next)
	for k, a := range args {
		if a == at.self {
			return d.handed(at.call, k, i)
		}
	}
	// f.call(this, …), f.apply(this, […])
	if callee != at.self && t.Nodes[callee].Kind == js.MemberExpression {
		switch name, _ := d.folder.Member(callee); name {
		case "call":
			i++
		case "apply":
			if len(args) > 1 {
				if literal := d.arrayLiteral(args[1]); literal != 0 {
					return d.element(literal, i)
				}
			}
			return none
		}
	}
	if i < len(args) {
		return d.eval(args[i])
	}
	return none
}

// handed returns the i-th argument of a function that is the at-th argument of a
// call: of then, of an array's methods, of define, or of a function of the file that
// calls it.
func (d *Denoter) handed(call js.Ref, at, i int) set {
	t := d.tree
	callee := t.Nodes[call].First
	if t.Nodes[callee].Kind == js.MemberExpression {
		name, _ := d.folder.Member(callee)
		switch base := d.eval(t.Nodes[callee].First); name {
		case "then":
			if at == 0 && i == 0 {
				return d.unwrapPromises(base)
			}
		case "forEach", "map", "filter", "some", "every", "find", "flatMap":
			if at == 0 && i == 0 {
				return d.elements(base)
			}
		case "call", "apply", "bind":
			// (function (factory) { … }).call(this, function …)
			at--
		}
	}
	if t.Nodes[callee].Kind == js.Identifier && t.Text(callee) == "define" && d.scopes.Of(callee) == 0 {
		return d.defined(call, at, i)
	}
	// A function of the file that calls its parameter.
	out := none
	for _, id := range d.list(d.eval(d.receiver(callee))) {
		v := d.values[id]
		if v.form != functionForm {
			continue
		}
		p := d.parameterAt(v.ref, at)
		if t.Nodes[p].Kind != js.Binding {
			continue
		}
		steps := 0
		for use := range d.scopes.Uses(d.scopes.Of(p)) {
			if steps++; steps > maxUses {
				break
			}
			parent := &t.Nodes[t.Nodes[use].Parent]
			if parent.Kind != js.CallExpression || parent.First != use {
				continue
			}
			if args, _ := d.arguments(t.Nodes[use].Next); i < len(args) {
				out = d.union(out, d.eval(args[i]))
			}
		}
	}
	return out
}

// receiver returns what a callee is at heart: f of f.call.
func (d *Denoter) receiver(callee js.Ref) js.Ref {
	if d.tree.Nodes[callee].Kind == js.MemberExpression {
		if name, _ := d.folder.Member(callee); name == "call" || name == "apply" {
			return d.tree.Nodes[callee].First
		}
	}
	return callee
}

// defined returns the i-th argument of an AMD factory: require, exports and module
// where no list of dependencies says otherwise.
func (d *Denoter) defined(call js.Ref, at, i int) set {
	if at == 0 {
		if i < 3 {
			return d.globalNamed([]string{"require", "exports", "module"}[i], 0)
		}
		return none
	}
	list := d.tree.Child(call, at) // the argument before the factory
	if d.tree.Nodes[list].Kind != js.ArrayExpression {
		if at == 1 { // define('name', function (require, exports, module) { … })
			return d.defined(call, 0, i)
		}
		return none
	}
	name := d.tree.Child(list, i)
	if d.tree.Nodes[name].Kind != js.String {
		return none
	}
	switch text := d.tree.Text(name); text {
	case "require", "exports", "module":
		return d.globalNamed(text, 0)
	}
	return d.modules(name)
}

// unwrapPromises returns what promises give, and nothing of other values.
func (d *Denoter) unwrapPromises(s set) set {
	return d.each(s, func(id valueID) set {
		if v := d.values[id]; v.form == promiseForm {
			return set(v.parent)
		}
		return none
	})
}

// parameterAt returns the pattern of the i-th parameter of a function, without its
// default; 0 where there is none.
func (d *Denoter) parameterAt(f js.Ref, i int) js.Ref {
	p := d.tree.Child(d.tree.Child(f, 1), i)
	if d.tree.Nodes[p].Kind == js.AssignmentPattern {
		p = d.tree.Nodes[p].First
	}
	return p
}

// arguments collects the argument expressions from one on, up to the first spread of
// what is not an array literal; known is false where such a spread ended them.
func (d *Denoter) arguments(first js.Ref) (args []js.Ref, known bool) {
	return d.spread(nil, first, 0)
}

// maxArguments bounds the arguments of a call that are looked at, and the depth of
// spreads within them.
const maxArguments = 64

func (d *Denoter) spread(args []js.Ref, first js.Ref, depth int) ([]js.Ref, bool) {
	for c := first; c != 0; c = d.tree.Nodes[c].Next {
		if len(args) >= maxArguments || depth > maxIndirection {
			return args, false
		}
		n := &d.tree.Nodes[c]
		if n.Kind != js.SpreadElement {
			args = append(args, c)
			continue
		}
		literal := d.arrayLiteral(n.First)
		if literal == 0 {
			return args, false
		}
		var known bool
		if args, known = d.spread(args, d.tree.Nodes[literal].First, depth+1); !known {
			return args, false
		}
	}
	return args, true
}

// arrayLiteral returns the array literal that an expression is, 0 for none.
func (d *Denoter) arrayLiteral(r js.Ref) js.Ref {
	if d.tree.Nodes[r].Kind == js.ArrayExpression {
		return r
	}
	if list := d.list(d.eval(r)); len(list) == 1 && d.values[list[0]].form == arrayForm {
		return d.values[list[0]].ref
	}
	return 0
}

// callSites returns the calls that a function of the file is called by, or handed
// to, as far as they are in sight: at most maxSet.
func (d *Denoter) callSites(f js.Ref) []site {
	if sites, ok := d.sites[f]; ok {
		return sites
	}
	if d.sites == nil {
		d.sites = map[js.Ref][]site{}
	}
	d.sites[f] = nil
	var sites []site
	add := func(r js.Ref) { // r is the function, or a name of it
		if call := d.callOf(r); call != 0 && len(sites) < maxSet {
			sites = append(sites, site{call, r})
		}
	}
	n := &d.tree.Nodes[f]
	var name js.Ref // its Binding
	if n.Kind != js.FunctionDeclaration {
		add(f)
		switch parent := &d.tree.Nodes[n.Parent]; {
		case parent.Kind == js.VariableDeclarator && d.tree.Nodes[parent.First].Kind == js.Binding:
			name = parent.First
		case parent.Kind == js.AssignmentExpression && d.tree.Nodes[parent.First].Kind == js.Identifier:
			name = parent.First
		}
	}
	for _, b := range []js.Ref{name, n.First} {
		v := js.VariableID(0)
		if k := d.tree.Nodes[b].Kind; k == js.Binding || k == js.Identifier {
			v = d.scopes.Of(b)
		}
		if v == 0 {
			continue
		}
		steps := 0
		for use := range d.scopes.Uses(v) {
			if steps++; steps > maxUses || len(sites) == maxSet {
				break
			}
			add(use)
		}
	}
	d.sites[f] = sites
	return sites
}

// callOf returns the call whose callee r is, straight or as r.call and r.apply, or of
// which it is an argument; 0 for none.
func (d *Denoter) callOf(r js.Ref) js.Ref {
	t := d.tree
	p := t.Nodes[r].Parent
	n := &t.Nodes[p]
	switch n.Kind {
	case js.CallExpression, js.NewExpression:
		return p
	case js.MemberExpression:
		if n.First != r {
			return 0
		}
		call := &t.Nodes[n.Parent]
		if call.Kind != js.CallExpression || call.First != p {
			return 0
		}
		if name, _ := d.folder.Member(p); name == "call" || name == "apply" {
			return n.Parent
		}
	}
	return 0
}

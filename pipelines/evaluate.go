package pipelines

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// evaluator turns a checked body into a Project. Each method fills in one kind of
// block and goes on after a problem, so that all are reported at once.
type evaluator struct {
	hclfile.Reader
	body    *hclfile.Body
	folder  fs.FS
	vars    map[string]string
	project *Project
}

// The names that a file without such blocks has.
const (
	ImpliedNpm  = "deps"
	ImpliedBase = "node"
)

var label = lazyregexp.New(`^[A-Za-z][A-Za-z0-9_-]{0,62}$`)

func (e *evaluator) all() {
	e.names()
	e.Budget = new(hclfile.Budget)
	e.Context = &hcl.EvalContext{Variables: map[string]cty.Value{}, Functions: functions(&tree{fsys: e.folder}, e.Budget)}
	e.variables()
	e.head()
	e.references()
	e.locals()
	e.inputs()
	e.scripts()
	e.steps()
	e.images()
	e.gates()
	e.outputsNamed()
	e.order()
}

// names checks the labels that references are made of.
func (e *evaluator) names() {
	for _, b := range e.body.Blocks {
		if len(b.Labels) == 1 && !label().MatchString(b.Labels[0]) {
			e.Problem(b.Range, CodeForm, fmt.Sprintf("%q is no name", b.Labels[0]), "a name begins with a letter and has letters, digits, - and _, 63 at most",
				fmt.Sprintf("write it as: %s %q {", b.Type, "name"))
		}
	}
	if ps := e.body.Of("project"); len(ps) > 1 {
		e.Problem(ps[1].Range, hclfile.CodeDuplicate, "a second project", "a file builds one project", "remove one of the two blocks")
	}
}

// walk visits every attribute of the file, in source order.
func (e *evaluator) walk(b *hclfile.Body, visit func(b *hclfile.Body, name string)) {
	for _, n := range b.Names() {
		visit(b, n)
	}
	for _, c := range b.Blocks {
		e.walk(c, visit)
	}
}

// references makes the values that step, npm, base and fetch blocks are known by.
func (e *evaluator) references() {
	object := func(typ string, kind SourceKind) {
		values := map[string]cty.Value{}
		for _, b := range e.body.Of(typ) {
			values[b.Labels[0]] = Source{Kind: kind, Name: b.Labels[0]}.value()
		}
		if typ == "base" && len(values) == 0 {
			values[ImpliedBase] = Source{Kind: FromBase, Name: ImpliedBase}.value()
		}
		e.Context.Variables[typ] = cty.ObjectVal(values)
	}
	object("step", FromStep)
	e.outputReferences()
	object("base", FromBase)
	object("fetch", FromFetch)

	packages := e.keys("npm", "package")
	trees := map[string]cty.Value{}
	names := []string{}
	for _, b := range e.body.Of("npm") {
		names = append(names, b.Labels[0])
	}
	if len(names) == 0 {
		names = []string{ImpliedNpm}
	}
	for _, n := range names {
		byName := map[string]cty.Value{}
		for _, p := range packages[n] {
			byName[p] = Source{Kind: FromNpm, Name: n, Tree: "package", Package: p}.value()
		}
		trees[n] = cty.ObjectVal(map[string]cty.Value{
			"production": Source{Kind: FromNpm, Name: n, Tree: "production"}.value(),
			"all":        Source{Kind: FromNpm, Name: n, Tree: "all"}.value(),
			"package":    cty.ObjectVal(byName),
		})
	}
	e.Context.Variables["npm"] = cty.ObjectVal(trees)
	e.Context.Variables["project"] = cty.ObjectVal(map[string]cty.Value{
		"production": Source{Kind: FromProject, Tree: "production"}.value(),
		"all":        Source{Kind: FromProject, Tree: "all"}.value(),
	})
}

// outputReferences gives steps whose outputs are named one by one, as
// step.X.output["dist"], a value that has them beside itself. Whether a step leaves such
// an output is found out where the reference stands.
func (e *evaluator) outputReferences() {
	steps := e.Context.Variables["step"].AsValueMap()
	for step, outputs := range e.keys("step", "output") {
		if _, ok := steps[step]; !ok {
			continue // said where it stands
		}
		named := map[string]cty.Value{}
		for _, o := range outputs {
			named[o] = Source{Kind: FromStep, Name: step, Output: o}.value()
		}
		steps[step] = cty.ObjectVal(map[string]cty.Value{itself: steps[step], "output": cty.ObjectVal(named)})
	}
	e.Context.Variables["step"] = cty.ObjectVal(steps)
}

// keys collects the literal keys of ROOT.X.PICK["key"], by X, such as the packages of
// npm.X.package["name"]. Whether the lockfile has such a package is found out when the
// tree is planned.
func (e *evaluator) keys(root, pick string) map[string][]string {
	found := map[string][]string{}
	e.walk(e.body, func(b *hclfile.Body, name string) {
		for _, t := range b.Expr(name).Variables() {
			if len(t) != 4 || t.RootName() != root {
				continue
			}
			block, ok1 := second(t)
			picked, ok2 := t[2].(hcl.TraverseAttr)
			key, ok3 := t[3].(hcl.TraverseIndex)
			if ok1 && ok2 && ok3 && picked.Name == pick && key.Key.Type() == cty.String {
				found[block] = append(found[block], key.Key.AsString())
			}
		}
	})
	return found
}

// locals evaluates the locals in the order of their references, and names cycles.
func (e *evaluator) locals() {
	block := e.body.One("locals")
	values := map[string]cty.Value{}
	e.Context.Variables["local"] = cty.EmptyObjectVal
	if block == nil {
		return
	}
	const fresh, open, closed = 0, 1, 2
	state := map[string]int{}
	var path []string
	var visit func(name string)
	visit = func(name string) {
		switch state[name] {
		case closed:
			return
		case open:
			from := slices.Index(path, name)
			e.cycle(block.At(name), "local.", append(slices.Clone(path[from:]), name))
			return
		}
		state[name], path = open, append(path, name)
		good, named := true, map[string]cty.Value{}
		for _, t := range block.Expr(name).Variables() {
			if t.RootName() != "local" {
				continue
			}
			attr, ok := second(t)
			if !ok || !block.Has(attr) {
				named = values // all of them, so that the nearest can be named
				e.Budget.Spend(len(values))
				continue
			}
			if state[attr] == fresh || state[attr] == open {
				visit(attr)
			}
			if v, ok := values[attr]; ok {
				named[attr] = v
			} else {
				good = false // reported where it stands
			}
		}
		state[name], path = closed, path[:len(path)-1]
		if !good {
			return
		}
		if e.Budget.Full() { // else Raw refuses it, whatever it refers to
			e.Context.Variables["local"] = cty.ObjectVal(named)
		}
		if v := e.Raw(block, name); v != cty.NilVal {
			values[name] = v
		}
	}
	for _, n := range block.Names() {
		visit(n)
	}
	for _, n := range block.Names() {
		if _, ok := values[n]; !ok {
			values[n] = cty.DynamicVal // so that who refers to it is not blamed as well
		}
	}
	e.Context.Variables["local"] = cty.ObjectVal(values)
}

// second returns the NAME of a reference such as local.NAME.
func second(t hcl.Traversal) (string, bool) {
	if len(t) < 2 {
		return "", false
	}
	switch s := t[1].(type) {
	case hcl.TraverseAttr:
		return s.Name, true
	case hcl.TraverseIndex:
		if s.Key.Type() == cty.String {
			return s.Key.AsString(), true
		}
	}
	return "", false
}

func (e *evaluator) cycle(at hcl.Range, prefix string, names []string) {
	for i := range names {
		names[i] = prefix + names[i]
	}
	e.Problem(at, CodeCycle, "a circle of references: "+strings.Join(names, " -> "), "each needs the next one first, so none can begin", "remove one of these references")
}

// position is where a block stands, for problems that are found later.
func (e *evaluator) position(b *hclfile.Body) diag.Pos { return e.File.Pos(b.Range) }

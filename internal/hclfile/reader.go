package hclfile

import (
	"errors"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// sensitive is the mark of Sensitive values.
type sensitive struct{}

// Sensitive marks a value as one that must not be written or shown. What is
// computed from it is marked as well, and every method of a Reader refuses it.
func Sensitive(v cty.Value) cty.Value { return v.Mark(sensitive{}) }

// Reader evaluates attributes and collects what is wrong with them. Context may be
// nil, for a language without variables and functions. Budget is shared with those
// functions.
type Reader struct {
	File     *File
	Context  *hcl.EvalContext
	Problems diag.Problems
	Budget   *Budget // nil: one of its own
	Plain    bool    // every value stands there as it is; an Attr may still Refer

	spent bool // the budget, and it was reported
}

// Problem records a problem at a place of the file.
func (r *Reader) Problem(at hcl.Range, code diag.Code, what, why, remedy string) {
	if len(r.Problems) < bounds.Problems {
		r.Problems = append(r.Problems, r.File.Problem(at, code, what, why, remedy))
	}
}

// Value evaluates an attribute and converts it to the type of its schema. It
// returns cty.NilVal where the attribute is absent, null, or has a problem, which
// is recorded.
func (r *Reader) Value(b *Body, name string) cty.Value {
	v := r.Raw(b, name)
	if v == cty.NilVal {
		return v
	}
	if v.ContainsMarked() {
		r.Problem(b.At(name), CodeSensitive, fmt.Sprintf("a sensitive value reaches %s of %s", name, b.within()),
			"a sensitive value is never written into an action, an image or an output: what has to be kept secret has no place in a build that others can repeat", "use a variable without `sensitive = true` here, or remove the reference")
		return cty.NilVal
	}
	spec, ok := b.schema.attr(name)
	if !ok {
		return v
	}
	if spec.Type != cty.DynamicPseudoType && spec.Type != cty.NilType {
		converted, err := convertTo(v, spec.Type)
		if err != nil {
			r.Problem(b.At(name), CodeValue, fmt.Sprintf("%s must be a %s: %v", name, spec.TypeName(), err), spec.Doc, fmt.Sprintf("write %s = %s", name, sample(spec)))
			return cty.NilVal
		}
		v = converted
		if !whole(v) {
			r.Problem(b.At(name), CodeValue, name+" holds null", spec.Doc, "remove the null")
			return cty.NilVal
		}
	}
	if len(spec.OneOf) > 0 {
		for _, s := range texts(v) {
			if !slices.Contains(spec.OneOf, s) {
				remedy := "use " + list(spec.OneOf)
				if near := diag.Nearest(s, spec.OneOf); near != "" {
					remedy = fmt.Sprintf("did you mean %q?", near)
				}
				r.Problem(b.At(name), CodeValue, fmt.Sprintf("%s can't be %q", name, s), spec.Doc, remedy)
				return cty.NilVal
			}
		}
	}
	return v
}

// convertTo is convert.Convert, element by element where a list is due: the library
// compares the types of a tuple's elements pair by pair first.
func convertTo(v cty.Value, to cty.Type) (cty.Value, error) {
	if !to.IsListType() || !v.Type().IsTupleType() || v.LengthInt() == 0 {
		return convert.Convert(v, to)
	}
	elements := v.AsValueSlice()
	for i, e := range elements {
		converted, err := convert.Convert(e, to.ElementType())
		if err != nil {
			return cty.NilVal, cty.Path{cty.IndexStep{Key: cty.NumberIntVal(int64(i))}}.NewError(err)
		}
		elements[i] = converted
	}
	return cty.ListVal(elements), nil
}

// Raw evaluates an attribute as it stands, Sensitive marks and all. It returns
// cty.NilVal where the attribute is absent, null, or has a problem.
func (r *Reader) Raw(b *Body, name string) cty.Value {
	expr := b.Expr(name)
	if expr == nil || r.File.loopsIn(expr.Range()) {
		return cty.NilVal
	}
	if spec, ok := b.schema.attr(name); r.Plain && ok && !writtenOut(expr, spec.Type, spec.Refers) {
		r.Problem(b.At(name), CodeValue, name+" must be a "+spec.TypeName()+" that is written out",
			"what is signed is read as it stands: no expression, no reference, and no text where a number is due", fmt.Sprintf("write %s = %s", name, sample(spec)))
		return cty.NilVal
	}
	if r.Budget == nil {
		r.Budget = new(Budget)
	}
	if !r.pay(expr) {
		r.broke(b, name)
		return cty.NilVal
	}
	v, diags := expr.Value(r.Context)
	if !r.Budget.Full() { // a function's result was over it
		r.broke(b, name)
		return cty.NilVal
	}
	if diags.HasErrors() {
		r.evaluation(expr, diags)
		return cty.NilVal
	}
	if v.IsNull() {
		return cty.NilVal
	}
	if !v.IsWhollyKnown() {
		if len(r.Problems) == 0 { // else it is a consequence of what was reported
			r.Problem(expr.Range(), CodeValue, name+" is not known", "", "use a value that the file states")
		}
		return cty.NilVal
	}
	return v
}

// evaluation records what went wrong in an expression. Where the expression reads
// a Sensitive value, the evaluator's words are left out: they may quote it.
func (r *Reader) evaluation(expr hcl.Expression, diags hcl.Diagnostics) {
	secret := false
	for _, t := range expr.Variables() {
		if v, d := t.TraverseAbs(r.Context); !d.HasErrors() && v.ContainsMarked() {
			secret = true
		}
	}
	for _, d := range diags {
		if d.Severity != hcl.DiagError || len(r.Problems) >= bounds.Problems {
			continue
		}
		at := expr.Range()
		if d.Subject != nil {
			at = *d.Subject
		}
		if secret {
			r.Problem(at, CodeReference, "this expression can't be evaluated", "it reads a sensitive value, so the reason is not shown",
				"check the types of what it reads")
			continue
		}
		if p := called(d); p != nil {
			p.Pos = r.File.Pos(at)
			p.Snippet = diag.Snippet(r.File.Src, p.Pos)
			r.Problems = append(r.Problems, p)
			continue
		}
		r.Problem(at, CodeReference, sentence(d.Summary), d.Detail, r.nearest(expr, d))
	}
}

// called returns the problem that a function returned as its error.
func called(d *hcl.Diagnostic) *diag.Problem {
	extra, ok := hcl.DiagnosticExtra[hclsyntax.FunctionCallDiagExtra](d)
	if !ok {
		return nil
	}
	var p *diag.Problem
	if err := extra.FunctionCallError(); err != nil && errors.As(err, &p) {
		c := *p
		return &c
	}
	return nil
}

// nearest names what a reference that leads nowhere most likely meant.
func (r *Reader) nearest(expr hcl.Expression, d *hcl.Diagnostic) string {
	const fallback = "refer to a block of this file by its type and label, such as step.test"
	if strings.Contains(d.Summary, "unction") {
		if r.Context != nil {
			return "use a function of the language: " + strings.Join(slices.Sorted(maps.Keys(r.Context.Functions)), ", ")
		}
		return "write the value out; this language has no functions"
	}
	if r.Context == nil {
		return "write the value out; this language has no variables"
	}
	for _, t := range expr.Variables() {
		v, ok := r.Context.Variables[t.RootName()]
		if !ok {
			if near := diag.Nearest(t.RootName(), slices.Sorted(maps.Keys(r.Context.Variables))); near != "" {
				return fmt.Sprintf("did you mean %s?", near)
			}
			continue
		}
		path := t.RootName()
		for _, step := range t[1:] {
			attr, ok := step.(hcl.TraverseAttr)
			if !ok || !v.Type().IsObjectType() {
				break
			}
			if !v.Type().HasAttribute(attr.Name) {
				names := slices.Sorted(maps.Keys(v.Type().AttributeTypes()))
				if near := diag.Nearest(attr.Name, names); near != "" {
					return fmt.Sprintf("did you mean %s.%s?", path, near)
				}
				if len(names) > 0 {
					return fmt.Sprintf("use one of %s.%s", path, strings.Join(names, ", "+path+"."))
				}
				return declare(path, attr.Name)
			}
			v, path = v.GetAttr(attr.Name), path+"."+attr.Name
			if v.IsMarked() {
				break
			}
		}
	}
	return fallback
}

// String returns an attribute as text, "" where it is absent.
func (r *Reader) String(b *Body, name string) string {
	if v := r.Value(b, name); v != cty.NilVal && v.Type() == cty.String {
		return v.AsString()
	}
	return ""
}

// Bool returns an attribute as true or false, and otherwise where it is absent.
func (r *Reader) Bool(b *Body, name string, otherwise bool) bool {
	if v := r.Value(b, name); v != cty.NilVal && v.Type() == cty.Bool {
		return v.True()
	}
	return otherwise
}

// Int returns an attribute as a whole number, and otherwise where it is absent. A
// number below low or over 2^53 is a problem.
func (r *Reader) Int(b *Body, name string, otherwise, low int64) int64 {
	v := r.Value(b, name)
	if v == cty.NilVal || v.Type() != cty.Number {
		return otherwise
	}
	n, accuracy := v.AsBigFloat().Int64()
	if accuracy != big.Exact || n < low || n > 1<<53 {
		r.Problem(b.At(name), CodeValue, fmt.Sprintf("%s must be a whole number from %d", name, low), "", fmt.Sprintf("write %s = %d", name, max(low, otherwise)))
		return otherwise
	}
	return n
}

// Strings returns an attribute as a list of texts, nil where it is absent.
func (r *Reader) Strings(b *Body, name string) []string {
	v := r.Value(b, name)
	if v == cty.NilVal {
		return nil
	}
	return texts(v)
}

// Map returns an attribute as a map of texts, nil where it is absent.
func (r *Reader) Map(b *Body, name string) map[string]string {
	v := r.Value(b, name)
	if v == cty.NilVal || !v.Type().IsMapType() {
		return nil
	}
	out := map[string]string{}
	for k, e := range v.AsValueMap() {
		if e.Type() == cty.String {
			out[k] = e.AsString()
		}
	}
	return out
}

// texts returns the text of a string, or those of a list or set of strings.
func texts(v cty.Value) []string {
	switch {
	case v.Type() == cty.String:
		return []string{v.AsString()}
	case v.CanIterateElements() && !v.Type().IsMapType() && !v.Type().IsObjectType():
		out := make([]string, 0, v.LengthInt())
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); e.Type() == cty.String {
				out = append(out, e.AsString())
			}
		}
		return out
	}
	return nil
}

// whole reports whether v holds no null.
func whole(v cty.Value) bool {
	ok := true
	_ = cty.Walk(v, func(_ cty.Path, e cty.Value) (bool, error) {
		ok = ok && !e.IsNull()
		return ok, nil
	})
	return ok
}

// sample shows a value of an attribute's type for a remedy.
func sample(a *Attr) string {
	switch {
	case a.Refers != "":
		return a.Refers + ".NAME"
	case len(a.OneOf) > 0 && a.Type == cty.String:
		return fmt.Sprintf("%q", a.OneOf[0])
	case a.Type == cty.String:
		return `"…"`
	case a.Type == cty.Number:
		return "1"
	case a.Type == cty.Bool:
		return "true"
	case a.Type.IsListType() || a.Type.IsSetType():
		return `["…"]`
	case a.Type.IsMapType() && a.Type.ElementType() == cty.Number:
		return `{ "…" = 1 }`
	case a.Type.IsMapType():
		return `{ NAME = "…" }`
	}
	return "…"
}

// declare says how a name comes to be that nothing of its kind has yet. What is referred
// to as var.NAME is declared as a variable, and a local in the one block of all.
func declare(kind, name string) string {
	switch kind {
	case "var":
		kind = "variable"
	case "local":
		return fmt.Sprintf("add it to a locals block: locals { %s = … }", name)
	}
	return fmt.Sprintf("add a block: %s %q {}", kind, name)
}

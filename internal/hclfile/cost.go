package hclfile

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Budget is what the values of one file may cost together. A value that is small
// as written can be huge as a tree: a list that holds another twice, twenty times
// over, has a million elements. Whatever reads a value walks that tree (checks,
// conversions, hashes, printing), so a Reader pays for it before anything does.
//
// The zero value is a full budget of bounds.HCLValues.
type Budget struct{ spent int }

// perStep is how many bytes of text cost as much as one value.
const perStep = 32

// Spend takes n values out of the budget and reports whether it still holds.
func (b *Budget) Spend(n int) bool {
	if n < 0 || n > bounds.HCLValues {
		n = bounds.HCLValues + 1
	}
	b.spent = min(b.spent+n, bounds.HCLValues+1)
	return b.spent <= bounds.HCLValues
}

// Pay spends what a value costs: one for itself, one for each value in it, and one
// for every 32 bytes of text. It looks no further than the budget reaches.
func (b *Budget) Pay(v cty.Value) bool {
	v, _ = v.Unmark()
	cost := 1
	if v != cty.NilVal && v.IsKnown() && !v.IsNull() && v.Type() == cty.String {
		cost += len(v.AsString()) / perStep
	}
	if !b.Spend(cost) {
		return false
	}
	if v == cty.NilVal || !v.CanIterateElements() {
		return true
	}
	for it := v.ElementIterator(); it.Next(); {
		if _, e := it.Element(); !b.Pay(e) {
			return false
		}
	}
	return true
}

// Full reports whether nothing was refused so far.
func (b *Budget) Full() bool { return b.spent <= bounds.HCLValues }

// pay spends what an expression refers to, before it is evaluated: what it makes of
// that costs in proportion, because the languages have no loops and functions pay
// for what they return.
func (r *Reader) pay(expr hcl.Expression) bool {
	if r.Context == nil {
		return r.Budget.Full()
	}
	for _, t := range expr.Variables() {
		if v, diags := t.TraverseAbs(r.Context); !diags.HasErrors() && !r.Budget.Pay(v) {
			return false
		}
	}
	return r.Budget.Full()
}

// broke records that an expression is over the budget, once a file: whatever is
// evaluated after it is refused without a word.
func (r *Reader) broke(b *Body, name string) {
	if r.spent {
		return
	}
	r.spent = true
	what := name + " of " + b.within()
	if b.Type == "locals" {
		what = "local." + name
	}
	r.Problem(b.At(name), CodeCost, fmt.Sprintf("%s takes the file over the bound of %d values", what, bounds.HCLValues),
		"a value counts wherever it is referred to, with all that is in it; lists that hold one another grow beyond what can be read",
		"keep the data in a file and name it with files(), or refer to it less often")
}

// findLoops finds the for expressions and splats of a file, in either form. No language
// has them: what they cost, nobody sees in a review, and nested ones never end.
func (f *File) findLoops() diag.Problems {
	var ps diag.Problems
	found := func(at int) {
		f.looped = append(f.looped, at)
		if len(ps) < bounds.Problems {
			ps = append(ps, f.at(at, CodeCost, "the language has no for expressions and no splats",
				"a reader must see what a file is made of", "write the values out; build.hcl has concat, merge and flatten"))
		}
	}
	if native, ok := f.body.(*hclsyntax.Body); ok {
		visit(native, func(r hcl.Range) { found(r.Start.Byte) })
		slices.Sort(f.looped)
		return ps
	}
	dec := json.NewDecoder(bytes.NewReader(f.Src))
	for {
		token, err := dec.Token()
		if err != nil {
			return ps
		}
		text, ok := token.(string)
		if !ok || !isTemplate(text) {
			continue
		}
		at := int(dec.InputOffset()) - 1
		template, _ := hclsyntax.ParseTemplate([]byte(text), f.Name, hcl.InitialPos)
		if template != nil {
			visit(template, func(hcl.Range) { found(at) })
		}
	}
}

func isTemplate(text string) bool {
	return strings.Contains(text, "${") || strings.Contains(text, "%{")
}

// visit calls found with every loop that stands in no other one.
func visit(n hclsyntax.Node, found func(hcl.Range)) {
	var outer hcl.Range
	_ = hclsyntax.VisitAll(n, func(n hclsyntax.Node) hcl.Diagnostics {
		switch n.(type) {
		case *hclsyntax.ForExpr, *hclsyntax.SplatExpr:
			if r := n.Range(); r.Start.Byte >= outer.End.Byte || r.Start.Byte < outer.Start.Byte {
				outer = r
				found(r)
			}
		}
		return nil
	})
}

// loopsIn reports whether a range of the file holds a loop.
func (f *File) loopsIn(r hcl.Range) bool {
	i, _ := slices.BinarySearch(f.looped, r.Start.Byte)
	return i < len(f.looped) && f.looped[i] < r.End.Byte
}

package hclfile

import (
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// writtenOut reports whether an expression is a value of a type that stands there as it
// is: no operator, no template, no function, no null, and no text where a number is due.
// refers is the one kind of name that it may be instead, as "team" of team.shop; "" for
// none. What people sign they should read, and not work out.
func writtenOut(expr hcl.Expression, typ cty.Type, refers string) bool {
	if _, native := expr.(hclsyntax.Expression); !native { // of HCL's JSON form
		v, diags := expr.Value(nil)
		return !diags.HasErrors() && plainValue(v, typ, refers)
	}
	switch e := expr.(type) {
	case *hclsyntax.ScopeTraversalExpr:
		return refers != "" && len(e.Traversal) == 2 && e.Traversal.RootName() == refers
	case *hclsyntax.LiteralValueExpr:
		return typ != cty.String && e.Val.Type() == typ && !e.Val.IsNull()
	case *hclsyntax.TemplateExpr:
		if typ != cty.String {
			return false
		}
		for _, part := range e.Parts {
			if l, ok := part.(*hclsyntax.LiteralValueExpr); !ok || l.Val.Type() != cty.String {
				return false
			}
		}
		return true
	case *hclsyntax.TupleConsExpr:
		if !typ.IsListType() {
			return false
		}
		for _, one := range e.Exprs {
			if !writtenOut(one, typ.ElementType(), refers) {
				return false
			}
		}
		return true
	case *hclsyntax.ObjectConsExpr:
		if !typ.IsMapType() {
			return false
		}
		for _, one := range e.Items {
			key, ok := one.KeyExpr.(*hclsyntax.ObjectConsKeyExpr)
			if !ok || key.ForceNonLiteral || hcl.ExprAsKeyword(key) == "" && !writtenOut(key.Wrapped, cty.String, "") || !writtenOut(one.ValueExpr, typ.ElementType(), refers) {
				return false
			}
		}
		return true
	}
	return false
}

// plainValue is writtenOut of a value of JSON, where a template would stand in a text.
func plainValue(v cty.Value, typ cty.Type, refers string) bool {
	switch {
	case v.IsNull() || !v.IsWhollyKnown():
		return false
	case typ == cty.String && v.Type() == cty.String:
		text := v.AsString()
		name, opened := strings.CutPrefix(text, "${"+refers+".")
		return !isTemplate(text) || refers != "" && opened && !isTemplate(name) && strings.Count(name, "}") == 1 && strings.HasSuffix(name, "}")
	case typ.IsListType() && v.Type().IsTupleType(), typ.IsMapType() && v.Type().IsObjectType():
		for it := v.ElementIterator(); it.Next(); {
			if _, e := it.Element(); !plainValue(e, typ.ElementType(), refers) {
				return false
			}
		}
		return true
	}
	return v.Type() == typ
}

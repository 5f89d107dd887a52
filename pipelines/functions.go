package pipelines

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// maxText bounds the text that one function makes, in bytes.
const maxText = 1 << 20

// tooLarge is the problem of a value that grows over its bound.
func tooLarge(what string) error {
	return &diag.Problem{
		Code: hclfile.CodeCost, What: fmt.Sprintf("%s would be larger than %d bytes", what, maxText),
		Why: "a build file states a build; data belongs in files", Remedy: "keep the data in a file and name it with files()",
	}
}

// functions returns the functions of the language. All are pure; files and file
// read the project and nothing else. What they return is paid for out of the budget
// of the file, because it may be much larger than what they were given.
func functions(t *tree, budget *hclfile.Budget) map[string]function.Function {
	all := map[string]function.Function{
		"concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": pairwise(stdlib.DistinctFunc, budget), "flatten": stdlib.FlattenFunc,
		"format": guarded(stdlib.FormatFunc, checkFormat), "join": guarded(stdlib.JoinFunc, checkJoin), "keys": stdlib.KeysFunc,
		"length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc, "lower": stdlib.LowerFunc, "merge": stdlib.MergeFunc,
		"replace": guarded(stdlib.ReplaceFunc, checkReplace), "sort": stdlib.SortFunc, "split": stdlib.SplitFunc,
		"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix), "substr": stdlib.SubstrFunc,
		"trimspace": stdlib.TrimSpaceFunc, "upper": stdlib.UpperFunc, "values": stdlib.ValuesFunc,
		"files": t.filesFunc(budget), "file": t.fileFunc(),
	}
	for name, f := range all {
		all[name] = metered(f, budget)
	}
	return all
}

// errSpent ends the evaluation; the reader of the file says of which expression.
var errSpent = errors.New("the file's budget of values is spent")

// metered pays for what a function returns, and calls none where nothing is left.
func metered(f function.Function, budget *hclfile.Budget) function.Function {
	return wrapped(f, func(args []cty.Value) (cty.Value, error) {
		if !budget.Spend(1) {
			return cty.NilVal, errSpent
		}
		v, err := f.Call(args)
		if err == nil && !budget.Pay(v) {
			err = errSpent
		}
		return v, err
	})
}

func affix(has func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: "part", Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(has(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

// guarded runs a check over a function's arguments before the function, so that a
// short expression can't ask for a huge text.
func guarded(f function.Function, check func(args []cty.Value) error) function.Function {
	return wrapped(f, func(args []cty.Value) (cty.Value, error) {
		if err := check(args); err != nil {
			return cty.NilVal, err
		}
		return f.Call(args)
	})
}

// pairwise pays for a function that compares every element with every other one.
func pairwise(f function.Function, budget *hclfile.Budget) function.Function {
	return wrapped(f, func(args []cty.Value) (cty.Value, error) {
		if n := args[0].LengthInt(); !budget.Spend(n * n / 256) {
			return cty.NilVal, errSpent
		}
		return f.Call(args)
	})
}

// wrapped is f with another way to call it.
func wrapped(f function.Function, call func(args []cty.Value) (cty.Value, error)) function.Function {
	return function.New(&function.Spec{
		Params: f.Params(), VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) { return f.ReturnTypeForValues(args) },
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return call(args) },
	})
}

var width = lazyregexp.New(`%[^a-zA-Z%]*?([0-9]+)(?:\.([0-9]+))?`)

func checkFormat(args []cty.Value) error {
	if !args[0].IsKnown() || args[0].IsNull() {
		return nil
	}
	longest := 0 // an argument can be written as often as there are verbs
	for _, a := range args[1:] {
		longest = max(longest, textSize(a))
	}
	if verbs := strings.Count(args[0].AsString(), "%"); verbs > 0 && longest > maxText/verbs {
		return tooLarge("the formatted text")
	}
	if strings.Contains(args[0].AsString(), "*") && strings.Contains(args[0].AsString(), "%") {
		for _, a := range args[1:] {
			if a.IsKnown() && !a.IsNull() && a.Type() == cty.Number && a.AsBigFloat().MantExp(nil) > 12 {
				return tooLarge("the formatted text")
			}
		}
	}
	for _, m := range width().FindAllStringSubmatch(args[0].AsString(), 1000) {
		for _, n := range m[1:] {
			if v, err := strconv.Atoi(n); n != "" && (err != nil || v > 4096) {
				return tooLarge("the formatted text")
			}
		}
	}
	return nil
}

// textSize is about how many bytes a value has when it is written as text.
func textSize(v cty.Value) int {
	switch {
	case !v.IsKnown() || v.IsNull():
		return 4
	case v.Type() == cty.String:
		return len(v.AsString())
	case !v.CanIterateElements():
		return 64
	}
	size := 2
	for it := v.ElementIterator(); it.Next() && size <= maxText; {
		k, e := it.Element()
		size += 2 + textSize(e)
		if k.Type() == cty.String {
			size += 3 + textSize(k)
		}
	}
	return size
}

func checkJoin(args []cty.Value) error {
	parts := 0
	for _, l := range args[1:] {
		if l.IsKnown() && !l.IsNull() {
			parts += l.LengthInt()
		}
	}
	if len(args[0].AsString())*parts > maxText {
		return tooLarge("the joined text")
	}
	return nil
}

func checkReplace(args []cty.Value) error {
	s, old, by := args[0].AsString(), args[1].AsString(), args[2].AsString()
	if strings.Count(s, old)*len(by) > maxText {
		return tooLarge("the replaced text")
	}
	return nil
}

package pipelines

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"

	"github.com/nbuild/nbuild/internal/diag"
)

// maxText bounds the text that one function makes, in bytes.
const maxText = 1 << 20

// tooLarge is the problem of a value that grows over its bound.
func tooLarge(what string) error {
	return &diag.Problem{
		Code: CodeCost, What: fmt.Sprintf("%s would be larger than %d bytes", what, maxText),
		Why: "a build file states a build; data belongs in files", Remedy: "keep the data in a file and name it with files()",
	}
}

// functions returns the functions of the language. All are pure; files and file
// read the project and nothing else.
func functions(t *tree) map[string]function.Function {
	return map[string]function.Function{
		"concat": stdlib.ConcatFunc, "contains": stdlib.ContainsFunc, "distinct": stdlib.DistinctFunc, "flatten": stdlib.FlattenFunc,
		"format": guarded(stdlib.FormatFunc, checkFormat), "join": guarded(stdlib.JoinFunc, checkJoin), "keys": stdlib.KeysFunc,
		"length": stdlib.LengthFunc, "lookup": stdlib.LookupFunc, "lower": stdlib.LowerFunc, "merge": stdlib.MergeFunc,
		"replace": guarded(stdlib.ReplaceFunc, checkReplace), "sort": stdlib.SortFunc, "split": stdlib.SplitFunc,
		"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix), "substr": stdlib.SubstrFunc,
		"trimspace": stdlib.TrimSpaceFunc, "upper": stdlib.UpperFunc, "values": stdlib.ValuesFunc,
		"files": t.filesFunc(), "file": t.fileFunc(),
	}
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
	spec := &function.Spec{Params: f.Params(), VarParam: f.VarParam()}
	spec.Type = func(args []cty.Value) (cty.Type, error) {
		types := make([]cty.Type, len(args))
		for i, a := range args {
			types[i] = a.Type()
		}
		return f.ReturnType(types)
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		if err := check(args); err != nil {
			return cty.NilVal, err
		}
		return f.Call(args)
	}
	return function.New(spec)
}

var width = regexp.MustCompile(`%[^a-zA-Z%]*?([0-9]+)(?:\.([0-9]+))?`)

func checkFormat(args []cty.Value) error {
	if !args[0].IsKnown() || args[0].IsNull() {
		return nil
	}
	if strings.Contains(args[0].AsString(), "*") && strings.Contains(args[0].AsString(), "%") {
		for _, a := range args[1:] {
			if a.IsKnown() && !a.IsNull() && a.Type() == cty.Number && a.AsBigFloat().MantExp(nil) > 12 {
				return tooLarge("the formatted text")
			}
		}
	}
	for _, m := range width.FindAllStringSubmatch(args[0].AsString(), 1000) {
		for _, n := range m[1:] {
			if v, err := strconv.Atoi(n); n != "" && (err != nil || v > 4096) {
				return tooLarge("the formatted text")
			}
		}
	}
	return nil
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

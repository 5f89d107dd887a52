package sbom

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/sbom/schema"
)

// Validate holds a document to the JSON schema of the version that it says it is,
// formats included, and to what the schema can't say: that each bom-ref names one
// thing and that each dependency names something. It returns every problem, up to
// bounds.Problems, in the order of their places; none means valid. File is the
// document's name in problems.
func Validate(raw []byte, file string) diag.Problems {
	pos := diag.Pos{File: file}
	if len(raw) > bounds.BOM {
		return diag.Problems{unreadable(pos, fmt.Errorf("%d bytes, over the bound of %d", len(raw), bounds.BOM))}
	}
	if err := strictjson.Check(raw, (*bomDocument)(nil)); err != nil {
		return diag.Problems{unreadable(position(raw, pos, err), err)}
	}
	doc, err := schema.Decode(raw)
	if err != nil {
		return diag.Problems{unreadable(pos, err)}
	}
	top, ok := doc.(map[string]any)
	if !ok {
		return diag.Problems{unreadable(pos, errors.New("it is no JSON object"))}
	}
	version, _ := top["specVersion"].(string)
	if !slices.Contains(schema.Versions(), version) {
		return diag.Problems{unsupported(pos, version)}
	}
	rules, err := schema.Of(version)
	if err != nil {
		return diag.Problems{unreadable(pos, err)}
	}
	if broken := rules.Check(doc); len(broken) > 0 {
		return violations(pos, version, broken)
	}
	return references(pos, top)
}

func unreadable(pos diag.Pos, err error) *diag.Problem {
	return &diag.Problem{
		Code: CodeUnreadable, Pos: pos,
		What:   "the BOM can't be read",
		Why:    "a BOM is one JSON object of a bounded size, so that every reader sees the same",
		Remedy: "write it again with the tool it came from, or `nbuild sbom > bom.json`",
		Err:    err,
	}
}

func unsupported(pos diag.Pos, version string) *diag.Problem {
	what := "the BOM names no CycloneDX version"
	if version != "" {
		what = fmt.Sprintf("the BOM says CycloneDX %q", version)
	}
	return &diag.Problem{
		Code: CodeVersion, Pos: pos, What: what,
		Why:    "nbuild holds schemas of " + strings.Join(schema.Versions(), ", ") + "; what can't be checked is not called valid",
		Remedy: "write it as CycloneDX JSON 1.6, for example with `nbuild sbom --spec-version 1.6`",
	}
}

// position finds the line and column of a syntax error in raw, if it is one.
func position(raw []byte, pos diag.Pos, err error) diag.Pos {
	var syntax *strictjson.Error
	if !errors.As(err, &syntax) || syntax.Offset > len(raw) {
		return pos
	}
	before := raw[:syntax.Offset]
	pos.Line = 1 + bytes.Count(before, []byte("\n"))
	pos.Column = len(before) - bytes.LastIndexByte(before, '\n')
	return pos
}

// violations makes a problem of each place that breaks a rule.
func violations(pos diag.Pos, version string, broken []schema.Violation) diag.Problems {
	var ps diag.Problems
	for _, b := range broken {
		ps = append(ps, &diag.Problem{
			Code: CodeInvalid, Pos: pos,
			What:   b.At + ": " + b.What,
			Why:    "the schema of CycloneDX " + version + " refuses it, and so do tools that check what they read",
			Remedy: "correct the value at " + b.At + ", or write the BOM again with `nbuild sbom`",
		})
	}
	slices.SortStableFunc(ps, func(a, b *diag.Problem) int { return strings.Compare(a.What, b.What) })
	return slices.CompactFunc(ps, func(a, b *diag.Problem) bool { return a.What == b.What })
}

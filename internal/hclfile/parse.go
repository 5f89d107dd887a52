package hclfile

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	hcljson "github.com/hashicorp/hcl/v2/json"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// File is a parsed file. Its bytes are kept for snippets.
type File struct {
	Name string // as the user would type it
	Src  []byte
	body hcl.Body

	loops  diag.Problems // for expressions and splats, which no language has
	looped []int         // where they begin
}

// Parse reads a file of at most bounds.HCL bytes, nested no deeper than
// bounds.HCLDepth. A name that ends in .json is read as HCL's JSON form. The error
// is a diag.Problems.
func Parse(src []byte, name string) (*File, error) {
	f := &File{Name: name, Src: src}
	if p := f.tooMuch(); p != nil {
		return nil, diag.Problems{p}
	}
	var parsed *hcl.File
	var diags hcl.Diagnostics
	if isJSON(name) {
		parsed, diags = hcljson.Parse(src, name)
	} else {
		parsed, diags = hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	}
	if diags.HasErrors() {
		return nil, f.syntax(diags).Err()
	}
	f.body = parsed.Body
	f.loops = f.findLoops()
	return f, nil
}

func isJSON(name string) bool { return strings.HasSuffix(name, ".json") }

// tooMuch checks what the parser itself would not survive.
func (f *File) tooMuch() *diag.Problem {
	if len(f.Src) > bounds.HCL {
		return &diag.Problem{
			Code: CodeBounds, Pos: diag.Pos{File: f.Name}, What: fmt.Sprintf("the file has more than %d bytes", bounds.HCL),
			Remedy: "keep data in files of its own and name them with files() or file()",
		}
	}
	if at := bytes.IndexByte(f.Src, 0); at >= 0 {
		return f.at(at, CodeSyntax, "a NUL byte", "", "save the file as UTF-8 text")
	}
	if !utf8.Valid(f.Src) {
		at := 0
		for at < len(f.Src) {
			r, n := utf8.DecodeRune(f.Src[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		return f.at(at, CodeSyntax, "bytes that are not UTF-8", "", "save the file as UTF-8 text")
	}
	at, deep := -1, false
	if isJSON(f.Name) {
		at, deep = deepJSON(f.Src)
	} else {
		tokens, _ := hclsyntax.LexConfig(f.Src, f.Name, hcl.InitialPos)
		at, deep = deepTokens(tokens)
	}
	if deep {
		return f.at(at, CodeBounds, fmt.Sprintf("nested deeper than %d levels, or an expression of more than %d operators", bounds.HCLDepth, maxChain),
			"", "name the inner parts in a locals block")
	}
	return nil
}

// Pos turns a place in the source into one for people, with UTF-16 columns.
func (f *File) Pos(r hcl.Range) diag.Pos { return f.posAt(r.Start.Byte) }

func (f *File) posAt(at int) diag.Pos {
	at = min(max(at, 0), len(f.Src))
	start := bytes.LastIndexByte(f.Src[:at], '\n') + 1
	column := 1
	for _, r := range string(f.Src[start:at]) {
		column += max(utf16.RuneLen(r), 1)
	}
	return diag.Pos{File: f.Name, Line: bytes.Count(f.Src[:start], []byte("\n")) + 1, Column: column}
}

// Problem makes a problem at a place of the file, with its snippet.
func (f *File) Problem(r hcl.Range, code diag.Code, what, why, remedy string) *diag.Problem {
	return f.at(r.Start.Byte, code, what, why, remedy)
}

func (f *File) at(at int, code diag.Code, what, why, remedy string) *diag.Problem {
	pos := f.posAt(at)
	return &diag.Problem{Code: code, Pos: pos, What: what, Why: why, Remedy: remedy, Snippet: diag.Snippet(f.Src, pos)}
}

// syntax turns the parser's findings into problems.
func (f *File) syntax(diags hcl.Diagnostics) diag.Problems {
	var ps diag.Problems
	for _, d := range diags {
		if d.Severity != hcl.DiagError {
			continue
		}
		p := &diag.Problem{
			Code: CodeSyntax, What: sentence(d.Summary), Why: d.Detail,
			Remedy: "change this line; `nbuild fmt` shows whether the file reads as you mean it",
		}
		if d.Summary == "Attribute redefined" {
			p.Code, p.Remedy = CodeDuplicate, "remove one of the two lines"
		}
		if d.Subject != nil {
			p.Pos = f.Pos(*d.Subject)
			p.Snippet = diag.Snippet(f.Src, p.Pos)
		} else {
			p.Pos.File = f.Name
		}
		if ps = append(ps, p); len(ps) == bounds.Problems {
			break
		}
	}
	ps.Sort()
	return ps
}

// sentence writes a title in lower case, as problems begin.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}

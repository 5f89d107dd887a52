// Package explain answers `nbuild explain WORD`: the page of a problem code or a rule,
// what a block of build.hcl holds, or the text of a standard pipeline.
//
// The pages travel inside the binary, so an explanation is at hand where the
// problem is, with no network.
//
// The invariant: each code that nbuild can print has a page here.
package explain

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/docs"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/dynamism/rule"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// CodeUnknown is a word that nothing is known of.
const CodeUnknown diag.Code = "NB0201"

// Page is nbuild.explain/v1: what is known of a word, as Markdown.
type Page struct {
	Schema string `json:"schema"`
	Word   string `json:"word"`
	Text   string `json:"text"`
}

// Explain returns the page of a problem code or of a rule, in any case of letters, of
// a word of the build language, or of a kind of finding.
func Explain(word string) (Page, error) {
	page := Page{Schema: "nbuild.explain/v1", Word: word}
	if code := diag.Code(strings.ToUpper(word)); code.Valid() {
		text, err := fs.ReadFile(docs.Errors, "errors/"+string(code)+".md")
		if err == nil {
			page.Text = string(text)
			return page, nil
		}
	}
	rules, err := rule.All()
	if err != nil {
		return page, err
	}
	var ids []string
	for i := range rules {
		if strings.EqualFold(rules[i].ID, word) {
			page.Text, err = rule.Page(&rules[i])
			return page, err
		}
		ids = append(ids, rules[i].ID)
	}
	var names []string
	for _, t := range pipelines.Topics() {
		if t.Name == word {
			page.Text = t.Text
			return page, nil
		}
		names = append(names, t.Name)
	}
	if text, err := fs.ReadFile(docs.Kinds, "kinds/"+word+".md"); err == nil {
		page.Text = string(text)
		return page, nil
	}
	var kinds []string
	for _, kind := range source.Kinds() {
		kinds = append(kinds, string(kind))
	}
	remedy := "give a problem code such as NB0380, a rule such as SHP-1, a kind of finding such as eval, or one of " + strings.Join(names, ", ")
	if near := diag.Nearest(word, slices.Concat(names, ids, kinds)); near != "" {
		remedy = fmt.Sprintf("did you mean `nbuild explain %s`?", near)
	}
	return Page{}, &diag.Problem{Code: CodeUnknown, What: fmt.Sprintf("nothing is known of %q", word), Remedy: remedy}
}

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
	"path"
	"strings"

	"github.com/nbuild/nbuild/docs"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/pipelines"
	"github.com/nbuild/nbuild/sbom/dynamism/rule"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// CodeUnknown is a word that nothing is known about.
const CodeUnknown diag.Code = "NB0201"

// Page is nbuild.explain/v1: what is known about a word, as Markdown.
type Page struct {
	Schema string `json:"schema"`
	Word   string `json:"word"`
	Text   string `json:"text"`
}

// Words lists every word that has a page: the codes, the rules, the blocks and standard
// pipelines, the kinds of finding.
func Words() ([]string, error) {
	pages, err := fs.Glob(docs.Errors, "errors/NB*.md")
	if err != nil {
		return nil, fmt.Errorf("listing the pages: %w", err)
	}
	var words []string
	for _, p := range pages {
		words = append(words, strings.TrimSuffix(path.Base(p), ".md"))
	}
	rules, err := rule.All()
	if err != nil {
		return nil, err
	}
	for i := range rules {
		words = append(words, rules[i].ID)
	}
	for _, t := range pipelines.Topics() {
		words = append(words, t.Name)
	}
	for _, kind := range source.Kinds() {
		words = append(words, string(kind))
	}
	return words, nil
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
	for i := range rules {
		if strings.EqualFold(rules[i].ID, word) {
			page.Text, err = rule.Page(&rules[i])
			return page, err
		}
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
	words, err := Words()
	if err != nil {
		return page, err
	}
	remedy := "give a problem code such as NB0380, a rule such as SHP-1, a kind of finding such as eval, or one of " + strings.Join(names, ", ")
	if near := nearest(word, words); near != "" {
		remedy = fmt.Sprintf("did you mean `nbuild explain %s`?", diag.Word(near))
	}
	return Page{}, &diag.Problem{Code: CodeUnknown, What: fmt.Sprintf("nothing is known of %q", word), Remedy: remedy}
}

// nearest finds the word that was meant. Of codes it is the one that begins as the word
// does for longest, and with its exit code at least: any two codes are near by letters.
func nearest(word string, words []string) string {
	upper := strings.ToUpper(word)
	if !strings.HasPrefix(upper, "NB") || strings.ContainsAny(upper, "-/") {
		return diag.Nearest(word, words)
	}
	best, longest := "", len("NB00")-1
	for _, w := range words {
		common := 0
		for common < len(w) && common < len(upper) && w[common] == upper[common] {
			common++
		}
		if common > longest {
			best, longest = w, common
		}
	}
	return best
}

package sbom

import (
	"strings"
	"sync"

	cdx "github.com/CycloneDX/cyclonedx-go"

	"github.com/nbuild/nbuild/sbom/schema"
)

// NoAssertion is the licence of what was not looked at (SPDX 2.3 §7.15): not a
// claim that there is none.
const NoAssertion = "NOASSERTION"

// Licence reads what a manifest declares and gives the form in which BOMs and
// diffs carry it: an SPDX identifier in its own spelling, an SPDX expression, or,
// for anything else ("UNLICENSED", "SEE LICENSE IN FILE", "BSD"), the text as it
// stands. Text that says nothing gives "".
func Licence(declared string) string {
	text := strings.TrimSpace(declared)
	if id, ok := spdxIDs()[strings.ToLower(text)]; ok {
		return id
	}
	if expression, ok := spdxExpression(text); ok {
		return expression
	}
	return text
}

// licences writes a declared licence by CycloneDX 1.6 §licenses. A name that is not a
// SPDX identifier is a name, so that the schema holds.
func licences(declared string, version cdx.SpecVersion) *cdx.Licenses {
	text := Licence(declared)
	if text == "" {
		return nil
	}
	var said cdx.LicenseAcknowledgement
	if version >= cdx.SpecVersion1_6 && text != NoAssertion {
		said = cdx.LicenseAcknowledgementDeclared
	}
	if _, ok := spdxIDs()[strings.ToLower(text)]; ok {
		return &cdx.Licenses{{License: &cdx.License{ID: text, Acknowledgement: said}}}
	}
	if _, ok := spdxExpression(text); ok {
		choice := cdx.LicenseChoice{Expression: text}
		if said != "" {
			choice.Acknowledgement = &said
		}
		return &cdx.Licenses{choice}
	}
	return &cdx.Licenses{{License: &cdx.License{Name: text, Acknowledgement: said}}}
}

// spdxIDs maps each identifier of the embedded SPDX list, in lower case, to its own
// spelling: SPDX compares without case (SPDX 2.3 annex D.2).
var spdxIDs = sync.OnceValue(func() map[string]string {
	licences := schema.Licences()
	ids := make(map[string]string, len(licences))
	for _, id := range licences {
		ids[strings.ToLower(id)] = id
	}
	return ids
})

// spdxExpression reads a licence expression (SPDX 2.3 annex D) of known
// identifiers and gives it in its own spelling. One bare identifier is none.
func spdxExpression(text string) (string, bool) {
	p := expressionParser{words: expressionWords(text)}
	if len(p.words) < 2 || len(p.words) > 256 || !p.or() || p.at != len(p.words) {
		return "", false
	}
	out := strings.Join(p.words, " ")
	out = strings.ReplaceAll(out, "( ", "(")
	return strings.ReplaceAll(out, " )", ")"), true
}

func expressionWords(text string) []string {
	text = strings.ReplaceAll(text, "(", " ( ")
	return strings.Fields(strings.ReplaceAll(text, ")", " ) "))
}

type expressionParser struct {
	words []string
	at    int
}

// take steps over a word, compared without case and rewritten in upper case.
func (p *expressionParser) take(word string) bool {
	if p.at < len(p.words) && strings.EqualFold(p.words[p.at], word) {
		p.words[p.at] = word
		p.at++
		return true
	}
	return false
}

func (p *expressionParser) or() bool {
	for p.and() {
		if !p.take("OR") {
			return true
		}
	}
	return false
}

func (p *expressionParser) and() bool {
	for p.simple() {
		if !p.take("AND") {
			return true
		}
	}
	return false
}

func (p *expressionParser) simple() bool {
	if p.take("(") {
		return p.or() && p.take(")")
	}
	return p.id() && (!p.take("WITH") || p.id())
}

// id takes one identifier: of the list, with a plus sign, or a reference of the
// author's own.
func (p *expressionParser) id() bool {
	if p.at == len(p.words) {
		return false
	}
	word := p.words[p.at]
	base, plus := strings.CutSuffix(word, "+")
	if id, ok := spdxIDs()[strings.ToLower(word)]; ok {
		p.words[p.at] = id
	} else if id, ok := spdxIDs()[strings.ToLower(base)]; ok && plus {
		p.words[p.at] = id + "+"
	} else if !strings.HasPrefix(word, "LicenseRef-") && !strings.HasPrefix(word, "DocumentRef-") {
		return false
	}
	p.at++
	return true
}

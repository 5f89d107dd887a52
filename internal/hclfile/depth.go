package hclfile

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/nbuild/nbuild/internal/bounds"
)

// maxChain bounds the operators of one expression. The parser and the evaluator
// recurse over them as they do over brackets.
const maxChain = 256

// deepTokens reports whether parsing the tokens would recurse too deeply, and the
// byte where it would. The parser recurses once a bracket and once an operator, so
// both are counted before it runs.
func deepTokens(tokens hclsyntax.Tokens) (int, bool) {
	chain := []int{0} // operators since the last separator, by open bracket
	opener := []hclsyntax.TokenType{hclsyntax.TokenOBrace}
	for _, t := range tokens {
		top := len(chain) - 1
		switch t.Type {
		case hclsyntax.TokenOBrace, hclsyntax.TokenOParen, hclsyntax.TokenOQuote, hclsyntax.TokenOHeredoc, hclsyntax.TokenTemplateInterp:
			chain, opener = append(chain, 0), append(opener, t.Type)
		case hclsyntax.TokenOBrack:
			chain[top]++ // an index, perhaps
			chain, opener = append(chain, 0), append(opener, t.Type)
		case hclsyntax.TokenTemplateControl:
			chain[top]++ // an if or a for, which nests until its end
			chain, opener = append(chain, 0), append(opener, t.Type)
		case hclsyntax.TokenCBrace, hclsyntax.TokenCParen, hclsyntax.TokenCBrack, hclsyntax.TokenCQuote, hclsyntax.TokenCHeredoc, hclsyntax.TokenTemplateSeqEnd:
			if top > 0 {
				chain, opener = chain[:top], opener[:top]
			}
		case hclsyntax.TokenComma:
			chain[top] = 0
		case hclsyntax.TokenNewline:
			if opener[top] == hclsyntax.TokenOBrace {
				chain[top] = 0
			}
		case hclsyntax.TokenIdent, hclsyntax.TokenNumberLit, hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit, hclsyntax.TokenComment, hclsyntax.TokenEqual, hclsyntax.TokenEOF:
		default:
			chain[top]++
		}
		if len(chain) > bounds.HCLDepth || chain[len(chain)-1] > maxChain {
			return t.Range.Start.Byte, true
		}
	}
	return 0, false
}

// deepJSON is deepTokens for HCL's JSON form, whose strings are templates.
func deepJSON(src []byte) (int, bool) {
	dec := json.NewDecoder(bytes.NewReader(src))
	for depth := 0; ; {
		token, err := dec.Token()
		if err != nil {
			return 0, false // the parser says what is wrong
		}
		at := int(dec.InputOffset())
		switch t := token.(type) {
		case json.Delim:
			if t == '{' || t == '[' {
				depth++
			} else {
				depth--
			}
			if depth > bounds.HCLDepth {
				return at, true
			}
		case string:
			if !strings.Contains(t, "${") && !strings.Contains(t, "%{") {
				continue
			}
			tokens, _ := hclsyntax.LexTemplate([]byte(t), "", hcl.InitialPos)
			if _, deep := deepTokens(tokens); deep {
				return at, true
			}
		}
	}
}

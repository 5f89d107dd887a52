package js

import (
	"cmp"
	"slices"
)

const (
	maxErrors = 100  // recorded of one file
	maxDepth  = 2500 // of expressions and statements in each other
)

// failAt records that the source is no ECMAScript at an offset. What goes wrong at the
// same place twice is reported once.
func (p *parser) failAt(at uint32, message string) {
	if p.eof || p.errorAt == at+1 {
		return
	}
	p.errorAt = at + 1
	if len(p.errors) < maxErrors {
		p.errors = append(p.errors, SyntaxError{Start: at, Message: message})
	}
}

// early records an early error, which does not disturb the reading.
func (p *parser) early(at uint32, message string) {
	if !p.eof && len(p.errors) < maxErrors {
		p.errors = append(p.errors, SyntaxError{Start: at, Message: message, Early: true})
	}
}

// sortedErrors returns the errors in the order of the source.
func (p *parser) sortedErrors() []SyntaxError {
	slices.SortStableFunc(p.errors, func(a, b SyntaxError) int { return cmp.Compare(a.Start, b.Start) })
	return p.errors
}

// unexpected records that the current token can't stand where it does.
func (p *parser) unexpected() {
	switch p.tok {
	case tokenEOF:
		p.failAt(p.start, "the file ends too early")
	case tokenEscaped:
		p.failAt(p.start, "a reserved word with an escape in it")
	default:
		p.failAt(p.start, "unexpected "+p.show())
	}
}

// show returns the current token as a message quotes it.
func (p *parser) show() string {
	text := p.src[p.start:p.end]
	if len(text) > 32 {
		text = text[:32]
	}
	for i, c := range text {
		if c < ' ' || c >= 0x7f {
			text = text[:i]
			break
		}
	}
	if len(text) == 0 {
		return "character"
	}
	return "'" + string(text) + "'"
}

package source

import (
	"bytes"
	"errors"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/typescript"
)

// analyseTranslated fills the report of a text that has to be made JavaScript first;
// its places are those of the text itself. It returns false, and what is wrong, where
// the text is not of the language.
func analyseTranslated(report *Report, src []byte, name string, language typescript.Language, goal js.Goal, at *placer) (Unread, bool) {
	made, err := typescript.Translate(src, language)
	if err != nil {
		failure := Unread{Line: 1, Column: 1, Message: err.Error()}
		var place *typescript.Error
		if errors.As(err, &place) {
			failure = Unread{max(place.Line, 1), max(place.Column, 1), place.Message}
		}
		return failure, false
	}
	w := workspaces.Get().(*workspace)
	defer w.free(len(made.Code))
	tree := w.js.Parse(made.Code, goal)
	report.Goal = tree.Goal
	starts := lineOffsets(src)
	newScan(tree, w, src, func(offset uint32) int {
		line, column, ok := made.Position(int(offset))
		if !ok || line > len(starts) {
			return -1
		}
		return starts[line-1] + columnOffset(src[starts[line-1]:], column)
	}).run(report, name, at)
	return Unread{}, true
}

// languageOf returns what a text that is not plain JavaScript is written in.
func languageOf(name string) typescript.Language {
	if language := typescript.LanguageOf(name); language != typescript.None {
		return language
	}
	return typescript.JSX
}

// mayBeJSX reports whether a text that is not JavaScript has what closes a tag.
func mayBeJSX(src []byte) bool {
	return bytes.Contains(src, []byte("</")) || bytes.Contains(src, []byte("/>"))
}

// lineOffsets returns where each line of a text begins.
func lineOffsets(src []byte) []int {
	p := newPlacer(src)
	starts := []int{0}
	for p.at < len(src) {
		before := p.line
		_, n := utf8.DecodeRune(src[p.at:])
		if src[p.at] == '\r' && p.at+1 < len(src) && src[p.at+1] == '\n' {
			n = 2
		}
		p.place(p.at + n)
		if p.line != before {
			starts = append(starts, p.start)
		}
	}
	return starts
}

// columnOffset returns the offset of a column, in UTF-16 units from 1, in a line.
func columnOffset(line []byte, column int) int {
	at := 0
	for column > 1 && at < len(line) {
		r, n := utf8.DecodeRune(line[at:])
		at += n
		column--
		if r > 0xffff {
			column--
		}
	}
	return at
}

package main

import (
	"regexp"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// The colours of words, as a terminal's SGR parameters (ECMA-48 §8.3.117).
const (
	bad     = "1;31"
	doubt   = "1;33"
	good    = "32"
	pointer = "36"
)

// shades are the words that decide, and nothing else: a reader's eye should land on
// what ended badly and on what to do about it. The group is what is coloured.
var shades = []struct {
	word  func() *regexp.Regexp
	shade string
}{
	{lazyregexp.New(`(?m)^(error\[NB\d{4}\]:)`), bad},
	{lazyregexp.New(`(?m)^(warning:)`), doubt},
	{lazyregexp.New(`(?m)^ *(fix:)`), pointer},
	{lazyregexp.New(`(?m)^  (pass) {3}`), good},
	{lazyregexp.New(`(?m)^  (fail) {3}`), bad},
	{lazyregexp.New(`(?m)^  (unknown)  `), doubt},
	{lazyregexp.New(`(?m)^  for .*: (accepted)$`), good},
	{lazyregexp.New(`(?m)^  for .*: (rejected)`), bad},
	{lazyregexp.New(`(?m)^  for .*: (undecided)`), doubt},
	{lazyregexp.New(`(?m)^(critical|high)$`), bad},
	{lazyregexp.New(`(?m)^(medium)$`), doubt},
}

// paint colours the words of a text that decide, where --color says so or, by
// default, where the text goes to a terminal and neither NO_COLOR, with any value, nor
// TERM=dumb says otherwise.
func (a *app) paint(text string, terminal bool) string {
	if a.color == "never" || a.color == "auto" && (!terminal || a.env("NO_COLOR") != "" || a.env("TERM") == "dumb") {
		return text
	}
	for _, s := range shades {
		for at := s.word().FindAllStringSubmatchIndex(text, -1); len(at) > 0; at = at[:len(at)-1] {
			from, to := at[len(at)-1][2], at[len(at)-1][3]
			text = text[:from] + "\x1b[" + s.shade + "m" + text[from:to] + "\x1b[0m" + text[to:]
		}
	}
	return text
}

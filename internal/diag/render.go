package diag

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/agext/levenshtein"
)

// Text renders the problem for a terminal or a log: what, where, the snippet, why
// and the remedy, each on lines of its own, ending with a line break. Control
// characters that came from outside are shown escaped, so a file's content can't
// move the cursor or forge a line.
func (p *Problem) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "error[%s]: %s\n", p.Code, Clean(p.What))
	if s := p.Pos.String(); s != "" {
		fmt.Fprintf(&b, "  at:  %s\n", Clean(s))
	}
	if p.Snippet != "" {
		for line := range strings.SplitSeq(strings.TrimRight(p.Snippet, "\n"), "\n") {
			b.WriteString("    " + Clean(line) + "\n")
		}
	}
	if p.Why != "" {
		fmt.Fprintf(&b, "  why: %s\n", indent(p.Why))
	}
	if p.Err != nil {
		fmt.Fprintf(&b, "  cause: %s\n", indent(p.Err.Error()))
	}
	fmt.Fprintf(&b, "  fix: %s\n", indent(p.Remedy))
	return b.String()
}

// indentation of what goes on below "why:", "cause:" and "fix:".
const indentation = "       "

func indent(s string) string { return Lines(s, indentation) }

// Lines makes text of several lines fit to print: each line is made so by [Clean], and
// all but the first begin with the indentation, so that none can pass for a line of
// nbuild's own, which begins at the margin.
func Lines(s, indentation string) string {
	lines := strings.Split(strings.TrimRight(s, "\n"), "\n")
	for i := range lines {
		lines[i] = Clean(lines[i])
	}
	return strings.Join(lines, "\n"+indentation)
}

// Count writes a number of things: "1 file", "2 files".
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Clean makes text from outside fit to print on one line: control characters,
// line separators and bidirectional overrides come out as \u escapes, bytes that
// are no UTF-8 as \x escapes. Tabs become one space.
func Clean(s string) string {
	ok := true
	for _, r := range s {
		if r == utf8.RuneError || unsafeRune(r) {
			ok = false
			break
		}
	}
	if ok {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\t':
			b.WriteByte(' ')
		case unsafeRune(r):
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func unsafeRune(r rune) bool {
	return r < 0x20 || r >= 0x7f && r < 0xa0 || r == 0x2028 || r == 0x2029 ||
		r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

// Snippet returns the line of src that pos names with a caret below the column, or
// "" where src has no such line. Long lines are cut around the column.
func Snippet(src []byte, pos Pos) string {
	if pos.Line < 1 {
		return ""
	}
	lines := strings.SplitN(string(src), "\n", pos.Line+1)
	if len(lines) < pos.Line {
		return ""
	}
	line := []rune(strings.TrimRight(lines[pos.Line-1], "\r"))
	col, units := len(line), 1
	for i, r := range line {
		if units >= max(pos.Column, 1) {
			col = i
			break
		}
		units += utf16.RuneLen(r)
	}
	const span = 100
	start := 0
	if col > span*3/4 {
		start = col - span*3/4
	}
	end := min(len(line), start+span)
	text := strings.ReplaceAll(string(line[start:end]), "\t", " ")
	gutter := fmt.Sprintf("%d | ", pos.Line)
	return gutter + text + "\n" + strings.Repeat(" ", len(gutter)+max(col-start, 0)) + "^\n"
}

// DidYouMean is the remedy for a name that is none of the candidates: the nearest of
// them in the form in which it is typed, as "--kind %s", or all where none is near.
func DidYouMean(name string, candidates []string, form string) string {
	if near := Nearest(name, candidates); near != "" {
		return fmt.Sprintf("did you mean `"+form+"`?", near)
	}
	if len(candidates) == 0 {
		return "leave it out: there is none to name"
	}
	return "use one of " + strings.Join(candidates, ", ")
}

// Nearest returns the candidate that a misspelt name most likely meant, by edit
// distance, or "" where none is close. Ties go to the first candidate.
func Nearest(name string, candidates []string) string {
	if len(name) > 64 {
		return ""
	}
	best, bestDistance := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := levenshtein.Distance(name, c, nil); d < bestDistance && d < len(name) {
			best, bestDistance = c, d
		}
	}
	return best
}

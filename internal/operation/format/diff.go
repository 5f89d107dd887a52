package format

import (
	"fmt"
	"strings"
)

// unified shows the lines that differ between two texts as a unified diff of one
// hunk, from the first difference to the last, with three lines around. The forms
// of one file differ in few lines, so no cleverer search is needed.
func unified(name string, before, after []byte) string {
	a, b := strings.SplitAfter(string(before), "\n"), strings.SplitAfter(string(after), "\n")
	a, b = trimLast(a), trimLast(b)
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	from := max(0, start-3)
	toA, toB := min(len(a), len(a)-end+3), min(len(b), len(b)-end+3)
	var out strings.Builder
	fmt.Fprintf(&out, "--- %s\n+++ %s\n@@ -%d,%d +%d,%d @@\n", name, name, from+1, toA-from, from+1, toB-from)
	write := func(sign string, lines []string) {
		for _, l := range lines {
			out.WriteString(sign + strings.TrimRight(l, "\r\n") + "\n")
			if !strings.HasSuffix(l, "\n") {
				out.WriteString("\\ No newline at end of file\n")
			}
		}
	}
	write(" ", a[from:start])
	write("-", a[start:len(a)-end])
	write("+", b[start:len(b)-end])
	write(" ", a[len(a)-end:toA])
	return out.String()
}

func trimLast(lines []string) []string {
	if n := len(lines); n > 0 && lines[n-1] == "" {
		return lines[:n-1]
	}
	return lines
}

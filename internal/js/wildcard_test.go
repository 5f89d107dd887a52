package js

import "strings"

// Wildcard returns a Pattern as text, each hole as a *. Ok is false where nothing is
// constant, or where the text has a * of its own.
func Wildcard(parts []Part) (text string, ok bool) {
	var b strings.Builder
	for _, p := range parts {
		if p.Hole != 0 {
			b.WriteByte('*')
			continue
		}
		if strings.Contains(p.Text, "*") {
			return "", false
		}
		b.WriteString(p.Text)
		ok = true
	}
	return b.String(), ok
}

package registry

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// setting is one key of an .npmrc with its values, several where the key is a list.
type setting struct {
	key    string
	values []string
}

// parseNpmrc reads an .npmrc as npm's ini package does: a key a line, comments
// after ; or #, quoted texts as JSON, a key without a value is "true", a key that
// comes again (or ends in []) is a list. Sections and what is in them mean nothing
// to npm's configuration.
func parseNpmrc(src []byte, env map[string]string) ([]setting, error) {
	if len(src) > bounds.Npmrc {
		return nil, fmt.Errorf("%d bytes, over the bound of %d", len(src), bounds.Npmrc)
	}
	var out []setting
	at := map[string]int{}
	section := false
	for line := range strings.FieldsFuncSeq(string(src), func(r rune) bool { return r == '\n' || r == '\r' }) {
		text := strings.TrimSpace(line)
		if text == "" || text[0] == ';' || text[0] == '#' {
			continue
		}
		if line[0] == '[' && strings.HasSuffix(text, "]") {
			section = true
			continue
		}
		rawKey, rawValue, hasValue := strings.Cut(line, "=")
		if section || rawKey == "" {
			continue
		}
		key := strings.TrimSuffix(expand(plainValue(rawKey), env), "[]")
		value := "true"
		if hasValue {
			value = expand(plainValue(rawValue), env)
		}
		if i, ok := at[key]; ok {
			out[i].values = append(out[i].values, value)
			continue
		}
		at[key] = len(out)
		out = append(out, setting{key, []string{value}})
	}
	return out, nil
}

// plainValue trims a value, undoes its quotes, or cuts the comment after it.
func plainValue(s string) string {
	s = strings.TrimSpace(s)
	if len(s) > 1 && (s[0] == '"' && s[len(s)-1] == '"' || s[0] == '\'' && s[len(s)-1] == '\'') {
		inner := s
		if s[0] == '\'' {
			inner = s[1 : len(s)-1]
		}
		var text string
		if json.Unmarshal([]byte(inner), &text) == nil {
			return text
		}
		return inner
	}
	var b strings.Builder
	escaped := false
	for i := range len(s) {
		c := s[i]
		switch {
		case escaped:
			if c != '\\' && c != ';' && c != '#' {
				b.WriteByte('\\')
			}
			b.WriteByte(c)
			escaped = false
		case c == '\\':
			escaped = true
		case c == ';' || c == '#':
			return strings.TrimSpace(b.String())
		default:
			b.WriteByte(c)
		}
	}
	if escaped {
		b.WriteByte('\\')
	}
	return strings.TrimSpace(b.String())
}

// expand puts the environment's values for ${NAME}; ${NAME?} is empty where there
// is none, ${NAME} stays as it is; an odd number of backslashes before it keeps it.
func expand(s string, env map[string]string) string {
	var b strings.Builder
	for {
		i := strings.Index(s, "${")
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		j := strings.IndexByte(s[i:], '}')
		name := ""
		if j > 0 {
			name = s[i+2 : i+j]
		}
		bare := strings.TrimSuffix(name, "?")
		if bare == "" || strings.ContainsAny(bare, "${?") {
			b.WriteString(s[:i+2])
			s = s[i+2:]
			continue
		}
		slashes := len(s[:i]) - len(strings.TrimRight(s[:i], `\`))
		b.WriteString(s[:i-slashes] + strings.Repeat(`\`, slashes/2))
		value, ok := env[bare]
		switch {
		case slashes%2 == 1:
			b.WriteString(s[i : i+j+1])
		case ok:
			b.WriteString(value)
		case bare == name:
			b.WriteString(s[i : i+j+1])
		}
		s = s[i+j+1:]
	}
}

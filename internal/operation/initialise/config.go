package initialise

import (
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/strictjson"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// readConfig reads JSON as TypeScript and its kin write it: with comments, and with commas
// behind the last member. What can't be read says nothing.
func readConfig(src string) map[string]any {
	v, err := strictjson.Parse([]byte(plain(src)))
	if err != nil {
		return nil
	}
	return plainObjects(v)
}

func plainObjects(v any) map[string]any {
	o, ok := v.(strictjson.Object)
	if !ok {
		return nil
	}
	out := map[string]any{}
	for k, member := range o {
		if below := plainObjects(member); below != nil {
			out[k] = below
		} else {
			out[k] = member
		}
	}
	return out
}

// plain takes comments, and commas that nothing follows, out of JSON.
func plain(src string) string {
	var out strings.Builder
	comma := -1 // where in out a comma stands that only spaces follow
	for i := 0; i < len(src); i++ {
		c := src[i]
		switch {
		case strings.HasPrefix(src[i:], "//"):
			line := strings.IndexByte(src[i:], '\n')
			if line < 0 {
				return out.String()
			}
			i += line - 1
			continue
		case strings.HasPrefix(src[i:], "/*"):
			end := strings.Index(src[i+2:], "*/")
			if end < 0 {
				return out.String()
			}
			i += end + 3
			continue
		case c == '"':
			end := i + 1
			for end < len(src) && src[end] != '"' {
				if src[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(src))
			out.WriteString(src[i:end])
			i, comma = end-1, -1
			continue
		case (c == '}' || c == ']') && comma >= 0:
			rest := out.String()
			out.Reset()
			out.WriteString(rest[:comma] + rest[comma+1:])
			comma = -1
		case c == ',':
			comma = out.Len()
		case c != ' ' && c != '\t' && c != '\r' && c != '\n':
			comma = -1
		}
		out.WriteByte(c)
	}
	return out.String()
}

package attest

import (
	"errors"
	"fmt"
	"io"
	"strings"
)

// checkPattern refuses what is no pattern of repositories: path elements parted by
// slashes, where * stands for any characters of an element and ** for any number
// of elements.
func checkPattern(pattern string) error {
	if pattern == "" || len(pattern) > 512 {
		return errors.New("it is empty or longer than 512 bytes")
	}
	if strings.Count(pattern, "*") > 16 {
		return errors.New("more than 16 stars")
	}
	for i, element := range strings.Split(pattern, "/") {
		if element == "" {
			return errors.New("an empty path element")
		}
		if element != "**" && strings.Contains(element, "**") {
			return errors.New("** is a path element of its own")
		}
		for _, c := range element {
			ok := c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || strings.ContainsRune("._-*", c) ||
				i == 0 && (c == ':' || c >= 'A' && c <= 'Z' || c == '[' || c == ']')
			if !ok {
				return fmt.Errorf("character %q", c)
			}
		}
	}
	return nil
}

// matches reports whether a repository fits a pattern.
func matches(pattern, repository string) bool {
	return repository != "" && matchElements(strings.Split(pattern, "/"), strings.Split(repository, "/"))
}

func matchElements(pattern, path []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			// At least one element: "shop/**" is what is in shop, not shop.
			for skip := 1; skip <= len(path); skip++ {
				if matchElements(pattern[1:], path[skip:]) {
					return true
				}
			}
			return false
		}
		if len(path) == 0 || !matchElement(pattern[0], path[0]) {
			return false
		}
		pattern, path = pattern[1:], path[1:]
	}
	return len(path) == 0
}

// matchElement matches one path element with stars, greedily from the left.
func matchElement(pattern, s string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	rest, ok := strings.CutPrefix(s, parts[0])
	if !ok {
		return false
	}
	last := parts[len(parts)-1]
	for _, part := range parts[1 : len(parts)-1] {
		at := strings.Index(rest, part)
		if at < 0 {
			return false
		}
		rest = rest[at+len(part):]
	}
	return strings.HasSuffix(rest, last)
}

// readBounded reads all of r, at most limit bytes.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return b, nil
}

package attest

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/nbuild/nbuild/internal/glob"
)

// checkPattern refuses what is not a pattern of repositories: path elements separated
// by slashes, where * stands for any characters of an element and ** for any number of
// elements, or at the end for what lies within (package glob).
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
	return repository != "" && glob.Elements(strings.Split(plainRepository(pattern), "/"), strings.Split(plainRepository(repository), "/"), glob.Stars)
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

// hub is the registry that has two names and a default folder.
const hub = "index.docker.io/"

// plainRepository writes a repository, or a pattern of them, in its one form: what
// docker.io/x, docker.io/library/x and index.docker.io/library/x name is one place.
func plainRepository(name string) string {
	rest, ok := strings.CutPrefix(name, "docker.io/")
	if !ok {
		if rest, ok = strings.CutPrefix(name, hub); !ok {
			return name
		}
	}
	if !strings.Contains(rest, "/") && rest != "**" {
		rest = "library/" + rest
	}
	return hub + rest
}

// sameRepository reports whether two names are of one repository.
func sameRepository(a, b string) bool { return plainRepository(a) == plainRepository(b) }

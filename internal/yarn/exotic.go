package yarn

import (
	"regexp"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// shorthand is OWNER/REPOSITORY of a forge.
var shorthand = lazyregexp.New(`^[^:@%/\s.-][^:@%/\s]*[/][^:@\s/%]+(?:#.*)?$`)

var gitAddress = lazyregexp.New(`^(git:|git\+.+:|ssh:|https?:.+\.git$|https?:.+\.git#.+)`)

// exotic reports whether a text asks for something that is no version of a registry's: an
// address, git, a file or a folder, an alias (resolvers/index.js).
func exotic(spec string) bool {
	for _, begin := range []string{"http://", "https://", "file:", "link:", "npm:", "yarn:", "github:", "gitlab:", "bitbucket:", "gist:", "./", "../", "/"} {
		if strings.HasPrefix(spec, begin) {
			return true
		}
	}
	if !strings.Contains(spec, "@") && (strings.HasSuffix(spec, ".tgz") || strings.HasSuffix(spec, ".tar.gz")) {
		return true
	}
	return gitAddress().MatchString(spec) || shorthand().MatchString(spec)
}

// aliased is the package that an alias stands for: of "npm:@a/b@^1" it is @a/b.
func aliased(spec string) string {
	rest, ok := strings.CutPrefix(spec, "npm:")
	if !ok {
		if rest, ok = strings.CutPrefix(spec, "yarn:"); !ok {
			return ""
		}
	}
	name, _ := split(rest)
	return name
}

// realName is the package's own name, which an alias installs under another one.
func (e *entry) realName() string {
	if len(e.patterns) == 0 {
		return e.name
	}
	for _, p := range e.patterns {
		if _, spec := split(p); aliased(spec) != "" {
			return aliased(spec)
		}
	}
	if e.name != "" {
		return e.name
	}
	name, _ := split(e.patterns[0])
	return name
}

// address is where an entry's bytes come from, without the SHA-1 that follows it.
func (e *entry) address() string {
	at, _, _ := strings.Cut(e.resolved, "#")
	return at
}

// hashOf is the SHA-1 that follows the address, "" for none.
func hashOf(e *entry) string {
	_, hash, _ := strings.Cut(e.resolved, "#")
	return hash
}

// glob makes a pattern of a key of resolutions as minimatch reads it: ** stands for any
// number of elements, * for a part of one.
func glob(key string) *regexp.Regexp {
	var b strings.Builder
	b.WriteString("^")
	elements := strings.Split(key, "/")
	for i, element := range elements {
		last := i == len(elements)-1
		if element == "**" {
			if last {
				b.WriteString(".*")
			} else {
				b.WriteString("(?:[^/]+/)*")
			}
			continue
		}
		b.WriteString(strings.ReplaceAll(regexp.QuoteMeta(element), `\*`, "[^/]*"))
		if !last {
			b.WriteString("/")
		}
	}
	b.WriteString("$")
	return regexp.MustCompile(b.String())
}

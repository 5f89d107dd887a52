package rule

import (
	"net/url"
	"strings"
	"time"

	"github.com/nbuild/nbuild/internal/rulefile"
)

// splitPurl takes "pkg:npm/%40a/b@1.0.0#dist" apart into the name, "@a/b", and the
// version.
func splitPurl(purl string) (name, version string) {
	rest, ok := strings.CutPrefix(purl, "pkg:npm/")
	if !ok {
		return purl, ""
	}
	rest, _, _ = strings.Cut(rest, "#")
	rest, _, _ = strings.Cut(rest, "?")
	name = rest
	if i := strings.LastIndexByte(rest, '@'); i > 0 {
		name, version = rest[:i], rest[i+1:]
	}
	return plain(name), plain(version)
}

func plain(s string) string {
	if p, err := url.PathUnescape(s); err == nil {
		return p
	}
	return s
}

// Means reports whether a label, `pkg:npm/NAME` with or without a version or
// `project`, means the artefact of a purl; a project's own files have none.
func Means(label, purl string) bool {
	if purl == "" || label == rulefile.Project {
		return purl == "" && label == rulefile.Project
	}
	name, version := splitPurl(label)
	of, at := splitPurl(purl)
	return name == of && (version == "" || version == at)
}

// ended reports whether an exception's last day is before a date. The day ends in
// UTC.
func ended(a *rulefile.Allow, date time.Time) bool {
	if a.Expires == "" {
		return false
	}
	last, err := time.Parse(time.DateOnly, a.Expires)
	return err != nil || !date.Before(last.AddDate(0, 0, 1))
}

package pnpm

import (
	"strings"

	"github.com/nbuild/nbuild/internal/npm/semver"
)

// withoutSuffix is a key without the peers and the patch at its end.
func withoutSuffix(key string) string {
	if !strings.HasSuffix(key, ")") {
		return key
	}
	depth := 0
	for i := len(key) - 1; i >= 0; i-- {
		switch key[i] {
		case ')':
			depth++
		case '(':
			depth--
		default:
			if depth == 0 {
				return key[:i+1]
			}
		}
	}
	return key
}

// split reads name and version of a key, "" where it has none.
func split(key string) (name, version string) {
	key = withoutSuffix(strings.TrimPrefix(key, "/"))
	at := strings.IndexByte(key, '@')
	if at == 0 {
		at = strings.IndexByte(key[1:], '@') + 1
	}
	if at <= 0 {
		return "", ""
	}
	name, version = key[:at], key[at+1:]
	if _, ok := semver.Parse(version, semver.Options{}); !ok {
		version = ""
	}
	return name, version
}

// target is the key that a reference means, and whether it means a package: a link means
// a folder.
func (l *Lockfile) target(alias, ref string) (string, bool) {
	if strings.HasPrefix(ref, "link:") {
		return "", false
	}
	if l.Format == 6 {
		if strings.HasPrefix(ref, "file:") || strings.Contains(withoutSuffix(ref), "/") {
			return ref, true
		}
		return "/" + alias + "@" + ref, true
	}
	at := strings.IndexByte(ref, '@')
	if strings.HasPrefix(ref, "@") {
		return ref, true
	}
	colon, bracket := strings.IndexByte(ref, ':'), strings.IndexByte(ref, '(')
	if at >= 0 && (colon < 0 || at < colon) && (bracket < 0 || at < bracket) {
		return ref, true
	}
	return alias + "@" + ref, true
}

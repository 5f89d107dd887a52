package sbom

import (
	"cmp"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// compareVersions orders two versions of the package that purl names: by semver,
// as npm does, or by Debian's rules for a .deb. Build metadata and versions that
// are neither are ordered as text, so that the order is total.
func compareVersions(purl, a, b string) int {
	if strings.HasPrefix(purl, "pkg:deb/") {
		return cmp.Or(compareDebian(a, b), strings.Compare(a, b))
	}
	x, errX := semver.StrictNewVersion(a)
	y, errY := semver.StrictNewVersion(b)
	switch {
	case errX == nil && errY == nil:
		return cmp.Or(x.Compare(y), strings.Compare(a, b))
	case errX == nil:
		return 1
	case errY == nil:
		return -1
	}
	return strings.Compare(a, b)
}

// compareDebian orders versions by Debian Policy §5.6.12: epoch, upstream version,
// revision.
func compareDebian(a, b string) int {
	epochA, upstreamA, revisionA := splitDebian(a)
	epochB, upstreamB, revisionB := splitDebian(b)
	return cmp.Or(
		compareDebianPart(epochA, epochB),
		compareDebianPart(upstreamA, upstreamB),
		compareDebianPart(revisionA, revisionB),
	)
}

func splitDebian(v string) (epoch, upstream, revision string) {
	epoch, upstream, ok := strings.Cut(v, ":")
	if !ok {
		epoch, upstream = "0", v
	}
	if i := strings.LastIndexByte(upstream, '-'); i >= 0 {
		upstream, revision = upstream[:i], upstream[i+1:]
	}
	return epoch, upstream, revision
}

// compareDebianPart compares text and numbers in turn. A tilde sorts before the
// end, the end before letters, letters before all else.
func compareDebianPart(a, b string) int {
	for a != "" || b != "" {
		var textA, textB, numberA, numberB string
		textA, a = cutRun(a, false)
		textB, b = cutRun(b, false)
		for i := 0; i < max(len(textA), len(textB)); i++ {
			if c := debianOrder(textA, i) - debianOrder(textB, i); c != 0 {
				return c
			}
		}
		numberA, a = cutRun(a, true)
		numberB, b = cutRun(b, true)
		numberA, numberB = strings.TrimLeft(numberA, "0"), strings.TrimLeft(numberB, "0")
		if c := cmp.Or(len(numberA)-len(numberB), strings.Compare(numberA, numberB)); c != 0 {
			return c
		}
	}
	return 0
}

// cutRun cuts the leading run of digits, or of anything else.
func cutRun(s string, digits bool) (run, rest string) {
	i := 0
	for i < len(s) && (s[i] >= '0' && s[i] <= '9') == digits {
		i++
	}
	return s[:i], s[i:]
}

func debianOrder(s string, i int) int {
	switch {
	case i >= len(s):
		return 0
	case s[i] == '~':
		return -1
	case s[i] >= 'a' && s[i] <= 'z', s[i] >= 'A' && s[i] <= 'Z':
		return int(s[i])
	}
	return int(s[i]) + 256
}

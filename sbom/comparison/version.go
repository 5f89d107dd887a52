package comparison

import (
	"cmp"
	"strings"

	"github.com/nbuild/nbuild/internal/debian/debversion"
	"github.com/nbuild/nbuild/internal/npm/semver"
)

// compareVersions orders two versions of the package that purl names: by semver,
// as npm does, or by Debian's rules for a .deb. Build metadata and versions that
// are neither are ordered as text, so that the order is total.
func compareVersions(purl, a, b string) int {
	if strings.HasPrefix(purl, "pkg:deb/") {
		return cmp.Or(debversion.Compare(a, b), strings.Compare(a, b))
	}
	x, okX := semver.Parse(a, semver.Options{})
	y, okY := semver.Parse(b, semver.Options{})
	switch {
	case okX && okY:
		return cmp.Or(x.Compare(y), strings.Compare(a, b))
	case okX:
		return 1
	case okY:
		return -1
	}
	return strings.Compare(a, b)
}

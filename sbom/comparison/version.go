package comparison

import (
	"cmp"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/nbuild/nbuild/internal/debian/debversion"
)

// compareVersions orders two versions of the package that purl names: by semver,
// as npm does, or by Debian's rules for a .deb. Build metadata and versions that
// are neither are ordered as text, so that the order is total.
func compareVersions(purl, a, b string) int {
	if strings.HasPrefix(purl, "pkg:deb/") {
		return cmp.Or(debversion.Compare(a, b), strings.Compare(a, b))
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

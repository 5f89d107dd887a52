package npm

import "github.com/nbuild/nbuild/internal/npm/semver"

// engineFits reports whether a Node version is in a range of a package's engines, as
// npm asks: prereleases count, no range and an unreadable version fit, an unreadable
// range does not.
func engineFits(spec, version string) bool {
	o := semver.Options{Prereleases: true}
	v, known := semver.Parse(version, o)
	if spec == "" || !known {
		return true
	}
	r, ok := semver.ParseRange(spec, o)
	return ok && r.Fits(v)
}

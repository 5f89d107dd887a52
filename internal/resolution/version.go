package resolution

import (
	"fmt"
	"strconv"
	"strings"
)

// Version is a release of Node. A part that was not given is latest, so that "22"
// means the last release of its line.
type Version struct{ Major, Minor, Patch int }

// latest stands for a part of a version that was not given.
const latest = 1 << 30

// The lines of releases whose algorithms are known here.
const (
	oldestMajor = 20
	newestMajor = 26
)

// ParseVersion reads "22", "22.15" or "v22.15.0". A line older than 20 is an
// error; one newer than is known here is read as the newest known.
func ParseVersion(s string) (Version, error) {
	parts := strings.Split(strings.TrimPrefix(s, "v"), ".")
	v := Version{latest, latest, latest}
	for i, p := range []*int{&v.Major, &v.Minor, &v.Patch} {
		if i >= len(parts) {
			break
		}
		n, err := strconv.ParseUint(parts[i], 10, 16)
		if err != nil {
			return Version{}, fmt.Errorf("reading Node version %.40q: not a number", s)
		}
		*p = int(n)
	}
	switch {
	case len(parts) > 3:
		return Version{}, fmt.Errorf("reading Node version %.40q: more than three parts", s)
	case v.Major < oldestMajor:
		return Version{}, fmt.Errorf("reading Node version %.40q: older than %d", s, oldestMajor)
	}
	return v, nil
}

// from reports whether v is at least one of the releases, each of its own line, or
// belongs to a line newer than all of them.
func (v Version) from(releases ...Version) bool {
	newest := true
	for _, r := range releases {
		if v.Major == r.Major {
			return v.Minor > r.Minor || v.Minor == r.Minor && v.Patch >= r.Patch
		}
		newest = newest && v.Major > r.Major
	}
	return newest
}

// requiresModules: require() of a module without top-level await, and with it the
// condition module-sync.
func (v Version) requiresModules() bool { return v.from(Version{20, 19, 0}, Version{22, 12, 0}) }

// detects: a file of no declared type that has the syntax of a module is one.
func (v Version) detects() bool { return v.from(Version{20, 19, 0}, Version{22, 7, 0}) }

// stripsTypes: a TypeScript file outside of node_modules loads.
func (v Version) stripsTypes() bool { return v.from(Version{22, 18, 0}, Version{23, 6, 0}) }

// importsWasm: a WebAssembly file can be imported.
func (v Version) importsWasm() bool { return v.from(Version{22, 19, 0}, Version{24, 5, 0}) }

// slashImports: "#/" may start a name of imports.
func (v Version) slashImports() bool { return v.from(Version{24, 14, 0}, Version{25, 4, 0}) }

// requiresByType: require looks at the type of the package for a file without an
// extension, as import does in every release.
func (v Version) requiresByType() bool { return v.from(Version{26, 0, 0}) }

package resolution

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// exported is PACKAGE_EXPORTS_RESOLVE for the package of a manifest.
func (r *Resolver) exported(m *Manifest, subpath string, mode Mode) (string, error) {
	return r.exportedAt(path.Dir(m.Path), m, subpath, mode)
}

// exportedAt is the same where the package is reached through dir, which may be a
// link to where its manifest is.
func (r *Resolver) exportedAt(dir string, m *Manifest, subpath string, mode Mode) (string, error) {
	r.use(m)
	table, err := exportTable(m)
	if err != nil {
		return "", err
	}
	key, match := matchKey(table, subpath)
	if key == nil {
		return "", fail(NotExported, "%s has no %q", m.Path, subpath)
	}
	t := target{r: r, dir: dir, m: m, key: subpath, match: match, pattern: strings.Contains(key.Key, "*") && key.Key != subpath, mode: mode}
	got, err := t.resolve(&key.Value)
	if err != nil {
		return "", err
	}
	if got.state != found {
		return "", fail(NotExported, "%s has no %q for these conditions", m.Path, subpath)
	}
	return r.finalize(got.name, mode)
}

// exportTable returns exports as a table of subpaths.
func exportTable(m *Manifest) ([]Field, error) {
	e := m.Exports
	if e.Shape != Object {
		return []Field{{".", *e}}, nil
	}
	dots := 0
	for _, f := range e.Fields {
		if strings.HasPrefix(f.Key, ".") {
			dots++
		}
	}
	switch dots {
	case 0:
		return []Field{{".", *e}}, nil
	case len(e.Fields):
		return e.Fields, nil
	}
	return nil, fail(InvalidConfig, "%s mixes subpaths and conditions in exports", m.Path)
}

// matchKey is the search of PACKAGE_IMPORTS_EXPORTS_RESOLVE: the member for a
// subpath, by itself or by the best pattern, and what the pattern's star stands for.
func matchKey(table []Field, subpath string) (*Field, string) {
	if !strings.Contains(subpath, "*") && !strings.HasSuffix(subpath, "/") {
		for i := range table {
			if table[i].Key == subpath {
				return &table[i], ""
			}
		}
	}
	var best *Field
	var match string
	for i := range table {
		before, after, ok := strings.Cut(table[i].Key, "*")
		if !ok || strings.Contains(after, "*") || !strings.HasPrefix(subpath, before) || !strings.HasSuffix(subpath, after) {
			continue
		}
		if len(subpath) < len(table[i].Key) || best != nil && !moreSpecific(table[i].Key, best.Key) {
			continue
		}
		best, match = &table[i], subpath[len(before):len(subpath)-len(after)]
	}
	return best, match
}

// moreSpecific is PATTERN_KEY_COMPARE.
func moreSpecific(a, b string) bool {
	x, y := strings.IndexByte(a, '*'), strings.IndexByte(b, '*')
	if x != y {
		return x > y
	}
	return len(a) > len(b)
}

// target resolves one value of exports or imports.
type target struct {
	r        *Resolver
	dir      string
	m        *Manifest
	key      string
	match    string
	pattern  bool
	internal bool // of imports
	mode     Mode
}

type state uint8

const (
	undefined state = iota // no condition held
	forbidden              // null
	found
)

type outcome struct {
	state  state
	name   string
	result *Result // of a target outside of the package
}

// badSegment finds what a target or what a star stands for may not have: ".", ".."
// and node_modules as a segment, encoded or not.
var badSegment = lazyregexp.New(`(?i)(^|[\\/])((\.|%2e)(\.|%2e)?|(n|%6e|%4e)(o|%6f|%4f)(d|%64|%44)(e|%65|%45)(_|%5f)(m|%6d|%4d)(o|%6f|%4f)(d|%64|%44)(u|%75|%55)(l|%6c|%4c)(e|%65|%45)(s|%73|%53))?([\\/]|$)`)

// deprecatedSegment is the same without empty segments, which only warn.
var deprecatedSegment = lazyregexp.New(`(?i)(^|[\\/])((\.|%2e)(\.|%2e)?|(n|%6e|%4e)(o|%6f|%4f)(d|%64|%44)(e|%65|%45)(_|%5f)(m|%6d|%4d)(o|%6f|%4f)(d|%64|%44)(u|%75|%55)(l|%6c|%4c)(e|%65|%45)(s|%73|%53))([\\/]|$)`)

// resolve is PACKAGE_TARGET_RESOLVE.
func (t *target) resolve(v *Value) (outcome, error) {
	switch v.Shape {
	case Text:
		return t.text(v.String)
	case Null:
		return outcome{state: forbidden}, nil
	case List:
		return t.list(v)
	case Object:
		for _, f := range v.Fields {
			if isArrayIndex(f.Key) {
				return outcome{}, fail(InvalidConfig, "%s has a number for a condition", t.m.Path)
			}
		}
		for i := range v.Fields {
			if t.r.condition(v.Fields[i].Key, t.mode) {
				if got, err := t.resolve(&v.Fields[i].Value); err != nil || got.state != undefined {
					return got, err
				}
			}
		}
		return outcome{}, nil
	}
	return outcome{}, t.invalid("neither a string nor a list nor an object")
}

func (t *target) list(v *Value) (outcome, error) {
	if len(v.Items) == 0 {
		return outcome{state: forbidden}, nil
	}
	var last error
	for i := range v.Items {
		got, err := t.resolve(&v.Items[i])
		if f, ok := err.(*failure); ok && f.code == InvalidTarget {
			last = err
			continue
		}
		if err != nil || got.state == found {
			return got, err
		}
		if last = nil; got.state == forbidden && i == len(v.Items)-1 {
			return got, nil
		}
	}
	if last != nil {
		return outcome{}, last
	}
	return outcome{}, nil
}

func (t *target) invalid(why string) error {
	return fail(InvalidTarget, "%s, %q: %s", t.m.Path, t.key, why)
}

func (t *target) text(s string) (outcome, error) {
	if !strings.HasPrefix(s, "./") {
		if t.internal && !strings.HasPrefix(s, "../") && !strings.HasPrefix(s, "/") && !isURL(s) {
			if t.pattern {
				s = strings.ReplaceAll(s, "*", t.match)
			}
			res, err := t.r.packageResolve(s, t.m.Path, t.mode)
			return outcome{state: found, result: &res}, err
		}
		return outcome{}, t.invalid("a target must start with ./")
	}
	if badSegment().MatchString(s[2:]) && deprecatedSegment().MatchString(s[2:]) {
		return outcome{}, t.invalid("a target that leaves its package")
	}
	if !t.pattern {
		name, err := t.name(s)
		return outcome{state: found, name: name}, err
	}
	if badSegment().MatchString(t.match) && deprecatedSegment().MatchString(t.match) {
		return outcome{}, fail(InvalidSpecifier, "what the star of %q stands for has segments that it may not have", t.key)
	}
	name, err := t.name(strings.ReplaceAll(s, "*", t.match))
	return outcome{state: found, name: name}, err
}

// name is the file that a target's URL names.
func (t *target) name(s string) (string, error) {
	s, err := urlPath(s)
	if err != nil {
		return "", err
	}
	name := join(t.dir, s)
	if strings.HasSuffix(s, "/") {
		name += "/"
	}
	return name, nil
}

func isArrayIndex(key string) bool {
	if key == "" || len(key) > 10 || key[0] == '0' && len(key) > 1 {
		return false
	}
	for _, c := range []byte(key) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// imports is PACKAGE_IMPORTS_RESOLVE.
func (r *Resolver) imports(spec string, m *Manifest, mode Mode) (Result, error) {
	if spec == "#" || strings.HasPrefix(spec, "#/") && !r.node.slashImports() || strings.HasSuffix(spec, "/") {
		return Result{}, fail(InvalidSpecifier, "not a valid name for imports")
	}
	if m == nil || m.Imports == nil {
		return Result{}, fail(NotDefined, "no imports here")
	}
	r.use(m)
	key, match := matchKey(m.Imports.Fields, spec)
	if key == nil {
		return Result{}, fail(NotDefined, "%s has no such import", m.Path)
	}
	t := target{r: r, dir: path.Dir(m.Path), m: m, key: spec, match: match, pattern: strings.Contains(key.Key, "*") && key.Key != spec, internal: true, mode: mode}
	got, err := t.resolve(&key.Value)
	switch {
	case err != nil:
		return Result{}, err
	case got.state != found:
		return Result{}, fail(NotDefined, "%s has no such import for these conditions", m.Path)
	case got.result != nil:
		return *got.result, nil
	}
	return r.located(r.finalize(got.name, mode))
}

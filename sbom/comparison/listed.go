package comparison

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/sbom"
)

// listing compares the production source lists of two images.
type listing struct {
	owners
	c        *comparison
	from, to *sources.List
}

// touched is what changed below the folder of one package.
type touched struct {
	added, changed, formatted, removed []sources.Change
}

// parts says how much changed: ": 12 new, 1 gone".
func (t *touched) parts() string {
	text, sep := "", ": "
	for _, p := range []struct {
		changes []sources.Change
		what    string
	}{{t.changed, "with other bytes"}, {t.formatted, "of another format"}, {t.added, "new"}, {t.removed, "gone"}} {
		if len(p.changes) > 0 {
			text, sep = fmt.Sprintf("%s%s%d %s", text, sep, len(p.changes), p.what), ", "
		}
	}
	return text
}

// lists compares what two guarded images may load. A file of a package is held
// against the version of the package: an update changes its files, and is reported in a
// line; a file that changed without its package is reported itself. The project's own
// files are reported one by one.
func (c *comparison) lists(a, b *sbom.Guard) {
	changes := sources.Compare(a.List, b.List)
	if len(changes) == 0 {
		return
	}
	l := &listing{owners{folders(c.a, a), folders(c.b, b)}, c, a.List, b.List}
	packages := map[string]*touched{}
	for _, s := range changes {
		if l.code(s) {
			continue
		}
		at := l.folder(s.Path)
		if at == "" {
			l.own(s)
			continue
		}
		t := packages[at]
		if t == nil {
			t = &touched{}
			packages[at] = t
		}
		switch s.Kind {
		case sources.Added:
			t.added = append(t.added, s)
		case sources.Changed:
			t.changed = append(t.changed, s)
		case sources.FormatChanged:
			t.formatted = append(t.formatted, s)
		case sources.Removed:
			t.removed = append(t.removed, s)
		}
	}
	l.packages(packages)
}

// packages reports what changed in packages: first those that stay where they are, then
// those that are new there, and at last what no new place accounts for.
func (l *listing) packages(all map[string]*touched) {
	gone := func(at string) bool { return !holds(l.to, at) }
	came := l.origins(gone)
	moved := map[string]bool{}
	for _, at := range slices.Sorted(maps.Keys(all)) {
		switch t := all[at]; {
		case gone(at):
		case holds(l.from, at):
			l.stayed(at, t)
		case l.b[at] == nil:
			l.files(NewSource, at, nil, t.added)
		default:
			if from, same := came.of(l.b[at]); from != "" {
				l.arrived(at, from, same, t)
				moved[from] = true
			} else {
				l.files(NewSource, at, l.b[at], t.added)
			}
		}
	}
	for at, t := range all { // the changes are sorted at the end
		if gone(at) && !moved[at] {
			l.files(RemovedSource, at, l.a[at], t.removed)
		}
	}
}

// stayed reports what changed in a package that is where it was. Without a change of
// version that both sides know, nothing explains another byte.
func (l *listing) stayed(at string, t *touched) {
	a, b := l.a[at], l.b[at]
	switch {
	case a == nil || b == nil || a.Purl == b.Purl:
		l.unexplained(at, t)
	case sbom.Identity(a.Purl) == sbom.Identity(b.Purl):
		l.updated(at, at, diag.Count(l.count(l.to, at), "file")+t.parts())
	default: // another package took its place
		l.files(NewSource, at, b, slices.Concat(t.added, t.changed))
		l.files(RemovedSource, at, a, slices.Concat(t.removed, t.changed))
	}
}

// arrived reports a package that had no file on the list at its folder, and had some at
// another: it was updated and moved, or there is a copy more.
func (l *listing) arrived(at, from string, same bool, t *touched) {
	var now touched
	equal := 0
	for _, s := range t.added {
		was, ok := l.from.Find(from + strings.TrimPrefix(s.Path, at))
		switch {
		case !ok:
			now.added = append(now.added, s)
		case was.SHA256 != s.Entry.SHA256:
			s.From = was.SHA256.String()
			now.changed = append(now.changed, s)
		case was.Format != s.Entry.Format:
			s.From, s.To = string(was.Format), string(s.Entry.Format)
			now.formatted = append(now.formatted, s)
		default:
			equal++
		}
	}
	if !same {
		l.updated(at, from, diag.Count(len(t.added), "file")+now.parts())
		return
	}
	l.unexplained(at, &now)
	if equal > 0 {
		l.updated(at, from, diag.Count(equal, "file")+" with the same bytes")
	}
}

// unexplained reports what changed in a package whose version did not.
func (l *listing) unexplained(at string, t *touched) {
	for _, s := range t.changed {
		l.file(SourceChanged, at, s)
	}
	for _, s := range t.formatted {
		l.file(SourceFormatChanged, at, s)
	}
	l.files(NewSource, at, l.item(at), t.added)
	l.files(RemovedSource, at, l.item(at), t.removed)
}

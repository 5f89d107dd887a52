package sources

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
)

// ErrMalformed is held by every error of a list that is not one of sources/v1.
var ErrMalformed = errors.New("no list of sources/v1")

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

// check holds a list to everything that sources/v1 says about it, its spelling aside.
func (l *List) check() error {
	if !isVersion(l.Node) {
		return malformed("node %.40q is no version of Node", l.Node)
	}
	for _, n := range []int{len(l.Entries), len(l.Evaluators), len(l.Generated), len(l.Instrumenters)} {
		if n > bounds.SourceEntries {
			return malformed("more than %d entries", bounds.SourceEntries)
		}
	}
	for i := range l.Entries {
		e := &l.Entries[i]
		if i > 0 && e.Path <= l.Entries[i-1].Path {
			return malformed("%q stands behind %q", e.Path, l.Entries[i-1].Path)
		}
		if err := l.checkEntry(e); err != nil {
			return err
		}
	}
	if err := l.checkApproved("evaluator", evaluators(l)); err != nil {
		return err
	}
	if err := l.checkApproved("instrumenter", l.Instrumenters); err != nil {
		return err
	}
	for i, g := range l.Generated {
		switch {
		case i > 0 && slices.Compare(g.SHA256[:], l.Generated[i-1].SHA256[:]) <= 0:
			return malformed("the code %s is out of order", g.SHA256)
		case g.SHA256.IsZero() || !isLine(g.Reason):
			return malformed("the code %s has no hash or no reason of one line", g.SHA256)
		}
	}
	return nil
}

// checkApproved holds approvals of a kind to the entries that they name.
func (l *List) checkApproved(kind string, all []Instrumenter) error {
	for i, v := range all {
		if i > 0 && v.Path <= all[i-1].Path {
			return malformed("the %s %q stands behind %q", kind, v.Path, all[i-1].Path)
		}
		e, ok := l.Find(v.Path)
		switch {
		case !ok:
			return malformed("the %s %q is no entry", kind, v.Path)
		case e.SHA256 != v.SHA256:
			return malformed("the %s %q has another hash than its entry", kind, v.Path)
		case e.Format != CommonJS && e.Format != Module:
			return malformed("the %s %q is of format %s", kind, v.Path, e.Format)
		case !isLine(v.Reason):
			return malformed("the %s %q has no reason of one line", kind, v.Path)
		}
	}
	return nil
}

func (l *List) checkEntry(e *Entry) error {
	switch {
	case !isPath(e.Path):
		return malformed("%.80q is no path", e.Path)
	case e.SHA256.IsZero():
		return malformed("%q has no hash", e.Path)
	case !slices.Contains(Formats(), e.Format):
		return malformed("%q is of the unknown format %.20q", e.Path, e.Format)
	case len(e.Reasons) == 0 || !slices.Equal(e.Reasons, Ordered(e.Reasons)):
		return malformed("%q has the reasons %.60q", e.Path, e.Reasons)
	case e.Package == "":
		return nil
	}
	if path.Base(e.Package) != "package.json" || !strings.HasPrefix(e.Path, strings.TrimSuffix(e.Package, "package.json")) {
		return malformed("%q is not governed by %.80q", e.Path, e.Package)
	}
	if p, ok := l.Find(e.Package); !ok || p.Format != JSON {
		return malformed("%q, which governs %q, is no entry", e.Package, e.Path)
	}
	return nil
}

// isPath reports whether a path is absolute, clean, of whole characters and not "/".
func isPath(p string) bool {
	return len(p) > 1 && len(p) <= bounds.Path && p[0] == '/' && path.Clean(p) == p && utf8.ValidString(p) && !strings.ContainsRune(p, 0)
}

// isLine reports whether a text is one line that says something.
func isLine(s string) bool {
	if len(s) > bounds.Path || !utf8.ValidString(s) || strings.TrimSpace(s) == "" {
		return false
	}
	return !strings.ContainsFunc(s, unicode.IsControl)
}

// isVersion reports whether a text is a version of Node or the beginning of one.
func isVersion(s string) bool {
	parts := strings.Split(s, ".")
	if len(s) > 20 || len(parts) > 3 {
		return false
	}
	for _, p := range parts {
		if p == "" || strings.Trim(p, "0123456789") != "" || len(p) > 1 && p[0] == '0' {
			return false
		}
	}
	return true
}

package npm

import (
	"path"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

func quote(s string) string { return strconv.Quote(s) }

const rewrite = "run `npm install --package-lock-only` to write the lockfile anew"

// check looks at every entry's path, in the order of their places: no tree can be
// thought of where a path is none. What else may be wrong with an entry is judged
// where it is used (see faults).
func (p *parser) check(l *Lockfile) {
	linked := map[string]bool{}
	for _, e := range l.entries {
		if e.Link && outside(path.Clean(e.Resolved)) {
			linked[path.Clean(e.Resolved)] = true
		}
	}
	for _, e := range l.entries {
		p.checkPath(e, linked)
	}
	p.problems.Sort()
	if p.extra {
		p.problems[len(p.problems)-1].Why += "; there are more problems than these"
	}
}

// checkPath holds the invariant of Tree: a chain of node_modules/NAME, or a folder
// of the project. Linked are the folders outside of the project that links lead to, which
// npm has entries of: none becomes part of a tree (see linkFault and Tree), and what
// package in it is meant has to be read to say so.
func (p *parser) checkPath(e *Entry, linked map[string]bool) {
	named, _, _ := strings.Cut(e.Path, "/node_modules/")
	bad := ""
	switch {
	case len(e.Path) > bounds.Path || strings.Count(e.Path, "/") > bounds.PathDepth:
		bad = "is too long"
	case strings.HasPrefix(e.Path, "/") || strings.ContainsAny(e.Path, "\\:\x00"):
		bad = "is no relative path"
	case path.Clean(e.Path) != e.Path || e.Path == "." || outside(e.Path) && !linked[named]:
		bad = "leaves the project or is not clean"
	}
	if bad == "" {
		folder, chain, found := strings.Cut("/"+e.Path+"/", "/node_modules/")
		for found && bad == "" {
			var name string
			name, chain, found = strings.Cut(chain, "/node_modules/")
			name = strings.TrimSuffix(name, "/")
			if !validName(name) {
				bad = "has " + quote(name) + " where a package name is due"
			}
			if e.Name == "" && !found {
				e.Name = name
			}
		}
		if strings.Contains(strings.ToLower(folder+"/"), "/node_modules/") {
			bad = "has node_modules in another case"
		}
	}
	if bad != "" {
		p.report(CodePath, e.off, &diag.Problem{
			What: "the folder " + quote(e.Path) + " " + bad, Why: "npm writes no such path; files would land where no one looks for them",
			Remedy: "look at how it came in (`git log -p " + diag.Word(p.file) + "`), then " + rewrite,
		})
		return
	}
	if command, ok := e.Bin[""]; ok {
		delete(e.Bin, "")
		e.Bin[path.Base(e.Name)] = command
	}
}

// outside reports whether a path, cleaned, leads out of the project.
func outside(p string) bool {
	return p == ".." || strings.HasPrefix(p, "../") || strings.HasPrefix(p, "/")
}

// local reports whether e is a folder of the project: a workspace or what a link
// points to.
func (e *Entry) local() bool {
	return !strings.HasPrefix(e.Path, "node_modules/") && !strings.Contains(e.Path, "/node_modules/")
}

// ValidName reports whether a name may be a folder of node_modules: see validName.
func ValidName(s string) bool { return validName(s) }

// ValidVersion reports whether a text has only what a version may hold.
func ValidVersion(s string) bool { return validVersion(s) }

// validName reports whether s can be a package's name: URL-safe, one optional
// scope, nothing hidden, not node_modules (validate-npm-package-name, old rules).
func validName(s string) bool {
	if len(s) > 214 {
		return false
	}
	if rest, ok := strings.CutPrefix(s, "@"); ok {
		scope, name, ok := strings.Cut(rest, "/")
		return ok && plainName(scope) && plainName(name)
	}
	return plainName(s)
}

func plainName(s string) bool {
	switch strings.ToLower(s) {
	case "", "node_modules", "favicon.ico":
		return false
	}
	for _, c := range []byte(s) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && !strings.ContainsRune("-_.!~*'()", rune(c)) {
			return false
		}
	}
	return s[0] != '.' && s[0] != '_'
}

// validVersion reports whether s has only what Semantic Versioning allows.
func validVersion(s string) bool {
	for _, c := range []byte(s) {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' && c != '+' {
			return false
		}
	}
	return s != "" && len(s) <= 256
}

package npm

import (
	"encoding/base64"
	"path"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

func quote(s string) string { return strconv.Quote(s) }

const rewrite = "run `npm install --package-lock-only` to write the lockfile anew"

// check looks at every entry, in the order of their places.
func (p *parser) check(l *Lockfile) {
	folded := make(map[string]string, len(l.entries))
	digests := make(map[string]*Entry, len(l.entries))
	if l.root.workspaces {
		p.report(CodeWorkspaces, l.root.off, &diag.Problem{
			What: "the project has workspaces", Why: "nbuild installs one package's dependencies; which of several to install is not supported",
			Remedy: "give the workspace a lockfile of its own: run `npm install --package-lock-only --workspaces=false` in its folder, and name that file in build.hcl: lockfile = \"packages/NAME/package-lock.json\"",
		})
	}
	for _, e := range l.entries {
		if !p.checkPath(e) {
			continue
		}
		if other, ok := folded[strings.ToLower(e.Path)]; ok {
			p.report(CodeCollision, e.off, &diag.Problem{
				What:   "the folders " + quote(other) + " and " + quote(e.Path) + " differ only by case",
				Why:    "on a file system that ignores case, one replaces the other",
				Remedy: "run `npm explain " + e.Name + "` to see who wants it, remove one of the two, then " + rewrite,
			})
		}
		folded[strings.ToLower(e.Path)] = e.Path
		p.checkParent(l, e)
		switch {
		case e.Link:
			p.checkLink(l, e)
		case e.local():
		case !validName(e.Name) || !validVersion(e.Version):
			p.report(CodeEntry, e.off, &diag.Problem{
				What: quote(e.Path) + " has the name " + quote(e.Name) + " and the version " + quote(e.Version), Why: "no registry has such a package",
				Remedy: rewrite,
			})
		case l.Bundler(e) == nil:
			p.checkIntegrity(e)
			p.checkConflict(digests, e)
		}
	}
	p.problems.Sort()
	if p.extra {
		p.problems[len(p.problems)-1].Why += "; there are more problems than these"
	}
}

// checkPath holds the invariant of Tree: a chain of node_modules/NAME, or a folder
// of the project.
func (p *parser) checkPath(e *Entry) bool {
	bad := ""
	switch {
	case len(e.Path) > bounds.Path || strings.Count(e.Path, "/") > bounds.PathDepth:
		bad = "is too long"
	case strings.HasPrefix(e.Path, "/") || strings.ContainsAny(e.Path, "\\:\x00"):
		bad = "is no relative path"
	case path.Clean(e.Path) != e.Path || e.Path == "." || e.Path == ".." || strings.HasPrefix(e.Path, "../"):
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
			Remedy: "look at how it came in (`git log -p " + p.file + "`), then " + rewrite,
		})
		return false
	}
	if command, ok := e.Bin[""]; ok {
		delete(e.Bin, "")
		e.Bin[path.Base(e.Name)] = command
	}
	return true
}

// checkParent reports a package inside a folder that the lockfile does not have.
func (p *parser) checkParent(l *Lockfile, e *Entry) {
	if e.local() {
		return
	}
	if parent, ok := l.byPath[parentPath(e.Path)]; !ok || parent.Link {
		p.report(CodePath, e.off, &diag.Problem{
			What: quote(e.Path) + " stands in a folder that the lockfile does not have", Why: "no package would be there to use it",
			Remedy: rewrite,
		})
	}
}

// local reports whether e is a folder of the project: a workspace or what a link
// points to.
func (e *Entry) local() bool {
	return !strings.HasPrefix(e.Path, "node_modules/") && !strings.Contains(e.Path, "/node_modules/")
}

func (p *parser) checkLink(l *Lockfile, e *Entry) {
	target := path.Clean(e.Resolved)
	at, ok := l.byPath[target]
	bad := ""
	switch {
	case e.Resolved == "" || strings.HasPrefix(target, "/") || target == ".." || strings.HasPrefix(target, "../") || strings.ContainsAny(target, "\\\x00"):
		bad = "leads out of the project"
	case target == "." || strings.HasPrefix(e.Path+"/", target+"/"):
		bad = "leads back to where it stands"
	case !ok:
		bad = "has no entry for its target"
	case at.Link:
		bad = "leads to another link"
	default:
		return
	}
	p.report(CodeLink, e.off, &diag.Problem{
		What: "the link " + quote(e.Path) + " to " + quote(e.Resolved) + " " + bad, Why: "what it stands for can't be known from the lockfile",
		Remedy: "publish the linked package or move it into the project, then " + rewrite,
	})
}

// checkIntegrity asks for one strong digest. A version with only SHA-1 is refused:
// registries have had SHA-512 for all they hold since 2017, so the entry is old and
// can be had anew.
func (p *parser) checkIntegrity(e *Entry) {
	again := "run `npm install " + e.Name + "@" + e.Version + " --package-lock-only`, or delete the entry and " + rewrite
	if strings.HasPrefix(e.Resolved, "git") {
		again = "publish the package to a registry and depend on it there: what a git host packs has no fixed bytes"
	}
	strong, weak := false, false
	for field := range strings.FieldsSeq(e.Integrity) {
		field, _, _ = strings.Cut(field, "?")
		algorithm, sum, _ := strings.Cut(field, "-")
		size := map[string]int{"sha512": 64, "sha384": 48, "sha256": 32}[algorithm]
		raw, err := base64.StdEncoding.DecodeString(sum)
		strong = strong || size > 0 && err == nil && len(raw) == size
		weak = weak || algorithm == "sha1" || algorithm == "md5"
	}
	switch {
	case strong:
	case weak:
		p.report(CodeWeak, e.off, &diag.Problem{
			What: quote(e.Path) + " has no digest better than SHA-1", Why: "two tarballs can be made with one SHA-1; it names nothing",
			Remedy: again,
		})
	default:
		p.report(CodeNoIntegrity, e.off, &diag.Problem{
			What: quote(e.Path) + " is fetched and has no integrity", Why: "whatever the registry or someone on the way sends would be installed",
			Remedy: again,
		})
	}
}

func (p *parser) checkConflict(digests map[string]*Entry, e *Entry) {
	id := e.Name + "@" + e.Version
	other, ok := digests[id]
	if !ok {
		digests[id] = e
		return
	}
	if other.Integrity != e.Integrity {
		p.report(CodeConflict, e.off, &diag.Problem{
			What: id + " has another integrity at " + quote(e.Path) + " than at " + quote(other.Path), Why: "a published version never changes: one of the two is not what its author published",
			Remedy: "compare both with `npm view " + id + " dist.integrity`, delete the wrong entry, then " + rewrite,
		})
	}
}

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

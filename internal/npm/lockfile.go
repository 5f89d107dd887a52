package npm

import (
	"bytes"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// Lockfile is a checked package-lock.json or npm-shrinkwrap.json.
type Lockfile struct {
	File    string // as the user would type it
	Format  int    // lockfileVersion: 2 or 3
	root    *Entry
	entries []*Entry // without the root, by Path, bytewise
	byPath  map[string]*Entry
	legacy  []byte // the value of "dependencies" of a lockfile of version 2

	devEngines *devEngines // of the package.json that it was held against
}

// Root returns the project's own entry: its Path is "" and its dependencies are
// what everything else depends on.
func (l *Lockfile) Root() *Entry { return l.root }

// Entries returns every other entry by Path, bytewise. The caller must not change
// them.
func (l *Lockfile) Entries() []*Entry { return l.entries }

// Find returns the entry of an install path.
func (l *Lockfile) Find(path string) (*Entry, bool) {
	e, ok := l.byPath[path]
	return e, ok
}

// Entry is what the lockfile says about one folder.
type Entry struct {
	Path      string // "node_modules/a/node_modules/@b/c"
	Pos       diag.Pos
	Name      string // of the package, which an alias installs under another name
	Version   string
	Resolved  string // where it was fetched, as written; often left out
	Integrity string // as written, Subresource Integrity; "" of what is not fetched
	Elsewhere string // what names its bytes at other places of the lockfile, where Integrity is weak
	License   string

	Tarball string // the tarball of the project that stands for it, relative to the lockfile's folder: see Pack

	Link             bool // a symbolic link to the folder that Resolved names
	InBundle         bool // part of its bundler's tarball
	HasShrinkwrap    bool // its tarball has a lockfile of its own, which says what stands in it
	HasInstallScript bool
	Deprecated       string

	Dependencies         map[string]string
	DevDependencies      map[string]string
	OptionalDependencies map[string]string
	PeerDependencies     map[string]string
	PeerOptional         map[string]bool   // peers that need not be there
	Accept               map[string]string // ranges that will do as well (acceptDependencies)
	BundleDependencies   []string

	OS, CPU, Libc []string
	Engines       map[string]string
	Bin           map[string]string // command to file, as npm cleans them

	Workspaces []string // patterns of the folders that are members of the workspace

	off     int
	against string // the place whose digest contradicts Integrity
}

// parser is one reading of a lockfile.
type parser struct {
	*strictjson.Reader
	file     string
	problems diag.Problems
	extra    bool // more problems than are shown

	marked    int // the offset up to which lines are counted
	line      int
	lineStart int
}

func newParser(src []byte, file string) *parser {
	return &parser{Reader: strictjson.NewReader(src), file: file}
}

// ReadLockfile reads and checks a lockfile of npm, version 2 or 3. File is its
// name as the user would type it; other package managers' lockfiles are recognised by
// it. The error is a diag.Problems with everything that is wrong.
func ReadLockfile(src []byte, file string) (*Lockfile, error) {
	src = utf8bom.Trim(src)
	if p := foreign(src, file); p != nil {
		return nil, p
	}
	p := newParser(src, file)
	if len(src) > bounds.Lockfile {
		p = newParser(nil, file)
		p.report(CodeSyntax, 0, &diag.Problem{
			What: "the lockfile is larger than 256 MiB", Why: "no project has one of that size",
			Remedy: restore(file),
		})
		return nil, p.problems
	}
	l := p.lockfile()
	if syntax, ok := p.Err().(*strictjson.Error); ok {
		p.broken(CodeSyntax, unreadable(src, file, false, syntax.Err), syntax.Offset)
		return nil, p.problems
	}
	if len(p.problems) == 0 {
		p.check(l)
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	l.complete()
	return l, nil
}

// report adds a problem at an offset, up to the bound of what is shown.
func (p *parser) report(code diag.Code, off int, problem *diag.Problem) {
	if len(p.problems) >= bounds.Problems {
		p.extra = true
		return
	}
	problem.Code, problem.Pos = code, place(p.Source(), p.file, off)
	problem.Snippet = snippet(p.Source(), problem.Pos, off)
	p.problems = append(p.problems, problem)
}

// broken adds the problem of a file that can't be read: where it broke, or where the
// problem already says.
func (p *parser) broken(code diag.Code, problem *diag.Problem, off int) {
	line := problem.Pos.Line
	p.report(code, off, problem)
	if line > 0 {
		problem.Pos = diag.Pos{File: p.file, Line: line}
		problem.Snippet = ""
	}
}

func (p *parser) lockfile() *Lockfile {
	l := &Lockfile{File: p.file, byPath: map[string]*Entry{}}
	seen := map[string]bool{}
	version, versionAt, packages := "", 0, false
	p.Object(func(key string, at int) {
		p.once(seen, key, at)
		switch key {
		case "lockfileVersion":
			p.Peek()
			versionAt = p.Offset()
			version = p.Literal()
			// Another format has other fields: stop before they are misread.
			if !p.Failed() && version != "2" && version != "3" {
				p.version(version, versionAt)
				p.Fail(versionAt, "lockfileVersion %s", version)
			}
		case "packages":
			packages = true
			p.packages(l)
		case "dependencies":
			p.Peek()
			from := p.Offset()
			p.Skip()
			l.legacy = p.Source()[from:p.Offset()]
		default:
			p.Skip()
		}
	})
	p.End()
	switch {
	case len(p.problems) > 0:
		p.Forgive()
	case p.Failed():
	case version == "" || !packages:
		p.version(version, versionAt)
	case l.root == nil:
		p.Fail(0, `"packages" has no entry "" for the project itself`)
	}
	if version == "2" || version == "3" {
		l.Format = int(version[0] - '0')
	}
	slices.SortFunc(l.entries, func(a, b *Entry) int { return strings.Compare(a.Path, b.Path) })
	return l
}

func (p *parser) once(seen map[string]bool, key string, at int) {
	if seen[key] && len(p.problems) >= bounds.Problems {
		p.extra = true
		p.Fail(at, "too many keys stand twice") // junk: read no further
		return
	}
	if seen[key] {
		p.report(CodeDuplicate, at, &diag.Problem{
			What:   "the key " + quote(key) + " stands twice in one object",
			Why:    "which of the two counts differs from reader to reader; a review of one may install the other",
			Remedy: "run `npm install --package-lock-only` to write the lockfile anew, and look at how the second one came in (`git log -p " + diag.Word(p.file) + "`)",
		})
	}
	seen[key] = true
}

func (p *parser) packages(l *Lockfile) {
	p.Object(func(key string, at int) {
		if len(l.entries) >= bounds.Packages {
			p.Fail(at, "more than %d packages", bounds.Packages)
			return
		}
		if l.byPath[key] != nil {
			p.once(map[string]bool{key: true}, key, at)
		}
		e := p.entry()
		e.Path, e.off, e.Pos = key, at, p.mark(at)
		l.byPath[key] = e
		if key == "" {
			l.root = e
			return
		}
		l.entries = append(l.entries, e)
	})
}

// mark is place for offsets that only grow: all calls together cost one pass over
// the text.
func (p *parser) mark(off int) diag.Pos {
	passed := p.Source()[p.marked:off]
	p.line += bytes.Count(passed, []byte("\n"))
	if i := bytes.LastIndexByte(passed, '\n'); i >= 0 {
		p.lineStart = p.marked + i + 1
	}
	p.marked = off
	return diag.Pos{File: p.file, Line: p.line + 1, Column: off - p.lineStart + 1}
}

// Bundler returns the entry whose tarball brings e, or nil where e is fetched by
// itself. What only the project bundles is fetched like everything else.
func (l *Lockfile) Bundler(e *Entry) *Entry {
	if !e.InBundle || e.local() {
		return nil
	}
	for at := parentPath(e.Path); at != ""; at = parentPath(at) {
		parent := l.byPath[at]
		if parent == nil || parent.local() {
			return nil
		}
		if len(parent.BundleDependencies) > 0 && !parent.InBundle {
			return parent
		}
	}
	return nil
}

// parentPath returns the folder that holds the node_modules in which path stands:
// "" for the project, and for the folders of the project itself.
func parentPath(path string) string {
	if i := strings.LastIndex(path, "/node_modules/"); i >= 0 {
		return path[:i]
	}
	return ""
}

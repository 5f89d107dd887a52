package yarn

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/damage"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/locked"
	"github.com/nbuild/nbuild/internal/npm"
	"github.com/nbuild/nbuild/internal/strictjson"
	"github.com/nbuild/nbuild/internal/utf8bom"
)

// entry is what the lockfile says about one version, and which patterns it answers.
type entry struct {
	patterns  []string
	pos       diag.Pos
	name      string // where it can't be told from a pattern
	version   string
	uid       string
	resolved  string // an address, with the SHA-1 of its bytes after a #
	integrity string
	deps      []dep
	optional  []dep

	tarball string // of the project, which stands for it: see Pack
}

// dep is one pattern in its two parts.
type dep struct{ name, spec string }

func (d dep) pattern() string { return d.name + "@" + d.spec }

const restore = "bring the file back as yarn wrote it (`git log -p %s` says how it changed), or write it anew: run `yarn install --ignore-scripts`"

// reader is one reading of a lockfile, line by line.
type reader struct {
	file     string
	entries  map[string]*entry // by pattern
	order    []*entry
	problems diag.Problems
	metadata bool // it is the lockfile of a later yarn

	entry   *entry
	section *[]dep // that lines of four spaces belong to
	skip    bool   // ... to a section that has no say in a tree
	seen    map[string]bool
}

// read reads a lockfile. File is its name as the user would type it.
func read(src []byte, file string) (map[string]*entry, []*entry, error) {
	src = utf8bom.Trim(src)
	r := &reader{file: file, entries: map[string]*entry{}}
	if len(src) > bounds.Lockfile {
		return nil, nil, r.broken(0, "is larger than 256 MiB", "no project has a lockfile of that size")
	}
	number := 0
	for rest := src; len(rest) > 0 && len(r.problems) < bounds.Problems; {
		var raw []byte
		raw, rest, _ = bytes.Cut(rest, []byte("\n"))
		number++
		if err := r.line(string(bytes.TrimSuffix(raw, []byte("\r"))), number); err != nil {
			if d, ok := damage.Of(src); ok {
				return nil, nil, r.broken(d.Line, d.What, d.Why)
			}
			return nil, nil, r.broken(number, "can't be read: "+err.Error(), "yarn writes no such line: it was cut off or edited by hand")
		}
		if r.metadata {
			return nil, nil, berry(file, number)
		}
	}
	if d, ok := damage.Of(src); ok && len(r.order) == 0 {
		return nil, nil, r.broken(d.Line, d.What, d.Why)
	}
	for _, e := range r.order {
		r.whole(e)
	}
	if err := r.problems.Err(); err != nil {
		return nil, nil, err
	}
	return r.entries, r.order, nil
}

func (r *reader) broken(line int, what, why string) error {
	return diag.Problems{{
		Code: npm.CodeSyntax, Pos: diag.Pos{File: r.file, Line: line}, What: r.file + " " + what, Why: why,
		Remedy: fmt.Sprintf(restore, diag.Word(r.file)),
	}}
}

// berry refuses the lockfile of yarn 2 and later.
func berry(file string, line int) error {
	return diag.Problems{{
		Code: npm.CodeFormat, Pos: diag.Pos{File: file, Line: line}, What: "this is a lockfile of yarn 2 or later (__metadata)",
		Why:    "nbuild reads yarn.lock of version 1; the later one names each package by a digest of a zip file that yarn makes itself, and says nothing of the tarball",
		Remedy: "run `npm install --package-lock-only` beside package.json, commit package-lock.json, and name it in the npm block: lockfile = \"package-lock.json\"; compare the versions in both files, as npm resolves anew what it can't take over",
	}}
}

func (r *reader) report(pos diag.Pos, code diag.Code, what, why, remedy string) {
	if len(r.problems) < bounds.Problems {
		r.problems = append(r.problems, &diag.Problem{Code: code, Pos: pos, What: what, Why: why, Remedy: remedy})
	}
}

var (
	errIndent = errors.New("its indentation is none of 0, 2 and 4 spaces")
	errLoose  = errors.New("it belongs to no entry")
	errValue  = errors.New("a value is due")
	errExtra  = errors.New("there is something after its end")
	errColon  = errors.New("a colon is due")
	errText   = errors.New("a text is due")
)

// line reads one line by its indentation: patterns, a field of them, a dependency.
func (r *reader) line(text string, number int) error {
	if !utf8.ValidString(text) {
		return errors.New("it is no UTF-8")
	}
	body := strings.TrimLeft(text, " ")
	if body == "" {
		return nil
	}
	if body[0] == '#' {
		version, ok := strings.CutPrefix(strings.TrimSpace(body[1:]), "yarn lockfile v")
		if ok && version != "1" {
			return fmt.Errorf("lockfile version %s is not known", version)
		}
		return nil
	}
	switch len(text) - len(body) {
	case 0:
		return r.patterns(body, number)
	case 2:
		return r.field(body, number)
	case 4:
		return r.dependency(body, number)
	}
	return errIndent
}

// patterns reads the line that begins an entry: `a@^1.0.0, "a@>=1 <2":`.
func (r *reader) patterns(body string, number int) error {
	e := &entry{pos: diag.Pos{File: r.file, Line: number, Column: 1}}
	for {
		text, rest, err := token(body)
		if err != nil {
			return err
		}
		e.patterns, body = append(e.patterns, text), strings.TrimLeft(rest, " ")
		if more, ok := strings.CutPrefix(body, ","); ok {
			body = strings.TrimLeft(more, " ")
			continue
		}
		break
	}
	if strings.TrimRight(body, " ") != ":" {
		return errColon
	}
	if e.patterns[0] == "__metadata" {
		r.metadata = true
		return nil
	}
	if len(r.order) >= bounds.Packages {
		return fmt.Errorf("there are more than %d entries", bounds.Packages)
	}
	for _, p := range e.patterns {
		if r.entries[p] != nil {
			r.twice(p, e.pos)
		}
		r.entries[p] = e
	}
	r.order, r.entry, r.section, r.skip, r.seen = append(r.order, e), e, nil, false, map[string]bool{}
	return nil
}

func (r *reader) twice(key string, pos diag.Pos) {
	r.report(pos, npm.CodeDuplicate, "the key "+strconv.Quote(key)+" stands twice", "which of the two counts differs from reader to reader; a review of one may install the other",
		"run `yarn install --ignore-scripts` to write the lockfile anew, and look at how the second one came in (`git log -p "+diag.Word(r.file)+"`)")
}

// field reads one line of an entry: `version "1.0.0"`, or `dependencies:`.
func (r *reader) field(body string, number int) error {
	if r.entry == nil {
		return errLoose
	}
	key, rest, err := token(body)
	if err != nil {
		return err
	}
	if r.seen[key] {
		r.twice(key, diag.Pos{File: r.file, Line: number, Column: 3})
	}
	r.seen[key], r.section, r.skip = true, nil, false
	if strings.TrimRight(rest, " ") == ":" {
		switch key {
		case "dependencies":
			r.section = &r.entry.deps
		case "optionalDependencies":
			r.section = &r.entry.optional
		default:
			r.skip = true
		}
		return nil
	}
	text, err := value(rest)
	if err != nil {
		return err
	}
	switch key {
	case "name":
		r.entry.name = text
	case "version":
		r.entry.version = text
	case "uid":
		r.entry.uid = text
	case "resolved":
		r.entry.resolved = text
	case "integrity":
		r.entry.integrity = text
	}
	return nil
}

// dependency reads one line of a section: `lodash "^4.17.0"`.
func (r *reader) dependency(body string, number int) error {
	if r.section == nil && !r.skip {
		return errLoose
	}
	key, rest, err := token(body)
	if err != nil {
		return err
	}
	text, err := value(rest)
	if err != nil || r.skip {
		return err
	}
	for _, d := range *r.section {
		if d.name == key {
			r.twice(key, diag.Pos{File: r.file, Line: number, Column: 5})
		}
	}
	if len(*r.section) >= bounds.ArchiveEntries {
		return errors.New("there are too many dependencies")
	}
	*r.section = append(*r.section, dep{key, text})
	return nil
}

// value reads what stands after a key, to the end of the line.
func value(rest string) (string, error) {
	rest = strings.TrimPrefix(rest, ":")
	if !strings.HasPrefix(rest, " ") {
		return "", errValue
	}
	text, rest, err := token(strings.TrimLeft(rest, " "))
	if err == nil && strings.Trim(rest, " ") != "" {
		err = errExtra
	}
	return text, err
}

// token reads one text, in quotes as JSON has them or bare: without space, comma and colon.
func token(s string) (text, rest string, err error) {
	if strings.HasPrefix(s, `"`) {
		for i := 1; i < len(s); i++ {
			switch s[i] {
			case '\\':
				i++
			case '"':
				text, err := unquote(s[:i+1])
				return text, s[i+1:], err
			}
		}
		return "", "", errors.New("a quote is not closed")
	}
	i := strings.IndexAny(s, " ,:\t\"")
	if i < 0 {
		i = len(s)
	}
	if i == 0 {
		return "", "", errText
	}
	return s[:i], s[i:], nil
}

// unquote reads one JSON string; what it stands for is mostly what stands there.
func unquote(s string) (string, error) {
	if inner := s[1 : len(s)-1]; !strings.ContainsAny(inner, "\\\"") && strings.IndexFunc(inner, func(r rune) bool { return r < 0x20 }) < 0 {
		return inner, nil
	}
	r := strictjson.NewReader([]byte(s))
	text := r.Text()
	if r.End(); r.Failed() {
		return "", errors.New("a text in quotes is broken")
	}
	return text, nil
}

// whole reports an entry that lacks what makes it one.
func (r *reader) whole(e *entry) {
	name, spec := split(e.patterns[0])
	if e.name != "" {
		name = e.name
	}
	if npm.ValidName(name) && npm.ValidVersion(e.version) {
		return
	}
	if strings.HasPrefix(spec, "link:") {
		return // it may have no version, and is judged where it is used
	}
	r.report(e.pos, npm.CodeEntry, strconv.Quote(e.patterns[0])+" has the name "+strconv.Quote(name)+" and the version "+strconv.Quote(e.version),
		"no registry has such a package", fmt.Sprintf(restore, diag.Word(r.file)))
}

// split parts a pattern into a name and what is asked of it, "" for nothing.
func split(pattern string) (name, spec string) {
	if at := strings.IndexByte(pattern[min(1, len(pattern)):], '@'); at >= 0 {
		return pattern[:at+1], pattern[at+2:]
	}
	return pattern, ""
}

// relock is yarn's command that writes the lockfile anew.
var relock = "run `" + locked.Yarn.Relock() + "`"

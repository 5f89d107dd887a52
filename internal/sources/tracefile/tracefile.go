// Package tracefile is nbuild.trace: what production code was seen to load while the
// project's tests ran, in one text file that is committed and reviewed.
//
// A list that came from a run can't be made again from the sources, so it has to be
// an input of the build like any other: written once, by `nbuild trace --run`, looked
// at by a person, and read by every build after. It holds no path of the machine it
// was made on; every file is named relative to the project's folder and has the hash
// of the bytes that were loaded, so that a build can find out which of it is stale.
//
// The strings that became code stand in it for a person to approve one by one in
// build.hcl; standing here approves none.
//
// The invariant: there is one way to write it. [Parse] of f.Format() gives f, and for
// every src that Parse takes, Format gives src back. It is nbuild.trace-file/v1 of
// docs/formats.md.
package tracefile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
)

// Name is what the file is called, in the project's folder.
const Name = "nbuild.trace"

// Schema is the name that the file carries.
const Schema = "nbuild.trace-file/v1"

// ErrMalformed is held by every error of a file that is not one of
// nbuild.trace-file/v1.
var ErrMalformed = errors.New("no trace file of version 1")

// File is a trace.
type File struct {
	Command []string // what ran
	Entries []string // where production starts, sorted
	Files   []Loaded // sorted by path
	Code    []Code   // sorted by hash, then by who asked
}

// Loaded is a file that production code loaded.
type Loaded struct {
	Path   string         `json:"path"` // relative to the project's folder
	SHA256 cas.Digest     `json:"sha256"`
	Format sources.Format `json:"format"`
	From   []string       `json:"from"` // the files that asked for it, sorted
}

// Code is a string that became code.
type Code struct {
	SHA256 cas.Digest `json:"sha256"`
	Way    string     `json:"way"` // eval, function, vm or worker
	From   string     `json:"from"`
	Size   int64      `json:"size"`
	Text   string     `json:"text"` // how it begins, one line
}

// Ways lists the ways in which a string becomes code.
func Ways() []string { return []string{"eval", "function", "vm", "worker"} }

// Excerpt cuts a text to one line that may stand in a trace file.
func Excerpt(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == utf8.RuneError || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, text)
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) > bounds.ExcerptRunes {
		runes = append(runes[:bounds.ExcerptRunes-1], '…')
	}
	return string(runes)
}

// Format writes the file: an element a line, no other space.
func (f *File) Format() ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	return f.write(), nil
}

func (f *File) write() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"schema":%s,"command":%s,"entries":%s`, text(Schema), text(f.Command), text(f.Entries))
	list(&b, "files", f.Files)
	list(&b, "code", f.Code)
	b.WriteString("}\n")
	return b.Bytes()
}

func list[T any](b *bytes.Buffer, name string, all []T) {
	fmt.Fprintf(b, ",\n%s:[", text(name))
	for i, v := range all {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		b.Write(text(v))
	}
	if len(all) > 0 {
		b.WriteByte('\n')
	}
	b.WriteByte(']')
}

// text is a value in JSON, with <, > and & as they are. None of the values can fail.
func text(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// Parse reads what Format writes and nothing else. Errors hold ErrMalformed.
func Parse(src []byte) (*File, error) {
	if len(src) > bounds.Sources {
		return nil, malformed("more than %d bytes", bounds.Sources)
	}
	var t struct {
		Schema  string   `json:"schema"`
		Command []string `json:"command"`
		Entries []string `json:"entries"`
		Files   []Loaded `json:"files"`
		Code    []Code   `json:"code"`
	}
	dec := json.NewDecoder(bytes.NewReader(src))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&t); err != nil {
		return nil, malformed("%v", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, malformed("text behind its end")
	}
	if t.Schema != Schema {
		return nil, malformed("its schema is %.60q", t.Schema)
	}
	f := &File{Command: t.Command, Entries: t.Entries, Files: t.Files, Code: t.Code}
	if err := f.check(); err != nil {
		return nil, err
	}
	if !bytes.Equal(f.write(), src) {
		return nil, malformed("it is not spelled as nbuild spells it")
	}
	return f, nil
}

func malformed(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrMalformed, fmt.Sprintf(format, args...))
}

func (f *File) check() error {
	if len(f.Files) > bounds.SourceEntries || len(f.Code) > bounds.SourceEntries {
		return malformed("more than %d elements", bounds.SourceEntries)
	}
	if len(f.Command) == 0 {
		return malformed("no command")
	}
	if err := paths("an entry", f.Entries); err != nil {
		return err
	}
	for i, l := range f.Files {
		switch {
		case !isPath(l.Path):
			return malformed("%.80q is no path", l.Path)
		case i > 0 && l.Path <= f.Files[i-1].Path:
			return malformed("%q stands behind %q", l.Path, f.Files[i-1].Path)
		case l.SHA256.IsZero() || l.Format == sources.Library || !slices.Contains(sources.Formats(), l.Format):
			return malformed("%q has no hash, or the format %.20q", l.Path, l.Format)
		}
		if err := paths("a parent of "+l.Path, l.From); err != nil {
			return err
		}
	}
	for i, c := range f.Code {
		switch {
		case i > 0 && compareCode(f.Code[i-1], c) >= 0:
			return malformed("the code %s is out of order", c.SHA256)
		case c.SHA256.IsZero() || !slices.Contains(Ways(), c.Way) || c.Size < 0 || !isPath(c.From):
			return malformed("the code %s is not whole", c.SHA256)
		case c.Text != Excerpt(c.Text):
			return malformed("the text of %s is no excerpt", c.SHA256)
		}
	}
	return nil
}

func paths(what string, all []string) error {
	if all == nil {
		return malformed("%s is null", what)
	}
	for i, p := range all {
		if !isPath(p) || i > 0 && p <= all[i-1] {
			return malformed("%s, %.80q, is no path or out of order", what, p)
		}
	}
	return nil
}

func isPath(p string) bool { return p != "." && len(p) <= bounds.Path && fs.ValidPath(p) }

// Sort brings a file into the order in which it is written.
func (f *File) Sort() {
	slices.Sort(f.Entries)
	slices.SortFunc(f.Files, func(a, b Loaded) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(f.Code, compareCode)
	f.Code = slices.CompactFunc(f.Code, func(a, b Code) bool { return compareCode(a, b) == 0 })
}

func compareCode(a, b Code) int {
	if c := slices.Compare(a.SHA256[:], b.SHA256[:]); c != 0 {
		return c
	}
	if c := strings.Compare(a.From, b.From); c != 0 {
		return c
	}
	return strings.Compare(a.Way, b.Way)
}

// Package catalogue is what a replica of npm packages has, and what it answers to each
// request: the npm registry protocol, reading only, worked out before anybody asks.
//
// Two programs answer by it. One is nbuild, with a server of the standard library; the other is
// the sandbox's helper, which brings a server of its own for build steps and has to stay
// small. So nothing here opens a socket or a file: a request is a few texts, and an answer
// names a part of the documents, or a tarball by its digest.
//
// A path is looked up whole, once decoded. No path is joined to a folder anywhere, so there is
// nothing that one with ".." in it could lead to, and a request that asks for another server is
// answered as what it is: this is no proxy.
//
// The invariant: the answer to a request is a function of the catalogue and the request, and
// names nothing that the catalogue does not list.
package catalogue

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Kind is what stands at a path.
type Kind string

// The kinds of entry.
const (
	Full    Kind = "full"    // a package's document
	Short   Kind = "short"   // what an install needs of it
	Part    Kind = "part"    // of a package's document: one version, or the tags
	Tarball Kind = "tarball" // a package's file
)

// Entry is what stands at a path: a part of the documents, or a tarball.
type Entry struct {
	Kind   Kind
	Path   string // as it is decoded: "/@scope/name"
	Offset int64  // of a part of the documents, in bytes
	Size   int64  // in bytes
	SHA256 string // of a tarball, 64 digits: what its file is called
}

// Catalogue is all that a replica has. It does not change once made, and is safe for use by
// many at once.
type Catalogue struct {
	Entries []Entry

	at    map[string]*Entry
	short map[string]*Entry
}

// form is the first line of a catalogue that is written down.
const form = "nbuild-replica 1"

// New makes a catalogue. One path has one entry; a package's two documents share theirs.
func New(entries []Entry) (*Catalogue, error) {
	c := &Catalogue{Entries: entries, at: make(map[string]*Entry, len(entries)), short: map[string]*Entry{}}
	for i := range entries {
		e := &entries[i]
		table := c.at
		if e.Kind == Short {
			table = c.short
		}
		if table[e.Path] != nil {
			return nil, fmt.Errorf("making a catalogue: %q stands in it twice", e.Path)
		}
		table[e.Path] = e
	}
	return c, nil
}

// Format writes a catalogue, a line an entry.
func (c *Catalogue) Format() []byte {
	b := []byte(form + "\n")
	for _, e := range c.Entries {
		if e.Kind == Tarball {
			b = fmt.Appendf(b, "%s %s %d %s\n", e.Kind, e.SHA256, e.Size, strconv.Quote(e.Path))
		} else {
			b = fmt.Appendf(b, "%s %d %d %s\n", e.Kind, e.Offset, e.Size, strconv.Quote(e.Path))
		}
	}
	return b
}

var errForm = errors.New("malformed catalogue")

// Parse reads what Format wrote.
func Parse(text string) (*Catalogue, error) {
	first, rest, _ := strings.Cut(text, "\n")
	if first != form {
		return nil, fmt.Errorf("%w: its first line is %.40q", errForm, first)
	}
	var entries []Entry
	for line := range strings.Lines(rest) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), " ", 4)
		if len(f) != 4 {
			return nil, fmt.Errorf("%w: %.80q", errForm, line)
		}
		e := Entry{Kind: Kind(f[0])}
		var whole [3]error
		switch e.Kind {
		case Full, Short, Part:
			e.Offset, whole[0] = number(f[1])
		case Tarball:
			if e.SHA256 = f[1]; len(e.SHA256) != 64 || strings.Trim(e.SHA256, "0123456789abcdef") != "" {
				return nil, fmt.Errorf("%w: %.80q", errForm, line)
			}
		default:
			return nil, fmt.Errorf("%w: %.80q", errForm, line)
		}
		e.Size, whole[1] = number(f[2])
		e.Path, whole[2] = strconv.Unquote(f[3])
		if err := errors.Join(whole[:]...); err != nil {
			return nil, fmt.Errorf("%w: %.80q: %w", errForm, line, err)
		}
		entries = append(entries, e)
	}
	return New(entries)
}

func number(text string) (int64, error) {
	n, err := strconv.ParseUint(text, 10, 63)
	return int64(n), err
}

// What the folder of a replica in a step's input root holds: the catalogue, the documents, and
// each tarball under its SHA-256.
const (
	ListFile      = "catalogue"
	DocumentsFile = "documents"
)

// StepAddress is where a step finds its replica: a port that the kernel gives to nobody who
// asks for any.
const (
	StepHost    = "127.0.0.1"
	StepAddress = StepHost + ":61873"
)

// StepBase is what tarballs are named by in a step.
const StepBase = "http://" + StepAddress + "/"

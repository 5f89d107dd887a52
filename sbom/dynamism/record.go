package dynamism

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// Version names how artefacts are analysed. It is part of the key under which
// results are kept, so it changes whenever the same artefact would give another
// Package (TestAnalysisHasANewVersionWhenItsResultsChange).
const Version = "5"

// ErrRecord reports a record that is not in its form.
var ErrRecord = errors.New("malformed inventory record")

// The headers of the two records: findings are read for every BOM, calls only where
// rules ask about them.
const (
	findingsHeader = "nbuild-findings 1\n"
	callsHeader    = "nbuild-calls 1\n"
)

// EncodeFindings writes what OfArtefact returned, less the calls. Every text stands
// once, in a table; numbers are varints.
func EncodeFindings(packages []Package) []byte {
	w := newRecorder()
	w.uint(len(packages))
	for i := range packages {
		p := &packages[i]
		w.text(p.Path)
		w.uint(p.Files)
		w.body = binary.AppendUvarint(w.body, uint64(p.Bytes))
		w.uint(len(p.Findings))
		for _, f := range p.Findings {
			w.text(string(f.Kind))
			w.text(f.File)
			w.uint(f.Line)
			w.uint(f.Column)
			w.text(f.Excerpt)
			w.text(f.Symbol)
			w.text(f.Through)
		}
		w.uint(len(p.Unparsed))
		for _, u := range p.Unparsed {
			w.text(u.File)
			w.uint(u.Line)
			w.uint(u.Column)
			w.text(u.Why)
		}
	}
	return w.record(findingsHeader)
}

// DecodeFindings reads what EncodeFindings wrote. Errors hold ErrRecord.
func DecodeFindings(src []byte) ([]Package, error) {
	r, err := newReader(src, findingsHeader)
	if err != nil {
		return nil, err
	}
	packages := make([]Package, r.count(5))
	for i := range packages {
		p := &packages[i]
		p.Path, p.Files, p.Bytes = r.text(), r.uint(), int64(r.uint())
		if n := r.count(7); n > 0 {
			p.Findings = make([]source.Finding, n)
		}
		for j := range p.Findings {
			p.Findings[j] = source.Finding{
				Kind: source.Kind(r.text()), File: r.text(), Line: r.uint(), Column: r.uint(),
				Excerpt: r.text(), Symbol: r.text(), Through: r.text(),
			}
		}
		if n := r.count(4); n > 0 {
			p.Unparsed = make([]Unparsed, n)
		}
		for j := range p.Unparsed {
			p.Unparsed[j] = Unparsed{File: r.text(), Line: r.uint(), Column: r.uint(), Why: r.text()}
		}
	}
	return packages, r.end()
}

// EncodeCalls writes the calls of what OfArtefact returned.
func EncodeCalls(packages []Package) []byte {
	w := newRecorder()
	w.uint(len(packages))
	for i := range packages {
		w.text(packages[i].Path)
		w.uint(len(packages[i].Calls))
		for j := range packages[i].Calls {
			w.call(&packages[i].Calls[j])
		}
	}
	return w.record(callsHeader)
}

func (w *recorder) call(c *Call) {
	w.text(c.File)
	w.uint(c.Line)
	w.uint(c.Column)
	w.text(c.Excerpt)
	w.texts(c.Callees)
	w.text(c.Method)
	w.flag(c.New)
	w.flag(c.Assign)
	w.text(c.Target)
	w.flag(c.Compared)
	w.uint(len(c.Arguments))
	for _, a := range c.Arguments {
		w.text(string(a.Shape))
		w.texts(a.Values)
		w.uint(len(a.Properties))
		for _, p := range a.Properties {
			w.text(p.Name)
			w.text(p.Value)
			w.flag(p.Built)
		}
	}
}

// DecodeCalls reads what EncodeCalls wrote into the packages of the same artefact.
// Errors hold ErrRecord.
func DecodeCalls(src []byte, packages []Package) error {
	r, err := newReader(src, callsHeader)
	if err != nil {
		return err
	}
	if n := r.count(2); n != len(packages) {
		return fmt.Errorf("%w: %d packages, not %d", ErrRecord, n, len(packages))
	}
	for i := range packages {
		if name := r.text(); name != packages[i].Path {
			return fmt.Errorf("%w: %q, not %q", ErrRecord, name, packages[i].Path)
		}
		packages[i].Calls = nil
		if n := r.count(10); n > 0 {
			packages[i].Calls = make([]Call, n)
		}
		for j := range packages[i].Calls {
			packages[i].Calls[j] = r.call()
		}
	}
	return r.end()
}

func (r *reader) call() Call {
	c := Call{File: r.text(), CallSite: source.CallSite{
		Line: r.uint(), Column: r.uint(), Excerpt: r.text(), Callees: r.texts(), Method: r.text(),
		New: r.flag(), Assign: r.flag(), Target: r.text(), Compared: r.flag(),
	}}
	if n := r.count(3); n > 0 {
		c.Arguments = make([]source.Argument, n)
	}
	for i := range c.Arguments {
		a := &c.Arguments[i]
		a.Shape, a.Values = source.Shape(r.text()), r.texts()
		if n := r.count(2); n > 0 {
			a.Properties = make([]source.Property, n)
		}
		for j := range a.Properties {
			a.Properties[j] = source.Property{Name: r.text(), Value: r.text(), Built: r.flag()}
		}
	}
	return c
}

// recorder makes a record.
type recorder struct {
	places map[string]int
	table  []byte
	body   []byte
}

func newRecorder() *recorder { return &recorder{places: map[string]int{}} }

func (w *recorder) uint(n int) { w.body = binary.AppendUvarint(w.body, uint64(max(n, 0))) }

func (w *recorder) flag(b bool) {
	n := 0
	if b {
		n = 1
	}
	w.uint(n)
}

func (w *recorder) text(s string) {
	at, ok := w.places[s]
	if !ok {
		at = len(w.places)
		w.places[s] = at
		w.table = binary.AppendUvarint(w.table, uint64(len(s)))
		w.table = append(w.table, s...)
	}
	w.uint(at)
}

func (w *recorder) texts(list []string) {
	w.uint(len(list))
	for _, s := range list {
		w.text(s)
	}
}

func (w *recorder) record(header string) []byte {
	out := make([]byte, 0, len(header)+2*binary.MaxVarintLen64+len(w.table)+len(w.body))
	out = append(out, header...)
	out = binary.AppendUvarint(out, uint64(len(w.places)))
	out = append(out, w.table...)
	return append(out, w.body...)
}

// reader reads a record. What is wrong with it is reported at its end.
type reader struct {
	src  string
	at   int
	list []string
	bad  bool
}

func newReader(src []byte, header string) (*reader, error) {
	if len(src) > bounds.Record {
		return nil, fmt.Errorf("%w: %d bytes, over the bound of %d", ErrRecord, len(src), bounds.Record)
	}
	r := &reader{src: string(src)} // one copy, which every text is a part of
	if len(r.src) < len(header) || r.src[:len(header)] != header {
		return nil, fmt.Errorf("%w: it does not begin with %q", ErrRecord, header)
	}
	r.at = len(header)
	r.list = make([]string, r.count(1))
	for i := range r.list {
		n := r.count(1)
		r.list[i] = r.src[r.at : r.at+n]
		r.at += n
	}
	if r.bad {
		return nil, r.end()
	}
	return r, nil
}

func (r *reader) uint() int {
	var n uint64
	for shift := 0; r.at < len(r.src) && shift < 63; shift += 7 {
		b := r.src[r.at]
		r.at++
		n |= uint64(b&0x7f) << shift
		if b < 0x80 {
			if n > math.MaxInt {
				break
			}
			return int(n)
		}
	}
	r.bad = true
	r.at = len(r.src)
	return 0
}

// count reads how many follow, each of which takes so many bytes at least: what is
// made for them is bounded by the record's own length.
func (r *reader) count(each int) int {
	n := r.uint()
	if n > (len(r.src)-r.at)/each {
		r.bad = true
		r.at = len(r.src)
		return 0
	}
	return n
}

func (r *reader) flag() bool { return r.uint() == 1 }

func (r *reader) text() string {
	i := r.uint()
	if i >= len(r.list) {
		r.bad = true
		return ""
	}
	return r.list[i]
}

func (r *reader) texts() []string {
	n := r.count(1)
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	for i := range out {
		out[i] = r.text()
	}
	return out
}

func (r *reader) end() error {
	switch {
	case r.bad:
		return fmt.Errorf("%w: it is cut off, or names what is not there", ErrRecord)
	case r.at != len(r.src):
		return fmt.Errorf("%w: %d bytes after its end", ErrRecord, len(r.src)-r.at)
	}
	return nil
}

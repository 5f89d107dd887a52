package scan

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path"
	"strings"

	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// Answer is nbuild.scan/v1.
type Answer struct {
	Schema   string         `json:"schema"`
	Files    int            `json:"files"`
	Bytes    int64          `json:"bytes"`
	Unparsed []Unparsed     `json:"unparsed"`
	Totals   map[string]int `json:"totals"` // findings by kind
	Packages []Package      `json:"packages"`
}

// Unparsed is a file, or a place in one, that could not be read.
type Unparsed struct {
	Purl string `json:"purl"`
	Path string `json:"path"`
	dynamism.Unparsed
}

// Package is what was found in a package.
type Package struct {
	Purl     string           `json:"purl"`
	Path     string           `json:"path"`
	Files    int              `json:"files"`
	Findings []source.Finding `json:"findings"`
}

// Answer gives the result in its printed shape.
func (r *Result) Answer() *Answer {
	out := &Answer{Schema: "nbuild.scan/v1", Unparsed: []Unparsed{}, Totals: map[string]int{}, Packages: []Package{}}
	for i := range r.Packages {
		p := &r.Packages[i]
		out.Files += p.Files
		out.Bytes += p.Bytes
		for _, u := range p.Unparsed {
			out.Unparsed = append(out.Unparsed, Unparsed{p.Purl, p.Path, u})
		}
		one := Package{Purl: p.Purl, Path: p.Path, Files: p.Files, Findings: p.Findings}
		if one.Findings == nil {
			one.Findings = []source.Finding{}
		}
		out.Packages = append(out.Packages, one)
	}
	for _, c := range r.Totals() {
		out.Totals[string(c.Kind)] = c.Sites
	}
	return out
}

// JSON prints nbuild.scan/v1.
func (r *Result) JSON() ([]byte, error) { return encode(r.Answer()) }

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("encoding the scan: %w", err)
	}
	return b.Bytes(), nil
}

// place writes where a finding stands, as editors and terminals open it.
func (r *Result) place(p *dynamism.Package, file string, line, column int) string {
	at := printable(r.Base + path.Join(p.Path, file))
	if line > 0 {
		at += fmt.Sprintf(":%d:%d", line, column)
	}
	return at
}

// Text prints a summary of at most twelve lines, the findings by package, each with its
// place and its source line, what was not read, and the totals. The project's own files
// come first, what stands in tests of packages last.
func (r *Result) Text() string {
	var b strings.Builder
	for _, line := range r.summary() {
		b.WriteString(line + "\n")
	}
	if b.Len() > 0 {
		b.WriteString("\n")
	}
	files, size, places := 0, int64(0), 0
	for i := range r.Packages {
		p := &r.Packages[i]
		files += p.Files
		size += p.Bytes
		places += len(p.Unparsed)
	}
	for _, at := range []int{inOwn, inPackages, inTests} {
		for i := range r.Packages {
			r.findings(&b, &r.Packages[i], at)
		}
	}
	if places > 0 {
		b.WriteString("not read:\n")
		for i := range r.Packages {
			p := &r.Packages[i]
			for _, u := range p.Unparsed {
				fmt.Fprintf(&b, "  %s: %s\n", r.place(p, u.File, u.Line, u.Column), printable(u.Why))
			}
		}
		b.WriteString("\n")
	}
	if totals := r.Totals(); len(totals) > 0 {
		for _, c := range totals {
			fmt.Fprintf(&b, "%8d %s\n", c.Sites, c.Kind)
		}
		b.WriteString("\n")
	} else {
		b.WriteString("nothing found\n")
	}
	fmt.Fprintf(&b, "%s, %s, %.1f MB", countOf(len(r.Packages), "package"), countOf(files, "file"), float64(size)/1e6)
	if places > 0 {
		fmt.Fprintf(&b, ", %s not read", countOf(places, "place"))
	}
	b.WriteString("\n")
	return b.String()
}

// findings prints what was found in a package on one side.
func (r *Result) findings(b *strings.Builder, p *dynamism.Package, at int) {
	begun := false
	for i := range p.Findings {
		f := &p.Findings[i]
		if r.side(p, f) != at {
			continue
		}
		if !begun {
			begun = true
			b.WriteString(title(p))
			if at == inTests {
				b.WriteString("  (tests)")
			}
			b.WriteString("\n")
		}
		fmt.Fprintf(b, "  %s: %s", r.place(p, f.File, f.Line, f.Column), f.Kind)
		if f.Through != "" {
			b.WriteString(" through " + printable(f.Through))
		}
		b.WriteString("\n      " + printable(strings.TrimSpace(f.Excerpt)) + "\n")
	}
	if begun {
		b.WriteString("\n")
	}
}

func countOf(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// printable writes what a package chose so that a terminal shows it and does not
// obey it.
func printable(text string) string {
	return strings.Map(func(c rune) rune {
		switch {
		case c == '\t':
			return ' '
		case c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0, c >= 0x200b && c <= 0x200f, c >= 0x202a && c <= 0x202e, c >= 0x2066 && c <= 0x2069, c == 0xfeff:
			return '\uFFFD'
		}
		return c
	}, text)
}

// title names a package for a person.
func title(p *dynamism.Package) string {
	switch {
	case p.Purl == "" && p.Path == "":
		return "own files"
	case p.Purl == "":
		return printable(p.Path)
	case p.Path == "":
		return printable(p.Purl)
	}
	return printable(p.Purl + "  " + p.Path)
}

package snapshot

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/damage"
	"github.com/nbuild/nbuild/internal/diag"
)

const (
	remedyPin    = "run `nbuild pin` to write the file anew; don't edit it by hand"
	remedyNewer  = "install the nbuild that wrote the file, or run `nbuild pin` with this one"
	whyCanonical = "nbuild.lock has one canonical form, so that its digest names the snapshot and nothing can hide in it"
)

// Parse reads an nbuild.lock. File is its name in problems. It reports every bad
// line at once, up to bounds.Problems of them.
func Parse(src []byte, file string) (*Lock, error) {
	if len(src) > bounds.Snapshot {
		return nil, diag.Problems{{
			Code: CodeLockSyntax, Pos: diag.Pos{File: file},
			What:   fmt.Sprintf("the snapshot has %d bytes, over the bound of %d", len(src), bounds.Snapshot),
			Why:    "a file of that size was not written by nbuild",
			Remedy: remedyPin,
		}}
	}
	if d, ok := damage.Of(src); ok && !bytes.HasPrefix(src, []byte(header+"\n")) || ok && d.Kind == damage.Merge {
		return nil, diag.Problems{{
			Code: CodeLockSyntax, Pos: diag.Pos{File: file, Line: d.Line}, What: file + " " + d.What, Why: d.Why, Remedy: remedyPin,
		}}
	}
	head, rest, ended := bytes.Cut(src, []byte("\n"))
	if p := checkHeader(string(head), file); p != nil {
		return nil, diag.Problems{p}
	}
	if !ended {
		return nil, diag.Problems{{
			Code: CodeLockSyntax, Pos: diag.Pos{File: file, Line: 1},
			What: "the last line has no line break", Why: whyCanonical, Remedy: remedyPin,
		}}
	}
	p := parser{file: file}
	l := &Lock{text: bytes.Clone(src)}
	for number, text := 2, rest; len(text) > 0 && len(p.problems) < bounds.Problems; number++ {
		var raw []byte
		var ended bool
		raw, text, ended = bytes.Cut(text, []byte("\n"))
		if a, ok := p.line(number, string(raw), ended); ok {
			l.artefacts = append(l.artefacts, a)
		}
	}
	if err := p.problems.Err(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(l.artefacts, compare)
	for i := 1; i < len(l.artefacts); i++ {
		if compare(l.artefacts[i-1], l.artefacts[i]) == 0 {
			return nil, diag.Problems{{
				Code: CodeLockConflict, Pos: diag.Pos{File: file},
				What:   l.artefacts[i].ID() + " is pinned twice",
				Why:    "which of the two a build would take is not clear from the file",
				Remedy: remedyPin,
			}}
		}
	}
	return l, nil
}

func checkHeader(head, file string) *diag.Problem {
	if head == header {
		return nil
	}
	pos := diag.Pos{File: file, Line: 1}
	if version, ok := strings.CutPrefix(head, "nbuild-lock "); ok && strings.Trim(version, "0123456789") == "" {
		return &diag.Problem{
			Code: CodeLockVersion, Pos: pos,
			What:   fmt.Sprintf("the snapshot says version %q; this nbuild reads version 1", version),
			Why:    "a version that is not known may mean things that would be missed",
			Remedy: remedyNewer,
		}
	}
	return &diag.Problem{
		Code: CodeLockSyntax, Pos: pos,
		What: fmt.Sprintf("the first line is not %q", header), Why: whyCanonical, Remedy: remedyPin,
	}
}

type parser struct {
	file     string
	previous string
	problems diag.Problems
}

// line reads one artefact and holds it to the canonical form.
func (p *parser) line(number int, raw string, ended bool) (Artefact, bool) {
	a, err := parseLine(raw)
	switch {
	case err != nil:
	case !ended:
		err = errors.New("the last line has no line break")
	case raw <= p.previous:
		err = errors.New("the line is not in bytewise order after the one before it")
	case line(a) != raw:
		err = fmt.Errorf("the line is not in canonical form, which is %q", line(a))
	}
	if err != nil {
		p.problems = append(p.problems, &diag.Problem{
			Code: CodeLockSyntax, Pos: diag.Pos{File: p.file, Line: number},
			What: "malformed artefact: " + err.Error(), Why: whyCanonical, Remedy: remedyPin,
		})
		return Artefact{}, false
	}
	p.previous = raw
	return a, true
}

func parseLine(raw string) (Artefact, error) {
	fields := strings.Split(raw, " ")
	if len(fields) < 7 {
		return Artefact{}, fmt.Errorf("%d fields, not 7 or more", len(fields))
	}
	text := make([]string, 7)
	for i, f := range fields[:7] {
		if f == "-" {
			continue
		}
		s, err := unescape(f)
		if err != nil {
			return Artefact{}, fmt.Errorf("field %d: %w", i+1, err)
		}
		text[i] = s
	}
	a := Artefact{Kind: Kind(text[0]), Name: text[1], Version: text[2], Platform: text[3], Integrity: text[6]}
	var err error
	if a.SHA256, err = cas.ParseDigest(text[4]); err != nil {
		return Artefact{}, err
	}
	if a.Size, err = strconv.ParseInt(text[5], 10, 64); err != nil {
		return Artefact{}, fmt.Errorf("size %q is no number", text[5])
	}
	for _, f := range fields[7:] {
		k, v, ok := strings.Cut(f, "=")
		if !ok {
			return Artefact{}, fmt.Errorf("%q is no key=value", f)
		}
		if v, err = unescape(v); err != nil {
			return Artefact{}, fmt.Errorf("key %s: %w", k, err)
		}
		if a.Facts == nil {
			a.Facts = map[string]string{}
		}
		if _, twice := a.Facts[k]; twice {
			return Artefact{}, fmt.Errorf("key %s stands twice", k)
		}
		a.Facts[k] = v
	}
	return a, check(a)
}

// check holds an artefact to what its kind may be.
func check(a Artefact) error {
	keys, ok := facts[a.Kind]
	if !ok {
		known := make([]string, 0, len(facts))
		for _, k := range slices.Sorted(maps.Keys(facts)) {
			known = append(known, string(k))
		}
		return fmt.Errorf("unknown kind %q (known: %s)", a.Kind, strings.Join(known, ", "))
	}
	for _, k := range slices.Sorted(maps.Keys(a.Facts)) {
		if !slices.Contains(keys, k) {
			return fmt.Errorf("unknown key %q of kind %s (known: %s)", k, a.Kind, strings.Join(keys, ", "))
		}
		if a.Facts[k] == "" {
			return fmt.Errorf("key %s has no value", k)
		}
	}
	for _, k := range []string{"index", "signals", "bin", factAsked} {
		if v, ok := a.Facts[k]; ok {
			if _, err := cas.ParseDigest(v); err != nil {
				return fmt.Errorf("key %s: %w", k, err)
			}
		}
	}
	if word, ok := a.Facts[factIntegrity]; ok {
		if known := Bases()[1:]; !slices.Contains(known, Basis(word)) {
			return fmt.Errorf("key %s: %q is none of %s", factIntegrity, word, known)
		}
	}
	if err := checkSignals(a); err != nil {
		return err
	}
	if err := checkManifest(a); err != nil {
		return err
	}
	switch {
	case a.Name == "":
		return errors.New("it has no name")
	case a.Size < 0:
		return fmt.Errorf("size %d is negative", a.Size)
	case a.SHA256.IsZero():
		return errors.New("it has no SHA-256")
	}
	for _, s := range []string{a.Name, a.Version, a.Platform, a.Integrity} {
		if !utf8.ValidString(s) {
			return fmt.Errorf("%q is no UTF-8", s)
		}
	}
	return nil
}

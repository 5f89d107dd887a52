package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// variable is the variable of the environment that says which fault is there.
const variable = "MUTATE_FAULT"

// switches is the file of the package with faults that knows it.
const switches = `package %s

import (
	"os"
	"strconv"
)

var fault__ = func() int { n, _ := strconv.Atoi(os.Getenv("` + variable + `")); return n }()

func pick__[T any](on bool, a, b T) T {
	if on {
		return a
	}
	return b
}
`

// weaving is faults of a package behind switches, in one program: the tests are built once
// for all of them.
type weaving struct {
	faults []fault // the fault with the number n is the n-1st
	spans  []span
}

// span is where a fault stands in the changed text of its file.
type span struct {
	file                  string
	line, column, to, end int
	fault                 int
}

// weavings divides faults so that no two of one weaving change the same text.
func weavings(faults []fault) (all []*weaving) {
	for _, f := range faults {
		clash := func(o fault) bool {
			return o.file == f.file && o.behind.start < f.behind.end && f.behind.start < o.behind.end
		}
		at := slices.IndexFunc(all, func(w *weaving) bool { return !slices.ContainsFunc(w.faults, clash) })
		if at < 0 {
			all = append(all, new(weaving))
			at = len(all) - 1
		}
		all[at].faults = append(all[at].faults, f)
	}
	return all
}

// overlay writes the files with the faults, and what tells the go command to take them.
func (w *weaving) overlay(pkg, dir string) (string, error) {
	byFile := map[string][]int{}
	for i, f := range w.faults {
		byFile[f.file] = append(byFile[f.file], i)
	}
	w.spans = nil
	replace := map[string]string{}
	put := func(file string, text []byte) error {
		where, err := filepath.Abs(file)
		if err != nil {
			return err
		}
		replace[where] = filepath.Join(dir, filepath.Base(file))
		return os.WriteFile(replace[where], text, 0o600)
	}
	for file, list := range byFile {
		source, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		slices.SortFunc(list, func(a, b int) int { return w.faults[a].behind.start - w.faults[b].behind.start })
		var out bytes.Buffer
		place := func() (line, column int) {
			text := out.Bytes()
			return 1 + bytes.Count(text, []byte("\n")), len(text) - bytes.LastIndexByte(text, '\n')
		}
		done := 0
		for _, i := range list {
			b := w.faults[i].behind
			out.Write(source[done:b.start])
			s := span{file: filepath.Base(file), fault: i}
			s.line, s.column = place()
			out.WriteString(b.text(fmt.Sprintf("fault__ == %d", i+1), fmt.Sprintf("fault__ != %d", i+1)))
			s.to, s.end = place()
			w.spans = append(w.spans, s)
			done = b.end
		}
		out.Write(source[done:])
		if err := put(file, out.Bytes()); err != nil {
			return "", err
		}
	}
	if err := put(filepath.Join(filepath.Dir(w.faults[0].file), "fault__.go"), fmt.Appendf(nil, switches, pkg)); err != nil {
		return "", err
	}
	plan, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	overlay := filepath.Join(dir, "overlay.json")
	return overlay, os.WriteFile(overlay, plan, 0o600)
}

var complaint = regexp.MustCompile(`(?m)^\S*?([^/\s]+\.go):(\d+):(\d+): `)

// blamed returns the faults that a compiler's messages are about.
func (w *weaving) blamed(out []byte) map[int]bool {
	all := map[int]bool{}
	for _, m := range complaint.FindAllSubmatch(out, -1) {
		line, _ := strconv.Atoi(string(m[2]))
		column, _ := strconv.Atoi(string(m[3]))
		for _, s := range w.spans {
			if s.file == string(m[1]) && (line > s.line || line == s.line && column >= s.column) && (line < s.to || line == s.to && column <= s.end) {
				all[s.fault] = true
			}
		}
	}
	return all
}

// build builds the tests of a package with all faults that can be built together. It
// returns those that can't be built at all, and those that have to be built by themselves.
func (w *weaving) build(dir, pkg, work, binary string) (overlay string, never, alone []fault, err error) {
	for len(w.faults) > 0 {
		if overlay, err = w.overlay(pkg, work); err != nil {
			return "", nil, nil, err
		}
		out, err := build(dir, binary, "-overlay", overlay, "-gcflags=-e")
		if err == nil {
			return overlay, never, alone, nil
		}
		bad := w.blamed(out)
		if len(bad) == 0 {
			return "", nil, nil, fmt.Errorf("building faults of %s: %w\n%s", dir, err, out)
		}
		var rest []fault
		for i, f := range w.faults {
			switch {
			case !bad[i]:
				rest = append(rest, f)
			case f.behind.typed || strings.Contains(f.kind, "operator"):
				never = append(never, f)
			default:
				alone = append(alone, f)
			}
		}
		w.faults = rest
	}
	return "", never, alone, nil
}

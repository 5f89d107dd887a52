package diag

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Code names one kind of problem for good. It reads "NB" + the exit code in two
// digits + a sequence number in two digits: NB2003 is the third way to end with
// exit code 20. A code is never given a second meaning.
type Code string

// Exit returns the exit code that the code stands for (cli contract, "Exit
// codes"), or 1 where the code is malformed.
func (c Code) Exit() int {
	if !c.Valid() {
		return 1
	}
	return int(c[2]-'0')*10 + int(c[3]-'0')
}

// Valid reports whether c has the form NB and four digits.
func (c Code) Valid() bool {
	if len(c) != 6 || c[:2] != "NB" {
		return false
	}
	for _, d := range c[2:] {
		if d < '0' || d > '9' {
			return false
		}
	}
	return true
}

// Pos is a place in a file. File is as the user would type it; Line and Column
// count from 1, Column in UTF-16 units, and 0 means unknown.
type Pos struct {
	File   string
	Line   int
	Column int
}

// String renders the position as file:line:column, leaving out what is unknown.
func (p Pos) String() string {
	switch {
	case p.File == "":
		return ""
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// Problem is an error for a person. What states the fact in one line, Why says
// what it means for them, Remedy is the command to run or the line to change and
// is never empty. Snippet, where a source text was at hand, is the offending line
// with a caret under it. Err is the cause, if there is one.
type Problem struct {
	Code    Code
	Pos     Pos
	What    string
	Why     string
	Remedy  string
	Snippet string
	Err     error
}

// Error renders the problem on one line, for logs and for wrapping.
func (p *Problem) Error() string {
	var b strings.Builder
	if s := p.Pos.String(); s != "" {
		b.WriteString(s + ": ")
	}
	b.WriteString(p.What)
	if p.Err != nil {
		b.WriteString(": " + p.Err.Error())
	}
	return b.String()
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// Problems is every problem of one phase, in source order. It is an error, so a
// phase can return all of them at once.
type Problems []*Problem

// Error joins the problems, a line each.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems for errors.Is and errors.As.
func (ps Problems) Unwrap() []error {
	errs := make([]error, len(ps))
	for i, p := range ps {
		errs[i] = p
	}
	return errs
}

// Err returns ps as an error, or nil where there are none. Use it to end a phase:
// returning a nil Problems as error would not compare equal to nil.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

// Sort orders the problems by file, line, column, code and text, so that work done
// in parallel reports in one order.
func (ps Problems) Sort() {
	slices.SortStableFunc(ps, func(a, b *Problem) int {
		if c := strings.Compare(a.Pos.File, b.Pos.File); c != 0 {
			return c
		}
		if c := a.Pos.Line - b.Pos.Line; c != 0 {
			return c
		}
		if c := a.Pos.Column - b.Pos.Column; c != 0 {
			return c
		}
		if c := strings.Compare(string(a.Code), string(b.Code)); c != 0 {
			return c
		}
		return strings.Compare(a.What, b.What)
	})
}

// All collects every Problem in err's tree, in order. An err that holds none gives
// an empty slice: the caller decides how to show plumbing.
func All(err error) Problems {
	var ps Problems
	var walk func(error)
	walk = func(e error) {
		switch x := e.(type) {
		case nil:
		case *Problem:
			ps = append(ps, x)
		case interface{ Unwrap() []error }:
			for _, u := range x.Unwrap() {
				walk(u)
			}
		default:
			inner := errors.Unwrap(e)
			if p := (*Problem)(nil); inner == nil && errors.As(e, &p) { // a library's own list of errors, which only As looks into
				inner = p
			}
			walk(inner)
		}
	}
	walk(err)
	return ps
}

// Exit returns the exit code that err stands for: 0 for nil, the first problem's
// code, or 1 where err holds no problem.
func Exit(err error) int {
	if err == nil {
		return 0
	}
	if ps := All(err); len(ps) > 0 {
		return ps[0].Code.Exit()
	}
	return 1
}

package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// fault is one change of a file: the bytes from start to end become text.
type fault struct {
	file, kind   string
	line, column int
	start, end   int
	old, text    string
	function     block   // around it; the zero block where it stands in none
	head         bool    // it stands at the head of a case, which no block has
	behind       *toggle // nil where it can only be built by itself
}

// toggle is how a fault is written so that it is there only where a switch is on.
type toggle struct {
	start, end int // what is rewritten
	text       func(on, off string) string
	typed      bool // what does not build so does not build at all
}

func (f fault) apply(source []byte) []byte {
	return []byte(string(source[:f.start]) + f.text + string(source[f.end:]))
}

// String is where the fault is and what it is, in one line.
func (f fault) String() string {
	short := func(s string) string {
		s = strings.Join(strings.Fields(s), " ")
		if len(s) > 100 {
			s = s[:100] + "…"
		}
		return s
	}
	text := fmt.Sprintf("%s:%d: %s: %s", f.file, f.line, f.kind, short(f.old))
	if strings.TrimSpace(f.text) != "" {
		text += "  ->  " + short(f.text)
	}
	return text
}

// faultsOf lists every fault that can be put into the Go files of a folder, tests aside,
// or those at one file or line of it.
func faultsOf(dir, at string) ([]fault, error) {
	only, line, _ := strings.Cut(at, ":")
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var all []fault
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || only != "" && filepath.Base(name) != only {
			continue
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, name, source, 0)
		if err != nil {
			return nil, err
		}
		f := finder{name: name, source: source, set: set}
		for _, d := range file.Decls {
			f.function, f.constant = block{}, false
			switch d := d.(type) {
			case *ast.GenDecl:
				if d.Tok == token.IMPORT {
					continue
				}
				f.constant = d.Tok == token.CONST
			case *ast.FuncDecl:
				f.function = block{fromLine: set.Position(d.Pos()).Line, to: set.Position(d.End()).Line}
			}
			ast.Inspect(d, f.visit)
		}
		all = append(all, f.found...)
	}
	return slices.DeleteFunc(all, func(f fault) bool { return line != "" && strconv.Itoa(f.line) != line }), nil
}

package diag

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCodeCarriesItsExitCode(t *testing.T) {
	tests := map[Code]int{"NB0304": 3, "NB1100": 11, "NB2003": 20, "NB2201": 22, "NB": 1, "XB0304": 1, "NB03041": 1, "NB03a4": 1, "": 1}
	for code, want := range tests {
		if got := code.Exit(); got != want {
			t.Errorf("%q.Exit() = %d, want %d", code, got, want)
		}
	}
}

func TestExitIsThatOfTheFirstProblem(t *testing.T) {
	first, second := &Problem{Code: "NB1101"}, &Problem{Code: "NB0301"}
	tests := map[string]struct {
		err  error
		want int
	}{
		"nil":     {nil, 0},
		"plain":   {errors.New("disk"), 1},
		"problem": {first, 11},
		"wrapped": {fmt.Errorf("pinning: %w", second), 3},
		"several": {Problems{first, second}, 11},
		"joined":  {errors.Join(errors.New("x"), second, first), 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := Exit(test.err); got != test.want {
				t.Errorf("Exit = %d, want %d", got, test.want)
			}
		})
	}
}

func TestNoProblemsIsNoError(t *testing.T) {
	if err := (Problems{}).Err(); err != nil {
		t.Errorf("Err = %v", err)
	}
}

func TestTextNeedsNoTrust(t *testing.T) {
	p := &Problem{
		Code: "NB1101", What: "bad \x1b[2Jname\r\nerror[NB9999]: forged", Pos: Pos{File: "a\u202e.hcl", Line: 3, Column: 4},
		Why: "because", Remedy: "run `x`\nor `y`", Snippet: "3 | a\tb\n    ^\n", Err: errors.New("cause \xff"),
	}
	want := "error[NB1101]: bad \\u001b[2Jname\\u000d\\u000aerror[NB9999]: forged\n" +
		"  at:  a\\u202e.hcl:3:4\n" +
		"    3 | a b\n        ^\n" +
		"  why: because\n" +
		"  cause: cause \\xff\n" +
		"  fix: run `x`\n       or `y`\n"
	if diff := cmp.Diff(want, p.Text()); diff != "" {
		t.Errorf("text (-want +got):\n%s", diff)
	}
}

func TestLinesAreLinesAndCanNotForgeOne(t *testing.T) {
	got := "warning: " + Lines("first\nerror[NB9999]: forged\r\n\x1b[2Jthird\n", "  ")
	want := "warning: first\n  error[NB9999]: forged\\u000d\n  \\u001b[2Jthird"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	joined := Shown(errors.Join(errors.New("one"), errors.New("two")))[0].Text()
	if !strings.HasPrefix(joined, "error[NB0100]: one; two\n") {
		t.Errorf("two errors are %q", joined)
	}
}

func TestSnippet(t *testing.T) {
	src := []byte("one\n\ttwo 😀 three\n" + strings.Repeat("x", 300) + "!\n")
	tests := map[string]struct {
		pos  Pos
		want string
	}{
		"start":         {Pos{Line: 1, Column: 1}, "1 | one\n    ^\n"},
		"after a pair":  {Pos{Line: 2, Column: 9}, "2 |  two 😀 three\n           ^\n"},
		"end":           {Pos{Line: 1, Column: 4}, "1 | one\n       ^\n"},
		"past the end":  {Pos{Line: 1, Column: 40}, "1 | one\n       ^\n"},
		"no column":     {Pos{Line: 1}, "1 | one\n    ^\n"},
		"no such line":  {Pos{Line: 9, Column: 1}, ""},
		"no line known": {Pos{}, ""},
		"long line":     {Pos{Line: 3, Column: 301}, "3 | " + strings.Repeat("x", 75) + "!\n    " + strings.Repeat(" ", 75) + "^\n"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, Snippet(src, test.pos)); diff != "" {
				t.Errorf("snippet (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	names := []string{"image", "layer", "platforms", "project"}
	for name, want := range map[string]string{"imge": "image", "platform": "platforms", "projcet": "project", "zzz": "", "": "", "Layer": "layer"} {
		if got := Nearest(name, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSortOrdersByPlace(t *testing.T) {
	ps := Problems{
		{Pos: Pos{File: "b", Line: 1}}, {Pos: Pos{File: "a", Line: 2}}, {Pos: Pos{File: "a", Line: 1, Column: 2}}, {Pos: Pos{File: "a", Line: 1, Column: 1}},
	}
	ps.Sort()
	var got []string
	for _, p := range ps {
		got = append(got, p.Pos.String())
	}
	if diff := cmp.Diff([]string{"a:1:1", "a:1:2", "a:2", "b:1"}, got); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func FuzzSnippet(f *testing.F) {
	f.Add([]byte("a\tb\n\xff"), 1, 2)
	f.Fuzz(func(t *testing.T, src []byte, line, column int) {
		out := Snippet(src, Pos{Line: line % 100, Column: column % 1000})
		if strings.Count(out, "\n") > 2 {
			t.Errorf("a snippet of more than two lines: %q", out)
		}
	})
}

package main

import "testing"

func TestPaint(t *testing.T) {
	const text = "error[NB1106]: gone\n  fix: run `nbuild vendor`\n"
	const painted = "\x1b[1;31merror[NB1106]:\x1b[0m gone\n  \x1b[36mfix:\x1b[0m run `nbuild vendor`\n"
	for name, test := range map[string]struct {
		color    string
		environ  []string
		terminal bool
		text     string
		want     string
	}{
		"on a terminal":             {"auto", nil, true, text, painted},
		"in a pipe":                 {"auto", nil, false, text, text},
		"never":                     {"never", nil, true, text, text},
		"always":                    {"always", []string{"NO_COLOR=1", "TERM=dumb"}, false, text, painted},
		"NO_COLOR":                  {"auto", []string{"NO_COLOR=1"}, true, text, text},
		"NO_COLOR that is empty":    {"auto", []string{"NO_COLOR="}, true, text, painted},
		"a dumb terminal":           {"auto", []string{"TERM=dumb"}, true, text, text},
		"a verdict":                 {"always", nil, true, "a\n  for p: rejected: x\n  pass     id\n  fail     id\n", "a\n  for p: \x1b[1;31mrejected\x1b[0m: x\n  \x1b[32mpass\x1b[0m     id\n  \x1b[1;31mfail\x1b[0m     id\n"},
		"a diff":                    {"always", nil, true, "critical\n  upgrade\n", "\x1b[1;31mcritical\x1b[0m\n  upgrade\n"},
		"words that decide nothing": {"always", nil, true, "no error: all pass, high and low\n", "no error: all pass, high and low\n"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &app{color: test.color, surroundings: surroundings{environ: test.environ}}
			if got := a.paint(test.text, test.terminal); got != test.want {
				t.Errorf("paint: %q, want %q", got, test.want)
			}
		})
	}
}

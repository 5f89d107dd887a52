package tracefile_test

import (
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
	"github.com/nbuild/nbuild/internal/sources/tracefile"
)

var update = flag.Bool("update", false, "write the golden file")

func sample() *tracefile.File {
	f := &tracefile.File{
		Command: []string{"npm", "test"},
		Entries: []string{"server.js"},
		Files: []tracefile.Loaded{
			{Path: "server.js", SHA256: cas.Sum([]byte("server")), Format: sources.CommonJS, From: []string{}},
			{Path: "lib/plugin.js", SHA256: cas.Sum([]byte("plugin")), Format: sources.CommonJS, From: []string{"lib/load.js", "server.js"}},
		},
		Code: []tracefile.Code{{SHA256: cas.Sum([]byte("1")), Way: "eval", From: "lib/plugin.js", Size: 1, Text: "1"}},
	}
	f.Sort()
	return f
}

func TestTheTextOfATraceIsFrozen(t *testing.T) {
	got, err := sample().Format()
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/sample.trace"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Error(diff)
	}
	back, err := tracefile.Parse(got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(sample(), back); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefusesPathsOfAMachineAndOtherSpellings(t *testing.T) {
	good, err := sample().Format()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, old, new string }{
		{"an absolute path", `"path":"server.js"`, `"path":"/home/a/server.js"`},
		{"a path that leaves the project", `"path":"lib/plugin.js"`, `"path":"../plugin.js"`},
		{"another schema", "file/v1", "file/v2"},
		{"an unknown field", `"way"`, `"approved":true,"way"`},
		{"an unknown way", `"way":"eval"`, `"way":"trust"`},
		{"null for a list", `"from":[]`, `"from":null`},
		{"a space", `"path":`, `"path": `},
		{"no command", `["npm","test"]`, `[]`},
	} {
		bad := strings.Replace(string(good), c.old, c.new, 1)
		if _, err := tracefile.Parse([]byte(bad)); bad == string(good) || !errors.Is(err, tracefile.ErrMalformed) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAnExcerptIsOneHarmlessLine(t *testing.T) {
	for text, want := range map[string]string{
		"a\n\tb": "a b", "\x1b[31mred": "[31mred", "\u202Eabc": "abc", strings.Repeat("x", 500): strings.Repeat("x", 119) + "…",
	} {
		got := tracefile.Excerpt(text)
		if got != want || tracefile.Excerpt(got) != got {
			t.Errorf("%q: %q", text, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	good, err := sample().Format()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Fuzz(func(t *testing.T, src []byte) {
		file, err := tracefile.Parse(src)
		if err != nil {
			return
		}
		if again, err := file.Format(); err != nil || string(again) != string(src) {
			t.Errorf("read and written it is another: %v", err)
		}
	})
}

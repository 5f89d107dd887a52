package debian

import (
	"bytes"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

func TestParagraphs(t *testing.T) {
	tests := map[string]struct {
		src  string
		want []paragraph
		bad  bool
	}{
		"two":             {"A: 1\nB:  2 \n more\n .\n\n\nC:\n", []paragraph{{{"A", "1"}, {"B", "2\n more\n ."}}, {{"C", ""}}}, false},
		"carriage return": {"A: 1\r\n\r\nB: 2", []paragraph{{{"A", "1"}}, {{"B", "2"}}}, false},
		"empty":           {"\n \n", nil, false},
		"twice":           {"A: 1\na: 2\n", nil, true},
		"no colon":        {"A 1\n", nil, true},
		"begins inside":   {" A: 1\n", nil, true},
		"NUL":             {"A: \x00\n", nil, true},
		"space in a name": {"A B: 1\n", nil, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var got []paragraph
			bad := false
			for p, err := range paragraphs(strings.NewReader(test.src)) {
				if bad = err != nil; !bad {
					got = append(got, p)
				}
			}
			if diff := cmp.Diff(test.want, got, cmp.AllowUnexported(field{})); diff != "" || bad != test.bad {
				t.Errorf("bad %t (-want +got):\n%s", bad, diff)
			}
		})
	}
}

func TestParseRelations(t *testing.T) {
	got, err := parseRelations("libc6 (>= 2.38), perl:any | awk , xx (<<1),")
	want := [][]relation{{{"libc6", ">=", "2.38"}}, {{name: "perl"}, {name: "awk"}}, {{"xx", "<<", "1"}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(relation{})); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	for _, bad := range []string{"a/b", "../x", "xx (>= )", "xx (~ 1)", "xx (= 1", "xx (= 1) y", "|"} {
		if _, err := parseRelations(bad); err == nil {
			t.Errorf("%q parses", bad)
		}
	}
}

func TestClosureChoices(t *testing.T) {
	u := newUniverse()
	for _, c := range []candidate{
		{name: "app", version: "1", depends: "mta, first | second, virt (>= 2), needless"},
		{name: "second", version: "1"},
		{name: "postfix", version: "1", provides: "mta"},
		{name: "exim", version: "1", provides: "mta"},
		{name: "v1", version: "9", provides: "virt"},
		{name: "v2", version: "1", provides: "virt (= 2.1)"},
		{name: "needless", version: "1", depends: "nowhere"},
		{name: "app", version: "0.9", depends: "nowhere"},
	} {
		u.add(c)
	}
	u.index()
	s, err := u.closure("linux/amd64", []string{"app"}, []string{"needless"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"app": "wanted", "exim": "app needs mta", "second": "app needs first | second", "v2": "app needs virt (>= 2)",
	}
	if diff := cmp.Diff(want, s.chosen); diff != "" {
		t.Errorf("chosen (-want +got):\n%s", diff)
	}
	s, err = u.closure("linux/amd64", []string{"app", "postfix"}, []string{"needless"})
	if _, ok := s.chosen["exim"]; err != nil || ok {
		t.Errorf("a provider was added beside the one that is wanted: %v %v", s.chosen, err)
	}
}

func TestMirrors(t *testing.T) {
	etc := fstest.MapFS{
		"sources.list": {Data: []byte("# deb http://no.example.com x\ndeb [arch=amd64 signed-by=/k] http://one.example.com/debian/ trixie main # c\n" +
			"deb-src http://src.example.com/debian trixie main\ndeb cdrom:[x]/ trixie main\ndeb file:/srv/x trixie main\n")},
		"sources.list.d/b.sources": {Data: []byte("# c\nTypes: deb deb-src\n# inside\nURIs: https://two.example.com/debian https://three.example.com\nSuites: trixie\n\n" +
			"Enabled: no\nTypes: deb\nURIs: https://off.example.com\n\nTypes: deb-src\nURIs: https://src.example.com\n")},
		"sources.list.d/a.list":          {Data: []byte("deb http://one.example.com/debian trixie-updates main\ndeb http://four.example.com/d bookworm main\n")},
		"sources.list.d/c.list.disabled": {Data: []byte("deb http://five.example.com/d bookworm main\n")},
	}
	got, err := Mirrors(etc)
	want := []string{"http://one.example.com/debian", "http://four.example.com/d", "https://two.example.com/debian", "https://three.example.com"}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if got, err := Mirrors(fstest.MapFS{}); got != nil || err != nil {
		t.Errorf("a host without apt: %v %v", got, err)
	}
}

func TestLicense(t *testing.T) {
	const head = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"
	tests := map[string]struct{ src, want string }{
		"prose":          {"This package was debianized by\n", ""},
		"no format":      {"Files: *\nLicense: Expat\n", ""},
		"plain":          {head + "Files: *\nLicense: Expat\n text\n", "MIT"},
		"packaging":      {head + "Files: *\nLicense: GPL-2+\n\nFiles: debian/*\nLicense: ISC\n", "GPL-2.0-or-later"},
		"several":        {head + "Files: a\nLicense: LGPL-2.1+ and Expat\n\nFiles: b\nLicense: Expat\n", "LGPL-2.1-or-later AND MIT"},
		"a choice":       {head + "Files: a\nLicense: BSD-3-clause or GPL-2\n\nFiles: b\nLicense: ISC\n", "(BSD-3-Clause OR GPL-2.0-only) AND ISC"},
		"exception":      {head + "Files: *\nLicense: GPL-3+ with GCC exception\n", "LicenseRef-debian-GPL-3--with-GCC-exception"},
		"commas":         {head + "Files: *\nLicense: GPL-2, or Expat\n", "LicenseRef-debian-GPL-2--or-Expat"},
		"half a choice":  {head + "Files: *\nLicense: Expat or\n", "LicenseRef-debian-Expat-or"},
		"unknown to all": {head + "Files: *\nLicense: public-domain\n", "LicenseRef-debian-public-domain"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := license([]byte(test.src)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzControl(f *testing.F) {
	f.Add([]byte("Package: a\nDepends: b (>= 1), c | d\n more\n\nFormat: copyright-format\nLicense: GPL-2+ or Expat\nFiles: *\n"))
	f.Add([]byte("A: 1\r\n\r\nB: 2"))
	f.Fuzz(func(t *testing.T, src []byte) {
		license(src)
		for p, err := range paragraphs(bytes.NewReader(src)) {
			if err != nil {
				return
			}
			// What was read, written out, is read alike.
			var out strings.Builder
			for _, x := range p {
				out.WriteString(x.name + ": " + x.value + "\n")
			}
			again, err := one([]byte(out.String()))
			if err != nil {
				t.Fatalf("%q: %v", out.String(), err)
			}
			if diff := cmp.Diff(p, again, cmp.AllowUnexported(field{})); diff != "" {
				t.Errorf("(-first +again):\n%s", diff)
			}
			if groups, err := parseRelations(p.get("Depends")); err == nil {
				for _, g := range groups {
					for _, r := range g {
						if strings.ContainsAny(r.name, "/\\ ") {
							t.Errorf("a package named %q", r.name)
						}
					}
				}
			}
		}
	})
}

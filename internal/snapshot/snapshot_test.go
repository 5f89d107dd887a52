package snapshot

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func sample() []Artefact {
	sum := func(s string) cas.Digest { return cas.Sum([]byte(s)) }
	return []Artefact{
		{Kind: KindNPM, Name: "@scope/odd name", Version: "1.0.0-β", SHA256: sum("odd"), Size: 12, Integrity: "sha512-AAAA==",
			Facts: map[string]string{"registry": "@scope", "index": sum("i").String()}},
		{Kind: KindNPM, Name: "lodash", Version: "4.17.21", SHA256: sum("lodash"), Size: 318961, Integrity: "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg==",
			Facts: map[string]string{"index": sum("index").String(), "published": "2021-02-20T15:42:16Z"}},
		{Kind: KindDeb, Name: "libc6", Version: "2.41-12", Platform: "linux/arm64", SHA256: sum("arm"), Size: 2},
		{Kind: KindDeb, Name: "libc6", Version: "2.41-12", Platform: "linux/amd64", SHA256: sum("amd"), Size: 1},
		{Kind: KindFetch, Name: "-", SHA256: sum("dash"), Size: 0},
	}
}

func TestGolden(t *testing.T) {
	l, err := New(sample())
	if err != nil {
		t.Fatal(err)
	}
	const golden = "testdata/sample.lock"
	if *update {
		if err := os.WriteFile(golden, l.Format(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(l.Format())); diff != "" {
		t.Errorf("nbuild.lock version 1 is frozen (-want +got):\n%s", diff)
	}
	parsed, err := Parse(want, golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(l.artefacts, parsed.artefacts); diff != "" {
		t.Errorf("parsed (-want +got):\n%s", diff)
	}
	if l.Digest() != parsed.Digest() || l.Digest() != cas.Sum(want) {
		t.Error("the digest is not that of the file")
	}
}

func TestNewTakesAnyOrder(t *testing.T) {
	forward := sample()
	backward := append(sample(), sample()[1])
	for i, j := 0, len(backward)-1; i < j; i, j = i+1, j-1 {
		backward[i], backward[j] = backward[j], backward[i]
	}
	a, err := New(forward)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(backward)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(a.Format()), string(b.Format())); diff != "" {
		t.Errorf("order or a duplicate changed the file:\n%s", diff)
	}
}

func TestNewRefuses(t *testing.T) {
	base := sample()[1]
	change := func(f func(*Artefact)) []Artefact {
		a := base
		a.Facts = nil
		f(&a)
		return []Artefact{a}
	}
	tests := map[string][]Artefact{
		"conflict":        append(change(func(a *Artefact) { a.Size++ }), base),
		"unknown kind":    change(func(a *Artefact) { a.Kind = "gem" }),
		"unknown key":     change(func(a *Artefact) { a.Facts = map[string]string{"host": "x"} }),
		"empty value":     change(func(a *Artefact) { a.Facts = map[string]string{"registry": ""} }),
		"index no digest": change(func(a *Artefact) { a.Facts = map[string]string{"index": "1"} }),
		"no basis":        change(func(a *Artefact) { a.Facts = map[string]string{"integrity": "hearsay"} }),
		"the usual basis": change(func(a *Artefact) { a.Facts = map[string]string{"integrity": "lockfile"} }),
		"no name":         change(func(a *Artefact) { a.Name = "" }),
		"no digest":       change(func(a *Artefact) { a.SHA256 = cas.Digest{} }),
		"negative size":   change(func(a *Artefact) { a.Size = -1 }),
		"no UTF-8":        change(func(a *Artefact) { a.Version = "\xff" }),
	}
	for name, artefacts := range tests {
		t.Run(name, func(t *testing.T) {
			if l, err := New(artefacts); err == nil {
				t.Errorf("made a snapshot:\n%s", l.Format())
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	l, err := New(sample())
	if err != nil {
		t.Fatal(err)
	}
	good := string(l.Format())
	lines := strings.SplitAfter(good, "\n")
	swap := func(old, new string) string { return strings.Replace(good, old, new, 1) }
	tests := map[string]struct {
		src  string
		code diag.Code
	}{
		"empty":             {"", CodeLockSyntax},
		"header alone":      {"nbuild-lock 1", CodeLockSyntax},
		"other header":      {"package-lock\n", CodeLockSyntax},
		"newer version":     {swap("nbuild-lock 1", "nbuild-lock 2"), CodeLockVersion},
		"CRLF":              {strings.ReplaceAll(good, "\n", "\r\n"), CodeLockSyntax},
		"unknown kind":      {swap("fetch ", "gems "), CodeLockSyntax},
		"unknown key":       {swap("published=", "publisher="), CodeLockSyntax},
		"key twice":         {swap("published=", "index="), CodeLockSyntax},
		"wrong sum":         {swap("lodash 4.17.21 - ", "lodash 4.17.21 - 0"), CodeLockSyntax},
		"upper-case sum":    {swap(cas.Sum([]byte("amd")).String(), strings.ToUpper(cas.Sum([]byte("amd")).String())), CodeLockSyntax},
		"padded size":       {swap(" 318961 ", " 0318961 "), CodeLockSyntax},
		"lower-case escape": {swap("%20", "%2a"), CodeLockSyntax},
		"needless escape":   {swap("lodash", "%6Codash"), CodeLockSyntax},
		"two spaces":        {swap("npm lodash", "npm  lodash"), CodeLockSyntax},
		"trailing space":    {swap("\n", " \n"), CodeLockSyntax},
		"blank line":        {good + "\n", CodeLockSyntax},
		"no last break":     {strings.TrimSuffix(good, "\n"), CodeLockSyntax},
		"out of order":      {lines[0] + lines[2] + lines[1], CodeLockSyntax},
		"line twice":        {lines[0] + lines[1] + lines[1], CodeLockSyntax},
		"pinned twice":      {lines[0] + lines[1] + strings.Replace(lines[1], " 1 -", " 2 -", 1), CodeLockConflict},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(test.src), "nbuild.lock")
			ps := diag.All(err)
			if len(ps) == 0 {
				t.Fatalf("Parse took it (%v)", err)
			}
			if ps[0].Code != test.code || ps[0].Remedy == "" || ps[0].Pos.File != "nbuild.lock" {
				t.Errorf("problem %+v, want code %s", ps[0], test.code)
			}
		})
	}
}

func TestParseReportsEveryBadLine(t *testing.T) {
	_, err := Parse([]byte(header+"\nbad\nworse\n"), "nbuild.lock")
	if ps := diag.All(err); len(ps) != 2 || ps[0].Pos.Line != 2 || ps[1].Pos.Line != 3 {
		t.Errorf("problems: %v", err)
	}
}

func TestFindAndOf(t *testing.T) {
	l, err := New(sample())
	if err != nil {
		t.Fatal(err)
	}
	a, ok := l.Find(KindDeb, "libc6", "2.41-12", "linux/arm64")
	if !ok || a.Size != 2 {
		t.Errorf("Find = %+v, %t", a, ok)
	}
	if _, ok := l.Find(KindDeb, "libc6", "2.41-12", ""); ok {
		t.Error("Find took a platform for another")
	}
	var names []string
	for a := range l.Of(KindNPM) {
		names = append(names, a.Name)
	}
	if diff := cmp.Diff([]string{"@scope/odd name", "lodash"}, names); diff != "" {
		t.Errorf("Of(npm) (-want +got):\n%s", diff)
	}
}

func sampleIndex() *Index {
	return &Index{
		Version: 1,
		Package: &PackageFacts{
			Name: "a", Version: "1.0.0", License: "(MIT OR <x>)", Type: "module", Gyp: true,
			Scripts: map[string]string{"install": "node-gyp rebuild"}, Bin: map[string]string{"a": "cli.js"},
			Exports: json.RawMessage(`{".":"./x.js"}`), Natives: []string{"build/a.node"},
		},
		Bundled: map[string]*PackageFacts{"node_modules/odd dir": {Name: "b", Version: "2.0.0"}},
		Entries: []Entry{
			{Path: "cli.js", Mode: 0o755, Size: 3, SHA256: cas.Sum([]byte("cli"))},
			{Path: "lib/a b.js", Mode: 0o644, SHA256: cas.Sum(nil)},
			{Path: "link", Link: "lib/a b.js"},
		},
	}
}

// npmIndex has what version 2 adds.
func npmIndex() *Index {
	x := sampleIndex()
	x.Version = 2
	x.Entries[0].Command = &Content{Size: 2, SHA256: cas.Sum([]byte("cl"))}
	x.Entries[1].Mode = 0o744
	return x
}

func TestIndexRoundTrip(t *testing.T) {
	roundTrip(t, sampleIndex(), "testdata/sample.index")
	roundTrip(t, npmIndex(), "testdata/sample-2.index")
}

func roundTrip(t *testing.T, want *Index, golden string) {
	t.Helper()
	doc, err := EncodeIndex(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeIndex(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("decoded (-want +got):\n%s", diff)
	}
	facts, err := DecodeFacts(doc)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Package, facts.Package); diff != "" {
		t.Errorf("facts (-want +got):\n%s", diff)
	}
	if *update {
		os.WriteFile(golden, doc, 0o644)
	}
	frozen, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(frozen), string(doc)); diff != "" {
		t.Errorf("the file index is frozen (-want +got):\n%s", diff)
	}
}

func TestIndexRefusesOtherSpellings(t *testing.T) {
	file := "644 0 " + cas.Sum(nil).String()
	command := "command 0 " + cas.Sum(nil).String()
	for _, lines := range []string{
		"nbuild-index 3\n",
		"nbuild-index 1\n" + file + " a\n" + command + "\n",
		"nbuild-index 2\n" + command + "\n",
		"nbuild-index 2\n" + file + " a\n" + command + "\n" + command + "\n",
		"nbuild-index 2\nlink a b\n" + command + "\n",
		"nbuild-index 2\n" + file + " a\ncommand -1 " + cas.Sum(nil).String() + "\n",
		"nbuild-index 2\n" + file + " a\n" + command,
		"nbuild-index 2\nfolder b\n",
	} {
		if _, err := DecodeIndex([]byte(lines)); !errors.Is(err, ErrIndex) {
			t.Errorf("decoded %q: %v", lines, err)
		}
	}
}

func TestIndexRefusesPathsThatLeaveTheirRoot(t *testing.T) {
	for _, p := range []string{"", ".", "..", "../a", "a/../../b", "/etc/passwd", "a//b", "a/", "./a", "a\x00b", strings.Repeat("a/", 3000) + "a"} {
		if _, err := EncodeIndex(&Index{Entries: []Entry{{Path: p}}}); err == nil {
			t.Errorf("encoded %q", p)
		}
		raw := indexHeaders[0] + "\n644 0 " + cas.Sum(nil).String() + " " + escape(p) + "\n"
		if _, err := DecodeIndex([]byte(raw)); err == nil {
			t.Errorf("decoded %q", p)
		}
	}
}

func FuzzParse(f *testing.F) {
	l, err := New(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(l.Format())
	f.Add([]byte(header + "\n"))
	f.Fuzz(func(t *testing.T, src []byte) {
		l, err := Parse(src, "nbuild.lock")
		if err != nil {
			return
		}
		if !bytes.Equal(l.Format(), src) {
			t.Errorf("two ways to write one snapshot:\n%q\n%q", src, l.Format())
		}
		again, err := New(l.artefacts)
		if err != nil || !bytes.Equal(again.Format(), src) {
			t.Errorf("New of what was parsed: %v\n%q", err, src)
		}
	})
}

func FuzzDecodeIndex(f *testing.F) {
	for _, x := range []*Index{sampleIndex(), npmIndex()} {
		doc, err := EncodeIndex(x)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(doc)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		x, err := DecodeIndex(src)
		if err != nil {
			return
		}
		doc, err := EncodeIndex(x)
		if err != nil {
			t.Fatalf("encoding what was decoded: %v", err)
		}
		again, err := DecodeIndex(doc)
		if err != nil {
			t.Fatalf("decoding what was encoded: %v", err)
		}
		if diff := cmp.Diff(x.Entries, again.Entries); diff != "" {
			t.Error(diff)
		}
		// The facts alone are a document as well, which states them and has no entries.
		head, err := FactsOf(src)
		if err != nil {
			t.Fatal(err)
		}
		facts, err := DecodeIndex(head)
		if err != nil {
			t.Fatalf("decoding the facts alone: %v", err)
		}
		if diff := cmp.Diff(x.Package, facts.Package); diff != "" || len(facts.Entries) > 0 {
			t.Errorf("%d entries, %s", len(facts.Entries), diff)
		}
	})
}

func TestBasis(t *testing.T) {
	tests := []struct {
		kind Kind
		word string
		want Basis
	}{
		{KindNPM, "", BasisLockfile},
		{KindNPM, "twin", BasisTwin},
		{KindNPM, "first", BasisFirst},
		{KindNode, "", BasisRegistry},
		{KindNode, "sha1", BasisSHA1},
		{KindDeb, "", ""},
	}
	for _, tt := range tests {
		a := Artefact{Kind: tt.kind}
		if tt.word != "" {
			a.Facts = map[string]string{"integrity": tt.word}
		}
		if got := a.Basis(); got != tt.want {
			t.Errorf("%s %q is %q", tt.kind, tt.word, got)
		}
	}
	for i, b := range Bases() {
		for j, o := range Bases() {
			if b.Weaker(o) != (i > j) {
				t.Errorf("%s weaker than %s: %t", b, o, b.Weaker(o))
			}
		}
	}
	if !Basis("hearsay").Weaker(BasisFirst) {
		t.Error("a word on no list is worth something")
	}
}

package npm

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nbuild/nbuild/internal/locked"
)

// The integrities of "a" and "b", by SHA-512 and by SHA-1.
const (
	strongA = "sha512-H0D8ktokFpR1CXnubPWC8tXX0o4YM13gWrxUgYGPxjw2bFIOKHKTFUTbw+0GNRBCANQRc+FtZWVHmmZW97Ry0Q=="
	strongB = "sha512-Umekv7FgmCRhdMdiiKuvCoM1Df58r9oqkZZl8eTLFH8aBsnvvX8Y3szCJNGqV0NvfBHnxGFYPk8a6dTigCOkEQ=="
	weakA   = "sha1-hvfkN/qlp/zhXR3cuerq6jd2Z7g="
	weakB   = "sha1-6ddrd2zcb9RiRGrp+0wsjzqPKZo="
)

// entry writes one of a version with an integrity, or none.
func entry(path, integrity, more string) string {
	if integrity != "" {
		integrity = `, "integrity": "` + integrity + `"`
	}
	if more != "" {
		more = ", " + more
	}
	return `"` + path + `": {"version": "1.0.0"` + integrity + more + "}"
}

// twins are two places of one version, the second of which may be left unused.
func twins(first, second string, used bool) []string {
	needs := `"dependencies": {"a": "1"}`
	if !used {
		needs = ""
	}
	return []string{entry("node_modules/a", first, ""), entry("node_modules/b", strongB, needs), entry("node_modules/b/node_modules/a", second, "")}
}

const wantsBoth = `"dependencies": {"a": "1", "b": "1"}`

func TestDigestsAreComparedAsSets(t *testing.T) {
	const conflict = `NB0357 8 a@1.0.0 has another integrity at "node_modules/b/node_modules/a" than at "node_modules/a"`
	tests := map[string]struct {
		entries   []string
		want      []string
		elsewhere string // of node_modules/a
	}{
		"none":                          {entries: []string{entry("node_modules/a", "", "")}},
		"only a SHA-1":                  {entries: []string{entry("node_modules/a", weakA, "")}},
		"the same":                      {entries: twins(strongA, strongA, true)},
		"another spelling":              {entries: twins(strongA, strongA+"?x "+weakA, true)},
		"others":                        {entries: twins(strongA, strongB, true), want: []string{conflict}},
		"others, of which one is spare": {entries: twins(strongA, strongB, false)},
		"a twin names it":               {entries: twins("", strongA, true), elsewhere: strongA},
		"a spare twin names it":         {entries: twins("", strongA, false), elsewhere: strongA},
		"a twin has the SHA-1 too":      {entries: twins(weakA, strongA+" "+weakA, true), elsewhere: strongA + " " + weakA},
		"a twin has only the SHA-512":   {entries: twins(weakA, strongA, true), elsewhere: strongA + " " + weakA},
		"a twin has another SHA-1": {
			entries: twins(weakA, strongA+" "+weakB, true),
			want:    []string{`NB0357 6 a@1.0.0 has another integrity at "node_modules/a" than at "node_modules/b/node_modules/a"`},
		},
		"a spare twin has another SHA-1": {
			entries: twins(weakA, weakB, false),
			want:    []string{`NB0357 6 a@1.0.0 has another integrity at "node_modules/a" than at "node_modules/b/node_modules/a"`},
		},
		"cut":       {entries: []string{entry("node_modules/a", "sha512-AAAA", "")}, want: []string{`NB0355 6 "node_modules/a" has an integrity in which no digest can be read: "sha512-AAAA"`}},
		"cut spare": {entries: []string{dep("node_modules/a", "1.0.0", ""), entry("node_modules/c", "sha512-AAAA", "")}},
		"a twin from elsewhere": {
			entries: []string{
				entry("node_modules/a", "", ""), entry("node_modules/b", strongB, `"dependencies": {"a": "1"}`),
				entry("node_modules/b/node_modules/a", strongA, `"resolved": "https://files.example.com/a.tgz"`),
			},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			root := `"dependencies": {"a": "1"}`
			if len(test.entries) == 3 {
				root = wantsBoth
			}
			l, err := ReadLockfile([]byte(lockWith(root, test.entries...)), "package-lock.json")
			if err != nil {
				t.Fatal(err)
			}
			tree, err := locked.Plan(l, linux)
			if diff := cmp.Diff(test.want, problemLines(err)); diff != "" {
				t.Fatal(diff)
			}
			if err != nil {
				return
			}
			a, _ := tree.Find("node_modules/a")
			if diff := cmp.Diff(test.elsewhere, a.Elsewhere); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Version 2 keeps a second list of the same packages for npm 6.
func TestTheLegacySectionNamesBytesToo(t *testing.T) {
	tests := map[string]struct {
		own, legacy, elsewhere string
		want                   []string
	}{
		"names them":           {"", `"a": {"version": "1.0.0", "integrity": "` + strongA + `"}`, strongA, nil},
		"deeper":               {weakA, `"b": {"version": "1.0.0", "dependencies": {"a": {"version": "1.0.0", "integrity": "` + strongA + `"}}}`, strongA + " " + weakA, nil},
		"by another name":      {"", `"x": {"version": "npm:a@1.0.0", "integrity": "` + strongA + `"}`, strongA, nil},
		"of another version":   {"", `"a": {"version": "1.0.1", "integrity": "` + strongA + `"}`, "", nil},
		"bundled":              {"", `"a": {"version": "1.0.0", "bundled": true, "integrity": "` + strongA + `"}`, "", nil},
		"against the SHA-1":    {weakA, `"a": {"version": "1.0.0", "integrity": "` + weakB + `"}`, "", []string{`NB0357 1 a@1.0.0 has another integrity at "node_modules/a" than at "dependencies > a"`}},
		"against a strong one": {strongA, `"a": {"version": "1.0.0", "integrity": "` + strongB + `"}`, "", nil},
		"of other types":       {"", `"a": {"version": [1], "integrity": {}, "dependencies": [], "bundled": 1}, "b": []`, "", nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			src := `{"lockfileVersion": 2, "packages": {"": {"dependencies": {"a": "1"}}, ` + entry("node_modules/a", test.own, "") + `}, "dependencies": {` + test.legacy + `}}`
			l, err := ReadLockfile([]byte(src), "package-lock.json")
			if err != nil {
				t.Fatal(err)
			}
			_, err = locked.Plan(l, linux)
			if diff := cmp.Diff(test.want, problemLines(err)); diff != "" {
				t.Fatal(diff)
			}
			if a, _ := l.Find("node_modules/a"); a.Elsewhere != test.elsewhere {
				t.Errorf("elsewhere is %q", a.Elsewhere)
			}
			src = strings.Replace(src, `"lockfileVersion": 2`, `"lockfileVersion": 3`, 1)
			if l, err = ReadLockfile([]byte(src), "package-lock.json"); err != nil {
				t.Fatal(err)
			}
			if a, _ := l.Find("node_modules/a"); a.Elsewhere != "" {
				t.Errorf("version 3 has no such section, and says %q", a.Elsewhere)
			}
		})
	}
}
